/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/pcm_ring.h"

#define FRAME 160

static uint8_t buffer[PCM_RING_SAMPLES];
static struct pcm_ring ring;

static int reset(void **state)
{
	(void)state;
	memset(&ring, 0x5a, sizeof(ring)); /* nothing may depend on what was there before */
	pcm_ring_init(&ring, buffer, 1, 0);
	return 0;
}

/* A frame whose samples tell where they belong. */
static void write_frame(uint32_t timestamp)
{
	uint8_t pcm[FRAME];

	for (unsigned i = 0; i < FRAME; i++)
		pcm[i] = (uint8_t)(timestamp + i);
	assert_int_equal(pcm_ring_write(&ring, timestamp, pcm, FRAME), 0);
}

static void assert_holds(uint32_t timestamp, unsigned count)
{
	uint8_t pcm[PCM_RING_SAMPLES];

	assert_int_equal(pcm_ring_read(&ring, timestamp, pcm, count), count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pcm[i], (uint8_t)(timestamp + i));
}

static void assert_silent(uint32_t timestamp, unsigned count)
{
	uint8_t pcm[PCM_RING_SAMPLES];

	pcm_ring_read(&ring, timestamp, pcm, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pcm[i], 0);
}

static void an_empty_ring_reads_as_silence(void **state)
{
	uint8_t pcm[FRAME];

	(void)state;
	assert_int_equal(pcm_ring_read(&ring, 0, pcm, FRAME), 0);
	assert_silent(0, FRAME);
	assert_silent(0xffffff00, FRAME);
}

static void what_was_written_is_read_at_its_timestamp(void **state)
{
	static const uint32_t starts[] = { 0, 1, 1000, 0x7fffff80, 0xffffff80, 0xffffffff };

	for (size_t s = 0; s < COUNT_OF(starts); s++) {
		reset(state);
		for (unsigned f = 0; f < 20; f++)
			write_frame(starts[s] + f * FRAME);
		assert_holds(starts[s] + 20 * FRAME - PCM_RING_SAMPLES, PCM_RING_SAMPLES);
		assert_holds(starts[s] + 19 * FRAME + 7, 100);
	}
}

static void reading_twice_gives_the_same(void **state)
{
	(void)state;
	write_frame(500);
	assert_holds(510, 50);
	assert_holds(510, 50);
}

static void reading_past_either_end_gives_silence_there(void **state)
{
	uint8_t pcm[3 * FRAME];

	(void)state;
	write_frame(1000);
	assert_int_equal(pcm_ring_read(&ring, 1000 - FRAME, pcm, 3 * FRAME), FRAME);
	for (unsigned i = 0; i < FRAME; i++) {
		assert_int_equal(pcm[i], 0);
		assert_int_equal(pcm[FRAME + i], (uint8_t)(1000 + i));
		assert_int_equal(pcm[2 * FRAME + i], 0);
	}
	assert_int_equal(pcm_ring_read(&ring, 1000 + FRAME, pcm, FRAME), 0);
	assert_int_equal(pcm_ring_read(&ring, 1000 - 2 * FRAME, pcm, FRAME), 0);
}

static void a_lost_packet_reads_as_silence(void **state)
{
	(void)state;
	write_frame(0);
	write_frame(FRAME);
	write_frame(3 * FRAME);
	assert_holds(FRAME, FRAME);
	assert_silent(2 * FRAME, FRAME);
	assert_holds(3 * FRAME, FRAME);
}

static void a_late_packet_fills_its_place(void **state)
{
	(void)state;
	write_frame(0);
	write_frame(2 * FRAME);
	write_frame(FRAME);
	assert_holds(0, 3 * FRAME);
}

static void a_packet_older_than_the_ring_is_refused(void **state)
{
	uint8_t pcm[FRAME] = { 0 };

	(void)state;
	write_frame(100000);
	assert_int_equal(pcm_ring_write(&ring, 100000 - FRAME, pcm, FRAME), -ERANGE);
	for (unsigned f = 1; f < 10; f++)
		write_frame(100000 + f * FRAME);
	assert_int_equal(
		pcm_ring_write(&ring, 100000 + 10 * FRAME - PCM_RING_SAMPLES - 1, pcm, FRAME),
		-ERANGE);
	assert_holds(100000 + 9 * FRAME, FRAME);
}

static void a_long_pause_leaves_nothing_stale(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 10; f++)
		write_frame(f * FRAME);
	write_frame(100 * PCM_RING_SAMPLES);
	assert_silent(100 * PCM_RING_SAMPLES - 800, 800);
	assert_holds(100 * PCM_RING_SAMPLES, FRAME);
}

/* Against a plain array as the model: random writes and reads, seeded. */
static void random_traffic_equals_a_plain_array(void **state)
{
	enum { SPAN = 1 << 16 };
	uint8_t *model = calloc(SPAN, sizeof(*model));
	uint32_t base = 0xffff8000, newest = 0, oldest = 0;

	(void)state;
	srandom(7);
	write_frame(base);
	for (unsigned i = 0; i < FRAME; i++)
		model[i] = (uint8_t)(base + i);
	newest = FRAME;
	while (newest < SPAN - 2 * PCM_RING_SAMPLES) {
		unsigned count = 1 + (unsigned)random() % 480;
		uint32_t at = newest + (uint32_t)(random() % 400) - 200;
		uint8_t pcm[PCM_RING_SAMPLES];
		bool fits;

		for (unsigned i = 0; i < count; i++)
			pcm[i] = (uint8_t)random();
		fits = pcm_ring_write(&ring, base + at, pcm, count) == 0;
		assert_int_equal(fits, (int32_t)(at - oldest) >= 0);
		if (fits) {
			memcpy(model + at, pcm, count * sizeof(*pcm));
			newest = at + count > newest ? at + count : newest;
			oldest = newest > oldest + PCM_RING_SAMPLES ? newest - PCM_RING_SAMPLES
								    : oldest;
		}
		at = oldest + (uint32_t)random() % (newest - oldest);
		count = (unsigned)random() % (newest - at + 1);
		assert_int_equal(pcm_ring_read(&ring, base + at, pcm, count), count);
		assert_memory_equal(pcm, model + at, count * sizeof(*pcm));
	}
	free(model);
}

/* The way out that does not copy, against the one that does, on lost, late and repeated packets of
 * changing length. */
static void viewing_equals_reading(void **state)
{
	uint8_t pcm[FRAME], want[FRAME], copy[FRAME];
	unsigned viewed = 0;
	uint32_t now = 0xfffff000; /* timestamps wrap */

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 100000; i++, now += (uint32_t)(rand() % 200)) {
		uint32_t timestamp = now - (uint32_t)(rand() % 8 ? 0 : rand() % 1500);
		unsigned count = 1 + (unsigned)rand() % FRAME, held;
		const uint8_t *view;

		for (unsigned k = 0; k < count; k++)
			pcm[k] = (uint8_t)rand();
		pcm_ring_write(&ring, timestamp, pcm, count);

		timestamp = now + 200 - (uint32_t)(rand() % 1500);
		count = 1 + (unsigned)rand() % FRAME;
		held = pcm_ring_read(&ring, timestamp, want, count);
		view = pcm_ring_view(&ring, timestamp, copy, count);
		assert_int_equal(view != NULL, held > 0);
		if (view != NULL)
			assert_memory_equal(view, want, count);
		viewed += view != NULL && view != copy;
	}
	assert_in_range(viewed, 20000, 99999);
}

/* Silence is what the codec has for it. */
static void what_is_missing_reads_as_the_codecs_silence(void **state)
{
	uint8_t pcm[3 * FRAME];

	(void)state;
	pcm_ring_init(&ring, buffer, 1, 0xd5);
	write_frame(0);
	write_frame(2 * FRAME);
	pcm_ring_read(&ring, FRAME, pcm, 3 * FRAME);
	for (unsigned i = 0; i < FRAME; i++) {
		assert_int_equal(pcm[i], 0xd5);
		assert_int_equal(pcm[2 * FRAME + i], 0xd5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_ring_reads_as_silence, reset),
		cmocka_unit_test_setup(what_was_written_is_read_at_its_timestamp, reset),
		cmocka_unit_test_setup(reading_twice_gives_the_same, reset),
		cmocka_unit_test_setup(reading_past_either_end_gives_silence_there, reset),
		cmocka_unit_test_setup(a_lost_packet_reads_as_silence, reset),
		cmocka_unit_test_setup(a_late_packet_fills_its_place, reset),
		cmocka_unit_test_setup(a_packet_older_than_the_ring_is_refused, reset),
		cmocka_unit_test_setup(a_long_pause_leaves_nothing_stale, reset),
		cmocka_unit_test_setup(random_traffic_equals_a_plain_array, reset),
		cmocka_unit_test_setup(viewing_equals_reading, reset),
		cmocka_unit_test_setup(what_is_missing_reads_as_the_codecs_silence, reset),
	};

	return cmocka_run_group_tests_name("pcm_ring", tests, NULL, NULL);
}
