/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>

#include "media/matrix.h"
#include "media/mix.h"

#define COUNT 160

static void constant(int16_t *pcm, int16_t value)
{
	for (unsigned i = 0; i < COUNT; i++)
		pcm[i] = value;
}

static void voices_add_up(void **state)
{
	struct gain steady = { GAIN_UNITY, GAIN_UNITY };
	int16_t a[COUNT], b[COUNT], out[COUNT];
	int32_t sum[COUNT];

	(void)state;
	constant(a, 1000);
	constant(b, -250);
	mix_start(sum, a, COUNT);
	mix_add(sum, b, COUNT, &steady);
	mix_finish(out, sum, COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(out[i], 750);
}

/* Saturating after each addition would give 2,768 here. */
static void a_sum_is_saturated_once_at_the_end(void **state)
{
	struct gain steady = { GAIN_UNITY, GAIN_UNITY };
	int16_t high[COUNT], low[COUNT], out[COUNT];
	int32_t sum[COUNT];

	(void)state;
	constant(high, 30000);
	constant(low, -30000);
	mix_start(sum, high, COUNT);
	mix_add(sum, high, COUNT, &steady);
	mix_add(sum, low, COUNT, &steady);
	mix_finish(out, sum, COUNT);
	assert_int_equal(out[0], 30000);

	mix_start(sum, high, COUNT);
	mix_add(sum, high, COUNT, &steady);
	mix_finish(out, sum, COUNT);
	assert_int_equal(out[0], INT16_MAX);

	mix_start(sum, low, COUNT);
	mix_add(sum, low, COUNT, &steady);
	mix_finish(out, sum, COUNT);
	assert_int_equal(out[0], INT16_MIN);
}

static void a_gain_ramps_up_and_down_within_five_milliseconds(void **state)
{
	struct gain gain = { 0, GAIN_UNITY };
	int16_t voice[COUNT], zero[COUNT] = { 0 };
	int32_t sum[COUNT];

	(void)state;
	constant(voice, 16000);
	mix_start(sum, zero, COUNT);
	mix_add(sum, voice, COUNT, &gain);
	assert_in_range(sum[0], 1, 500);
	for (unsigned i = 1; i < MIX_RAMP_SAMPLES; i++) {
		assert_true(sum[i] > sum[i - 1]);
		assert_true(sum[i] - sum[i - 1] <= 402); /* an even slope: no step is a click */
	}
	for (unsigned i = MIX_RAMP_SAMPLES; i < COUNT; i++)
		assert_int_equal(sum[i], 16000);
	assert_int_equal(gain.now, GAIN_UNITY);

	gain.target = 0;
	mix_start(sum, zero, COUNT);
	mix_add(sum, voice, COUNT, &gain);
	for (unsigned i = 1; i < MIX_RAMP_SAMPLES; i++)
		assert_true(sum[i] < sum[i - 1]);
	for (unsigned i = MIX_RAMP_SAMPLES; i < COUNT; i++)
		assert_int_equal(sum[i], 0);
	assert_int_equal(gain.now, 0);
}

static void a_ramp_goes_on_where_the_last_packet_left_it(void **state)
{
	struct gain whole = { 0, GAIN_UNITY }, parts = { 0, GAIN_UNITY };
	int16_t voice[COUNT], zero[COUNT] = { 0 };
	int32_t a[COUNT], b[COUNT];

	(void)state;
	constant(voice, 12345);
	mix_start(a, zero, COUNT);
	mix_start(b, zero, COUNT);
	mix_add(a, voice, COUNT, &whole);
	mix_add(b, voice, 17, &parts);
	mix_add(b + 17, voice, COUNT - 17, &parts);
	assert_memory_equal(a, b, sizeof(a));
}

/* What a gain does, sample by sample. */
static uint16_t step(uint16_t now, uint16_t target)
{
	const int most = (GAIN_UNITY + MIX_RAMP_SAMPLES - 1) / MIX_RAMP_SAMPLES;
	int distance = target - now;

	return (uint16_t)(now + (distance > most ? most : distance < -most ? -most : distance));
}

static void any_ramp_is_the_same_in_packets_of_any_length(void **state)
{
	static const uint16_t gains[] = { 0, 1, 409, 410, 411, 820, 1000, GAIN_UNITY - 1,
		GAIN_UNITY, GAIN_UNITY + 1, 40000, UINT16_MAX };
	int16_t voice[COUNT], zero[COUNT] = { 0 };
	int32_t sum[COUNT];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		voice[i] = (int16_t)(i % 2 ? INT16_MIN + (int)i : INT16_MAX - (int)i);
	for (unsigned pair = 0; pair < COUNT_OF(gains) * COUNT_OF(gains); pair++)
		for (unsigned length = 1; length <= COUNT; length++) {
			uint16_t now = gains[pair % COUNT_OF(gains)];
			struct gain gain = { now, gains[pair / COUNT_OF(gains)] };

			mix_start(sum, zero, COUNT);
			for (unsigned i = 0; i + length <= COUNT; i += length)
				mix_add(sum + i, voice + i, length, &gain);
			for (unsigned i = 0; i < COUNT / length * length; i++) {
				now = step(now, gain.target);
				assert_int_equal(sum[i], voice[i] * now / GAIN_UNITY);
			}
			assert_int_equal(gain.now, now);
		}
}

static void two_that_are_joined_stay_within_16_bits(void **state)
{
	int16_t pcm[] = { 0, 100, 32767, -32768, -32768, 32767 };
	const int16_t more[] = { 5, -300, 1, -1, 32767, 32767 };
	const int16_t sums[] = { 5, -200, 32767, -32768, -1, 32767 };

	(void)state;
	mix_join(pcm, more, 6);
	assert_memory_equal(pcm, sums, sizeof(sums));
}

static void fading_out_ends_in_silence(void **state)
{
	int16_t tail[MIX_RAMP_SAMPLES + 1];

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(tail); i++)
		tail[i] = 10000;
	mix_fade_out(tail, COUNT_OF(tail), GAIN_UNITY);
	for (unsigned i = 1; i < COUNT_OF(tail); i++)
		assert_true(tail[i] <= tail[i - 1]);
	assert_int_equal(tail[MIX_RAMP_SAMPLES], 0);
	assert_in_range(tail[0], 9000, 9999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(voices_add_up),
		cmocka_unit_test(a_sum_is_saturated_once_at_the_end),
		cmocka_unit_test(a_gain_ramps_up_and_down_within_five_milliseconds),
		cmocka_unit_test(a_ramp_goes_on_where_the_last_packet_left_it),
		cmocka_unit_test(any_ramp_is_the_same_in_packets_of_any_length),
		cmocka_unit_test(two_that_are_joined_stay_within_16_bits),
		cmocka_unit_test(fading_out_ends_in_silence),
	};

	return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
