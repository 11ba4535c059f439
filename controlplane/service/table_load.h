/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_TABLE_LOAD_H
#define BRIDGETAP_SERVICE_TABLE_LOAD_H

#include "service/services.h"

/* Calls.LoadCallTable: a grpc_message_fn and a grpc_end_fn. Nothing is done before the client has
 * sent the whole table; then all of it is, or nothing. */
void load_call_table(struct grpc_call *grpc, const ProtobufCMessage *message);
void load_call_table_end(struct grpc_call *grpc);

#endif
