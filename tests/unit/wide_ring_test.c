/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

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

/* No step at either end of what is missing, and silence between. */
static void a_gap_is_faded_into_and_out_of(void **state)
{
	int16_t pcm[3 * FRAME * CODEC_WIDE];

	(void)state;
	for (unsigned i = 0; i < FRAME * CODEC_WIDE; i++)
		pcm[i] = 8000;
	wide_ring_append(&ring, &span, 0, pcm, FRAME);
	wide_ring_append(&ring, &span, 2 * FRAME, pcm, FRAME);
	assert_int_equal(wide_ring_copy(&ring, &span, 0, pcm, 3 * FRAME), 3 * FRAME);
	for (unsigned i = 1; i < COUNT_OF(pcm); i++)
		assert_in_range(abs(pcm[i] - pcm[i - 1]), 0, 8000 / 79 + 1);
	for (unsigned i = FRAME * CODEC_WIDE + 80; i < 2 * FRAME * CODEC_WIDE; i++)
		assert_int_equal(pcm[i], 0);
	assert_int_equal(pcm[COUNT_OF(pcm) - 1], 8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			what_was_written_can_be_read_as_far_back_as_it_reaches, reset),
		cmocka_unit_test_setup(what_is_not_held_is_zero, reset),
		cmocka_unit_test_setup(
			what_came_before_is_late_and_what_is_far_off_begins_anew, reset),
		cmocka_unit_test_setup(a_gap_is_faded_into_and_out_of, reset),
	};

	return cmocka_run_group_tests_name("wide_ring", tests, NULL, NULL);
}
