/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_CALL_FILTER_H
#define BRIDGETAP_MONITOR_CALL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/call_index.h"
#include "monitor/text.h"

/* Which calls (M3): conditions that are set must all hold, each by any of its values. */

#define FILTER_VALUES_MAX 64

struct call_filter {
	struct text_list agents, groups, tags;
	int direction;		    /* 0 for any */
	uint64_t least_ms, most_ms; /* since the call was created; 0 for any */
	/* What a call's signature must have a bit of, each that is not 0. */
	uint64_t group_bits, tag_bits, direction_bit;
	uint32_t agent_hashes[FILTER_VALUES_MAX];
};

/* 64 bits about groups, tags and direction: a bit for each, the same for the same text, so
 * that most calls can be passed over by it alone. Never 0. */
uint64_t call_signature(const struct call *call);

/* A filter may name many agents, for which bits would be too few. */
uint32_t call_agent_hash(const struct call *call);

/* Set the bits from the rest. */
void call_filter_prepare(struct call_filter *filter);
void call_filter_fini(struct call_filter *filter);

/* Whether the call of this slot passes at `now_ms`, milliseconds since 1970. False in a hole. */
bool call_filter_passes(
	const struct call_filter *filter, const struct call_slot *slot, uint64_t now_ms);

/* The same for a call by itself, live or ended; and without the durations. */
bool call_filter_passes_call(
	const struct call_filter *filter, const struct call *call, uint64_t now_ms);
bool call_filter_fits(const struct call_filter *filter, const struct call *call);

#endif
