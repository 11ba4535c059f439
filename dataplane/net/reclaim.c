/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/reclaim.h"

#include <stddef.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#define POLLS 4096 /* so seldom that an idle queue costs no more than before */

static uint16_t look(uint16_t port_id, uint16_t queue_id, struct rte_mbuf *mbufs[] __rte_unused,
	uint16_t count, uint16_t most __rte_unused, void *arg)
{
	struct reclaim *reclaim = arg;

	if (count > 0)
		reclaim->empty = 0;
	else if (++reclaim->empty % POLLS == 0)
		rte_eth_tx_burst(port_id, queue_id, NULL, 0);
	return count;
}

int reclaim_attach(struct reclaim *reclaim, uint16_t port_id, uint16_t queue_id)
{
	reclaim->empty = 0;
	return rte_eth_add_rx_callback(port_id, queue_id, look, reclaim) != NULL ? 0 : -rte_errno;
}
