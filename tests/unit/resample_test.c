/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "media/resample.h"

#define COUNT	  800 /* samples at the lower rate: 100 ms */
#define BEFORE	  (2 * RESAMPLE_BEFORE)
#define DELAY	  25 /* samples at the higher rate */
#define AMPLITUDE 20000

static int16_t wide[BEFORE + 2 * COUNT], narrow[RESAMPLE_BEFORE + COUNT];

static void fill(int16_t *pcm, unsigned count, double hz, unsigned rate)
{
	for (unsigned i = 0; i < count; i++)
		pcm[i] = (int16_t)lrint(AMPLITUDE * sin(2 * M_PI * hz * i / rate));
}

/* dB of a tone in `pcm`, of the one that was put in. */
static double level_of(const int16_t *pcm, unsigned count, double hz, unsigned rate)
{
	double re = 0, im = 0;

	for (unsigned i = 0; i < count; i++) {
		re += pcm[i] * cos(2 * M_PI * hz * i / rate);
		im += pcm[i] * sin(2 * M_PI * hz * i / rate);
	}
	return 20 * log10((2 * hypot(re, im) / count + 1e-3) / AMPLITUDE);
}

static void halving_passes_the_narrow_band_alone(void **state)
{
	static int16_t out[COUNT];

	(void)state;
	for (unsigned hz = 100; hz < 8000; hz += 50) {
		unsigned image = hz < 4000 ? hz : 8000 - hz;
		double level;

		fill(wide, BEFORE + 2 * COUNT, hz, 16000);
		resample_halve(out, wide + BEFORE, COUNT);
		level = level_of(out, COUNT, image, 8000);
		if (hz <= 3400 && fabs(level) > 0.02)
			fail_msg("%u Hz is at %.3f dB", hz, level);
		if (hz >= 4600 && level > -60)
			fail_msg("%u Hz is at %.1f dB, as %u Hz", hz, level, image);
	}
}

static void doubling_leaves_no_image(void **state)
{
	static int16_t out[2 * COUNT];

	(void)state;
	for (unsigned hz = 100; hz < 3450; hz += 50) {
		double level, image;

		fill(narrow, RESAMPLE_BEFORE + COUNT, hz, 8000);
		resample_double(out, narrow + RESAMPLE_BEFORE, COUNT);
		level = level_of(out, 2 * COUNT, hz, 16000);
		image = level_of(out, 2 * COUNT, 8000 - hz, 16000);
		if (fabs(level) > 0.02 || image > -60)
			fail_msg("%u Hz is at %.3f dB, its image at %.1f dB", hz, level, image);
	}
}

static void a_pulse_comes_by_the_delay_later(void **state)
{
	static int16_t out[2 * COUNT];

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(narrow); i++)
		narrow[i] = 0;
	narrow[RESAMPLE_BEFORE + 100] = 10000;
	resample_double(out, narrow + RESAMPLE_BEFORE, COUNT);
	assert_int_equal(out[200 + DELAY], 10000);
	for (unsigned k = 1; k <= DELAY; k++)
		assert_int_equal(out[200 + DELAY - k], out[200 + DELAY + k]);
}

static void what_it_is_cut_into_makes_no_difference(void **state)
{
	static int16_t whole[2 * COUNT], parts[2 * COUNT];

	(void)state;
	srandom(16);
	for (unsigned i = 0; i < COUNT_OF(narrow); i++)
		narrow[i] = (int16_t)random();
	for (unsigned i = 0; i < COUNT_OF(wide); i++)
		wide[i] = (int16_t)random();
	resample_double(whole, narrow + RESAMPLE_BEFORE, COUNT);
	for (unsigned at = 0, n; at < COUNT; at += n) {
		n = 1 + (unsigned)random() % 99;
		n = n < COUNT - at ? n : COUNT - at;
		resample_double(parts + 2 * at, narrow + RESAMPLE_BEFORE + at, n);
	}
	assert_memory_equal(parts, whole, sizeof(whole));
	resample_halve(whole, wide + BEFORE, COUNT);
	for (unsigned at = 0, n; at < COUNT; at += n) {
		n = 1 + (unsigned)random() % 99;
		n = n < COUNT - at ? n : COUNT - at;
		resample_halve(parts + at, wide + BEFORE + 2 * at, n);
	}
	assert_memory_equal(parts, whole, COUNT * sizeof(*whole));
}

/* The input that drives the filter furthest: each sample of the sign of its tap. */
static void the_loudest_input_does_not_wrap(void **state)
{
	int16_t loudest[BEFORE + 2] = { 0 }, out;

	(void)state;
	for (unsigned sign = 0; sign < 2; sign++) {
		for (unsigned k = 0; k <= BEFORE; k++) {
			double tap = k == DELAY ? 1
						: sin(M_PI * ((double)k - DELAY) / 2) /
							  ((double)k - DELAY);

			loudest[BEFORE - k] = (tap > 0) == (sign == 0) ? INT16_MAX : INT16_MIN;
		}
		resample_halve(&out, loudest + BEFORE, 1);
		assert_int_equal(out, sign == 0 ? INT16_MAX : INT16_MIN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halving_passes_the_narrow_band_alone),
		cmocka_unit_test(doubling_leaves_no_image),
		cmocka_unit_test(a_pulse_comes_by_the_delay_later),
		cmocka_unit_test(what_it_is_cut_into_makes_no_difference),
		cmocka_unit_test(the_loudest_input_does_not_wrap),
	};

	return cmocka_run_group_tests_name("resample", tests, NULL, NULL);
}
