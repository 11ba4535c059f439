/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "media/gap.h"
#include "media/timeline.h"

/* One listener, whose primary's packets come every so often, hears another source, whose packets
 * come whenever a test wants. Time is in samples of a clock that nobody else has. */

#define FRAME	160
#define MS	8
#define SECOND	8000
#define JITTERY 0.1 /* of a sample: no two things happen at the same moment */

static uint8_t buffer[PCM_RING_SAMPLES];
static const struct codec *codec;

static struct {
	struct pcm_ring ring;
	struct gap gap;
	struct timeline timeline;
	unsigned depth;
	unsigned frame;
	double now, came; /* the time, and when the newest packet has come */
	uint32_t next;	  /* of the primary's timestamps, after what was read */
	unsigned lacking; /* reads that lacked samples */
	unsigned moved;
	unsigned silent; /* reads with nothing in them */
	unsigned clicks;
	int last;      /* sample that was heard */
	bool unbroken; /* the next one follows it */
} it;

static int reset(void **state)
{
	(void)state;
	codec_init(UINT_MAX);
	codec = codec_get(CODEC_PCMU);
	it = (__typeof__(it)){ .depth = FRAME + 16, .frame = FRAME, .now = FRAME / 2 };
	pcm_ring_init(&it.ring, buffer, 1, codec->silence);
	srandom(3);
	return 0;
}

/* The voice: of 125 Hz, whose samples follow each other by less than STEP. */
#define STEP 1500

static int16_t voice_at(uint32_t timestamp)
{
	return (int16_t)(8000 * sin((timestamp % 64) * M_PI / 32) +
			 3000 * sin((timestamp % 64) * M_PI / 16));
}

/* The source's packet comes. */
static void come(uint32_t timestamp, unsigned count)
{
	int16_t pcm[CODEC_MAX_SAMPLES];
	uint8_t coded[CODEC_MAX_SAMPLES];

	for (unsigned i = 0; i < count; i++)
		pcm[i] = voice_at(timestamp + i);
	codec->encode(coded, pcm, count);
	it.frame = count;
	if (pcm_ring_append(&it.ring, timestamp, coded, count))
		return;
	switch (gap_write(&it.gap, &it.ring, codec, timestamp, coded, count, false)) {
	case GAP_LOST:
		timeline_note_lost(&it.timeline);
		break;
	case GAP_LATE:
		timeline_note_late(
			&it.timeline, (int32_t)(it.next + it.timeline.offset - timestamp), count);
		break;
	default:
		break;
	}
}

static void listen_to(const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (it.unbroken && abs(pcm[i] - it.last) > STEP)
			it.clicks++;
		it.last = pcm[i];
		it.unbroken = true;
	}
}

/* The primary's packet comes: returns what is left in the ring beyond what is read for it. */
static int32_t tick(uint32_t timestamp, unsigned count)
{
	struct voice voice = voice_of_ring(&it.ring, codec);
	struct timeline_read want = {
		.voice = &voice,
		.timestamp = timestamp,
		.count = count,
		.depth = it.depth,
		.frame = it.frame,
		.age = (unsigned)(it.now - it.came),
		.newest = (int32_t)(timestamp + count - it.next) > 0,
	};
	unsigned outcome = TIMELINE_HEARD, begins;
	int16_t pcm[CODEC_MAX_SAMPLES];

	if (timeline_runs(&it.timeline, &it.ring, timestamp, count))
		voice.fetch(&voice, timestamp + it.timeline.offset, pcm, count);
	else
		outcome = timeline_read(&it.timeline, &want, pcm);
	if (want.newest)
		it.next = timestamp + count;
	it.lacking += (outcome & TIMELINE_LACKED) != 0;
	it.moved += (outcome & TIMELINE_MOVED) != 0;
	it.silent += !(outcome & TIMELINE_HEARD);
	begins = pcm_ring_missing_before(&it.ring, timestamp + it.timeline.offset);
	if (outcome & TIMELINE_ANEW || !(outcome & TIMELINE_HEARD) || begins > 0)
		it.unbroken = false;
	if (outcome & TIMELINE_HEARD && begins < count)
		listen_to(pcm + begins, count - begins);
	return (int32_t)(it.ring.end - (timestamp + it.timeline.offset + count));
}

static void forget_counts(void)
{
	it.lacking = it.moved = it.silent = it.clicks = 0;
}

static double random_up_to(double most)
{
	return most * (double)random() / RAND_MAX;
}

/* --- a network that carries on: packets of the other source by number and by when they come --- */

#define MOST_FRAMES 100000
static double coming[MOST_FRAMES]; /* below zero: lost */
static unsigned order[MOST_FRAMES];

static int by_time(const void *a, const void *b)
{
	double x = coming[*(const unsigned *)a], y = coming[*(const unsigned *)b];

	return x < y ? -1 : x > y;
}

#define OTHER 0xfffff800u /* the other source's first timestamp */

/* Let it all happen: `count` packets of `frame` samples of the source, as coming[] has them, and
 * the primary's of `own` samples, which come up to `jitter` late. */
static void run(unsigned count, unsigned frame, unsigned own, double jitter)
{
	unsigned n = 0, next = 0;

	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	qsort(order, count, sizeof(order[0]), by_time);
	while (n < count && coming[order[n]] < 0)
		n++;
	for (; n < count; n++) {
		for (; next * (double)own + 37 < coming[order[n]] - random_up_to(jitter); next++) {
			it.now = next * (double)own + 37;
			if (it.ring.filled > 0)
				tick(next * own + 5000, own);
		}
		it.came = coming[order[n]];
		come(OTHER + order[n] * frame, frame);
	}
}

static void send_in_time(unsigned count, unsigned frame)
{
	for (unsigned i = 0; i < count; i++)
		coming[i] = (i + 1.0) * frame + random_up_to(JITTERY);
}

static void in_order_reads_are_continuous_whatever_the_phase(void **state)
{
	for (unsigned jitter = 0; jitter < 80; jitter += 20)
		for (unsigned phase = 0; phase < FRAME; phase += 20) {
			reset(state);
			for (unsigned i = 0; i < 1000; i++)
				coming[i] = i * (double)FRAME + phase + random_up_to(jitter);
			run(1000, FRAME, FRAME, 0);
			assert_in_range(it.lacking, 0, 2);
			assert_in_range(it.moved, 0, 6);
			assert_int_equal(it.clicks, 0);
		}
}

static void an_old_packet_of_the_primary_is_read_where_it_belongs(void **state)
{
	uint32_t offset;

	(void)state;
	for (unsigned n = 0; n < 5; n++)
		come(n * FRAME, FRAME);
	tick(5000, FRAME);
	tick(5000 + FRAME, FRAME);
	offset = it.timeline.offset;
	for (unsigned again = 0; again < 300; again++)
		tick(5000, FRAME);
	assert_int_equal(it.timeline.offset, offset);
}

/* From some moment on everything comes 40 ms later than before. */
static void late_packets_move_the_reader_back_once(void **state)
{
	int32_t slack = 0;

	(void)state;
	for (unsigned n = 0; n < 400; n++) {
		if (n < 50)
			come(n * FRAME, FRAME);
		else if (n > 51)
			come((n - 2) * FRAME, FRAME);
		slack = tick(n * FRAME, FRAME);
	}
	assert_in_range(it.lacking, 1, 3);
	assert_in_range(slack, 0, 160);
	assert_int_equal(it.clicks, 0);
}

/* What is lost is concealed from both of its ends where that takes no longer than a packet. */
static void for_what_is_lost_nobody_waits_longer_than_a_packet(void **state)
{
	int32_t slack = 0;

	(void)state;
	for (unsigned n = 0; n < 5000; n++) {
		bool lost = n > 50 && random() % 100 < 3;

		if (!lost)
			come(n * FRAME, FRAME);
		slack = tick(n * FRAME, FRAME) + (lost ? FRAME : 0);
		assert_true(slack <= 2 * FRAME);
	}
	assert_in_range(it.lacking, 0, 10);
	assert_int_equal(it.clicks, 0);
	assert_in_range(it.silent, 0, 1);
}

/* Bursts of five: two of them are beyond what can be concealed. */
static void bursts_of_loss_fade_and_come_back(void **state)
{
	(void)state;
	send_in_time(10000, FRAME);
	for (unsigned i = 60; i < 10000; i += 100)
		for (unsigned k = 0; k < 5; k++)
			coming[i + k] = -1;
	run(10000, FRAME, FRAME, 0);
	assert_in_range(it.silent, 1, 3 * 100);
	assert_int_equal(it.clicks, 0);
	assert_in_range(it.ring.end - (it.next + it.timeline.offset), 0, 3 * FRAME);
}

static void packets_that_others_overtake_are_waited_for(void **state)
{
	(void)state;
	send_in_time(6000, FRAME);
	for (unsigned i = 100; i < 6000; i += 20)
		coming[i] += 3.1 * FRAME;
	run(6000, FRAME, FRAME, 0);
	assert_in_range(it.lacking, 0, 3);
	assert_int_equal(it.clicks, 0);
}

/* Twice as much as in between there was, and then it is quiet again: the reader comes closer. */
static void the_reader_comes_closer_when_jitter_ends(void **state)
{
	(void)state;
	send_in_time(12000, FRAME);
	for (unsigned i = 1000; i < 6000; i++)
		coming[i] += random_up_to(40 * MS);
	for (unsigned i = 1; i < 12000; i++)
		coming[i] = fmax(coming[i], coming[i - 1] + JITTERY);
	run(6000, FRAME, FRAME, 0);
	assert_in_range(it.lacking, 1, 12);
	assert_in_range(it.ring.end - (it.next + it.timeline.offset), 160, 600);
	it.now = it.came + FRAME / 2;
	for (unsigned n = 0; n < 6000; n++) {
		tick(it.next, FRAME);
		come(it.ring.end, FRAME);
	}
	assert_in_range(it.ring.end - (it.next + it.timeline.offset), FRAME, FRAME + 128 + 16);
	assert_int_equal(it.clicks, 0);
}

/* Sixty milliseconds on both sides. */
static void jitter_is_waited_for(void **state)
{
	(void)state;
	send_in_time(10000, FRAME);
	for (unsigned i = 0; i < 10000; i++)
		coming[i] += random_up_to(60 * MS);
	for (unsigned i = 1; i < 10000; i++)
		coming[i] = fmax(coming[i], coming[i - 1] + JITTERY);
	run(1000, FRAME, FRAME, 0);
	forget_counts();
	it.timeline.state = TIMELINE_NONE;
	it.ring.filled = 0;
	it.next = 0;
	run(10000, FRAME, FRAME, 60 * MS);
	assert_in_range(it.lacking, 0, 100); /* one in a hundred */
	assert_int_equal(it.clicks, 0);
}

/* Half an hour with clocks that part by 400 ppm, one way and the other. */
static void drift_is_followed_for_ever(void **state)
{
	static const int ppms[] = { 400, -400, 40, -40 };

	for (size_t p = 0; p < COUNT_OF(ppms); p++) {
		reset(state);
		for (unsigned i = 0; i < 90000; i++)
			coming[i] =
				(i + 1.0) * FRAME * (1 - ppms[p] * 1e-6) + random_up_to(JITTERY);
		run(500, FRAME, FRAME, 0);
		forget_counts();
		it.timeline.state = TIMELINE_NONE;
		it.ring.filled = 0;
		it.next = 0;
		run(90000, FRAME, FRAME, 0);
		/* 5,760 samples a half hour, in steps of 20 at least. */
		assert_in_range(it.moved, ppms[p] / 400 ? 30 : 2, 300);
		assert_in_range(it.lacking, 0, 3);
		assert_int_equal(it.clicks, 0);
		assert_in_range(it.ring.end - (it.next + it.timeline.offset), 0, 3 * FRAME);
	}
}

static void packets_of_any_length_meet(void **state)
{
	static const unsigned lengths[] = { 80, 160, 240, 320, 480 };

	for (size_t a = 0; a < COUNT_OF(lengths); a++)
		for (size_t b = 0; b < COUNT_OF(lengths); b++) {
			reset(state);
			it.depth = lengths[a] + 16;
			send_in_time(3000, lengths[a]);
			run(3000, lengths[a], lengths[b], 0);
			assert_in_range(it.lacking, 0, 5);
			assert_int_equal(it.clicks, 0);
			assert_in_range(it.silent, 0, 6); /* until there is something */
		}
}

static void lengths_may_change_under_way(void **state)
{
	uint32_t there = OTHER, here = 0;
	unsigned frame = FRAME, own = FRAME;

	(void)state;
	for (unsigned time = 0; time < 600 * SECOND; time += 10 * MS) {
		if (time % (5 * SECOND) == 0) {
			frame = 80 * (1 + (unsigned)random() % 6);
			own = 80 * (1 + (unsigned)random() % 6);
		}
		if ((int32_t)(OTHER + time - (there + frame)) >= 0) {
			come(there, frame);
			there += frame;
		}
		if ((int32_t)(time - (here + own)) >= 0 && it.ring.filled > 0) {
			tick(here, own);
			here += own;
		}
	}
	assert_in_range(it.lacking, 0, 30);
	assert_int_equal(it.clicks, 0);
	assert_in_range(it.ring.end - (it.next + it.timeline.offset), 0, PCM_RING_SAMPLES);
}

/* Nothing comes for half a second, and then all of it at once. Those who wait do not hear it late:
 * they go on with what is new. */
static void after_half_a_second_of_nothing_nobody_hears_what_is_stale(void **state)
{
	unsigned n = 0;

	(void)state;
	for (; n < 50; n++) {
		come(n * FRAME, FRAME);
		tick(n * FRAME, FRAME);
	}
	for (; n < 75; n++)
		tick(n * FRAME, FRAME);
	assert_in_range(it.silent, 20, 25); /* concealed first, and then silence */
	for (unsigned k = 50; k < 75; k++)
		come(k * FRAME, FRAME);
	for (; n < 80; n++) {
		come(n * FRAME, FRAME);
		assert_in_range(tick(n * FRAME, FRAME), 0, 2 * FRAME);
	}
	assert_int_equal(it.clicks, 0);
}

/* Both wait in one queue, and come out of it in their order: as if nothing had been. */
static void what_waited_in_one_queue_is_mixed_as_ever(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 500; n++) {
		come(n * FRAME, FRAME);
		tick(n * FRAME, FRAME);
	}
	assert_in_range(it.silent, 0, 1); /* until there is something */
	assert_int_equal(it.lacking + it.clicks, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(in_order_reads_are_continuous_whatever_the_phase),
		TEST(an_old_packet_of_the_primary_is_read_where_it_belongs),
		TEST(late_packets_move_the_reader_back_once),
		TEST(for_what_is_lost_nobody_waits_longer_than_a_packet),
		TEST(bursts_of_loss_fade_and_come_back),
		TEST(packets_that_others_overtake_are_waited_for),
		TEST(the_reader_comes_closer_when_jitter_ends),
		TEST(jitter_is_waited_for),
		TEST(drift_is_followed_for_ever),
		TEST(packets_of_any_length_meet),
		TEST(lengths_may_change_under_way),
		TEST(after_half_a_second_of_nothing_nobody_hears_what_is_stale),
		TEST(what_waited_in_one_queue_is_mixed_as_ever),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
