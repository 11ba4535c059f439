/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include "media/rtcp_timer.h"

#define SIZE 120

static uint32_t state_of_chance = 1;

static uint32_t chance(void)
{
	state_of_chance = state_of_chance * 1664525 + 1013904223;
	return state_of_chance;
}

static void intervals_lie_evenly_around_five_seconds(void **state)
{
	const double least = 5e3 * 0.5 / 1.21828, most = 5e3 * 1.5 / 1.21828;

	(void)state;
	assert_in_range(rtcp_interval_ms(2, 2, true, SIZE, false, 0), least - 1, least);
	assert_in_range(rtcp_interval_ms(2, 2, true, SIZE, false, UINT32_MAX), most - 1, most);
	for (uint64_t quarter = 0; quarter < 4; quarter++)
		assert_in_range(
			rtcp_interval_ms(2, 2, true, SIZE, false, (uint32_t)(quarter << 30)),
			least + quarter * (most - least) / 4 - 1,
			least + quarter * (most - least) / 4);
	for (uint32_t random = 0; random < 0xff000000; random += 0x100000)
		assert_in_range(rtcp_interval_ms(2, 1, false, SIZE, true, random) * 2,
			rtcp_interval_ms(2, 1, false, SIZE, false, random) - 1,
			rtcp_interval_ms(2, 1, false, SIZE, false, random));
}

/* 5 % of a G.711 stream's bits are enough for what two members send in 5 s, and not for more. */
static void large_packets_are_sent_less_often(void **state)
{
	(void)state;
	assert_int_equal(rtcp_interval_ms(2, 2, true, 1250, false, 1u << 31),
		rtcp_interval_ms(2, 2, true, SIZE, false, 1u << 31));
	assert_in_range(rtcp_interval_ms(2, 2, true, 2500, false, 1u << 31), 10e3 / 1.21828 - 1,
		10e3 / 1.21828);
}

/* With unconditional reconsideration the mean comes out at about the 5 s that are meant. */
static void reports_are_five_seconds_apart_in_the_mean(void **state)
{
	const unsigned count = 20000; /* 28 hours: by then, the clock has wrapped */
	struct rtcp_timer timer;
	uint32_t now_ms = UINT32_MAX - 1000000, begin_ms = 0;
	unsigned sent = 0;

	(void)state;
	rtcp_timer_begin(&timer, now_ms, chance());
	while (sent <= count) {
		now_ms += 100;
		if (!rtcp_timer_expires(&timer, now_ms, 2, 2, true, chance()))
			continue;
		if (sent++ == 0)
			begin_ms = now_ms;
		assert_true(now_ms - timer.previous_ms >= 1000);
		assert_true(now_ms - timer.previous_ms <= 6300);
		rtcp_timer_sent(&timer, now_ms, SIZE, 2, 2, true, chance());
	}
	assert_in_range((now_ms - begin_ms) / count, 4700, 5300);
}

static void the_first_report_comes_early(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct rtcp_timer timer;

		rtcp_timer_begin(&timer, 7000, chance());
		assert_in_range(timer.due_ms - 7000, 1000, 3100);
		assert_false(rtcp_timer_expires(&timer, timer.due_ms - 1, 1, 0, false, chance()));
	}
}

static void the_average_follows_what_is_sent_and_received(void **state)
{
	struct rtcp_timer timer;

	(void)state;
	rtcp_timer_begin(&timer, 0, 0);
	for (unsigned i = 0; i < 200; i++)
		rtcp_timer_received(&timer, 65535);
	assert_in_range(timer.size / 16, 1450, 1500);
	for (unsigned i = 0; i < 200; i++)
		rtcp_timer_sent(&timer, 0, 100, 2, 2, true, 0);
	assert_in_range(timer.size / 16, 99, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_lie_evenly_around_five_seconds),
		cmocka_unit_test(large_packets_are_sent_less_often),
		cmocka_unit_test(reports_are_five_seconds_apart_in_the_mean),
		cmocka_unit_test(the_first_report_comes_early),
		cmocka_unit_test(the_average_follows_what_is_sent_and_received),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
