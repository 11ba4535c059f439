/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "witness.h"

#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include <rte_cycles.h>

#include "call/admit.h"

/* Streams that do what they should not: what goes out is one SSRC, in sequence, with timestamps
 * that go on by the time that has passed. */

#define TWO	   (1u << AGENT | 1u << CUSTOMER)
#define ROUNDS	   50
#define SAMPLES_MS 8

static const uint8_t voice[FRAME] = { 0x42, 0x17 };

static void agent_says(void)
{
	say_payload(AGENT, voice, FRAME);
}

static void moved_agent_says(void)
{
	plans[AGENT].remote.address[15] = 11;
	agent_says();
	plans[AGENT].remote.address[15] = 10;
}

static unsigned events(enum event_kind kind)
{
	struct event event;
	unsigned n = 0;

	while (rte_ring_dequeue_elem(worker->events, &event, sizeof(event)) == 0)
		n += event.kind == kind && event.leg == 100u + AGENT;
	return n;
}

/* --- sources that begin anew --- */

static void a_source_that_moves_is_not_followed_until_it_is_signalled(void **state)
{
	struct heard before, heard;

	(void)state;
	witness_begin(TWO);
	witness_round_beside();
	agent_says();
	before = hear(CUSTOMER);
	for (unsigned i = 0; i < ROUNDS; i++) {
		witness_round_beside();
		moved_agent_says();
		hears_nothing(CUSTOMER);
	}
	plans[AGENT].remote.address[15] = 11;
	put_call(TWO);
	witness_round_beside();
	agent_says();
	/* What was refused is lost, and what comes is in its place. */
	heard = hear(CUSTOMER);
	assert_int_equal((uint16_t)(heard.rtp.sequence - before.rtp.sequence), ROUNDS + 1);
	assert_int_equal(heard.rtp.timestamp - before.rtp.timestamp, (ROUNDS + 1) * FRAME);
	assert_int_equal(heard.rtp.ssrc, before.rtp.ssrc);
	for (unsigned c = COUNTER_drop_frame_truncated; c < COUNTER_COUNT; c++)
		assert_int_equal(witness_counted(c), c == COUNTER_drop_refused_source ? ROUNDS : 0);
}

static void a_far_end_that_is_signalled_to_be_another_loses_nothing(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 10; i++) {
		plans[AGENT].remote.address[15] = (uint8_t)(100 + i);
		put_call(TWO);
		new_stream(AGENT, 0xbb00 + i);
		for (unsigned n = 0; n < 5; n++)
			witness_round();
	}
	witness_end_well("re-signalled");
	assert_int_equal(witness_counted(COUNTER_ssrc_changed), 10);
}

static void another_ssrc_in_its_own_time_loses_nothing(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned n = 0; n < 20; n++)
			witness_round();
		new_stream(AGENT, 0xcc00 + i);
		witness_round();
	}
	witness_end_well("new SSRCs");
	assert_int_equal(witness_counted(COUNTER_ssrc_changed), 10);
	assert_int_equal(events(EVENT_SSRC_CHANGED), 10);
}

/* Five milliseconds after the last packet of the old one. */
static void another_ssrc_at_any_moment_loses_two_packets_at_most(void **state)
{
	unsigned lost = 0;

	(void)state;
	witness_begin(TWO);
	for (unsigned n = 0; n < 20; n++)
		witness_round();
	new_stream(AGENT, 0xcc00);
	now_us += 5000;
	for (struct heard heard; agent_says(), !take(CUSTOMER, &heard); now_us += FRAME_US)
		lost++;
	assert_in_range(lost, 1, RTP_SOURCE_IN_ROW - 1);
	assert_int_equal(witness_counted(COUNTER_drop_other_ssrc), lost);
}

static void of_two_ssrcs_at_full_rate_one_is_heard(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rte_mbuf *mbuf = forge(FRAME);
		uint8_t *rtp = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 42);

		now_us += 8000;
		rtp[2] = (uint8_t)(i >> 8);
		rtp[3] = (uint8_t)i;
		rtp[11] ^= 0x55; /* of the SSRC */
		inject(mbuf);
		now_us -= 8000;
		witness_round();
	}
	witness_end("a second SSRC", COUNTER_drop_other_ssrc, ROUNDS);
	assert_int_equal(witness_counted(COUNTER_ssrc_changed), 0);
	assert_int_equal(events(EVENT_SSRC_CHANGED), 0);
}

static void timestamps_that_begin_anew_lose_nothing(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 10; i++) {
		pass(AGENT, 0x12345678 + i);
		for (unsigned n = 0; n < 5; n++)
			witness_round();
	}
	witness_end_well("timestamp resets");
	assert_int_equal(witness_counted(COUNTER_clock_restarted), 10);
}

/* Whatever is new of it, after whatever silence: the listener hears of the time that has passed. */
static void a_source_that_restarts_goes_on_where_the_time_is(void **state)
{
	static const unsigned silent_ms[] = { 40, 100, 1000, 60000, 3600000 };

	(void)state;
	witness_begin(TWO);
	for (size_t i = 0; i < COUNT_OF(silent_ms); i++) {
		for (unsigned n = 0; n < 5; n++) {
			agent_says();
			witness_hears(
				CUSTOMER, n == 0 && i > 0 ? silent_ms[i - 1] * SAMPLES_MS : FRAME);
			now_us += FRAME_US;
		}
		now_us += 1000ull * silent_ms[i] - FRAME_US;
		new_stream(AGENT, 0xdd00 + (uint32_t)i);
	}
	assert_int_equal(witness_counted(COUNTER_ssrc_changed), COUNT_OF(silent_ms) - 1);
}

/* --- loops --- */

/* What the agent's far end could send back: a packet of the stream to `to`. */
static void loop_back(enum party to)
{
	struct rte_mbuf *mbuf = forge(FRAME);
	uint32_t ssrc = rte_cpu_to_be_32(plans[to].ssrc);

	memcpy(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 42 + 8), &ssrc, sizeof(ssrc));
	inject(mbuf);
}

static void what_we_have_sent_and_comes_back_is_heard_by_nobody(void **state)
{
	(void)state;
	for (enum party to = AGENT; to <= CUSTOMER; to++) {
		witness_begin(TWO);
		for (unsigned i = 0; i < ROUNDS; i++) {
			loop_back(to);
			witness_round();
		}
		witness_end("a loop", COUNTER_drop_own_ssrc, ROUNDS);
		assert_int_equal(witness_counted(COUNTER_ssrc_changed), 0);
		if (to == AGENT) {
			end_call(state);
			new_call(state);
		}
	}
}

/* Nor is a loop the stream of a far end that says nothing of its own. */
static void a_loop_is_no_first_packet(void **state)
{
	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < ROUNDS; i++) {
		now_us += FRAME_US;
		loop_back(AGENT);
	}
	hears_nothing(CUSTOMER);
	assert_false(told(EVENT_FIRST_PACKET, AGENT));
	assert_int_equal(counted(COUNTER_drop_own_ssrc), ROUNDS);
	agent_says();
	hear(CUSTOMER);
}

/* --- sequence numbers --- */

static void sequence_numbers_wrap(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 66000; i++) {
		now_us += FRAME_US;
		agent_says();
		witness_hears(CUSTOMER, FRAME);
	}
	assert_int_equal(witness_counted(COUNTER_sequence_restarted), 0);
	assert_int_equal(witness_counted(COUNTER_tx_late), 0);
}

static void a_jump_costs_its_first_packet(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 10; i++) {
		lose(AGENT, 20000);
		witness_round_beside();
		agent_says();
		hears_nothing(CUSTOMER);
		witness_round_beside();
		agent_says();
		witness_hears(CUSTOMER, 2 * FRAME);
		for (unsigned n = 0; n < 5; n++)
			witness_round();
	}
	witness_end("sequence jumps", COUNTER_drop_sequence_jump, 10);
	assert_int_equal(witness_counted(COUNTER_sequence_restarted), 10);
}

static void a_single_packet_from_far_away_changes_nothing(void **state)
{
	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rte_mbuf *mbuf = forge(FRAME);

		*rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 42 + 2) ^= 0x80;
		inject(mbuf);
		witness_round();
	}
	witness_end("far away", COUNTER_drop_sequence_jump, ROUNDS);
}

/* They are the network's: the listener gets them as they came. */
static void duplicates_and_disorder_pass_as_they_are(void **state)
{
	struct heard a, b, c;

	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rte_mbuf *late, *copy;

		now_us += 2 * FRAME_US;
		late = build(AGENT, voice, FRAME);
		copy = build(AGENT, voice, FRAME);
		lose(AGENT, (unsigned)-1);
		agent_says();
		a = hear(CUSTOMER);
		inject(copy);
		b = hear(CUSTOMER);
		inject(late);
		c = hear(CUSTOMER);
		assert_int_equal(a.rtp.sequence, b.rtp.sequence);
		assert_int_equal(a.rtp.timestamp, b.rtp.timestamp);
		assert_int_equal((uint16_t)(a.rtp.sequence - c.rtp.sequence), 1);
		assert_int_equal(a.rtp.timestamp - c.rtp.timestamp, FRAME);
	}
	for (unsigned n = COUNTER_drop_frame_truncated; n < COUNTER_COUNT; n++)
		assert_int_equal(witness_counted(n), 0);
}

/* --- too much --- */

static void a_source_at_100_times_its_rate_is_held_to_four_times(void **state)
{
	enum { SECONDS = 10, TIMES = 100 };
	uint64_t sent = 0, accepted;
	struct heard ignored;

	(void)state;
	witness_begin(TWO);
	while (events(EVENT_RATE_LIMITED)) {
	}
	accepted = witness_counted(COUNTER_rx_accepted);
	for (unsigned i = 0; i < SECONDS * 50; i++) {
		witness_round_beside();
		accepted += 3; /* of the others */
		for (unsigned n = 0; n < TIMES; n++, sent++) {
			agent_says();
			while (take(CUSTOMER, &ignored)) {
			}
		}
	}
	accepted = witness_counted(COUNTER_rx_accepted) - accepted;
	assert_int_equal(witness_counted(COUNTER_drop_rate), sent - accepted);
	assert_in_range(accepted, SECONDS * 50 * 4, SECONDS * 50 * 4 + 2 * RATE_BURST + 1);
	assert_int_equal(events(EVENT_RATE_LIMITED), 1);
	for (unsigned c = COUNTER_drop_frame_truncated; c < COUNTER_COUNT; c++)
		if (c != COUNTER_drop_rate)
			assert_int_equal(witness_counted(c), 0);

	/* Back at its own rate it loses nothing, and is soon free again. */
	sent = witness_counted(COUNTER_drop_rate);
	for (unsigned i = 0; i < 100; i++) {
		witness_round_beside();
		agent_says();
		assert_true(take(CUSTOMER, &ignored));
	}
	for (unsigned n = 0; n < 2 * RATE_BURST - 1; n++) {
		agent_says();
		assert_true(take(CUSTOMER, &ignored));
	}
	assert_int_equal(witness_counted(COUNTER_drop_rate), sent);
}

/* What a network has held back for two seconds comes at once. */
static void a_burst_after_a_stall_is_no_flood(void **state)
{
	struct heard ignored;

	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned n = 0; n < 100; n++)
			witness_round_beside();
		for (unsigned n = 0; n < 100; n++) {
			agent_says();
			assert_true(take(CUSTOMER, &ignored));
		}
	}
	assert_int_equal(witness_counted(COUNTER_drop_rate), 0);
	assert_int_equal(events(EVENT_RATE_LIMITED), 0);
}

/* Faster packets of less are no more, down to 10 ms. */
static void short_packets_may_come_more_often(void **state)
{
	struct heard ignored;

	(void)state;
	witness_begin(TWO);
	for (unsigned i = 0; i < 1000; i++) {
		now_us += 10000;
		for (unsigned n = 0; n < 3; n++) {
			say_payload(AGENT, voice, 80);
			assert_true(take(CUSTOMER, &ignored));
		}
	}
	assert_int_equal(witness_counted(COUNTER_drop_rate), 0);
}

/* A stream that begins anew with each packet is no way around it. */
static void streams_that_restart_all_the_time_are_held_as_well(void **state)
{
	enum { SECONDS = 4 };
	struct heard ignored;

	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		if (kind > 0)
			new_call(state);
		witness_begin(TWO);
		for (unsigned i = 0; i < SECONDS * 50; i++) {
			witness_round_beside();
			for (unsigned n = 0; n < 120; n++) {
				if (kind == 0 && n % RTP_SOURCE_IN_ROW == 0)
					new_stream(AGENT, 0xee00 + i * 120 + n);
				if (kind == 1 && n % 2 == 0)
					lose(AGENT, 20000);
				if (kind == 2)
					pass(AGENT, 0x12345678);
				agent_says();
				while (take(CUSTOMER, &ignored)) {
				}
			}
		}
		assert_true(witness_counted(COUNTER_drop_rate) > SECONDS * 50 * 100);
		assert_in_range(
			witness_counted(COUNTER_rx_accepted), 1, SECONDS * 50 * (3 + 4) + 256);
		if (kind < 2)
			end_call(state);
	}
}

/* --- the appliance's own wants --- */

static void an_empty_pool_costs_copies_alone(void **state)
{
	static struct rte_mbuf *hoard[4096];
	unsigned count = 0;

	(void)state;
	witness_begin(TWO | 1u << REC_CUSTOMER);
	/* What comes finds a buffer, as in a port's ring; the recorder's copies find none. */
	while ((hoard[count] = rte_pktmbuf_alloc(pool)) != NULL)
		count++;
	for (unsigned i = 0; i < ROUNDS; i++) {
		rte_pktmbuf_free(hoard[--count]);
		witness_round();
		hoard[count++] = rte_pktmbuf_alloc(pool);
		assert_non_null(hoard[count - 1]);
	}
	rte_pktmbuf_free_bulk(hoard, count);
	witness_end("an empty pool", COUNTER_tx_no_mbuf, ROUNDS);
	for (struct heard heard; take(REC_CUSTOMER, &heard);) {
	}
}

static void events_that_nobody_takes_are_counted(void **state)
{
	struct event event = { 0 };

	(void)state;
	witness_begin(TWO);
	while (rte_ring_enqueue_elem(worker->events, &event, sizeof(event)) == 0) {
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned n = 0; n < 20; n++)
			witness_round();
		new_stream(AGENT, 0xcc00 + i);
	}
	witness_round();
	witness_end("a full ring", COUNTER_event_lost, ROUNDS);
	assert_int_equal(witness_counted(COUNTER_ssrc_changed), ROUNDS);
	events(EVENT_SSRC_CHANGED);
}

/* What may be told at any rate leaves room for what is told but once. */
static void streams_that_begin_anew_displace_no_other_event(void **state)
{
	unsigned capacity = rte_ring_get_capacity(worker->events);
	struct event event = { 0 };

	(void)state;
	witness_begin(TWO);
	while (rte_ring_count(worker->events) <= capacity / 2)
		assert_int_equal(rte_ring_enqueue_elem(worker->events, &event, sizeof(event)), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned n = 0; n < 20; n++)
			witness_round();
		new_stream(AGENT, 0xcc00 + i);
	}
	witness_round();
	witness_end("a ring half full", COUNTER_event_lost, ROUNDS);
	assert_int_equal(rte_ring_count(worker->events), capacity / 2 + 1);
	event.kind = EVENT_MEDIA_TIMEOUT;
	while (rte_ring_count(worker->events) < capacity)
		assert_true(event_post(worker->events, &event, &worker->counters));
	events(EVENT_SSRC_CHANGED);
}

/* --- clocks --- */

/* Stand for the C library's in this program: no clock of the machine's that can be set is looked at
 * while packets go through. */
static unsigned asked;
static time_t stepped;

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	(void)tz;
	asked++;
	*tv = (struct timeval){ .tv_sec = stepped += 3600 };
	return 0;
}

time_t time(time_t *t)
{
	asked++;
	stepped += 3600;
	if (t != NULL)
		*t = stepped;
	return stepped;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	asked++;
	*ts = (struct timespec){ .tv_sec = stepped += 3600 };
	return 0;
}

static void a_clock_that_is_set_is_nothing_to_the_media(void **state)
{
	uint64_t poll_us = 0;

	(void)state;
	witness_begin(TWO);
	worker->clock = clock_of_tsc();
	asked = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t us;

		witness_round();
		worker_poll(worker);
		/* What worker_poll() counts by only goes on. */
		us = clock_us(worker->clock, rte_rdtsc());
		assert_true(us >= poll_us);
		poll_us = us;
	}
	assert_int_equal(asked, 0);
	witness_end_well("steps of the clock");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		TEST(a_source_that_moves_is_not_followed_until_it_is_signalled),
		TEST(a_far_end_that_is_signalled_to_be_another_loses_nothing),
		TEST(another_ssrc_in_its_own_time_loses_nothing),
		TEST(another_ssrc_at_any_moment_loses_two_packets_at_most),
		TEST(of_two_ssrcs_at_full_rate_one_is_heard),
		TEST(timestamps_that_begin_anew_lose_nothing),
		TEST(a_source_that_restarts_goes_on_where_the_time_is),
		TEST(what_we_have_sent_and_comes_back_is_heard_by_nobody),
		TEST(a_loop_is_no_first_packet),
		TEST(sequence_numbers_wrap),
		TEST(a_jump_costs_its_first_packet),
		TEST(a_single_packet_from_far_away_changes_nothing),
		TEST(duplicates_and_disorder_pass_as_they_are),
		TEST(a_source_at_100_times_its_rate_is_held_to_four_times),
		TEST(a_burst_after_a_stall_is_no_flood),
		TEST(short_packets_may_come_more_often),
		TEST(streams_that_restart_all_the_time_are_held_as_well),
		TEST(an_empty_pool_costs_copies_alone),
		TEST(events_that_nobody_takes_are_counted),
		TEST(streams_that_begin_anew_displace_no_other_event),
		TEST(a_clock_that_is_set_is_nothing_to_the_media),
	};

	return cmocka_run_group_tests_name("hostile_stream", tests, start_eal, stop_eal);
}
