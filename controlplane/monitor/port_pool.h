/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_PORT_POOL_H
#define BRIDGETAP_MONITOR_PORT_POOL_H

#include <stdint.h>

/* The RTP ports of one realm. The port that has been free for longest is given out first, so that
 * late packets of an ended call do not meet the next one. */

struct port_pool {
	uint16_t first; /* even */
	uint16_t count; /* even ports in the range */
	uint8_t *taken; /* by (port - first) / 2 */
	uint16_t *queue;
	uint16_t head;
	uint16_t free;
};

/* For the even ports from `first` up to `last`. 0 or -ENOMEM. */
int port_pool_init(struct port_pool *pool, uint16_t first, uint16_t last);
void port_pool_fini(struct port_pool *pool);

/* A port, or 0 where all are taken. */
uint16_t port_pool_take(struct port_pool *pool);

/* Take this very port: 0, -EBUSY where it is taken, -ERANGE where it is not in the pool. */
int port_pool_take_port(struct port_pool *pool, uint16_t port);

void port_pool_give_back(struct port_pool *pool, uint16_t port);

#endif
