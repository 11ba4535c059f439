/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_WORKER_COMMAND_H
#define BRIDGETAP_WORKER_COMMAND_H

#include <stdint.h>

#include "call/call.h"
#include "net/nexthop.h"

/* What the main lcore asks of a worker, by a ring of struct command; the worker answers each
 * command about a call by a ring of struct reply, in the same order. */

enum command_kind {
	COMMAND_PUT_CALL,    /* `call` takes the place of `old`, which may be NULL */
	COMMAND_REMOVE_CALL, /* `old` goes */
	COMMAND_READ_STATS,  /* of `call` into `stats` */
	COMMAND_SET_NEXTHOP, /* not answered */
	COMMAND_RELAY_CALL,  /* `call`, if it can be (call/relay.h); not answered */
};

struct command {
	uint8_t kind;
	union {
		struct {
			struct call *call;
			struct call *old;
			struct leg_stats *stats;
		};
		struct {
			uint16_t nexthop;
			struct l2_header header;
		};
	};
	void *token; /* comes back in the reply */
};

struct reply {
	struct call *released; /* the main lcore's again, or NULL */
	void *token;
};

#define COMMAND_RING_SIZE 4096

#endif
