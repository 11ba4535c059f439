/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_TX_BATCH_H
#define BRIDGETAP_NET_TX_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "net/counters.h"
#include "net/guard.h"

#define TX_BATCH_SIZE 64

/* Packets on their way to one transmit queue. Belongs to the worker that owns the queue. */
struct tx_batch {
	uint16_t port_id;
	uint16_t queue_id;
	uint16_t count;
	bool adds_checksums;	   /* the port does, of IPv4 and UDP */
	struct guard_queue *guard; /* NULL unless the port is the recording port */
	struct rte_mbuf *mbufs[TX_BATCH_SIZE];
};

/* Send what is there; what the port does not take, or the guard stops, is freed and counted. */
void tx_batch_flush(struct tx_batch *batch, struct counters *counters);

/* Hand over `mbuf`, which now belongs to the batch. */
static inline void tx_batch_add(
	struct tx_batch *batch, struct rte_mbuf *mbuf, struct counters *counters)
{
	batch->mbufs[batch->count++] = mbuf;
	if (batch->count == TX_BATCH_SIZE)
		tx_batch_flush(batch, counters);
}

#endif
