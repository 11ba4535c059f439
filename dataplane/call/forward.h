/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_FORWARD_H
#define BRIDGETAP_CALL_FORWARD_H

#include <stdint.h>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "call/call.h"
#include "media/rtp.h"
#include "net/counters.h"
#include "net/frame.h"
#include "net/nexthop.h"
#include "net/tx_batch.h"

/* From one packet that came in to all that go out because of it. */

/* What a worker lends to the calls it owns while it works through a burst. */
struct forward_env {
	uint64_t now_us;
	struct counters *counters;
	struct rte_mempool *pool;
	struct rte_ring *events;
	const struct l2_header *nexthops; /* by number */
	struct tx_batch *tx;		  /* by DPDK port id */
};

/* A packet as the worker's earlier stages have left it. */
struct forward_packet {
	struct rte_mbuf *mbuf;
	struct leg *leg; /* whose local port it was sent to */
	struct frame frame;
	struct rtp_packet rtp; /* its payload points into mbuf */
};

/* Accept or drop `packet`, and send what its listeners are to hear. Takes the mbuf. The worker
 * that owns the call. */
void forward_packet(struct forward_packet *packet, struct forward_env *env);

#endif
