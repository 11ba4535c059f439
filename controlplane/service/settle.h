/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_SETTLE_H
#define BRIDGETAP_SERVICE_SETTLE_H

#include "service/services.h"

/* A change of settings may end monitoring on any number of calls. Its request is answered when the
 * media plane has let go of all those legs. */

struct settle;

/* From here on every session that ends is waited for. NULL after finishing the call. */
struct settle *settle_begin(struct grpc_call *grpc);

/* The change was not made, and the call has been finished with a status. */
void settle_abort(struct settle *settle);

/* The change is made: answer with `reply`, which is copied, as soon as that is true. NULL is
 * a reply for which there was no memory. */
void settle_end(struct settle *settle, const ProtobufCMessage *reply);

/* A session on this call has ended. For notices.c; nothing where nobody settles. */
void settle_on(struct services *services, const char *wire_id);

#endif
