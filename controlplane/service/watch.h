/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_WATCH_H
#define BRIDGETAP_SERVICE_WATCH_H

#include "service/services.h"

/* Calls.WatchCalls: a grpc_message_fn. calls_changed() in services.h keeps the watchers going. */
void watch_calls(struct grpc_call *grpc, const ProtobufCMessage *message);

/* Free what is kept for an organisation, when it has no watchers any more. */
void watch_fini(struct organisation *organisation);

#endif
