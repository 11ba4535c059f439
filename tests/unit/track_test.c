/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <string.h>

#include "recorder/track.h"

static int16_t pcm[TRACK_MAX_SAMPLES];
static uint64_t position;

static unsigned take(struct track *track, uint8_t type, uint32_t timestamp, uint32_t ssrc,
	unsigned count, uint64_t arrival)
{
	uint8_t packet[12 + 600] = { 0x80, type, 0, 0, (uint8_t)(timestamp >> 24),
		(uint8_t)(timestamp >> 16), (uint8_t)(timestamp >> 8), (uint8_t)timestamp,
		(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8), (uint8_t)ssrc };

	memset(packet + 12, 0x80, count);
	return track_take(track, packet, 12 + count, arrival, pcm, &position);
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

static void what_is_no_g711_is_left_out(void **state)
{
	struct track track = { 0 };
	const uint8_t version_1[20] = { 0x40 };

	(void)state;
	assert_int_equal(take(&track, 0, 0, 1, 0, 0), 0);
	assert_int_equal(take(&track, 0, 0, 1, 481, 0), 0);
	assert_int_equal(take(&track, 101, 0, 1, 160, 0), 0);
	assert_int_equal(track_take(&track, version_1, 20, 0, pcm, &position), 0);
	assert_int_equal(track_take(&track, version_1, 3, 0, pcm, &position), 0);
	assert_false(track.anchored);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_lie_where_their_timestamps_say),
		cmocka_unit_test(a_stream_that_restarts_is_anchored_anew),
		cmocka_unit_test(what_is_no_g711_is_left_out),
	};

	return cmocka_run_group_tests_name("track", tests, NULL, NULL);
}
