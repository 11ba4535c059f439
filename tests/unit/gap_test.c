/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/conceal.h"
#include "media/gap.h"

#define FRAME 160
#define VOICE 40000

static uint8_t buffer[PCM_RING_SAMPLES];
static struct pcm_ring ring;
static struct gap gap;
static const struct codec *codec;

/* A tone of 125 Hz with two overtones, coded; sample i belongs to timestamp BASE + i. */
#define BASE 0xfffff000
static uint8_t voice[VOICE];

static int make_voice(void **state)
{
	int16_t pcm[VOICE];

	(void)state;
	codec_init(UINT_MAX);
	codec = codec_get(CODEC_PCMA);
	for (unsigned i = 0; i < VOICE; i++)
		pcm[i] = (int16_t)(5000 * sin(i * M_PI / 32) + 3000 * sin(i * M_PI / 16) +
				   2000 * sin(i * M_PI / 8));
	codec->encode(voice, pcm, VOICE);
	return 0;
}

static int reset(void **state)
{
	(void)state;
	pcm_ring_init(&ring, buffer, 1, codec->silence);
	gap = (struct gap){ 0 };
	return 0;
}

/* Returns what gap_write() says, or -1 where it was not needed. */
static int put(unsigned at, unsigned count)
{
	if (pcm_ring_append(&ring, BASE + at, voice + at, count))
		return -1;
	return (int)gap_write(&gap, &ring, codec, BASE + at, voice + at, count, false);
}

static void assert_exact(unsigned at, unsigned count)
{
	uint8_t coded[PCM_RING_SAMPLES];

	assert_int_equal(pcm_ring_read(&ring, BASE + at, coded, count), count);
	assert_memory_equal(coded, voice + at, count);
}

/* Energy of the difference from what was said, by that of the latter. */
static double error(unsigned at, unsigned count)
{
	int16_t pcm[PCM_RING_SAMPLES], want[PCM_RING_SAMPLES];
	uint8_t coded[PCM_RING_SAMPLES];
	double wrong = 0, right = 0;

	pcm_ring_read(&ring, BASE + at, coded, count);
	codec->decode(pcm, coded, count);
	codec->decode(want, voice + at, count);
	for (unsigned i = 0; i < count; i++) {
		wrong += pow(pcm[i] - want[i], 2);
		right += pow(want[i], 2);
	}
	return wrong / right;
}

static void packets_in_order_are_left_alone(void **state)
{
	(void)state;
	assert_int_equal(put(0, FRAME), GAP_NONE);
	for (unsigned n = 1; n < 20; n++)
		assert_int_equal(put(n * FRAME, FRAME), -1);
	assert_exact(20 * FRAME - PCM_RING_SAMPLES, PCM_RING_SAMPLES);
}

static void a_lost_packet_is_concealed_and_the_others_stay_exact(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 6; n++)
		if (n != 4)
			put(n * FRAME, FRAME);
	assert_true(error(4 * FRAME, FRAME) < 0.05);
	assert_exact(2 * FRAME, 2 * FRAME);
	assert_exact(5 * FRAME, FRAME);
}

static void a_long_gap_fades(void **state)
{
	int16_t pcm[4 * FRAME];
	uint8_t coded[4 * FRAME];

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		put(n * FRAME, FRAME);
	assert_int_equal(put(7 * FRAME, FRAME), GAP_LOST);
	pcm_ring_read(&ring, BASE + 3 * FRAME, coded, 4 * FRAME);
	codec->decode(pcm, coded, 4 * FRAME);
	for (unsigned i = CONCEAL_LENGTH; i < 4 * FRAME - 160; i++)
		assert_in_range(pcm[i] + 8, 0, 16);
	assert_exact(7 * FRAME, FRAME);
}

static void a_late_packet_takes_the_place_of_what_stood_for_it(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++)
		put(n * FRAME, FRAME);
	assert_int_equal(put(5 * FRAME, FRAME), GAP_LOST);
	assert_int_equal(put(4 * FRAME, FRAME), GAP_LATE);
	assert_exact(0, 6 * FRAME);
}

/* What is still missing around it is concealed anew, and better. */
static void a_late_packet_in_the_middle_of_a_gap_divides_it(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 2; n++)
		put(n * FRAME, FRAME);
	put(5 * FRAME, FRAME);
	assert_int_equal(put(3 * FRAME, FRAME), GAP_LATE);
	assert_exact(3 * FRAME, FRAME);
	assert_exact(5 * FRAME, FRAME);
	assert_true(error(2 * FRAME, FRAME) < 0.05);
	assert_true(error(4 * FRAME, FRAME) < 0.05);
	assert_int_equal(put(4 * FRAME, FRAME), GAP_LATE);
	assert_int_equal(put(2 * FRAME, FRAME), GAP_LATE);
	assert_exact(0, 6 * FRAME);
}

static void a_duplicate_changes_nothing(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++)
		put(n * FRAME, FRAME);
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(put(n * FRAME, FRAME), GAP_DUPLICATE);
	assert_exact(0, 4 * FRAME);
}

static void a_packet_from_before_the_ring_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 10; n < 40; n++)
		put(n * FRAME, FRAME);
	assert_int_equal(put(0, FRAME), GAP_TOO_OLD);
	assert_exact(40 * FRAME - PCM_RING_SAMPLES, PCM_RING_SAMPLES);
}

static void a_long_silence_begins_anew(void **state)
{
	(void)state;
	put(0, FRAME);
	assert_int_equal(put(FRAME + PCM_RING_SAMPLES, FRAME), GAP_NONE);
	assert_int_equal(ring.filled, FRAME);
}

/* Any loss, any order, any length: whatever has come and is still held is there bit for bit. */
static void whatever_came_is_exact(void **state)
{
	unsigned late = 0, lost = 0;

	(void)state;
	srandom(5);
	for (unsigned round = 0; round < 60; round++) {
		static bool came[VOICE];
		unsigned at = 0, held = 0, waiting = 0;

		reset(state);
		memset(came, 0, sizeof(came));
		while (at < VOICE - 1000) {
			unsigned count = 80u << random() % 3;
			int verdict = -2;

			if (held > 0 && random() % 4 == 0) {
				verdict = put(waiting, held);
				if (verdict != GAP_TOO_OLD)
					memset(came + waiting, 1, held);
				late += verdict == GAP_LATE;
				held = 0;
			}
			if (random() % 10 == 0 && held == 0) {
				waiting = at;
				held = count;
			} else if (random() % 20 != 0) {
				verdict = put(at, count);
				memset(came + at, 1, count);
				lost += verdict == GAP_LOST;
			}
			at += count;
		}
		for (unsigned i = at - PCM_RING_SAMPLES; i < at; i++)
			if (came[i] && (int32_t)(ring.end - (BASE + i)) <= ring.filled)
				assert_exact(i, 1);
	}
	assert_in_range(late, 300, 1 << 20);
	assert_in_range(lost, 300, 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(packets_in_order_are_left_alone, reset),
		cmocka_unit_test_setup(a_lost_packet_is_concealed_and_the_others_stay_exact, reset),
		cmocka_unit_test_setup(a_long_gap_fades, reset),
		cmocka_unit_test_setup(a_late_packet_takes_the_place_of_what_stood_for_it, reset),
		cmocka_unit_test_setup(a_late_packet_in_the_middle_of_a_gap_divides_it, reset),
		cmocka_unit_test_setup(a_duplicate_changes_nothing, reset),
		cmocka_unit_test_setup(a_packet_from_before_the_ring_is_refused, reset),
		cmocka_unit_test_setup(a_long_silence_begins_anew, reset),
		cmocka_unit_test_setup(whatever_came_is_exact, reset),
	};

	return cmocka_run_group_tests_name("gap", tests, make_voice, NULL);
}
