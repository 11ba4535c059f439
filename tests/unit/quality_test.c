/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <math.h>

#include "media/quality.h"

#define assert_near(value, expected, tolerance)                                        \
	do {                                                                           \
		double value_ = (value), expected_ = (expected);                       \
                                                                                       \
		if (!(fabs(value_ - expected_) <= (tolerance)))                        \
			fail_msg(#value " is %f; %f was expected", value_, expected_); \
	} while (0)

static double rating(const struct quality_codec *codec, double loss, double delay_ms)
{
	const struct quality_input input = {
		.codec = codec,
		.loss = loss,
		.burst_ratio = 1,
		.delay_ms = delay_ms,
	};

	return quality_rating(&input);
}

static void a_perfect_call_rates_93_2_and_scores_4_41(void **state)
{
	(void)state;
	assert_near(rating(&quality_g711, 0, 0), 93.2, 0.05);
	assert_near(quality_mos(rating(&quality_g711, 0, 0)), 4.41, 0.005);
}

/* G.107 table B.1, in two digits; of 80 its formula gives 4.024, and the table 4.03. */
static void scores_of_ratings_are_those_of_the_recommendation(void **state)
{
	static const struct {
		double rating, mos;
	} table[] = { { 90, 4.34 }, { 80, 4.03 }, { 70, 3.60 }, { 60, 3.10 }, { 50, 2.58 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++)
		assert_near(quality_mos(table[i].rating), table[i].mos, 0.0065);
	assert_near(quality_mos(0), 1, 0);
	assert_near(quality_mos(-5), 1, 0);
	assert_near(quality_mos(3), 1, 0);
	assert_near(quality_mos(100), 4.5, 0);
}

/* G.107, 7.5, with the Ie and Bpl of G.113: half of the way to 95 where loss equals Bpl. */
static void loss_impairs_by_the_codec_s_robustness(void **state)
{
	(void)state;
	assert_near(rating(&quality_g711, 0, 0) - rating(&quality_g711, 0.043, 0), 47.5, 0.001);
	assert_near(rating(&quality_g711, 0, 0) - rating(&quality_g711_concealed, 0.251, 0), 47.5,
		0.001);
	assert_near(rating(&quality_g711, 0, 0) - rating(&quality_g711, 0.01, 0), 95 / 5.3, 0.001);
	assert_near(rating(&quality_g711, 0, 0) - rating(&quality_g711_concealed, 0.01, 0),
		95 / 26.1, 0.001);
	assert_near(rating(&quality_g711, 1, 0), 2.1, 0.1);
}

static void bursts_impair_more_than_random_loss(void **state)
{
	struct quality_input input = { &quality_g711, 0.02, 1, 0 };
	double random = quality_rating(&input);

	(void)state;
	input.burst_ratio = 2;
	assert_near(
		quality_rating(&input) - rating(&quality_g711, 0, 0), -95 * 2 / (1 + 4.3), 0.001);
	assert_true(quality_rating(&input) < random);
}

/* Delay alone costs little up to 150 ms and much beyond (figure of G.107's note on G.114). */
static void delay_impairs_beyond_150_ms(void **state)
{
	(void)state;
	assert_near(rating(&quality_g711, 0, 150), 89.5, 0.5);
	assert_near(rating(&quality_g711, 0, 250), 79, 1);
	assert_near(rating(&quality_g711, 0, 400), 62, 1);
}

static void more_of_anything_bad_is_never_better(void **state)
{
	(void)state;
	for (int loss = 0; loss <= 100; loss++)
		for (int delay = 0; delay <= 2000; delay += 20) {
			double r = rating(&quality_g711_concealed, loss / 100.0, delay);
			double mos = quality_mos(r);

			assert_true(r >= 0 && r <= 93.3 && mos >= 1 && mos <= 4.5);
			if (loss > 0)
				assert_true(r <= rating(&quality_g711_concealed, (loss - 1) / 100.0,
							 delay));
			if (delay > 0)
				assert_true(r <= rating(&quality_g711_concealed, loss / 100.0,
							 delay - 20) +
							 1e-9);
		}
}

static void g722_is_brought_to_the_same_scale(void **state)
{
	(void)state;
	assert_near(rating(&quality_g722, 0, 0), 93.2 * 116 / 129, 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_perfect_call_rates_93_2_and_scores_4_41),
		cmocka_unit_test(scores_of_ratings_are_those_of_the_recommendation),
		cmocka_unit_test(loss_impairs_by_the_codec_s_robustness),
		cmocka_unit_test(bursts_impair_more_than_random_loss),
		cmocka_unit_test(delay_impairs_beyond_150_ms),
		cmocka_unit_test(more_of_anything_bad_is_never_better),
		cmocka_unit_test(g722_is_brought_to_the_same_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
