/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/port_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In the place of a neighbour in a queue; there are 32,768 slots at the most. */
#define NONE  0xffff
#define TAKEN 0xfffe

int port_classes_init(struct port_classes *classes, const uint8_t *of, size_t period)
{
	*classes = (struct port_classes){ .count = 1 };
	if (period > PORT_PERIOD_MAX)
		return -EINVAL;
	for (size_t i = 0; i < period; i++)
		if (of[i] >= PORT_CLASSES_MAX)
			return -EINVAL;
	for (size_t i = 0; i < period; i++) {
		classes->of[i] = of[i];
		if (of[i] >= classes->count)
			classes->count = (uint8_t)(of[i] + 1);
	}
	classes->period = (uint8_t)period;
	return 0;
}

static unsigned class_of(const struct port_pool *pool, uint16_t port)
{
	const struct port_classes *classes = &pool->classes;

	return classes->period == 0 ? 0 : classes->of[port / 2 % classes->period];
}

static struct port_queue *queue_of(struct port_pool *pool, uint16_t slot)
{
	return &pool->queues[class_of(pool, (uint16_t)(pool->first + 2 * slot))];
}

/* --- the queues of free slots --- */

static void append(struct port_pool *pool, uint16_t slot)
{
	struct port_queue *queue = queue_of(pool, slot);

	pool->slots[slot] = (struct port_slot){ .next = NONE, .prev = queue->last };
	if (queue->last == NONE)
		queue->first = slot;
	else
		pool->slots[queue->last].next = slot;
	queue->last = slot;
	queue->free++;
}

static void take_out(struct port_pool *pool, uint16_t slot)
{
	struct port_queue *queue = queue_of(pool, slot);
	struct port_slot *at = &pool->slots[slot];

	if (at->prev == NONE)
		queue->first = at->next;
	else
		pool->slots[at->prev].next = at->next;
	if (at->next == NONE)
		queue->last = at->prev;
	else
		pool->slots[at->next].prev = at->prev;
	at->next = TAKEN;
	queue->free--;
	queue->taken++;
	pool->free--;
}

static void empty_queues(struct port_pool *pool)
{
	for (unsigned i = 0; i < PORT_CLASSES_MAX; i++)
		pool->queues[i] = (struct port_queue){ .first = NONE, .last = NONE };
}

/* --- the pool --- */

int port_pool_init(struct port_pool *pool, uint16_t first, uint16_t last)
{
	uint16_t count = (uint16_t)((last - first) / 2 + 1);

	*pool = (struct port_pool){ .first = first, .count = count, .free = count };
	port_classes_init(&pool->classes, NULL, 0);
	empty_queues(pool);
	pool->slots = malloc(count * sizeof(*pool->slots));
	if (pool->slots == NULL) {
		port_pool_fini(pool);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < count; i++)
		append(pool, i);
	return 0;
}

void port_pool_fini(struct port_pool *pool)
{
	free(pool->slots);
	*pool = (struct port_pool){ 0 };
}

void port_pool_set_classes(struct port_pool *pool, const struct port_classes *classes)
{
	struct port_queue before[PORT_CLASSES_MAX];

	memcpy(before, pool->queues, sizeof(before));
	pool->classes = *classes;
	empty_queues(pool);
	for (uint16_t slot = 0; slot < pool->count; slot++)
		if (pool->slots[slot].next == TAKEN)
			queue_of(pool, slot)->taken++;
	for (unsigned i = 0; i < PORT_CLASSES_MAX; i++) {
		uint16_t slot = before[i].first, next;

		for (unsigned left = before[i].free; left > 0; left--, slot = next) {
			next = pool->slots[slot].next;
			append(pool, slot);
		}
	}
}

/* The class that has a free port and the fewest taken ones. */
static struct port_queue *least_taken(struct port_pool *pool)
{
	struct port_queue *best = NULL;

	for (unsigned i = 0; i < pool->classes.count; i++) {
		struct port_queue *queue = &pool->queues[i];

		if (queue->free > 0 && (best == NULL || queue->taken < best->taken))
			best = queue;
	}
	return best;
}

uint16_t port_pool_take(struct port_pool *pool, uint16_t beside)
{
	struct port_queue *queue = beside != 0 ? &pool->queues[class_of(pool, beside)] : NULL;
	uint16_t slot;

	if (queue == NULL || queue->free == 0)
		queue = least_taken(pool);
	if (queue == NULL)
		return 0;
	slot = queue->first;
	take_out(pool, slot);
	return (uint16_t)(pool->first + 2 * slot);
}

/* The slot of a port, or -1. */
static int slot_of(const struct port_pool *pool, uint16_t port)
{
	int slot = (port - pool->first) / 2;

	return port < pool->first || port % 2 != 0 || slot >= pool->count ? -1 : slot;
}

int port_pool_take_port(struct port_pool *pool, uint16_t port)
{
	int slot = slot_of(pool, port);

	if (slot < 0)
		return -ERANGE;
	if (pool->slots[slot].next == TAKEN)
		return -EBUSY;
	take_out(pool, (uint16_t)slot);
	return 0;
}

void port_pool_give_back(struct port_pool *pool, uint16_t port)
{
	int slot = slot_of(pool, port);

	if (slot < 0 || pool->slots[slot].next != TAKEN)
		return;
	queue_of(pool, (uint16_t)slot)->taken--;
	append(pool, (uint16_t)slot);
	pool->free++;
}
