/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include "call/relay.h"
#include "relay_program.h"

#define TWO   (1u << AGENT | 1u << CUSTOMER)
#define THREE (TWO | 1u << MONITOR)

#define SLOTS	     100
#define UDP_CHECKSUM (14 + 20 + 6)
#define AHEAD_US     7000000123ll /* of CLOCK_MONOTONIC */

static struct relay relays[SLOTS];
static struct relay_table table;

static struct relay *relay_of(enum party party)
{
	return &relays[(plans[party].local_port - 20000) / 2];
}

static struct call *the_call(void)
{
	int slot = port_table_slot(worker->table, REALM_ACCESS, plans[AGENT].local_port);

	return call_of(worker->table->realm[REALM_ACCESS].legs[slot]);
}

static struct forward_env env_now(void)
{
	return (struct forward_env){
		.relays = &table,
		.nexthops = worker->nexthops,
		.counters = &worker->counters,
		.now_us = now_us,
		.now_ms = (uint32_t)(now_us / 1000),
	};
}

static bool try_relay(void)
{
	struct forward_env env = env_now();

	return call_relay(the_call(), &env);
}

static int begin(void **state)
{
	memset(relays, 0, sizeof(relays));
	table = (struct relay_table){ .monotonic_us = AHEAD_US };
	table.realm[REALM_ACCESS].relays = relays;
	table.realm[REALM_ACCESS].first_port = 20000;
	worker->relays = &table;
	return new_call(state);
}

static void both_speak(unsigned frames)
{
	struct heard ignored;

	for (; frames > 0; frames--) {
		say(AGENT, 1000);
		say(CUSTOMER, 4000);
		now_us += FRAME_US;
		for (enum party party = AGENT; party < PARTY_COUNT; party++)
			while (take(party, &ignored)) {
			}
	}
}

/* A call that is relayed. */
static void relay_call(void)
{
	put_call(TWO);
	both_speak(150);
	assert_true(try_relay());
}

/* The frame as the program would send it, which takes note of it at the test's time; false where it
 * leaves it to the worker. */
static bool comes_to_kernel(enum party party, struct rte_mbuf *mbuf)
{
	struct relay *relay = relay_of(party);
	struct relay_hop hop = { .length = 14 };

	memcpy(hop.bytes, worker->nexthops[relay->hop].bytes, sizeof(hop.bytes));
	return relay_program_run(relay, &hop, rte_pktmbuf_mtod(mbuf, uint8_t *),
		rte_pktmbuf_data_len(mbuf), (now_us + AHEAD_US) * 1000);
}

static void forward_in_kernel(enum party party, struct rte_mbuf *mbuf)
{
	assert_true(comes_to_kernel(party, mbuf));
}

/* `frames` frames of both, which nobody hears here. */
static void both_speak_in_kernel(unsigned frames)
{
	uint8_t payload[FRAME] = { 0x55 };

	for (; frames > 0; frames--) {
		for (enum party party = AGENT; party <= CUSTOMER; party++) {
			struct rte_mbuf *mbuf = build(party, payload, FRAME);

			/* One with a checksum may be left to the worker, by chance. */
			memset(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, UDP_CHECKSUM), 0, 2);
			forward_in_kernel(party, mbuf);
			rte_pktmbuf_free(mbuf);
		}
		now_us += FRAME_US;
	}
}

static struct leg_stats stats_of(enum party party)
{
	struct leg_stats stats[CALL_LEGS_MAX];
	struct forward_env env = env_now();

	call_relay_sync(the_call(), &env);
	assert_int_equal(call_read_stats(the_call(), now_us, stats), the_call()->leg_count);
	return stats[party];
}

static bool is_relayed(void)
{
	bool relayed = the_call()->relayed;

	assert_int_equal(relay_of(AGENT)->active, relayed);
	assert_int_equal(relay_of(CUSTOMER)->active, relayed);
	return relayed;
}

/* --- which calls --- */

static void a_call_of_two_is_relayed_once_its_streams_go_on(void **state)
{
	(void)state;
	put_call(TWO);
	assert_false(try_relay());
	both_speak(50);
	assert_false(try_relay());
	both_speak(60);
	assert_true(try_relay());
	assert_true(is_relayed());
	assert_false(try_relay());
	assert_int_equal(counted(COUNTER_relay_begun), 1);
}

static void a_call_that_is_monitored_or_recorded_is_not(void **state)
{
	static const unsigned parties[] = { THREE, TWO | 1u << REC_AGENT,
		TWO | 1u << REC_AGENT | 1u << REC_CUSTOMER };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(parties); i++) {
		put_call(parties[i]);
		both_speak(150);
		assert_false(try_relay());
		assert_int_equal(relay_of(AGENT)->active, 0);
	}
}

static void a_call_that_must_be_transcoded_is_not(void **state)
{
	(void)state;
	plans[CUSTOMER].codec = CODEC_PCMA;
	plans[CUSTOMER].payload_type = 8;
	put_call(TWO);
	both_speak(150);
	assert_false(try_relay());
}

static void a_call_with_a_silent_party_is_not(void **state)
{
	(void)state;
	put_call(TWO);
	both_speak(150);
	for (unsigned i = 0; i < 10; i++) {
		struct heard ignored;

		say(AGENT, 1000);
		take(CUSTOMER, &ignored);
		now_us += FRAME_US;
	}
	assert_false(try_relay());
	both_speak(1);
	assert_true(try_relay());
}

static void a_call_without_a_way_is_not(void **state)
{
	uint8_t length = worker->nexthops[1].length;

	(void)state;
	put_call(TWO);
	both_speak(150);
	worker->nexthops[1].length = 0;
	assert_false(try_relay());
	worker->nexthops[1].length = length;
	table.realm[REALM_ACCESS].relays = NULL;
	assert_false(try_relay());
}

/* From behind NAT: until the time to learn is over, the signalled source may still come. */
static void a_call_with_a_learned_source_is_once_nobody_else_can_be(void **state)
{
	struct learning *learning;

	(void)state;
	put_call(TWO);
	learning = &leg_rest(leg_of(AGENT))->learning;
	*learning = (struct learning){
		.state = LEARNING_PROVISIONAL,
		.begin_ms = (uint32_t)(now_us / 1000),
		.limit_ms = 5000,
	};
	both_speak(150);
	assert_false(try_relay());
	both_speak(110);
	assert_int_equal(learning->state, LEARNING_PROVISIONAL);
	assert_true(try_relay());
}

/* One packet of another time, or of another stream. */
static void a_stray_packet_keeps_a_call_from_it_until_the_next(void **state)
{
	uint8_t payload[FRAME] = { 1 };
	struct rte_mbuf *mbuf;

	(void)state;
	put_call(TWO);
	both_speak(150);
	for (unsigned i = 0; i < 2; i++) {
		say(AGENT, 1000);
		hear(CUSTOMER);
		mbuf = build(AGENT, payload, FRAME);
		rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 14 + 20 + 8)[i == 0 ? 2 : 8] ^= 0x40;
		mbuf->ol_flags = 0;
		inject(mbuf);
		assert_int_equal(counted(COUNTER_drop_sequence_jump), 1);
		assert_int_equal(counted(COUNTER_drop_other_ssrc), i);
		assert_false(try_relay());
		both_speak(1);
		assert_true(try_relay());
		put_call(TWO);
		both_speak(1);
	}
}

/* --- the same packets --- */

static void sends_the_same(void)
{
	uint8_t payload[FRAME], mine[256], theirs[256];
	struct rte_mbuf *mbuf, *copy;
	unsigned length;

	put_call(TWO);
	both_speak(150);
	for (unsigned i = 0; i < FRAME; i++)
		payload[i] = (uint8_t)(i * 31);
	for (enum party party = AGENT; party <= CUSTOMER; party++) {
		mbuf = build(party, payload, FRAME);
		copy = rte_pktmbuf_copy(mbuf, pool, 0, UINT32_MAX);
		length = rte_pktmbuf_data_len(mbuf);
		assert_true(try_relay());
		forward_in_kernel(party, copy);
		memcpy(theirs, rte_pktmbuf_mtod(copy, uint8_t *), length);
		rte_pktmbuf_free(copy);

		/* And once more by the worker, to which it is a duplicate. */
		put_call(TWO);
		worker_burst(worker, &mbuf, 1, now_us);
		tx_batch_flush(&worker->tx[plans[party].port_id], &worker->counters);
		assert_int_equal(rte_eth_rx_burst(plans[party].port_id, 0, &copy, 1), 1);
		assert_int_equal(rte_pktmbuf_data_len(copy), length);
		memcpy(mine, rte_pktmbuf_mtod(copy, uint8_t *), length);
		rte_pktmbuf_free(copy);
		assert_memory_equal(mine, theirs, length);
	}
}

static void the_program_sends_what_the_worker_would(void **state)
{
	(void)state;
	sends_the_same();
}

static void the_program_sends_what_the_worker_would_between_other_addresses(void **state)
{
	(void)state;
	plans[AGENT].payload_type = 97;
	plans[CUSTOMER].payload_type = 118;
	plans[AGENT].from = plans[AGENT].remote;
	assert_int_equal(endpoint_parse_address(&plans[CUSTOMER].remote, "203.0.113.255"), 0);
	sends_the_same();
}

/* --- and back --- */

static void a_stream_goes_on_where_the_program_has_left_it(void **state)
{
	struct heard before, after;

	(void)state;
	put_call(TWO);
	both_speak(150);
	say(AGENT, 1000);
	before = hear(CUSTOMER);
	say(CUSTOMER, 4000);
	hear(AGENT);
	now_us += FRAME_US;
	assert_true(try_relay());
	both_speak_in_kernel(70000);
	put_call(THREE);
	assert_false(is_relayed());
	assert_int_equal(counted(COUNTER_relay_ended), 1);
	say(AGENT, 1000);
	after = hear(CUSTOMER);
	assert_int_equal(after.rtp.ssrc, before.rtp.ssrc);
	assert_int_equal((uint16_t)(after.rtp.sequence - before.rtp.sequence), 70001 & 0xffff);
	assert_int_equal(after.rtp.timestamp - before.rtp.timestamp, 70001 * FRAME);
	assert_false(after.rtp.marker);
	assert_int_equal(counted(COUNTER_clock_changed), 0);
	assert_int_equal(counted(COUNTER_tx_late), 0);
	assert_int_equal(counted(COUNTER_sequence_restarted), 0);
}

static void a_new_clock_goes_on_where_the_program_has_left_the_stream(void **state)
{
	struct heard before, after;

	(void)state;
	put_call(TWO);
	both_speak(150);
	say(AGENT, 1000);
	before = hear(CUSTOMER);
	now_us += FRAME_US;
	assert_true(try_relay());
	both_speak_in_kernel(1000);
	/* Another sender at the same address. */
	new_stream(AGENT, 0xbeef);
	say(AGENT, 1000);
	assert_false(is_relayed());
	after = hear(CUSTOMER);
	assert_int_equal((uint16_t)(after.rtp.sequence - before.rtp.sequence), 1001);
	assert_in_range(
		after.rtp.timestamp - before.rtp.timestamp, 1001 * FRAME - 2, 1001 * FRAME + 2);
	assert_int_equal(counted(COUNTER_ssrc_changed), 1);
}

/* A packet of the agent's that the program leaves to the worker. */
static struct heard leave_to_worker(void)
{
	struct rte_mbuf *mbuf = build(AGENT, (uint8_t[FRAME]){ 0x55 }, FRAME);

	memset(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, UDP_CHECKSUM), 0, 2);
	assert_false(comes_to_kernel(AGENT, mbuf));
	inject(mbuf);
	assert_false(is_relayed());
	return hear(CUSTOMER);
}

static void timestamps_that_begin_anew_bring_the_call_back(void **state)
{
	struct heard before, after;
	uint32_t jitter;

	(void)state;
	put_call(TWO);
	both_speak(150);
	say(AGENT, 1000);
	before = hear(CUSTOMER);
	now_us += FRAME_US;
	assert_true(try_relay());
	both_speak_in_kernel(1000);
	jitter = stats_of(AGENT).jitter;
	set_clock(AGENT, 77);
	after = leave_to_worker();
	assert_int_equal((uint16_t)(after.rtp.sequence - before.rtp.sequence), 1001);
	assert_in_range(
		after.rtp.timestamp - before.rtp.timestamp, 1001 * FRAME - 2, 1001 * FRAME + 2);
	assert_int_equal(counted(COUNTER_clock_restarted), 1);
	assert_in_range(stats_of(AGENT).jitter, 0, jitter);
	both_speak(150);
	assert_true(try_relay());
}

static void who_was_on_hold_with_its_clock_brings_the_call_back(void **state)
{
	(void)state;
	relay_call();
	both_speak_in_kernel(100);
	now_us += 5000000;
	leave_to_worker();
	assert_int_equal(counted(COUNTER_clock_restarted), 0);
	assert_int_equal(counted(COUNTER_drop_stray), 0);
}

static void a_loop_does_not_bring_the_call_back(void **state)
{
	(void)state;
	relay_call();
	for (unsigned i = 0; i < 50; i++) {
		struct rte_mbuf *mbuf;
		uint32_t ssrc = rte_cpu_to_be_32(plans[AGENT].ssrc);

		both_speak_in_kernel(1);
		mbuf = build(AGENT, (uint8_t[FRAME]){ 0x55 }, FRAME);
		lose(AGENT, (unsigned)-1); /* it is not the agent's own */
		memcpy(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 42 + 8), &ssrc, sizeof(ssrc));
		inject(mbuf);
	}
	assert_true(is_relayed());
	assert_int_equal(counted(COUNTER_drop_own_ssrc), 50);
	hears_nothing(CUSTOMER);
}

static void statistics_go_on_through_both(void **state)
{
	struct leg_stats before, after;

	(void)state;
	relay_call();
	before = stats_of(AGENT);
	assert_int_equal(before.packets, 150);
	both_speak_in_kernel(100);
	lose(AGENT, 7);
	both_speak_in_kernel(100);
	for (unsigned times = 0; times < 3; times++) {
		after = stats_of(AGENT);
		assert_int_equal(after.packets, 350);
		assert_int_equal(after.lost, 7);
		assert_in_range(after.silent_us, 19000, 21000);
		assert_int_equal(stats_of(CUSTOMER).lost, 0);
	}
	now_us += 5000000;
	assert_in_range(stats_of(AGENT).silent_us, 5019000, 5021000);
	put_call(TWO);
	after = stats_of(AGENT);
	assert_int_equal(after.packets, 350);
	assert_int_equal(after.lost, 7);
	assert_in_range(after.silent_us, 5019000, 5021000);
}

static void jitter_is_measured_by_one_clock(void **state)
{
	uint32_t before;

	(void)state;
	relay_call();
	before = stats_of(AGENT).jitter;
	both_speak_in_kernel(200);
	put_call(TWO);
	both_speak(1);
	/* All were on time, whoever took them. */
	assert_in_range(stats_of(AGENT).jitter, 0, before + 1);
}

static void a_call_that_ends_is_relayed_no_more(void **state)
{
	(void)state;
	relay_call();
	remove_call();
	assert_int_equal(relay_of(AGENT)->active, 0);
	assert_int_equal(relay_of(CUSTOMER)->active, 0);
	assert_int_equal(counted(COUNTER_relay_ended), 1);
}

/* --- packets that come to the worker meanwhile --- */

static void what_was_under_way_is_forwarded_and_the_call_stays(void **state)
{
	struct heard heard;
	struct rte_mbuf *waited;
	uint8_t payload[FRAME] = { 1 };

	(void)state;
	put_call(TWO);
	both_speak(150);
	waited = build(AGENT, payload, FRAME);
	assert_true(try_relay());
	both_speak_in_kernel(2);
	inject(waited);
	heard = hear(CUSTOMER);
	assert_memory_equal(heard.payload, payload, FRAME);
	assert_true(is_relayed());
	assert_int_equal(stats_of(AGENT).packets, 153);
	assert_int_equal(stats_of(AGENT).lost, 0);
	assert_int_equal(stats_of(CUSTOMER).packets, 152);
}

static void whatever_else_the_source_sends_brings_the_call_back(void **state)
{
	struct heard heard;

	(void)state;
	relay_call();
	both_speak_in_kernel(10);
	say(AGENT, 1000); /* the program would have taken it */
	assert_false(is_relayed());
	heard = hear(CUSTOMER);
	assert_int_equal(stats_of(AGENT).packets, 161);
	assert_int_equal(heard.count, FRAME);
	both_speak(5);
	assert_true(try_relay());
}

static void a_stranger_is_refused_and_changes_nothing(void **state)
{
	static const struct {
		const char *address;
		uint16_t port;
	} strangers[] = { { "192.0.2.66", 4000 }, { "192.0.2.10", 4001 }, { "0.0.0.0", 0 },
		{ "255.255.255.255", 0 }, { "192.0.2.20", 5000 } };
	struct leg_plan plan;
	uint8_t payload[FRAME] = { 2 };

	(void)state;
	relay_call();
	plan = plans[AGENT];
	for (size_t i = 0; i < COUNT_OF(strangers); i++) {
		assert_int_equal(
			endpoint_parse_address(&plans[AGENT].remote, strangers[i].address), 0);
		plans[AGENT].remote.port = strangers[i].port;
		struct rte_mbuf *mbuf = build(AGENT, payload, FRAME);

		plans[AGENT] = plan;
		inject(mbuf);
		hears_nothing(CUSTOMER);
		assert_true(is_relayed());
		assert_int_equal(
			counted(COUNTER_drop_refused_source) + counted(COUNTER_drop_bad_source),
			i + 1);
	}
	assert_true(told(EVENT_SOURCE_REFUSED, AGENT));
}

static void a_learned_source_is_not_learned_anew(void **state)
{
	struct leg_plan plan;
	uint8_t payload[FRAME] = { 2 };
	struct rte_mbuf *mbuf;
	uint64_t learned;

	(void)state;
	plans[AGENT].learn = true;
	relay_call();
	learned = counted(COUNTER_source_learned);
	plan = plans[AGENT];
	plans[AGENT].remote.port = 4444;
	mbuf = build(AGENT, payload, FRAME);
	plans[AGENT] = plan;
	inject(mbuf);
	hears_nothing(CUSTOMER);
	assert_true(is_relayed());
	assert_int_equal(counted(COUNTER_source_learned), learned);
	put_call(THREE);
	say(AGENT, 1000);
	hear(CUSTOMER);
}

/* What floods while the program has not begun yet is held to its rate when the call comes back. */
static void a_flood_that_was_under_way_is_still_one(void **state)
{
	(void)state;
	worker->rate_limit = 4;
	relay_call();
	for (unsigned i = 0; i < 1000; i++) {
		struct heard ignored;

		say(AGENT, 1000);
		if (i == 200)
			new_stream(AGENT, 0xbeef); /* not what it relays */
		while (take(CUSTOMER, &ignored)) {
		}
	}
	worker->rate_limit = 0;
	assert_false(is_relayed());
	assert_true(counted(COUNTER_drop_rate) > 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end_call)
		TEST(a_call_of_two_is_relayed_once_its_streams_go_on),
		TEST(a_call_that_is_monitored_or_recorded_is_not),
		TEST(a_call_that_must_be_transcoded_is_not),
		TEST(a_call_with_a_silent_party_is_not),
		TEST(a_call_without_a_way_is_not),
		TEST(a_call_with_a_learned_source_is_once_nobody_else_can_be),
		TEST(a_stray_packet_keeps_a_call_from_it_until_the_next),
		TEST(the_program_sends_what_the_worker_would),
		TEST(the_program_sends_what_the_worker_would_between_other_addresses),
		TEST(a_stream_goes_on_where_the_program_has_left_it),
		TEST(a_new_clock_goes_on_where_the_program_has_left_the_stream),
		TEST(timestamps_that_begin_anew_bring_the_call_back),
		TEST(who_was_on_hold_with_its_clock_brings_the_call_back),
		TEST(a_loop_does_not_bring_the_call_back),
		TEST(statistics_go_on_through_both),
		TEST(jitter_is_measured_by_one_clock),
		TEST(a_call_that_ends_is_relayed_no_more),
		TEST(what_was_under_way_is_forwarded_and_the_call_stays),
		TEST(whatever_else_the_source_sends_brings_the_call_back),
		TEST(a_stranger_is_refused_and_changes_nothing),
		TEST(a_learned_source_is_not_learned_anew),
		TEST(a_flood_that_was_under_way_is_still_one),
#undef TEST
	};

	return cmocka_run_group_tests_name("relay", tests, start_eal, stop_eal);
}
