/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/call.h"
#include "monitor/call_filter.h"
#include "monitor/call_index.h"

/* The index against a sorted array, and filters against the plainest one there is (M3). */

#define CALLS_MAX 600
#define NOW_MS	  10000000ull

static uint32_t randomness;

static unsigned pick(unsigned below)
{
	randomness = randomness * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)(randomness >> 4) * below >> 28);
}

/* --- calls: nothing but what index and filter look at --- */

/* Few enough that they meet, many enough that some share a bit of the signature. */
#define WORDS 80
static char *word(unsigned n)
{
	static char words[WORDS][12];

	if (words[n][0] == '\0')
		snprintf(words[n], sizeof(words[n]), "word-%u", n);
	return words[n];
}

static void pick_words(struct text_list *list, unsigned most)
{
	char *words[8];
	unsigned count = pick(most + 1);

	for (unsigned i = 0; i < count; i++)
		words[i] = word(pick(WORDS));
	assert_int_equal(text_list_copy(list, words, count), 0);
}

static void label(struct call *call)
{
	text_list_free(&call->groups);
	text_list_free(&call->tags);
	call->agent_user = word(pick(WORDS));
	call->direction = (int)pick(3);
	pick_words(&call->groups, 3);
	pick_words(&call->tags, 3);
}

static void new_call(struct call *call, uint64_t serial, uint64_t created_ms)
{
	*call = (struct call){ .serial = serial, .created_ms = created_ms };
	label(call);
}

static void free_labels(struct call *call)
{
	text_list_free(&call->groups);
	text_list_free(&call->tags);
}

/* --- filters --- */

static bool has(const struct text_list *list, const char *text)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->texts[i], text) == 0)
			return true;
	return false;
}

static bool have_common(const struct text_list *wanted, const struct text_list *list)
{
	for (unsigned i = 0; i < wanted->count; i++)
		if (has(list, wanted->texts[i]))
			return true;
	return wanted->count == 0;
}

static bool fits(const struct call_filter *filter, const struct call *call)
{
	if (filter->agents.count > 0 && !has(&filter->agents, call->agent_user))
		return false;
	if (filter->direction != 0 && filter->direction != call->direction)
		return false;
	return have_common(&filter->groups, &call->groups) &&
	       have_common(&filter->tags, &call->tags);
}

static bool passes(const struct call_filter *filter, const struct call *call)
{
	/* One that was created a moment from now, by a clock that was set back, lasts 0. */
	uint64_t lasts_ms = call->created_ms > NOW_MS ? 0 : NOW_MS - call->created_ms;

	if (filter->least_ms != 0 && lasts_ms < filter->least_ms)
		return false;
	if (filter->most_ms != 0 && lasts_ms > filter->most_ms)
		return false;
	return fits(filter, call);
}

/* Every combination of conditions comes up: each is set by a bit of `conditions`. */
static void new_filter(struct call_filter *filter, unsigned conditions)
{
	*filter = (struct call_filter){ 0 };
	if (conditions & 1)
		pick_words(&filter->agents, 8);
	if (conditions & 2)
		pick_words(&filter->groups, 8);
	if (conditions & 4)
		pick_words(&filter->tags, 8);
	if (conditions & 8)
		filter->direction = 1 + (int)pick(2);
	if (conditions & 16)
		filter->least_ms = 1000ull * pick(6);
	if (conditions & 32)
		filter->most_ms = 1000ull * pick(6);
	call_filter_prepare(filter);
}

static void filters_pass_what_the_plainest_filter_passes(void **state)
{
	static struct call calls[200];
	struct call_index index = { 0 };
	unsigned passed = 0, held = 0;

	(void)state;
	/* To the millisecond: durations of whole seconds are at the edge of a condition. */
	for (unsigned i = 0; i < COUNT_OF(calls); i++) {
		new_call(&calls[i], i + 1, NOW_MS + 1000 - 500 * pick(16));
		assert_int_equal(call_index_add(&index, &calls[i]), 0);
	}
	for (unsigned round = 0; round < 64 * 40; round++) {
		struct call_filter filter;

		new_filter(&filter, round % 64);
		for (unsigned i = 0; i < COUNT_OF(calls); i++) {
			bool wanted = passes(&filter, &calls[i]);

			assert_int_equal(
				call_filter_passes(&filter, &index.slots[i], NOW_MS), wanted);
			assert_int_equal(
				call_filter_passes_call(&filter, &calls[i], NOW_MS), wanted);
			assert_int_equal(
				call_filter_fits(&filter, &calls[i]), fits(&filter, &calls[i]));
			wanted ? passed++ : held++;
		}
		call_filter_fini(&filter);
	}
	assert_true(passed > 1000 && held > 1000);
	for (unsigned i = 0; i < COUNT_OF(calls); i++)
		free_labels(&calls[i]);
	call_index_fini(&index);
}

/* --- the index --- */

/* The live calls, sorted. */
static struct call *live[CALLS_MAX];
static unsigned live_count;

static void insert_live(struct call *call)
{
	unsigned at = live_count++;

	for (; at > 0 && live[at - 1]->serial > call->serial; at--)
		live[at] = live[at - 1];
	live[at] = call;
}

static void remove_live(unsigned at)
{
	live_count--;
	memmove(&live[at], &live[at + 1], (live_count - at) * sizeof(struct call *));
}

/* The calls from a slot on, without the holes, are those from `at` on. */
static void expect_from(const struct call_index *index, size_t slot, unsigned at)
{
	for (; slot < index->count; slot++) {
		const struct call_slot *s = &index->slots[slot];

		if (s->call == NULL) {
			assert_true(s->signature == 0);
			continue;
		}
		assert_true(at < live_count);
		assert_ptr_equal(s->call, live[at]);
		assert_true(s->serial == live[at]->serial);
		assert_true(s->created_ms == live[at]->created_ms);
		assert_true(s->signature == call_signature(live[at]));
		at++;
	}
	assert_int_equal(at, live_count);
}

static void expect_index(struct call_index *index)
{
	unsigned first = live_count > 0 ? pick(live_count) : 0, at;
	uint64_t serial = live_count > 0 ? live[first]->serial : 7;
	uint64_t created_ms = live_count > 0 ? live[first]->created_ms : 7;

	expect_from(index, call_index_after(index, 0), 0);
	expect_from(index, call_index_after(index, serial), live_count > 0 ? first + 1 : 0);
	expect_from(index, call_index_after(index, serial - 1), first);
	expect_from(index, call_index_after(index, UINT64_MAX), live_count);
	for (at = 0; at < live_count && live[at]->created_ms <= created_ms;)
		at++;
	expect_from(index, call_index_created_after(index, created_ms), at);
}

static struct call *add(struct call_index *index, uint64_t serial)
{
	struct call *call = malloc(sizeof(*call));

	assert_non_null(call);
	new_call(call, serial, serial / 3); /* some at the same time */
	assert_int_equal(call_index_add(index, call), 0);
	insert_live(call);
	return call;
}

static void remove_at(struct call_index *index, unsigned at)
{
	struct call *call = live[at];

	remove_live(at);
	call_index_remove(index, call);
	free_labels(call);
	free(call);
}

/* Numbers are left out, so that restored calls come in between, some where one has been before. */
static void the_index_is_the_sorted_array_of_the_live_calls(void **state)
{
	struct call_index index = { 0 };
	uint64_t next = 1000000;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		/* Waves, so that it fills, and empties to nothing but holes. */
		bool filling = step / 1000 % 2 == 0;
		unsigned what = pick(10);

		if (what < (filling ? 6u : 1u) && live_count < CALLS_MAX) {
			add(&index, next += 2 + pick(3));
		} else if (what == 6 && live_count < CALLS_MAX && live_count > 0) {
			unsigned at = pick(live_count);

			if (at == 0 || live[at - 1]->serial < live[at]->serial - 1)
				add(&index, live[at]->serial - 1);
		} else if (what < 9 && live_count > 0) {
			remove_at(&index, pick(live_count));
		} else if (live_count > 0) {
			unsigned at = pick(live_count);

			label(live[at]);
			call_index_refresh(&index, live[at]);
		}
		if (step % 7 == 0)
			expect_index(&index);
	}
	while (live_count > 0)
		remove_at(&index, 0);
	expect_index(&index);
	call_index_fini(&index);
}

static int seed(void **state)
{
	(void)state;
	randomness = 4711;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(filters_pass_what_the_plainest_filter_passes, seed),
		cmocka_unit_test_setup(the_index_is_the_sorted_array_of_the_live_calls, seed),
	};

	return cmocka_run_group_tests_name("call_index", tests, NULL, NULL);
}
