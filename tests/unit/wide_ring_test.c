/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/wide_ring.h"

#define FRAME 160 /* ticks */

static int16_t buffers[WIDE_RING_BUFFERS][PCM_RING_SAMPLES / 2];
static struct wide_ring ring;
static struct pcm_ring span;

static int reset(void **state)
{
	(void)state;
	memset(buffers, 0x33, sizeof(buffers));
	for (unsigned i = 0; i < WIDE_RING_BUFFERS; i++)
		ring.part[i] = buffers[i];
	pcm_ring_init(&span, NULL, 2, 0);
	return 0;
}

/* What the sample of a time is in these tests. */
static int16_t sample_at(uint32_t timestamp, unsigned half)
{
	return (int16_t)(timestamp * 2 + half);
}

static void append(uint32_t timestamp, unsigned count)
{
	int16_t pcm[512 * CODEC_WIDE];

	for (unsigned i = 0; i < count * CODEC_WIDE; i++)
		pcm[i] = sample_at(timestamp + i / 2, i % 2);
	assert_false(wide_ring_is_late(&span, timestamp));
	wide_ring_append(&ring, &span, timestamp, pcm, count);
}

static void assert_held(uint32_t timestamp, unsigned count)
{
	int16_t pcm[PCM_RING_SAMPLES * CODEC_WIDE];

	assert_int_equal(wide_ring_copy(&ring, &span, timestamp, pcm, count), count);
	for (unsigned i = 0; i < count * CODEC_WIDE; i++)
		assert_int_equal(pcm[i], sample_at(timestamp + i / 2, i % 2));
}

static void assert_held_at(uint32_t timestamp, int16_t pcm[static FRAME * CODEC_WIDE])
{
	assert_int_equal(wide_ring_copy(&ring, &span, timestamp, pcm, FRAME), FRAME);
}

static void what_was_written_can_be_read_as_far_back_as_it_reaches(void **state)
{
	uint32_t timestamp = UINT32_MAX - 2000;

	(void)state;
	for (unsigned i = 0; i < 50; i++, timestamp += FRAME) {
		append(timestamp, FRAME);
		assert_held(timestamp, FRAME);
		if ((i + 1) * FRAME >= PCM_RING_SAMPLES)
			assert_held(timestamp + FRAME - PCM_RING_SAMPLES, PCM_RING_SAMPLES);
	}
}

static void what_is_not_held_is_zero(void **state)
{
	int16_t pcm[FRAME * CODEC_WIDE];

	(void)state;
	assert_int_equal(wide_ring_copy(&ring, &span, 1000, pcm, FRAME), 0);
	for (unsigned i = 0; i < COUNT_OF(pcm); i++)
		assert_int_equal(pcm[i], 0);
	append(1000, FRAME);
	assert_int_equal(wide_ring_copy(&ring, &span, 1000 - 60, pcm, FRAME), FRAME);
	for (unsigned i = 0; i < COUNT_OF(pcm); i++)
		assert_int_equal(
			pcm[i], i < 120 ? 0 : sample_at(1000 + (i - 120) / 2, (i - 120) % 2));
	assert_int_equal(wide_ring_copy(&ring, &span, 1100, pcm, FRAME), 60);
	for (unsigned i = 0; i < COUNT_OF(pcm); i++)
		assert_int_equal(pcm[i], i < 120 ? sample_at(1100 + i / 2, i % 2) : 0);
	assert_int_equal(wide_ring_copy(&ring, &span, 1160, pcm, FRAME), 0);
	assert_int_equal(wide_ring_copy(&ring, &span, 1000 - FRAME, pcm, FRAME), 0);
}

static void what_came_before_is_late_and_what_is_far_off_begins_anew(void **state)
{
	(void)state;
	append(5000, FRAME);
	assert_true(wide_ring_is_late(&span, 5000));
	assert_true(wide_ring_is_late(&span, 4840));
	assert_true(wide_ring_is_late(&span, 5159));
	append(5160, FRAME);
	append(1000, FRAME); /* the sender's clock was set back */
	assert_int_equal(span.filled, FRAME);
	assert_held(1000, FRAME);
	append(90000, FRAME);
	assert_int_equal(span.filled, FRAME);
	assert_held(90000, FRAME);
}

/* Of a voice that is high enough for 16 kHz: 5 kHz above 125 Hz. */
static int16_t voice_at(unsigned sample)
{
	return (int16_t)(6000 * sin(2 * M_PI * sample / 128) +
			 2000 * sin(2 * M_PI * sample * 5 / 16));
}

static bool speak(uint32_t timestamp)
{
	int16_t pcm[FRAME * CODEC_WIDE];

	for (unsigned i = 0; i < COUNT_OF(pcm); i++)
		pcm[i] = voice_at(timestamp * CODEC_WIDE + i);
	return wide_ring_append(&ring, &span, timestamp, pcm, FRAME);
}

/* One packet is missing, and the voice goes on: as it would have, or nearly so. */
static void a_gap_is_concealed_in_wideband(void **state)
{
	int16_t pcm[FRAME * CODEC_WIDE];
	double error = 0, power = 0;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_false(speak(i * FRAME));
	assert_true(speak(6 * FRAME));
	assert_held_at(5 * FRAME, pcm);
	for (unsigned i = 0; i < COUNT_OF(pcm); i++) {
		int16_t there = voice_at(5 * FRAME * CODEC_WIDE + i);

		error += (double)(pcm[i] - there) * (pcm[i] - there);
		power += (double)there * there;
	}
	assert_true(error < power / 20);
	/* What did come is as it came. */
	for (unsigned n = 4; n <= 6; n += 2) {
		assert_held_at(n * FRAME, pcm);
		for (unsigned i = 0; i < COUNT_OF(pcm); i++)
			assert_int_equal(pcm[i], voice_at(n * FRAME * CODEC_WIDE + i));
	}
}

/* For so long that it fades: no step at either end, and silence between. */
static void a_long_gap_is_faded_into_and_out_of(void **state)
{
	int16_t pcm[FRAME * CODEC_WIDE];
	int last = 0, most = 0;

	(void)state;
	for (unsigned i = 1; i < 128; i++)
		most = abs(voice_at(i) - voice_at(i - 1)) > most
			       ? abs(voice_at(i) - voice_at(i - 1))
			       : most;
	for (unsigned n = 0; n < 12; n++)
		if (n < 5 || n > 9)
			speak(n * FRAME);
	for (unsigned n = 2; n < 12; n++) {
		assert_held_at(n * FRAME, pcm);
		for (unsigned i = 0; i < COUNT_OF(pcm); i++) {
			if (n > 2)
				assert_in_range(abs(pcm[i] - last), 0, most + most / 2);
			if (n == 8)
				assert_int_equal(pcm[i], 0);
			last = pcm[i];
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			what_was_written_can_be_read_as_far_back_as_it_reaches, reset),
		cmocka_unit_test_setup(what_is_not_held_is_zero, reset),
		cmocka_unit_test_setup(
			what_came_before_is_late_and_what_is_far_off_begins_anew, reset),
		cmocka_unit_test_setup(a_gap_is_concealed_in_wideband, reset),
		cmocka_unit_test_setup(a_long_gap_is_faded_into_and_out_of, reset),
	};

	return cmocka_run_group_tests_name("wide_ring", tests, NULL, NULL);
}
