/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>

#include "media/similarity.h"

#define AROUND (SIMILARITY_MAX_SAMPLES + 200)
#define HERE   (voice + AROUND)

/* 12 bits of a voice, as similarity_scale() leaves them. */
static int16_t voice[2 * AROUND];

static void make_noise(int loudest)
{
	for (unsigned i = 0; i < COUNT_OF(voice); i++)
		voice[i] = (int16_t)(random() % (2 * loudest + 1) - loudest);
}

static double product(const int16_t *a, const int16_t *b, unsigned count)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += a[i] * b[i];
	return sum;
}

/* As it is defined: the square of the normalised correlation, with its sign. */
static double defined(const int16_t *a, const int16_t *b, unsigned count)
{
	double of_a = product(a, a, count), of_b = product(b, b, count),
	       both = product(a, b, count);

	if (of_a < 9.0 * count && of_b < 9.0 * count)
		return 1;
	return both * (both < 0 ? -both : both) / ((of_a + 1) * (of_b + 1));
}

static void it_finds_what_is_most_alike_in_either_direction(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned round = 0; round < 2000; round++) {
		int sign = round % 2 ? 1 : -1;
		unsigned count = 1 + (unsigned)random() % SIMILARITY_MAX_SAMPLES;
		unsigned least = 1 + (unsigned)random() % 100,
			 most = least + (unsigned)random() % 100;
		float likeness;
		unsigned found;

		make_noise(round % 5 ? 2047 : 4);
		found = similarity_find(HERE, sign, least, most, count, &likeness);
		assert_in_range(found, least, most);
		assert_float_equal(likeness, defined(HERE, HERE + sign * (int)found, count), 1e-5);
		for (unsigned step = least; step <= most; step++)
			assert_true(defined(HERE, HERE + sign * (int)step, count) <=
				    (double)likeness + 1e-5);
	}
}

static void of_several_the_least_is_taken(void **state)
{
	float likeness;

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(voice); i++)
		voice[i] = (int16_t)(i % 20 * 100);
	assert_int_equal(similarity_find(HERE, -1, 30, 120, 80, &likeness), 40);
	assert_int_equal(similarity_find(HERE, 1, 41, 120, 80, &likeness), 60);
	assert_true(likeness > 0.999f);
}

static void sums_of_the_loudest_do_not_overflow(void **state)
{
	float likeness;

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(voice); i++)
		voice[i] = INT16_MIN;
	similarity_scale(voice, voice, COUNT_OF(voice));
	assert_int_equal(similarity_find(HERE, -1, 1, 200, SIMILARITY_MAX_SAMPLES, &likeness), 1);
	assert_true(likeness > 0.999f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_what_is_most_alike_in_either_direction),
		cmocka_unit_test(of_several_the_least_is_taken),
		cmocka_unit_test(sums_of_the_loudest_do_not_overflow),
	};

	return cmocka_run_group_tests_name("similarity", tests, NULL, NULL);
}
