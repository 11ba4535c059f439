/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include "media/rtp_source.h"

static struct rtp_source_past past;

/* As the call does it: what goes on is taken on the short way, all else on the long one. */
static enum rtp_source_verdict take(
	struct rtp_source *source, const struct rtp_packet *packet, uint32_t arrival, bool silent)
{
	struct rtp_source copy = *source;
	struct rtp_source_past before = past;
	enum rtp_source_verdict verdict;

	if (rtp_source_goes_on(source, packet, arrival)) {
		/* Either way leads to the same. */
		assert_int_equal(rtp_source_update(&copy, &before, packet, arrival), RTP_SOURCE_OK);
		assert_memory_equal(&copy, source, sizeof(copy));
		assert_memory_equal(&before, &past, sizeof(before));
		return RTP_SOURCE_OK;
	}
	assert_memory_equal(&copy, source, sizeof(copy));
	verdict = rtp_source_update(source, &past, packet, arrival);
	if (verdict == RTP_SOURCE_OTHER_SSRC &&
		rtp_source_change(source, &past, packet, arrival, silent))
		verdict = RTP_SOURCE_SSRC_CHANGED;
	return verdict;
}

static enum rtp_source_verdict hear(struct rtp_source *source, uint32_t ssrc, unsigned sequence)
{
	const struct rtp_packet packet = {
		.ssrc = ssrc,
		.sequence = (uint16_t)sequence,
		.timestamp = sequence * 160,
	};

	return take(source, &packet, sequence * 160, false);
}

static int fresh(void **state)
{
	(void)state;
	past = (struct rtp_source_past){ 0 };
	return 0;
}

static void the_first_packet_is_accepted(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	assert_int_equal(hear(&source, 1, 100), RTP_SOURCE_STARTED);
	assert_int_equal(hear(&source, 1, 101), RTP_SOURCE_OK);
	assert_int_equal(source.restarts, 1);
	assert_int_equal(rtp_source_lost(&source, &past), 0);
}

static void loss_is_counted_across_a_wrap(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	for (unsigned s = 65530; s < 65550; s++)
		if (s != 65535 && s != 65540)
			hear(&source, 1, s);
	assert_int_equal(source.received, 18);
	assert_int_equal(rtp_source_lost(&source, &past), 2);
}

static void late_and_duplicate_packets_are_accepted(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	hear(&source, 1, 12);
	assert_int_equal(hear(&source, 1, 11), RTP_SOURCE_OK);
	assert_int_equal(rtp_source_lost(&source, &past), 0);
	assert_int_equal(hear(&source, 1, 11), RTP_SOURCE_OK);
	assert_int_equal(rtp_source_lost(&source, &past), -1);
}

static void a_jump_is_refused_until_a_second_packet_confirms_it(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	assert_int_equal(hear(&source, 1, 20000), RTP_SOURCE_IMPLAUSIBLE);
	assert_int_equal(hear(&source, 1, 11), RTP_SOURCE_OK);
	assert_int_equal(hear(&source, 1, 30000), RTP_SOURCE_IMPLAUSIBLE);
	assert_int_equal(hear(&source, 1, 30001), RTP_SOURCE_SEQUENCE_JUMPED);
	assert_int_equal(source.restarts, 2);
	assert_int_equal(hear(&source, 1, 30002), RTP_SOURCE_OK);

	/* A second one of its kind later is none. */
	for (unsigned n = 0; n < 1000; n++) {
		assert_int_equal(hear(&source, 1, 100 + n), RTP_SOURCE_IMPLAUSIBLE);
		assert_int_equal(hear(&source, 1, 30003 + n), RTP_SOURCE_OK);
	}
	assert_int_equal(source.restarts, 2);
}

/* With nothing of the old one in between, two are not enough and three are. */
static void another_ssrc_proves_itself_while_the_stream_goes_on(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	assert_int_equal(hear(&source, 2, 5000), RTP_SOURCE_OTHER_SSRC);
	assert_int_equal(hear(&source, 2, 5001), RTP_SOURCE_OTHER_SSRC);
	assert_int_equal(source.restarts, 1);
	assert_int_equal(hear(&source, 2, 5002), RTP_SOURCE_SSRC_CHANGED);
	assert_int_equal(source.restarts, 2);
	assert_int_equal(source.received, 1);
	assert_int_equal(hear(&source, 2, 5003), RTP_SOURCE_OK);
	assert_int_equal(hear(&source, 1, 11), RTP_SOURCE_OTHER_SSRC);
}

static void another_ssrc_is_taken_at_once_from_a_silent_stream(void **state)
{
	const struct rtp_packet packet = { .ssrc = 2, .sequence = 5000 };
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	assert_int_equal(take(&source, &packet, 0, true), RTP_SOURCE_SSRC_CHANGED);
}

static void another_ssrc_is_taken_at_once_where_one_is_expected_and_only_one(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	past.expects_another = true;
	assert_int_equal(hear(&source, 2, 5000), RTP_SOURCE_SSRC_CHANGED);
	assert_int_equal(hear(&source, 3, 600), RTP_SOURCE_OTHER_SSRC);
}

static void of_two_that_alternate_the_first_one_stays(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 0);
	for (unsigned n = 1; n < 200000; n++) {
		assert_int_equal(hear(&source, 2, 30000 + 2 * n), RTP_SOURCE_OTHER_SSRC);
		assert_int_equal(hear(&source, 2, 30001 + 2 * n), RTP_SOURCE_OTHER_SSRC);
		assert_int_equal(hear(&source, 1, n), RTP_SOURCE_OK);
	}
	assert_int_equal(source.restarts, 1);
	assert_int_equal(rtp_source_lost(&source, &past), 0);
}

static void others_in_a_row_have_to_be_in_sequence(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	for (unsigned n = 0; n < 1000; n++)
		assert_int_equal(hear(&source, 2, 5000 + 2 * n), RTP_SOURCE_OTHER_SSRC);
	for (unsigned n = 0; n < 1000; n++)
		assert_int_equal(hear(&source, 2 + n, 5000 + n), RTP_SOURCE_OTHER_SSRC);
}

/* The sequence goes on, the timestamp does not: one restart, and no loss. */
static void another_clock_is_followed_at_once(void **state)
{
	struct rtp_packet packet = { .ssrc = 1, .sequence = 5 };
	struct rtp_source source = { 0 };
	uint32_t arrival = 100000;

	(void)state;
	for (unsigned n = 0; n < 100; n++) {
		enum rtp_source_verdict expected = n == 0    ? RTP_SOURCE_STARTED
						   : n == 50 ? RTP_SOURCE_CLOCK_JUMPED
							     : RTP_SOURCE_OK;

		if (n == 50)
			packet.timestamp = 0xdeadbeef;
		assert_int_equal(take(&source, &packet, arrival, false), expected);
		packet.sequence++;
		packet.timestamp += 160;
		arrival += 160;
	}
	assert_int_equal(source.restarts, 2);
	assert_int_equal(rtp_source_jitter(&source), 0);
	assert_int_equal(rtp_source_lost(&source, &past), 0);

	/* What was on its way when that happened is of no use any more. */
	packet.sequence = (uint16_t)(packet.sequence - 3);
	packet.timestamp = 160;
	assert_int_equal(take(&source, &packet, arrival, false), RTP_SOURCE_STRAY);
	assert_int_equal(source.restarts, 2);
	assert_int_equal(rtp_source_jitter(&source), 0);
}

/* However often a clock jumps, the stream has been heard. */
static void a_stream_that_begins_anew_all_the_time_is_still_one(void **state)
{
	struct rtp_source source = { 0 };
	struct rtp_packet packet = { .ssrc = 1 };

	(void)state;
	take(&source, &packet, 0, false);
	for (unsigned i = 1; i <= 70000; i++) {
		packet.sequence++;
		packet.timestamp += 1000000;
		assert_int_equal(take(&source, &packet, 0, false), RTP_SOURCE_CLOCK_JUMPED);
		assert_int_not_equal(source.restarts, 0);
	}
	assert_int_equal(rtp_source_expected(&source, &past), 70001);
	assert_int_equal(rtp_source_lost(&source, &past), 0);
}

/* RFC 3550 A.8 by hand: one packet 160 units late moves the estimate by 160/16, and back. */
static void jitter_follows_the_rfc(void **state)
{
	struct rtp_source source = { 0 };
	struct rtp_packet packet = { .ssrc = 1 };
	uint32_t arrival = 5000;

	(void)state;
	take(&source, &packet, arrival, false);
	for (unsigned i = 1; i < 100; i++) {
		packet.sequence++;
		packet.timestamp += 160;
		take(&source, &packet, arrival += 160, false);
	}
	assert_int_equal(rtp_source_jitter(&source), 0);
	packet.sequence++;
	packet.timestamp += 160;
	take(&source, &packet, arrival += 320, false);
	assert_int_equal(rtp_source_jitter(&source), 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		TEST(the_first_packet_is_accepted),
		TEST(loss_is_counted_across_a_wrap),
		TEST(late_and_duplicate_packets_are_accepted),
		TEST(a_jump_is_refused_until_a_second_packet_confirms_it),
		TEST(another_ssrc_proves_itself_while_the_stream_goes_on),
		TEST(another_ssrc_is_taken_at_once_from_a_silent_stream),
		TEST(another_ssrc_is_taken_at_once_where_one_is_expected_and_only_one),
		TEST(of_two_that_alternate_the_first_one_stays),
		TEST(others_in_a_row_have_to_be_in_sequence),
		TEST(another_clock_is_followed_at_once),
		TEST(a_stream_that_begins_anew_all_the_time_is_still_one),
		TEST(jitter_follows_the_rfc),
	};

	return cmocka_run_group_tests_name("rtp_source", tests, NULL, NULL);
}
