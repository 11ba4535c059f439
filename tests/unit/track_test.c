/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <string.h>

#include "recorder/track.h"

static int16_t pcm[TRACK_MAX_SAMPLES];
static uint64_t position;

static unsigned take_from(struct track *track, uint8_t type, uint32_t timestamp, uint32_t ssrc,
	unsigned count, uint64_t arrival, uint64_t from)
{
	uint8_t packet[12 + 600] = { 0x80, type, 0, 0, (uint8_t)(timestamp >> 24),
		(uint8_t)(timestamp >> 16), (uint8_t)(timestamp >> 8), (uint8_t)timestamp,
		(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8), (uint8_t)ssrc };

	memset(packet + 12, 0x80, count);
	return track_take(track, packet, 12 + count, arrival, from, pcm, &position);
}

static unsigned take(struct track *track, uint8_t type, uint32_t timestamp, uint32_t ssrc,
	unsigned count, uint64_t arrival)
{
	return take_from(track, type, timestamp, ssrc, count, arrival, 0);
}

static void packets_lie_where_their_timestamps_say(void **state)
{
	struct track track = { 0 };

	(void)state;
	assert_int_equal(take(&track, 0, 0xffffff00, 1, 160, 1000), 160);
	assert_int_equal(position, 1000);
	assert_int_equal(pcm[0], 32124); /* the loudest of mu-law */
	assert_int_equal(take(&track, 0, 0xffffff00 + 480, 1, 160, 1500), 160);
	assert_int_equal(position, 1480);
	assert_int_equal(take(&track, 0, 0xffffff00 + 160, 1, 160, 1600), 160); /* late */
	assert_int_equal(position, 1160);
	assert_int_equal(take(&track, 8, 0xffffff00 + 640, 1, 80, 1640), 80);
	assert_int_equal(pcm[0], 5504); /* A-law: the sign bit is set, so it is positive */
}

static void a_stream_that_restarts_is_anchored_anew(void **state)
{
	struct track track = { 0 };

	(void)state;
	take(&track, 0, 500, 1, 160, 1000);
	take(&track, 0, 999999, 2, 160, 1160); /* another SSRC */
	assert_int_equal(position, 1160);
	take(&track, 0, 7, 2, 160, 1320); /* a timestamp from nowhere */
	assert_int_equal(position, 1320);
	take(&track, 0, 167, 2, 160, 1480);
	assert_int_equal(position, 1480);
}

/* What is older than half a second is in the file already. */
static void a_stream_that_lags_behind_what_is_written_is_anchored_anew(void **state)
{
	struct track track = { 0 };
	uint32_t timestamp = 0;
	uint64_t arrival = 0;

	(void)state;
	for (; arrival < 8000; arrival += 160, timestamp += 160)
		take_from(
			&track, 0, timestamp, 1, 160, arrival, arrival > 4000 ? arrival - 4000 : 0);
	assert_false(track.lagged);
	/* A second goes by in which the timestamps stand still. */
	for (arrival += 8000; arrival < 24000; arrival += 160, timestamp += 160) {
		take_from(&track, 0, timestamp, 1, 160, arrival, arrival - 4000);
		assert_int_equal(position, arrival);
	}
	assert_true(track.lagged);
}

static void a_slow_clock_loses_nothing(void **state)
{
	struct track track = { 0 };
	uint32_t timestamp = 0;

	(void)state;
	/* One in a thousand, for a quarter of an hour: nine seconds. */
	for (uint64_t arrival = 0; arrival < 900 * 8000; arrival += 160, timestamp += 160) {
		uint64_t from = arrival > 4000 ? arrival - 4000 : 0;

		take_from(&track, 0, timestamp - timestamp / 1000, 1, 160, arrival, from);
		assert_true(position >= from && position <= arrival);
	}
}

static void a_packet_that_was_overtaken_anchors_nothing(void **state)
{
	struct track track = { 0 };

	(void)state;
	take_from(&track, 0, 0, 1, 160, 1000, 0);
	take_from(&track, 0, 320, 1, 160, 1320, 0);
	take_from(&track, 0, 160, 1, 160, 6000, 2000); /* for which there is no place */
	assert_int_equal(position, 1160);
	take_from(&track, 0, 5000, 1, 160, 6000, 2000);
	assert_int_equal(position, 6000);
	assert_false(track.lagged);
}

static void what_is_no_g711_is_left_out(void **state)
{
	struct track track = { 0 };
	const uint8_t version_1[20] = { 0x40 };

	(void)state;
	assert_int_equal(take(&track, 0, 0, 1, 0, 0), 0);
	assert_int_equal(take(&track, 0, 0, 1, 481, 0), 0);
	assert_int_equal(take(&track, 101, 0, 1, 160, 0), 0);
	assert_int_equal(track_take(&track, version_1, 20, 0, 0, pcm, &position), 0);
	assert_int_equal(track_take(&track, version_1, 3, 0, 0, pcm, &position), 0);
	assert_false(track.anchored);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_lie_where_their_timestamps_say),
		cmocka_unit_test(a_stream_that_restarts_is_anchored_anew),
		cmocka_unit_test(a_stream_that_lags_behind_what_is_written_is_anchored_anew),
		cmocka_unit_test(a_slow_clock_loses_nothing),
		cmocka_unit_test(a_packet_that_was_overtaken_anchors_nothing),
		cmocka_unit_test(what_is_no_g711_is_left_out),
	};

	return cmocka_run_group_tests_name("track", tests, NULL, NULL);
}
