/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/tx_batch.h"

#include <rte_ethdev.h>

void tx_batch_flush(struct tx_batch *batch, struct counters *counters)
{
	uint64_t guarded = batch->guard ? batch->guard->dropped : 0;
	uint16_t count = batch->count, sent;

	if (count == 0)
		return;
	sent = unlikely(batch->has_peer && !link_is_up(batch->port_id))
		       ? 0
		       : rte_eth_tx_burst(batch->port_id, batch->queue_id, batch->mbufs, count);
	guarded = batch->guard ? batch->guard->dropped - guarded : 0;
	rte_pktmbuf_free_bulk(batch->mbufs + sent, count - sent);
	batch->count = 0;

	counters_add(counters, COUNTER_tx_packets, sent);
	if (unlikely(sent < count)) {
		counters_add(counters, COUNTER_guard_dropped, guarded);
		counters_add(counters, COUNTER_tx_full, count - sent - guarded);
	}
}
