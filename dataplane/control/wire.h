/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_WIRE_H
#define BRIDGETAP_CONTROL_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "bridgetap/dataplane/v1/dataplane.pb-c.h"

/* Messages of proto/bridgetap/dataplane/v1/dataplane.proto, under shorter names. Main lcore. */

#define WIRE_MESSAGE_MAX (128 * 1024)  /* bytes of a packet on the socket */
#define WIRE_UNPACK_MAX	 (1024 * 1024) /* bytes of memory that one message may unpack to */
#define WIRE_CONTEXT_MAX 4096	       /* bytes of Call.context */
#define WIRE_ID_MAX	 128	       /* bytes of Call.id */

typedef Bridgetap__Dataplane__V1__ToDataplane WireTo;
typedef Bridgetap__Dataplane__V1__FromDataplane WireFrom;
typedef Bridgetap__Dataplane__V1__Batch WireBatch;
typedef Bridgetap__Dataplane__V1__Operation WireOperation;
typedef Bridgetap__Dataplane__V1__Call WireCall;
typedef Bridgetap__Dataplane__V1__Leg WireLeg;
typedef Bridgetap__Dataplane__V1__StatsRequest WireStatsRequest;
typedef Bridgetap__Dataplane__V1__Endpoint WireEndpoint;
typedef Bridgetap__Dataplane__V1__ErrorCode WireErrorCode;

#define WIRE_ERROR(name) BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_##name

/* A copy of `call` in memory of its own, freed by wire_call_free(). NULL where there is none. */
WireCall *wire_call_copy(const WireCall *call);
void wire_call_free(WireCall *call);

#endif
