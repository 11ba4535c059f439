/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include "bpf/rec_guard.h"
#include "media/rtcp.h"

#define TWO   (1u << AGENT | 1u << CUSTOMER)
#define THREE (TWO | 1u << MONITOR)
#define ALL   (THREE | 1u << REC_AGENT | 1u << REC_CUSTOMER)

#define VOICE(party) (0xaa00u + (party)) /* SSRC of what it sends */
#define OURS(party)  (0x5000u + (party)) /* SSRC of what it is sent */
#define UNIX_US	     1750000000000000ull

static struct endpoint rtcp_of(enum party party)
{
	struct endpoint source = plans[party].remote;

	source.port++;
	return source;
}

/* The parties of `parties` speak for so many packets. */
static void talk(unsigned parties, unsigned packets)
{
	struct heard ignored;

	while (packets-- > 0) {
		for (unsigned i = 0; i < REC_AGENT; i++)
			if (parties >> i & 1)
				say(i, 1000);
		keep_up(FRAME_US);
		for (unsigned i = 0; i < OTHER_AGENT; i++)
			while (take(i, &ignored)) {
			}
	}
}

static enum rtcp_fault read(
	const struct reported *reported, enum party party, struct rtcp_summary *summary)
{
	/* As the party would: about its own stream, of ours to it. */
	return rtcp_parse(reported->bytes, reported->length, VOICE(party), OURS(party), summary);
}

static bool holds(const struct reported *reported, uint32_t ssrc)
{
	const uint8_t bytes[] = { (uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16),
		(uint8_t)(ssrc >> 8), (uint8_t)ssrc };

	return memmem(reported->bytes, reported->length, bytes, sizeof(bytes)) != NULL;
}

static void each_party_gets_reports_of_its_own_streams_alone(void **state)
{
	unsigned count[OTHER_AGENT] = { 0 };
	struct reported reported;

	(void)state;
	plans[MONITOR].mode = MODE_BARGE;
	put_call(ALL);
	talk(THREE, 1500);
	for (unsigned i = 0; i < OTHER_AGENT; i++)
		while (take_report(i, &reported)) {
			struct rtcp_summary summary;

			count[i]++;
			assert_int_equal(read(&reported, i, &summary), RTCP_OK);
			assert_int_equal(summary.ssrc, OURS(i));
			assert_true(summary.has_sender);
			assert_int_equal(summary.has_block, i < REC_AGENT);
			assert_int_equal(reported.source.port, plans[i].local_port + 1);
			assert_int_equal(reported.destination.port, plans[i].remote.port + 1);
			for (unsigned other = 0; other < OTHER_AGENT; other++)
				if (other != i)
					assert_false(holds(&reported, VOICE(other)) ||
						     holds(&reported, OURS(other)));
		}
	for (unsigned i = 0; i < OTHER_AGENT; i++)
		assert_in_range(count[i], 4, 15); /* in 30 s */
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

/* Clocks in ms and us, of which the lower 32 bits come round at other times. */
static void reports_come_however_long_the_machine_has_run(void **state)
{
	struct reported reported;

	(void)state;
	for (uint64_t hours = 0; hours < 3; hours++) {
		now_us = 3000000000 + hours * 3600000000;
		put_call(TWO);
		talk(TWO, 500);
		assert_true(take_report(AGENT, &reported));
		while (take_report(AGENT, &reported) || take_report(CUSTOMER, &reported)) {
		}
		remove_call();
		while (take_report(AGENT, &reported) || take_report(CUSTOMER, &reported)) {
		}
	}
}

static void a_recorder_is_told_with_the_label_of_its_voices(void **state)
{
	struct reported reported;

	(void)state;
	plans[MONITOR].mode = MODE_BARGE;
	put_call(ALL);
	talk(THREE, 300);
	assert_true(take_report(REC_AGENT, &reported));
	assert_int_equal(reported.taint, TAINT_AGENT);
	assert_true(take_report(REC_CUSTOMER, &reported));
	assert_int_equal(reported.taint, TAINT_CUSTOMER);
}

static void a_recorder_that_hears_nobody_is_told_nothing(void **state)
{
	struct reported reported;

	(void)state;
	plans[REC_AGENT].records = 0;
	put_call(TWO | 1u << REC_AGENT);
	talk(TWO, 500);
	assert_false(take_report(REC_AGENT, &reported));
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

static void a_report_says_what_was_sent_and_when(void **state)
{
	struct rtcp_summary summary, later;
	struct reported reported;
	uint64_t first_us = now_us, span_us;

	(void)state;
	put_call(TWO);
	talk(TWO, 200);
	assert_true(take_report(CUSTOMER, &reported));
	assert_int_equal(read(&reported, CUSTOMER, &summary), RTCP_OK);
	assert_in_range(summary.sender.ntp.seconds, (UNIX_US + first_us) / 1000000 + 2208988800u,
		(UNIX_US + now_us) / 1000000 + 2208988800u);
	assert_in_range(summary.sender.packets, 30, 200);
	assert_int_equal(summary.sender.octets, summary.sender.packets * FRAME);

	while (take_report(CUSTOMER, &reported)) {
	}
	talk(TWO, 500);
	assert_true(take_report(CUSTOMER, &reported));
	assert_int_equal(read(&reported, CUSTOMER, &later), RTCP_OK);
	span_us = ((uint64_t)(rtcp_ntp_middle(later.sender.ntp) -
			      rtcp_ntp_middle(summary.sender.ntp)) *
			  1000000) >>
		  16;
	/* 8 samples a millisecond, a packet each 20 ms: within a packet of each other. */
	assert_in_range(later.sender.timestamp - summary.sender.timestamp, span_us / 125 - FRAME,
		span_us / 125 + FRAME);
	assert_in_range(later.sender.packets - summary.sender.packets, span_us / FRAME_US - 1,
		span_us / FRAME_US + 1);
}

/* Every packet, over changes of the clock and of the call's legs. */
static void packets_sent_are_counted_through_changes_of_the_clock(void **state)
{
	struct leg_stats stats[CALL_LEGS_MAX];
	unsigned sent = 0;
	struct heard ignored;

	(void)state;
	plans[MONITOR].mode = MODE_LISTEN;
	put_call(THREE);
	for (unsigned i = 0; i < 400; i++) {
		/* The monitor's clock is the customer's, and the agent's while that one is silent.
		 */
		if (i / 50 % 2 == 0)
			say(CUSTOMER, 1000);
		say(AGENT, 1000);
		now_us += FRAME_US;
		while (take(MONITOR, &ignored))
			sent++;
		while (take(AGENT, &ignored) || take(CUSTOMER, &ignored)) {
		}
		if (i == 175 || i == 320) {
			plans[MONITOR].mode = i == 175 ? MODE_BARGE : MODE_LISTEN;
			put_call(THREE);
		}
	}
	call_read_stats(call_of(leg_of(MONITOR)), now_us, stats);
	assert_int_equal(stats[2].sent_packets, sent);
	assert_int_equal(stats[2].sent_octets, (uint64_t)sent * FRAME);
	assert_int_equal(stats[0].packets, 400);
	assert_int_equal(stats[0].octets, 400 * FRAME);
}

/* And none that were not: as long as there was no way to the listener, or where a packet stands for
 * nothing. */
static void packets_that_were_not_sent_are_not_counted(void **state)
{
	uint8_t end[] = { 5, 0x80 | 10, 0, FRAME };
	struct leg_stats stats[CALL_LEGS_MAX];
	struct heard ignored;
	unsigned sent = 0;
	uint8_t length;

	(void)state;
	plans[CUSTOMER].telephone_event = 101;
	put_call(TWO);
	length = worker->nexthops[1].length;
	worker->nexthops[1].length = 0;
	talk(TWO, 200);
	worker->nexthops[1].length = length;
	for (unsigned i = 0; i < 100; i++) {
		if (i % 10 == 5) {
			for (unsigned n = 0; n < 3; n++)
				say_unvoiced(CUSTOMER, 101, end, sizeof(end));
			pass(CUSTOMER, FRAME);
		} else {
			say(CUSTOMER, 1000);
		}
		now_us += FRAME_US;
		while (take(AGENT, &ignored))
			sent++;
	}
	assert_int_equal(sent, 100);
	call_read_stats(call_of(leg_of(AGENT)), now_us, stats);
	assert_int_equal(stats[0].sent_packets, sent);
}

/* A phone that suppresses silence where that was not negotiated, or keeps a NAT open (RFC 6263). */
static void what_is_no_media_of_a_leg_is_not_lost(void **state)
{
	const uint8_t noise[] = { 40 };
	struct rtcp_summary summary;
	struct reported reported;
	struct heard heard, last;

	(void)state;
	put_call(TWO);
	talk(TWO, 20);
	say(AGENT, 1000);
	last = hear(CUSTOMER);
	for (unsigned i = 0; i < 600; i++) {
		now_us += FRAME_US;
		say_unvoiced(AGENT, i % 2 ? 13 : 126, noise, i % 3 ? 1 : 0);
		hears_nothing(CUSTOMER);
		pass(AGENT, FRAME);
		for (unsigned n = 0; n < 5; n++) {
			now_us += FRAME_US;
			say(AGENT, 1000);
			heard = hear(CUSTOMER);
			assert_int_equal((uint16_t)(heard.rtp.sequence - last.rtp.sequence), 1);
			assert_int_equal(heard.rtp.timestamp - last.rtp.timestamp,
				n == 0 ? 2 * FRAME : FRAME);
			last = heard;
		}
		keep_up(1000);
	}
	assert_int_equal(
		counted(COUNTER_drop_payload_type) + counted(COUNTER_drop_payload_size), 600);
	while (take_report(AGENT, &reported)) {
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
		assert_int_equal(summary.block.fraction_lost, 0);
	}
	assert_int_equal(summary.block.lost, 0);
}

/* What was lost before a clock jumped is not lost once more. */
static void a_jump_of_the_clock_loses_nothing(void **state)
{
	struct rtcp_summary summary;
	struct reported reported;

	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 150; i++) {
		talk(TWO, 3);
		lose(AGENT, 1);
	}
	talk(TWO, 600);
	while (take_report(AGENT, &reported))
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
	assert_int_equal(summary.block.fraction_lost, 0);
	set_clock(AGENT, 0x12345678);
	talk(TWO, 600);
	assert_int_equal(counted(COUNTER_clock_restarted), 1);
	while (take_report(AGENT, &reported)) {
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
		assert_int_equal(summary.block.fraction_lost, 0);
		assert_int_equal(summary.block.lost, 150);
	}
}

static void what_was_lost_is_reported_to_its_sender(void **state)
{
	struct rtcp_summary summary;
	struct reported reported;
	unsigned lost = 0;
	uint8_t most = 0;

	(void)state;
	put_call(TWO);
	talk(TWO, 600);
	while (take_report(AGENT, &reported)) {
	}
	for (unsigned i = 0; i < 150; i++) {
		talk(TWO, 3);
		lose(AGENT, 1);
		lost++;
	}
	talk(TWO, 300);
	while (take_report(AGENT, &reported)) {
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
		most = RTE_MAX(most, summary.block.fraction_lost);
	}
	/* One of four, as long as it went on. */
	assert_in_range(most, 50, 66);
	talk(TWO, 600);
	while (take_report(AGENT, &reported))
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
	assert_int_equal(summary.block.lost, lost);
	assert_int_equal(summary.block.fraction_lost, 0);
	/* Since that report no more than its interval has passed. */
	assert_in_range((uint16_t)(leg_of(AGENT)->source.max_sequence - summary.block.highest), 0,
		7000000 / FRAME_US);
	assert_int_equal(summary.block.highest >> 16, 1); /* it began at 65,500 */
}

static void a_leg_that_sends_gets_no_block_once_it_is_silent(void **state)
{
	struct rtcp_summary summary;
	struct reported reported;

	(void)state;
	put_call(TWO);
	talk(TWO, 500);
	talk(1u << CUSTOMER, 800);
	while (take_report(AGENT, &reported))
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
	assert_true(summary.has_sender);
	assert_false(summary.has_block);
	while (take_report(CUSTOMER, &reported))
		assert_int_equal(read(&reported, CUSTOMER, &summary), RTCP_OK);
	assert_false(summary.has_sender);
	assert_true(summary.has_block);
}

static void good_bye_is_said_at_the_end_of_a_leg(void **state)
{
	struct rtcp_summary summary;
	struct reported reported;

	(void)state;
	plans[MONITOR].mode = MODE_LISTEN;
	put_call(ALL);
	talk(THREE, 20);
	for (unsigned i = 0; i < OTHER_AGENT; i++)
		while (take_report(i, &reported)) {
		}
	put_call(ALL & ~(1u << MONITOR));
	assert_true(take_report(MONITOR, &reported));
	assert_int_equal(read(&reported, MONITOR, &summary), RTCP_OK);
	assert_true(summary.says_bye);
	for (unsigned i = 0; i < OTHER_AGENT; i++)
		assert_false(take_report(i, &reported));
	remove_call();
	for (unsigned i = 0; i < OTHER_AGENT; i++) {
		assert_int_equal(take_report(i, &reported), i != MONITOR);
		if (i == MONITOR)
			continue;
		assert_int_equal(read(&reported, i, &summary), RTCP_OK);
		assert_true(summary.says_bye);
	}
}

/* RFC 3550 section 6.3.7: who never said anything does not say good-bye. */
static void a_leg_that_was_sent_nothing_goes_without_a_word(void **state)
{
	struct reported reported;

	(void)state;
	put_call(TWO);
	remove_call();
	assert_false(take_report(AGENT, &reported));
	assert_false(take_report(CUSTOMER, &reported));
}

static void the_far_ends_reports_are_kept(void **state)
{
	struct rtcp_sender sender = { rtcp_ntp_from_us(UNIX_US), 0, 9, 1440 };
	struct rtcp_block block = { OURS(AGENT), 13, 21, 65600, 77, 0, 0 };
	struct rtcp_compound compound = { VOICE(AGENT), &sender, &block, false };
	struct endpoint source = rtcp_of(AGENT);
	struct leg_stats stats[CALL_LEGS_MAX];
	uint8_t bytes[RTCP_WRITE_MAX];
	struct rtcp_summary summary;
	struct reported reported;

	(void)state;
	put_call(TWO);
	talk(TWO, 500);
	while (take_report(AGENT, &reported))
		assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
	block.last_sr = leg_rest(leg_of(AGENT))->report.our_sr[0];
	assert_int_equal(block.last_sr, rtcp_ntp_middle(summary.sender.ntp));
	/* It lay there from when we sent it but for 40 ms. */
	block.since_last_sr = rtcp_ntp_middle(rtcp_ntp_from_us(UNIX_US + now_us)) - block.last_sr -
			      40 * 65536 / 1000;
	inject_datagram_to(
		AGENT, plans[AGENT].local_port + 1, &source, bytes, rtcp_write(&compound, bytes));
	assert_int_equal(counted(COUNTER_rtcp_received), 1);
	call_read_stats(call_of(leg_of(AGENT)), now_us, stats);
	assert_true(stats[0].far_reported && stats[0].round_trip_known);
	assert_int_equal(stats[0].far_lost, 21);
	assert_int_equal(stats[0].far_fraction_lost, 13);
	assert_int_equal(stats[0].far_jitter, 77);
	assert_in_range(stats[0].round_trip, 40 * 65536 / 1000, 40 * 65536 / 1000 + 1);
	assert_false(stats[1].far_reported || stats[1].round_trip_known);

	/* And their SR comes back in our next report, with how long it lay here. */
	talk(TWO, 500);
	assert_true(take_report(AGENT, &reported));
	assert_int_equal(read(&reported, AGENT, &summary), RTCP_OK);
	assert_int_equal(summary.block.last_sr, rtcp_ntp_middle(sender.ntp));
	assert_in_range(summary.block.since_last_sr, 1, 10 << 16);
}

/* The far end counts all it has lost of a stream, and we may have been started in its midst. */
static void what_was_lost_before_our_time_is_not_ours(void **state)
{
	struct rtcp_block block = { OURS(AGENT), 0, 1800, 0, 0, 0, 0 };
	struct rtcp_compound compound = { VOICE(AGENT), NULL, &block, false };
	struct endpoint source = rtcp_of(AGENT);
	struct leg_stats stats[CALL_LEGS_MAX];
	uint8_t bytes[RTCP_WRITE_MAX];

	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 3; i++, block.lost += 7) {
		talk(TWO, 400);
		inject_datagram_to(AGENT, plans[AGENT].local_port + 1, &source, bytes,
			rtcp_write(&compound, bytes));
		call_read_stats(call_of(leg_of(AGENT)), now_us, stats);
		assert_int_equal(stats[0].far_lost, 7 * i);
	}
}

static void a_round_trip_is_of_reports_that_we_have_sent(void **state)
{
	struct rtcp_block block = { OURS(AGENT), 0, 0, 0, 0, 0x12345678, 0 };
	struct rtcp_compound compound = { VOICE(AGENT), NULL, &block, true };
	struct endpoint source = rtcp_of(AGENT);
	struct leg_stats stats[CALL_LEGS_MAX];
	uint8_t bytes[RTCP_WRITE_MAX];

	(void)state;
	put_call(TWO);
	talk(TWO, 400);
	inject_datagram_to(
		AGENT, plans[AGENT].local_port + 1, &source, bytes, rtcp_write(&compound, bytes));
	call_read_stats(call_of(leg_of(AGENT)), now_us, stats);
	assert_true(stats[0].far_reported && stats[0].said_bye);
	assert_false(stats[0].round_trip_known);
	assert_int_equal(counted(COUNTER_rtcp_bye), 1);
	/* Which ends nothing. */
	say(AGENT, 1000);
	hear(CUSTOMER);
}

static void strangers_are_refused_and_nothing_moves(void **state)
{
	struct rtcp_block block = { OURS(AGENT), 255, 99, 0, 0, 0, 0 };
	struct rtcp_compound compound = { VOICE(AGENT), NULL, &block, true };
	static const struct {
		const char *address;
		uint16_t port;
	} strangers[] = { { "192.0.2.66", 4001 }, { "192.0.2.10", 4000 }, { "192.0.2.10", 4003 },
		{ "192.0.2.20", 5001 } };
	uint8_t bytes[RTCP_WRITE_MAX];
	unsigned length = rtcp_write(&compound, bytes);

	(void)state;
	put_call(TWO);
	talk(TWO, 10);
	for (size_t i = 0; i < COUNT_OF(strangers); i++) {
		struct endpoint source = { .port = strangers[i].port };

		assert_int_equal(endpoint_parse_address(&source, strangers[i].address), 0);
		inject_datagram_to(AGENT, plans[AGENT].local_port + 1, &source, bytes, length);
		assert_int_equal(counted(COUNTER_drop_rtcp_refused_source), i + 1);
	}
	assert_int_equal(counted(COUNTER_rtcp_received), 0);
	assert_false(leg_rest(leg_of(AGENT))->report.far_reported);
	assert_int_equal(leg_rest(leg_of(AGENT))->from.port, plans[AGENT].remote.port);
	say(AGENT, 1000);
	assert_int_equal(hear(CUSTOMER).count, FRAME);
}

static void nothing_is_learned_from_rtcp(void **state)
{
	struct rtcp_compound compound = { VOICE(AGENT), NULL, NULL, false };
	struct endpoint source = rtcp_of(AGENT);
	uint8_t bytes[RTCP_WRITE_MAX];
	unsigned length = rtcp_write(&compound, bytes);

	(void)state;
	plans[AGENT].learn = true;
	plans[AGENT].remote.port = 0;
	put_call(TWO);
	inject_datagram_to(AGENT, plans[AGENT].local_port + 1, &source, bytes, length);
	assert_int_equal(counted(COUNTER_drop_rtcp_refused_source), 1);
	assert_int_equal(leg_rest(leg_of(AGENT))->from.port, 0);
	assert_int_equal(counted(COUNTER_source_learned), 0);
	plans[AGENT].remote.port = 4000;
}

static void with_mux_rtcp_is_on_the_port_of_rtp_alone(void **state)
{
	struct rtcp_compound compound = { VOICE(AGENT), NULL, NULL, false };
	struct endpoint source = plans[AGENT].remote, odd = rtcp_of(AGENT);
	uint8_t bytes[RTCP_WRITE_MAX];
	unsigned length = rtcp_write(&compound, bytes);
	struct reported reported;

	(void)state;
	plans[AGENT].rtcp_mux = true;
	put_call(TWO);
	talk(TWO, 500);
	assert_true(take_report(AGENT, &reported));
	assert_int_equal(reported.source.port, plans[AGENT].local_port);
	assert_int_equal(reported.destination.port, plans[AGENT].remote.port);
	inject_datagram_to(AGENT, plans[AGENT].local_port, &source, bytes, length);
	assert_int_equal(counted(COUNTER_rtcp_received), 1);
	inject_datagram_to(AGENT, plans[AGENT].local_port + 1, &odd, bytes, length);
	assert_int_equal(counted(COUNTER_drop_rtcp_wrong_port), 1);
	inject_datagram_to(AGENT, plans[AGENT].local_port, &odd, bytes, length);
	assert_int_equal(counted(COUNTER_drop_rtcp_refused_source), 1);
}

static void a_signalled_port_of_rtcp_is_used(void **state)
{
	struct rtcp_compound compound = { VOICE(AGENT), NULL, NULL, false };
	struct endpoint source = plans[AGENT].remote;
	uint8_t bytes[RTCP_WRITE_MAX];
	struct reported reported;

	(void)state;
	plans[AGENT].rtcp_port = source.port = 4777;
	put_call(TWO);
	talk(TWO, 500);
	assert_true(take_report(AGENT, &reported));
	assert_int_equal(reported.destination.port, 4777);
	inject_datagram_to(
		AGENT, plans[AGENT].local_port + 1, &source, bytes, rtcp_write(&compound, bytes));
	assert_int_equal(counted(COUNTER_rtcp_received), 1);
}

static void bad_rtcp_is_dropped_by_name(void **state)
{
	static const struct {
		enum counter counter;
		unsigned length;
		uint8_t bytes[20];
	} bad[] = {
		{ COUNTER_drop_rtcp_truncated, 4, { 0x80, 201, 0, 0 } },
		{ COUNTER_drop_rtcp_truncated, 0, { 0 } },
		{ COUNTER_drop_rtcp_version, 8, { 0x40, 201, 0, 1 } },
		{ COUNTER_drop_rtcp_first, 8, { 0x81, 203, 0, 1 } },
		{ COUNTER_drop_rtcp_length, 8, { 0x80, 201, 0xff, 0xff } },
		{ COUNTER_drop_rtcp_padding, 8, { 0xa0, 201, 0, 1 } },
		{ COUNTER_drop_rtcp_report, 8, { 0x81, 201, 0, 1 } },
		{ COUNTER_drop_rtcp_sdes, 16, { 0x80, 201, 0, 1, 0, 0, 0, 9, 0x82, 202, 0, 1 } },
		{ COUNTER_drop_rtcp_bye, 16, { 0x80, 201, 0, 1, 0, 0, 0, 9, 0x82, 203, 0, 1 } },
		{ COUNTER_drop_rtcp_app, 16, { 0x80, 201, 0, 1, 0, 0, 0, 9, 0x80, 204, 0, 1 } },
		{ COUNTER_drop_rtcp_own_ssrc, 8, { 0x80, 201, 0, 1, 0, 0, 0x50, AGENT } },
	};
	struct endpoint source = rtcp_of(AGENT);

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		new_call(state);
		put_call(TWO);
		inject_datagram_to(
			AGENT, plans[AGENT].local_port + 1, &source, bad[i].bytes, bad[i].length);
		for (unsigned c = 0; c < COUNTER_COUNT; c++)
			if (counted(c) != (c == bad[i].counter))
				fail_msg("case %zu: %s is %lu", i, counter_name(c),
					(unsigned long)counted(c));
		end_call(state);
	}
}

/* --- media that ceases --- */

static void silence_is_told_once_and_so_is_its_end(void **state)
{
	(void)state;
	put_call(TWO);
	talk(TWO, 50);
	talk(1u << CUSTOMER, 29 * 50);
	assert_false(told(EVENT_MEDIA_TIMEOUT, AGENT));
	talk(1u << CUSTOMER, 2 * 50);
	assert_int_equal(leg_rest(leg_of(AGENT))->report.media, LEG_MEDIA_SILENT);
	assert_int_equal(leg_rest(leg_of(CUSTOMER))->report.media, LEG_MEDIA_FLOWS);
	assert_true(told(EVENT_MEDIA_TIMEOUT, AGENT));
	talk(1u << CUSTOMER, 60 * 50);
	assert_false(told(EVENT_MEDIA_TIMEOUT, AGENT));
	talk(TWO, 50);
	assert_true(told(EVENT_MEDIA_RESUMED, AGENT));
	talk(TWO, 50);
	assert_false(told(EVENT_MEDIA_RESUMED, AGENT));
}

static void media_that_never_began_is_told_as_such(void **state)
{
	(void)state;
	put_call(TWO);
	talk(1u << CUSTOMER, 31 * 50);
	assert_true(told(EVENT_MEDIA_NEVER_STARTED, AGENT));
	assert_int_equal(leg_rest(leg_of(AGENT))->report.media, LEG_MEDIA_NEVER);
	talk(TWO, 50);
	assert_true(told(EVENT_MEDIA_RESUMED, AGENT));
}

static void a_party_on_hold_may_be_silent(void **state)
{
	(void)state;
	plans[AGENT].on_hold = true;
	put_call(TWO);
	talk(1u << CUSTOMER, 60 * 50);
	assert_int_equal(leg_rest(leg_of(AGENT))->report.media, LEG_MEDIA_AWAITED);
	/* When the hold ends, its time begins. */
	plans[AGENT].on_hold = false;
	put_call(TWO);
	talk(1u << CUSTOMER, 29 * 50);
	assert_int_equal(leg_rest(leg_of(AGENT))->report.media, LEG_MEDIA_AWAITED);
	talk(1u << CUSTOMER, 2 * 50);
	assert_int_equal(leg_rest(leg_of(AGENT))->report.media, LEG_MEDIA_NEVER);
}

static uint32_t lifeless_ms(enum party party)
{
	struct leg_stats stats[CALL_LEGS_MAX];

	call_read_stats(call_of(leg_of(AGENT)), now_us, stats);
	return stats[leg_of(party)->index].lifeless_ms;
}

static void rtcp_amid_suppressed_silence_and_a_hold_are_signs_of_life(void **state)
{
	enum { ROUND_MS = 1000, FRAME_MS = FRAME_US / 1000 };
	struct rtcp_compound compound = { VOICE(AGENT), NULL, NULL, false };
	struct endpoint source = rtcp_of(AGENT);
	uint8_t bytes[RTCP_WRITE_MAX];

	(void)state;
	plans[AGENT].comfort_noise = true;
	put_call(TWO);
	talk(TWO, 50);
	talk(1u << CUSTOMER, 10 * 50);
	assert_in_range(lifeless_ms(AGENT), 10000, 10000 + 2 * FRAME_MS);
	assert_in_range(lifeless_ms(CUSTOMER), 0, 2 * FRAME_MS);
	inject_datagram_to(
		AGENT, plans[AGENT].local_port + 1, &source, bytes, rtcp_write(&compound, bytes));
	assert_in_range(lifeless_ms(AGENT), 0, FRAME_MS);
	talk(1u << CUSTOMER, 10 * 50);
	assert_in_range(lifeless_ms(AGENT), 10000, 10000 + 2 * FRAME_MS);

	plans[AGENT].on_hold = true;
	put_call(TWO);
	talk(1u << CUSTOMER, 10 * 50);
	assert_in_range(lifeless_ms(AGENT), 0, ROUND_MS);
	plans[AGENT].on_hold = false;
	put_call(TWO);
	talk(1u << CUSTOMER, 5 * 50);
	assert_in_range(lifeless_ms(AGENT), 5000, 5000 + ROUND_MS);
}

static void a_new_control_plane_is_told_again(void **state)
{
	(void)state;
	put_call(TWO);
	talk(1u << CUSTOMER, 32 * 50);
	assert_true(told(EVENT_MEDIA_NEVER_STARTED, AGENT));
	worker->reporter.epoch++;
	talk(1u << CUSTOMER, 50);
	assert_true(told(EVENT_MEDIA_NEVER_STARTED, AGENT));
	talk(1u << CUSTOMER, 50);
	assert_false(told(EVENT_MEDIA_NEVER_STARTED, AGENT));
}

static void every_leg_is_visited_twice_a_second(void **state)
{
	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 20; i++) {
		say(AGENT, 1000);
		hear(CUSTOMER);
		keep_up(510000);
		assert_int_equal(leg_rest(leg_of(AGENT))->report.counted_in, i + 1);
		assert_int_equal(leg_rest(leg_of(CUSTOMER))->report.packets_out, i + 1);
	}
}

static int new_call_on_the_wall_clock(void **state)
{
	worker->reporter.unix_offset_us = UNIX_US;
	return new_call(state);
}

#define REPORT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, new_call_on_the_wall_clock, end_call)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORT_TEST(each_party_gets_reports_of_its_own_streams_alone),
		REPORT_TEST(reports_come_however_long_the_machine_has_run),
		REPORT_TEST(a_recorder_is_told_with_the_label_of_its_voices),
		REPORT_TEST(a_recorder_that_hears_nobody_is_told_nothing),
		REPORT_TEST(a_report_says_what_was_sent_and_when),
		REPORT_TEST(packets_sent_are_counted_through_changes_of_the_clock),
		REPORT_TEST(packets_that_were_not_sent_are_not_counted),
		REPORT_TEST(what_is_no_media_of_a_leg_is_not_lost),
		REPORT_TEST(a_jump_of_the_clock_loses_nothing),
		REPORT_TEST(what_was_lost_is_reported_to_its_sender),
		REPORT_TEST(a_leg_that_sends_gets_no_block_once_it_is_silent),
		REPORT_TEST(good_bye_is_said_at_the_end_of_a_leg),
		REPORT_TEST(a_leg_that_was_sent_nothing_goes_without_a_word),
		REPORT_TEST(the_far_ends_reports_are_kept),
		REPORT_TEST(what_was_lost_before_our_time_is_not_ours),
		REPORT_TEST(a_round_trip_is_of_reports_that_we_have_sent),
		REPORT_TEST(strangers_are_refused_and_nothing_moves),
		REPORT_TEST(nothing_is_learned_from_rtcp),
		REPORT_TEST(with_mux_rtcp_is_on_the_port_of_rtp_alone),
		REPORT_TEST(a_signalled_port_of_rtcp_is_used),
		REPORT_TEST(bad_rtcp_is_dropped_by_name),
		REPORT_TEST(silence_is_told_once_and_so_is_its_end),
		REPORT_TEST(media_that_never_began_is_told_as_such),
		REPORT_TEST(a_party_on_hold_may_be_silent),
		REPORT_TEST(rtcp_amid_suppressed_silence_and_a_hold_are_signs_of_life),
		REPORT_TEST(a_new_control_plane_is_told_again),
		REPORT_TEST(every_leg_is_visited_twice_a_second),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
