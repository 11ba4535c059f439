/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_RING_POOL_H
#define BRIDGETAP_CONTROL_RING_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "media/pcm_ring.h"

/* The samples of all PCM rings there will ever be (PCM_RING_SAMPLES each), reserved at start, so
 * that a call that begins to be mixed finds its rings or is refused, and nothing is asked of the
 * heap. A change of a call takes the rings of its next state while those of the last one are still
 * a worker's: `spare` rings are there for that and count for nobody. Main lcore only. */

struct ring_pool {
	uint8_t *rings; /* one block of hugepage memory */
	uint8_t **free; /* the last one that came back goes out first: it may be warm */
	unsigned free_count;
	unsigned count; /* `legs_max` and the spare ones */
	unsigned legs_max;
};

/* Rings for `legs_max` legs that are mixed at a time, and `spare` more. 0 or -ENOMEM. */
int ring_pool_init(struct ring_pool *pool, unsigned legs_max, unsigned spare);

/* Bytes that ring_pool_init() reserves. */
size_t ring_pool_bytes(unsigned legs_max, unsigned spare);

/* All rings must have been given back, or never be used again. */
void ring_pool_fini(struct ring_pool *pool);

/* Take `count` rings, whose contents are undefined: all of them, or none and -ENOSPC. */
int ring_pool_take(struct ring_pool *pool, uint8_t **rings, unsigned count);

/* Give one back. */
void ring_pool_give_back(struct ring_pool *pool, uint8_t *ring);

#endif
