/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/call_filter.h"

#include "monitor/call.h"

/* The same text is another thing as a group than as a tag. */
enum aspect { ASPECT_GROUP, ASPECT_TAG, ASPECT_DIRECTION };

/* FNV-1a. */
static uint32_t hash_of(uint32_t hash, const char *text)
{
	for (hash += 2166136261u; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

/* One of 63 bits; the highest is in every signature. */
static uint64_t bit_of(enum aspect aspect, const char *text)
{
	return 1ull << (hash_of(aspect, text) % 63);
}

static uint64_t direction_bit(int direction)
{
	const char text[] = { (char)('0' + direction), '\0' };

	return bit_of(ASPECT_DIRECTION, text);
}

static uint64_t bits_of(enum aspect aspect, const struct text_list *list)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < list->count; i++)
		bits |= bit_of(aspect, list->texts[i]);
	return bits;
}

uint64_t call_signature(const struct call *call)
{
	return 1ull << 63 | bits_of(ASPECT_GROUP, &call->groups) |
	       bits_of(ASPECT_TAG, &call->tags) | direction_bit(call->direction);
}

uint32_t call_agent_hash(const struct call *call)
{
	return hash_of(0, call->agent_user);
}

void call_filter_prepare(struct call_filter *filter)
{
	for (unsigned i = 0; i < filter->agents.count; i++)
		filter->agent_hashes[i] = hash_of(0, filter->agents.texts[i]);
	filter->group_bits = bits_of(ASPECT_GROUP, &filter->groups);
	filter->tag_bits = bits_of(ASPECT_TAG, &filter->tags);
	filter->direction_bit = filter->direction != 0 ? direction_bit(filter->direction) : 0;
}

void call_filter_fini(struct call_filter *filter)
{
	text_list_free(&filter->agents);
	text_list_free(&filter->groups);
	text_list_free(&filter->tags);
}

static bool may_be_agent(const struct call_filter *filter, uint32_t agent)
{
	bool found = filter->agents.count == 0;

	/* Without a way out in the middle it is a few vector instructions. */
	for (unsigned i = 0; i < filter->agents.count; i++)
		found |= filter->agent_hashes[i] == agent;
	return found;
}

static bool may_pass(const struct call_filter *filter, uint64_t signature)
{
	return (filter->group_bits == 0 || (signature & filter->group_bits) != 0) &&
	       (filter->tag_bits == 0 || (signature & filter->tag_bits) != 0) &&
	       (filter->direction_bit == 0 || (signature & filter->direction_bit) != 0);
}

static bool lasts(const struct call_filter *filter, uint64_t created_ms, uint64_t now_ms)
{
	uint64_t duration_ms = now_ms > created_ms ? now_ms - created_ms : 0;

	return duration_ms >= filter->least_ms &&
	       (filter->most_ms == 0 || duration_ms <= filter->most_ms);
}

static bool have_one(const struct text_list *wanted, const struct text_list *list)
{
	if (wanted->count == 0)
		return true;
	for (unsigned i = 0; i < wanted->count; i++)
		if (text_list_has(list, wanted->texts[i]))
			return true;
	return false;
}

bool call_filter_fits(const struct call_filter *filter, const struct call *call)
{
	return (filter->agents.count == 0 || text_list_has(&filter->agents, call->agent_user)) &&
	       have_one(&filter->groups, &call->groups) && have_one(&filter->tags, &call->tags) &&
	       (filter->direction == 0 || filter->direction == call->direction);
}

bool call_filter_passes(
	const struct call_filter *filter, const struct call_slot *slot, uint64_t now_ms)
{
	return slot->signature != 0 && may_pass(filter, slot->signature) &&
	       may_be_agent(filter, slot->agent) && lasts(filter, slot->created_ms, now_ms) &&
	       call_filter_fits(filter, slot->call);
}

bool call_filter_passes_call(
	const struct call_filter *filter, const struct call *call, uint64_t now_ms)
{
	return lasts(filter, call->created_ms, now_ms) && call_filter_fits(filter, call);
}
