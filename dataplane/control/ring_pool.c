/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/ring_pool.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_malloc.h>

_Static_assert(PCM_RING_SAMPLES % RTE_CACHE_LINE_SIZE == 0,
	"no two rings of the block share a cache line: their workers may differ");

size_t ring_pool_bytes(unsigned legs_max, unsigned spare)
{
	return ((size_t)legs_max + spare) * PCM_RING_SAMPLES;
}

int ring_pool_init(struct ring_pool *pool, unsigned legs_max, unsigned spare)
{
	*pool = (struct ring_pool){ .count = legs_max + spare, .legs_max = legs_max };
	pool->rings =
		rte_malloc("pcm_rings", ring_pool_bytes(legs_max, spare), RTE_CACHE_LINE_SIZE);
	pool->free = malloc(pool->count * sizeof(*pool->free));
	if (pool->rings == NULL || pool->free == NULL) {
		ring_pool_fini(pool);
		return -ENOMEM;
	}
	while (pool->free_count < pool->count) {
		pool->free[pool->free_count] =
			pool->rings + (size_t)pool->free_count * PCM_RING_SAMPLES;
		pool->free_count++;
	}
	return 0;
}

void ring_pool_fini(struct ring_pool *pool)
{
	rte_free(pool->rings);
	free(pool->free);
	*pool = (struct ring_pool){ 0 };
}

int ring_pool_take(struct ring_pool *pool, uint8_t **rings, unsigned count)
{
	if (count > pool->free_count)
		return -ENOSPC;
	for (unsigned i = 0; i < count; i++)
		rings[i] = pool->free[--pool->free_count];
	return 0;
}

void ring_pool_give_back(struct ring_pool *pool, uint8_t *ring)
{
	pool->free[pool->free_count++] = ring;
}
