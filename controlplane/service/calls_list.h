/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_CALLS_LIST_H
#define BRIDGETAP_SERVICE_CALLS_LIST_H

#include "grpc/call.h"

/* Calls.ListCalls. */
grpc_message_fn list_calls;

#endif
