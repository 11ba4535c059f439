/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_AUDIT_METHODS_H
#define BRIDGETAP_SERVICE_AUDIT_METHODS_H

#include "grpc/call.h"

/* Methods of Admin that read the audit. */
grpc_message_fn list_audit, verify_audit;

#endif
