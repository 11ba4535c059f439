/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <math.h>

#include "media/comfort_noise.h"
#include "media/telephone_event.h"

/* Payloads that are no voice. */

static void an_event_is_read_as_it_was_sent(void **state)
{
	static const uint8_t payload[] = { 11, 0x80 | 0x40 | 10, 0x03, 0x20, 0xff, 0, 0, 0 };
	struct telephone_event event;

	(void)state;
	for (unsigned length = 0; length <= sizeof(payload); length++) {
		bool whole = length == 4 || length == 8;

		assert_int_equal(telephone_event_parse(payload, length, &event), whole);
	}
	assert_int_equal(event.code, 11);
	assert_true(event.end);
	assert_int_equal(event.duration, 800);
}

/* In dB below the power of a square wave of full scale. */
static double loudness(const int16_t *pcm, unsigned count)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += (double)pcm[i] * pcm[i];
	return -10 * log10(sum / count / (32767.0 * 32767.0));
}

static void noise_is_as_loud_as_the_payload_says(void **state)
{
	enum { SAMPLES = 8000 };
	int16_t pcm[SAMPLES];

	(void)state;
	for (uint8_t level = 5; level <= 70; level++) {
		uint8_t payload[] = { level };

		comfort_noise_write(pcm, SAMPLES, payload, level);
		if (fabs(loudness(pcm, SAMPLES) - level) > 0.7)
			fail_msg("level %u sounds like %.2f", level, loudness(pcm, SAMPLES));
	}
}

static void the_extremes_of_noise_are_limited(void **state)
{
	static const uint8_t loudest[] = { 0x80 }, least[] = { 127 };
	int16_t pcm[480];

	(void)state;
	comfort_noise_write(pcm, 480, loudest, 1);
	assert_true(loudness(pcm, 480) < 5.5);
	comfort_noise_write(pcm, 480, least, 1);
	for (unsigned i = 0; i < 480; i++)
		assert_in_range(pcm[i] + 1, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_read_as_it_was_sent),
		cmocka_unit_test(noise_is_as_loud_as_the_payload_says),
		cmocka_unit_test(the_extremes_of_noise_are_limited),
	};

	return cmocka_run_group_tests_name("unvoiced_payload", tests, NULL, NULL);
}
