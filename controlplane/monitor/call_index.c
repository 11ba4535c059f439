/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/call_index.h"

#include <errno.h>
#include <stdlib.h>

#include "monitor/call.h"
#include "monitor/call_filter.h"

static int by_serial(const void *a, const void *b)
{
	uint64_t x = ((const struct call_slot *)a)->serial,
		 y = ((const struct call_slot *)b)->serial;

	return x < y ? -1 : x > y;
}

/* Only calls that are taken back from the data plane come in another order. */
static void sort(struct call_index *index)
{
	if (index->unsorted)
		qsort(index->slots, index->count, sizeof(*index->slots), by_serial);
	index->unsorted = 0;
}

int call_index_add(struct call_index *index, struct call *call)
{
	if (index->count == index->room) {
		size_t room = index->room ? 2 * index->room : 64;
		struct call_slot *slots = realloc(index->slots, room * sizeof(*slots));

		if (slots == NULL)
			return -ENOMEM;
		index->slots = slots;
		index->room = room;
	}
	if (index->count > 0 && index->slots[index->count - 1].serial > call->serial)
		index->unsorted = 1;
	index->slots[index->count++] = (struct call_slot){
		.serial = call->serial,
		.created_ms = call->created_ms,
		.signature = call_signature(call),
		.call = call,
		.agent = call_agent_hash(call),
	};
	return 0;
}

size_t call_index_after(struct call_index *index, uint64_t serial)
{
	size_t low = 0, high = index->count;

	sort(index);
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (index->slots[middle].serial > serial)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

size_t call_index_created_after(struct call_index *index, uint64_t created_ms)
{
	size_t low = 0, high = index->count;

	sort(index);
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (index->slots[middle].created_ms > created_ms)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* A call that could not be taken over leaves a hole, and may be taken over the next time. */
static struct call_slot *find(struct call_index *index, const struct call *call)
{
	struct call_slot *slot = &index->slots[call_index_after(index, call->serial - 1)];

	while (slot->call != call)
		slot++;
	return slot;
}

static void close_holes(struct call_index *index)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->count; i++)
		if (index->slots[i].call != NULL)
			index->slots[kept++] = index->slots[i];
	index->count = kept;
	index->holes = 0;
}

void call_index_remove(struct call_index *index, const struct call *call)
{
	struct call_slot *slot = find(index, call);

	slot->call = NULL;
	slot->signature = 0;
	if (++index->holes > 64 && index->holes > index->count / 2)
		close_holes(index);
}

void call_index_refresh(struct call_index *index, const struct call *call)
{
	struct call_slot *slot = find(index, call);

	slot->signature = call_signature(call);
	slot->agent = call_agent_hash(call);
}

void call_index_fini(struct call_index *index)
{
	free(index->slots);
	*index = (struct call_index){ 0 };
}
