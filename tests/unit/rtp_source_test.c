/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include "media/rtp_source.h"

static struct rtp_source_past past;

static enum rtp_source_verdict hear(struct rtp_source *source, uint32_t ssrc, unsigned sequence)
{
	const struct rtp_packet packet = {
		.ssrc = ssrc,
		.sequence = (uint16_t)sequence,
		.timestamp = sequence * 160,
	};

	return rtp_source_update(source, &past, &packet, sequence * 160);
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
}

static void another_ssrc_starts_the_stream_anew(void **state)
{
	struct rtp_source source = { 0 };

	(void)state;
	hear(&source, 1, 10);
	assert_int_equal(hear(&source, 2, 5000), RTP_SOURCE_SSRC_CHANGED);
	assert_int_equal(source.restarts, 2);
	assert_int_equal(source.received, 1);
}

/* RFC 3550 A.8 by hand: one packet 160 units late moves the estimate by 160/16, and back. */
static void jitter_follows_the_rfc(void **state)
{
	struct rtp_source source = { 0 };
	struct rtp_packet packet = { .ssrc = 1 };
	uint32_t arrival = 5000;

	(void)state;
	rtp_source_update(&source, &past, &packet, arrival);
	for (unsigned i = 1; i < 100; i++) {
		packet.sequence++;
		packet.timestamp += 160;
		rtp_source_update(&source, &past, &packet, arrival += 160);
	}
	assert_int_equal(rtp_source_jitter(&source), 0);
	packet.sequence++;
	packet.timestamp += 160;
	rtp_source_update(&source, &past, &packet, arrival += 320);
	assert_int_equal(rtp_source_jitter(&source), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_packet_is_accepted),
		cmocka_unit_test(loss_is_counted_across_a_wrap),
		cmocka_unit_test(late_and_duplicate_packets_are_accepted),
		cmocka_unit_test(a_jump_is_refused_until_a_second_packet_confirms_it),
		cmocka_unit_test(another_ssrc_starts_the_stream_anew),
		cmocka_unit_test(jitter_follows_the_rfc),
	};

	return cmocka_run_group_tests_name("rtp_source", tests, NULL, NULL);
}
