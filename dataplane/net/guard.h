/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_GUARD_H
#define BRIDGETAP_NET_GUARD_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "bpf/rec_guard.h"

/* The egress guard of the recording port: runs bpf/rec_guard.bpf.c on every packet after the
 * last code of ours has touched it, inside rte_eth_tx_burst(). */

struct guard;

/* One transmit queue of the recording port under guard. `dropped` is written by the worker that
 * transmits on it; the queues of other workers are on other cache lines. */
struct guard_queue {
	const struct guard *guard;
	uint64_t dropped;
} __rte_cache_aligned;

/* Register the label bits with DPDK and load the program from the ELF file `path`. Then run it
 * on a packet of each possible label, taken from `pool`, and compare the verdicts. NULL with
 * errno where any of it fails: there must be no recording without a guard. Main lcore. */
struct guard *guard_create(const char *path, struct rte_mempool *pool);

/* Main lcore, after the guarded ports have stopped. */
void guard_destroy(struct guard *guard);

/* Put the queue of a port under guard before the port starts. `queue` must outlive the port.
 * 0 or -errno. Main lcore. */
int guard_attach(
	struct guard_queue *queue, const struct guard *guard, uint16_t port_id, uint16_t queue_id);

/* Verdict on one packet; true is pass. The worker that owns the packet, or the main lcore. */
bool guard_passes(const struct guard *guard, struct rte_mbuf *mbuf);

/* Say whose voice is in `mbuf`: the union of TAINT_ bits. Owner of the packet. */
static inline void taint_set(struct rte_mbuf *mbuf, uint8_t roles)
{
	mbuf->ol_flags &= ~((uint64_t)TAINT_MASK << TAINT_SHIFT);
	mbuf->ol_flags |= (uint64_t)(roles | TAINT_LABELLED) << TAINT_SHIFT;
}

/* The TAINT_ bits of a packet, without TAINT_LABELLED; 0 for a packet nobody labelled. */
static inline uint8_t taint_get(const struct rte_mbuf *mbuf)
{
	return (uint8_t)(mbuf->ol_flags >> TAINT_SHIFT & (TAINT_MASK & ~TAINT_LABELLED));
}

#endif
