/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_FORWARD_H
#define BRIDGETAP_CALL_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "call/call.h"
#include "media/rtp.h"
#include "net/counters.h"
#include "net/frame.h"
#include "net/nexthop.h"
#include "net/realm.h"
#include "net/tx_batch.h"

/* From one packet that came in to all that go out because of it. */

struct reporter;
struct relay_table;

/* What a worker lends to the calls it owns while it works through a burst. */
struct forward_env {
	uint64_t now_us;
	uint32_t now_ms;
	uint32_t away_ms;	       /* of late the worker was kept from its ports for so long */
	bool hurried;		       /* more packets wait for it than it comes to */
	uint32_t arrival[CODEC_COUNT]; /* now, in units of each codec's timestamps */
	struct counters *counters;
	struct rte_mempool *pool;
	struct rte_ring *events;
	const struct realm_set *realms;
	unsigned rate_limit;		  /* times the rate that a leg's packets need; 0 for none */
	const struct l2_header *nexthops; /* by number */
	struct tx_batch *tx;		  /* by DPDK port id */
	struct reporter *reporter;
	const struct relay_table *relays; /* NULL where the kernel forwards nothing */
};

/* A packet as the worker's earlier stages have left it. */
struct forward_packet {
	struct rte_mbuf *mbuf;
	struct leg *leg;       /* whose local port it was sent to */
	struct rtp_packet rtp; /* its payload points into mbuf */
	uint16_t restarts;     /* of the leg's stream, when this packet was accepted */
	uint16_t realm, slot;  /* of the leg in the port table */
	struct frame frame;
};

/* A burst is worked through in stages, each over all of its packets, so that what one stage has
 * asked the memory for is there when the next one needs it. The worker that owns the calls. */

/* Accept `packet` for the stages that follow, or return false: it has been dropped, or, where its
 * voice goes through a decoder, delivered. Asks the memory for its listeners. */
bool forward_accept(struct forward_packet *packet, struct forward_env *env);

/* Ask the memory for where the voices are that an accepted packet will be mixed with; and, when
 * that is there, for those voices. */
void forward_prefetch_sources(const struct forward_packet *packet, const struct forward_env *env);
void forward_prefetch_voices(const struct forward_packet *packet);

/* Send what the listeners of an accepted packet are to hear. Takes the mbuf. */
void forward_deliver(struct forward_packet *packet, struct forward_env *env);

#endif
