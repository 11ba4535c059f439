/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_RECLAIM_H
#define BRIDGETAP_NET_RECLAIM_H

#include <stdint.h>

/* DPDK's AF_XDP driver takes back the buffers of what it has sent only when it sends again, and
 * takes nothing from the kernel while the pool cannot replace a burst: where all that is free is on
 * its way back, neither would happen ever again. So a queue that brings nothing is made to look. */

/* Per queue; written by the worker that polls it. */
struct reclaim {
	uint32_t empty; /* polls in a row that brought nothing */
};

/* Have queue `queue_id` take back what it has sent when nothing comes; `reclaim` lives as long as
 * the port. Main lcore, before the port starts. 0 or -errno. */
int reclaim_attach(struct reclaim *reclaim, uint16_t port_id, uint16_t queue_id);

#endif
