/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_TURNS_H
#define BRIDGETAP_RTPGEN_TURNS_H

#include <stdint.h>

#include "rtpgen/table.h"

/* Who speaks: all calls, or a block of them at a time, one block after the other. Within a block
 * all customers send, then all agents, then all monitors, and anew. One thread. */

#define TURNS_SECONDS 0.5 /* that a block speaks at least; it ends when all have sent as often */

struct turns {
	struct table *table;
	unsigned blocks, block;
	unsigned party, cursor; /* the next leg to send, and whose range it is in */
	unsigned begin[PARTY_SENDERS], end[PARTY_SENDERS]; /* of the block's legs */
	uint64_t until;					   /* TSC */
};

/* How many blocks there are, and how many legs speak at a time, near enough. */
unsigned turns_blocks(const struct options *options);
unsigned turns_speaking(const struct table *table);

/* Begin with the first block. The table outlives it. */
void turns_begin(struct turns *turns, struct table *table, uint64_t tsc);

/* The leg whose turn it is at `tsc`; the next call has the next one. */
struct leg *turns_next(struct turns *turns, uint64_t tsc);

#endif
