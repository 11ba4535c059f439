/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/port_pool.h"

#include <errno.h>
#include <stdlib.h>

int port_pool_init(struct port_pool *pool, uint16_t first, uint16_t last)
{
	uint16_t count = (uint16_t)((last - first) / 2 + 1);

	*pool = (struct port_pool){ .first = first, .count = count, .free = count };
	pool->taken = calloc(count, sizeof(*pool->taken));
	pool->queue = malloc(count * sizeof(*pool->queue));
	if (pool->taken == NULL || pool->queue == NULL) {
		port_pool_fini(pool);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < count; i++)
		pool->queue[i] = i;
	return 0;
}

void port_pool_fini(struct port_pool *pool)
{
	free(pool->taken);
	free(pool->queue);
	*pool = (struct port_pool){ 0 };
}

uint16_t port_pool_take(struct port_pool *pool)
{
	uint16_t slot;

	if (pool->free == 0)
		return 0;
	slot = pool->queue[pool->head];
	pool->head = (uint16_t)((pool->head + 1) % pool->count);
	pool->free--;
	pool->taken[slot] = 1;
	return (uint16_t)(pool->first + 2 * slot);
}

int port_pool_take_port(struct port_pool *pool, uint16_t port)
{
	unsigned slot = (unsigned)(port - pool->first) / 2;

	if (port < pool->first || port % 2 != 0 || slot >= pool->count)
		return -ERANGE;
	if (pool->taken[slot])
		return -EBUSY;
	/* Only after a restart, when few ports are taken: a walk is good enough. */
	for (unsigned i = 0; i < pool->free; i++) {
		unsigned at = (pool->head + i) % pool->count;

		if (pool->queue[at] != slot)
			continue;
		pool->queue[at] = pool->queue[pool->head];
		pool->head = (uint16_t)((pool->head + 1) % pool->count);
		pool->free--;
		pool->taken[slot] = 1;
		return 0;
	}
	return -EBUSY;
}

void port_pool_give_back(struct port_pool *pool, uint16_t port)
{
	unsigned slot = (unsigned)(port - pool->first) / 2;

	if (port < pool->first || slot >= pool->count || !pool->taken[slot])
		return;
	pool->taken[slot] = 0;
	pool->queue[(pool->head + pool->free) % pool->count] = (uint16_t)slot;
	pool->free++;
}
