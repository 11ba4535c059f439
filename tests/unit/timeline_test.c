/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>

#include "media/timeline.h"

#define FRAME 160
#define DEPTH (FRAME + 16)

/* The other source writes frames whose samples count up; the reader can tell what it got. */
static uint8_t buffer[PCM_RING_SAMPLES];

static void write_frame(struct pcm_ring *ring, uint32_t timestamp)
{
	uint8_t pcm[FRAME];

	for (unsigned i = 0; i < FRAME; i++)
		pcm[i] = (uint8_t)(timestamp + i);
	pcm_ring_write(ring, timestamp, pcm, FRAME);
}

static void reads_are_continuous_whatever_the_phase(void **state)
{
	(void)state;
	/* The other source's packet comes `phase` before or after the primary's, with jitter. */
	for (unsigned jitter = 0; jitter < 80; jitter += 20)
		for (int phase = -80; phase < 80; phase += 20) {
			struct timeline timeline = { 0 };
			static struct pcm_ring ring;
			uint32_t other = 0xfffff000, expected = 0;

			pcm_ring_init(&ring, buffer, 1, 0);
			srandom(3);
			for (unsigned n = 0; n < 200; n++) {
				int late = phase + (jitter ? (int)(random() % jitter) : 0);
				uint32_t at;

				if (late <= 0)
					write_frame(&ring, other + n * FRAME);
				at = timeline_position(&timeline, &ring, n * FRAME, FRAME, DEPTH);
				if (n > 5) {
					assert_false(timeline.underrun);
					assert_int_equal(at, expected);
				}
				expected = at + FRAME;
				if (late > 0)
					write_frame(&ring, other + n * FRAME);
			}
		}
}

static void reading_again_gives_the_same_place(void **state)
{
	struct timeline timeline = { 0 };
	static struct pcm_ring ring;
	uint32_t first;

	(void)state;
	pcm_ring_init(&ring, buffer, 1, 0);
	for (unsigned n = 0; n < 4; n++)
		write_frame(&ring, n * FRAME);
	first = timeline_position(&timeline, &ring, 5000, FRAME, DEPTH);
	timeline_position(&timeline, &ring, 5160, FRAME, DEPTH);
	assert_int_equal(timeline_position(&timeline, &ring, 5000, FRAME, DEPTH), first);
}

static void missing_samples_move_the_reader_back_once(void **state)
{
	struct timeline timeline = { 0 };
	static struct pcm_ring ring;
	unsigned underruns = 0, n = 0;

	(void)state;
	pcm_ring_init(&ring, buffer, 1, 0);
	for (; n < 20; n++) {
		write_frame(&ring, n * FRAME);
		timeline_position(&timeline, &ring, n * FRAME, FRAME, DEPTH);
	}
	/* From here on everything comes three frames later than before. */
	for (; n < 200; n++) {
		if (n >= 23)
			write_frame(&ring, (n - 3) * FRAME);
		timeline_position(&timeline, &ring, n * FRAME, FRAME, DEPTH);
		underruns += timeline.underrun;
	}
	assert_in_range(underruns, 1, 3);
	assert_false(timeline.underrun);
}

/* 200 ppm either way for ten minutes: the reader neither runs dry nor falls off the ring. */
static void drift_is_followed(void **state)
{
	static const int drifts[] = { 200, -200 };

	(void)state;
	for (size_t d = 0; d < COUNT_OF(drifts); d++) {
		struct timeline timeline = { 0 };
		static struct pcm_ring ring;
		double written = 0;
		unsigned underruns = 0;

		pcm_ring_init(&ring, buffer, 1, 0);
		for (unsigned n = 0; n < 30000; n++) {
			uint32_t at;
			uint8_t pcm[FRAME];

			while (written <= (double)n * (1 + drifts[d] * 1e-6))
				write_frame(&ring, (uint32_t)(written++) * FRAME);
			at = timeline_position(&timeline, &ring, n * FRAME, FRAME, DEPTH);
			underruns += timeline.underrun;
			if (n > 5 && !timeline.underrun)
				assert_int_equal(pcm_ring_read(&ring, at, pcm, FRAME), FRAME);
		}
		assert_in_range(underruns, 0, 30);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_continuous_whatever_the_phase),
		cmocka_unit_test(reading_again_gives_the_same_place),
		cmocka_unit_test(missing_samples_move_the_reader_back_once),
		cmocka_unit_test(drift_is_followed),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
