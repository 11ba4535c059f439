/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_CALL_INDEX_H
#define BRIDGETAP_MONITOR_CALL_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* The live calls of an organisation in the order of their serial numbers, which is that of their
 * creation, in one array: what a filter needs first is side by side, so that a hundred thousand
 * calls are looked through without touching each of them. */

struct call;

struct call_slot {
	uint64_t serial;
	uint64_t created_ms;
	uint64_t signature; /* of call_signature(); 0 in a hole */
	struct call *call;  /* NULL in a hole */
	uint32_t agent;	    /* a hash of the agent's id */
};

struct call_index {
	struct call_slot *slots;
	size_t count, room, holes;
	int unsorted;
};

/* 0 or -ENOMEM. */
int call_index_add(struct call_index *index, struct call *call);
void call_index_remove(struct call_index *index, const struct call *call);

/* What a filter looks at has changed. */
void call_index_refresh(struct call_index *index, const struct call *call);

/* The first slot after this serial number, or the first created after this time; count for none. */
size_t call_index_after(struct call_index *index, uint64_t serial);
size_t call_index_created_after(struct call_index *index, uint64_t created_ms);

void call_index_fini(struct call_index *index);

#endif
