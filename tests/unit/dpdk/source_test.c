/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <rte_ip.h>
#include <rte_udp.h>

#include "call/admit.h"

/* Whose media a leg takes (M32), as a race between who is signalled, who is behind a NAT, and
 * strangers that know everything about the stream. */

#define TWO   (1u << AGENT | 1u << CUSTOMER)
#define THREE (TWO | 1u << MONITOR)

#define LIMIT_MS 5000

/* Last bytes of the senders' IPv4 addresses. */
enum { SIGNALLED = 10, NAT = 77, STRANGER = 99 };

static const uint8_t voice[CODEC_MAX_SAMPLES] = { 0x42 };

static struct rte_mbuf *build_of(
	uint8_t host, uint16_t port, uint32_t ssrc, uint16_t sequence, unsigned count)
{
	struct rte_mbuf *mbuf = build(AGENT, voice, count);
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv4_hdr *, 14);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint8_t *rtp = (uint8_t *)(udp + 1);

	mbuf->ol_flags = 0;
	((uint8_t *)&ip->src_addr)[3] = host;
	udp->src_port = rte_cpu_to_be_16(port);
	rtp[2] = (uint8_t)(sequence >> 8);
	rtp[3] = (uint8_t)sequence;
	memcpy(rtp + 8, &ssrc, sizeof(ssrc));
	return mbuf;
}

static struct rte_mbuf *build_from(uint8_t host, uint16_t port, uint32_t ssrc, uint16_t sequence)
{
	return build_of(host, port, ssrc, sequence, FRAME);
}

/* `host` sends a packet; whether the customer heard it. */
static bool passes(uint8_t host, uint16_t sequence)
{
	struct heard heard;

	inject(build_from(host, 4000, host, sequence));
	hears_nothing(AGENT);
	return take(CUSTOMER, &heard);
}

static void wait_ms(unsigned ms)
{
	now_us += 1000ull * ms;
}

/* The agent's leg learns; `signalled` says whether it has a remote address, too. */
static void start(bool signalled)
{
	plans[AGENT].learn = true;
	plans[AGENT].learn_ms = LIMIT_MS;
	plans[AGENT].remote.port = signalled ? 4000 : 0;
	put_call(TWO);
	plans[AGENT].remote.port = 4000;
}

static void start_anew(bool signalled)
{
	remove_call();
	start(signalled);
}

/* `host` sends until it is heard; how many packets that took. */
static unsigned packets_to_learn(uint8_t host)
{
	for (uint16_t n = 1; n < 50; n++) {
		bool heard = passes(host, n);

		wait_ms(20);
		if (heard)
			return n;
	}
	return 0;
}

static void nobody_but_the_signalled_source_is_heard_without_learning(void **state)
{
	(void)state;
	put_call(TWO);
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_true(passes(SIGNALLED, 1));
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_int_equal(counted(COUNTER_drop_refused_source), 98);
	assert_int_equal(counted(COUNTER_drop_learning), 0);
	assert_int_equal(counted(COUNTER_source_learned), 0);
}

static void a_source_is_learned_by_packets_in_sequence_and_then_locked(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
	assert_int_equal(counted(COUNTER_drop_learning), LEARN_PACKETS - 1);
	assert_int_equal(counted(COUNTER_source_learned), 1);
	assert_true(told(EVENT_SOURCE_LEARNED, AGENT));
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_int_equal(counted(COUNTER_drop_refused_source), 49);
	assert_true(passes(NAT, LEARN_PACKETS + 1));

	/* A change of the call that leaves the leg alone leaves the lock alone. */
	plans[AGENT].remote.port = 0;
	plans[MONITOR].mode = MODE_LISTEN;
	put_call(THREE);
	plans[AGENT].remote.port = 4000;
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_true(passes(NAT, LEARN_PACKETS + 2));
	assert_int_equal(counted(COUNTER_source_learned), 1);
}

static void what_is_no_media_of_the_leg_teaches_nothing(void **state)
{
	(void)state;
	start(false);
	for (uint16_t n = 1; n < 20; n++) {
		struct rte_mbuf *mbuf = build_from(NAT, 4000, 1, n);

		*rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 14 + 20 + 8 + 1) = 101;
		inject(mbuf);
		wait_ms(20);
	}
	assert_int_equal(counted(COUNTER_drop_payload_type), 19);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
}

/* Where our own stream comes back from is nobody's address. */
static void a_loop_teaches_nothing(void **state)
{
	(void)state;
	start(true);
	for (uint16_t n = 1; n < 20; n++) {
		inject(build_from(NAT, 4000, rte_cpu_to_be_32(plans[AGENT].ssrc), n));
		wait_ms(20);
	}
	hears_nothing(CUSTOMER);
	assert_int_equal(counted(COUNTER_drop_refused_source), 19);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
}

/* One packet a source, or many at once, or out of sequence, or of many SSRCs: none of it proves. */
static void a_spray_teaches_nothing(void **state)
{
	(void)state;
	start(false);
	for (uint16_t n = 0; n < 200; n++) {
		inject(build_from(STRANGER, (uint16_t)(1024 + n), 7, n));
		wait_ms(100);
	}
	start_anew(false);
	for (uint16_t n = 0; n < 200; n++)
		inject(build_from(STRANGER, 4000, 7, n));
	start_anew(false);
	for (uint16_t n = 0; n < 200; n++) {
		inject(build_from(STRANGER, 4000, 7, (uint16_t)(3 * n)));
		wait_ms(20);
	}
	start_anew(false);
	for (uint16_t n = 0; n < 200; n++) {
		inject(build_from(STRANGER, 4000, n, n));
		wait_ms(20);
	}
	assert_int_equal(counted(COUNTER_source_learned), 0);
	hears_nothing(CUSTOMER);
	hears_nothing(AGENT);
}

static void while_one_source_proves_itself_others_wait(void **state)
{
	(void)state;
	start(false);
	for (uint16_t n = 1; n <= LEARN_PACKETS; n++) {
		assert_int_equal(passes(NAT, n), n == LEARN_PACKETS);
		for (uint8_t other = 0; other < 50; other++)
			assert_false(passes((uint8_t)(100 + other), n));
		wait_ms(20);
	}
	assert_int_equal(counted(COUNTER_source_learned), 1);

	/* One that was first and does not go on holds nobody up for long. */
	start_anew(false);
	assert_false(passes(STRANGER, 1));
	wait_ms(10);
	assert_in_range(packets_to_learn(NAT), LEARN_PACKETS, LEARN_PACKETS + 5);
}

/* However short the packets of those others are. */
static void who_sends_long_packets_is_given_the_time_for_them(void **state)
{
	struct heard heard;

	(void)state;
	start(false);
	for (unsigned ms = 0, sent = 0, stranger = 0; ms <= 120; ms++, wait_ms(1)) {
		if (ms % 60 == 0)
			inject(build_of(NAT, 4000, NAT, (uint16_t)sent++, 3 * FRAME));
		else if (ms % 10 == 1)
			inject(build_of(STRANGER, 4000, STRANGER, (uint16_t)stranger++, FRAME / 2));
	}
	assert_true(take(CUSTOMER, &heard));
	assert_int_equal(heard.count, 3 * FRAME);
	assert_int_equal(packets_to_learn(STRANGER), 0);
}

static void the_signalled_source_is_taken_at_once_and_for_good(void **state)
{
	(void)state;
	start(true);
	assert_false(passes(STRANGER, 1));
	wait_ms(20);
	assert_false(passes(STRANGER, 2));
	wait_ms(20);
	assert_true(passes(SIGNALLED, 1));
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_true(passes(SIGNALLED, 2));
	assert_int_equal(counted(COUNTER_source_learned), 1);
	assert_true(told(EVENT_SOURCE_LEARNED, AGENT));
}

static void the_signalled_source_takes_over_from_a_learned_one_once(void **state)
{
	(void)state;
	start(true);
	assert_int_equal(packets_to_learn(STRANGER), LEARN_PACKETS);
	wait_ms(LIMIT_MS / 2);
	assert_int_equal(packets_to_learn(NAT), 0); /* nobody else does */
	assert_true(passes(SIGNALLED, 1000));
	assert_int_equal(counted(COUNTER_source_learned), 2);
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_true(passes(SIGNALLED, 1001));
}

static void when_the_time_is_over_nothing_is_learned(void **state)
{
	(void)state;
	start(false);
	wait_ms(LIMIT_MS + 1);
	assert_int_equal(packets_to_learn(NAT), 0);

	/* What was learned in time stays, although the signalled source comes now ... */
	start_anew(true);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
	wait_ms(LIMIT_MS);
	assert_false(passes(SIGNALLED, 1));
	assert_true(passes(NAT, LEARN_PACKETS + 1));

	/* ... which is the only one where nothing was. */
	start_anew(true);
	wait_ms(LIMIT_MS + 1);
	assert_int_equal(packets_to_learn(NAT), 0);
	assert_true(passes(SIGNALLED, 1));
	assert_int_equal(counted(COUNTER_source_learned), 1);
	start_anew(true);
	wait_ms(LIMIT_MS + 1);
	assert_true(passes(SIGNALLED, 1));
}

static void a_control_update_with_another_remote_begins_anew(void **state)
{
	(void)state;
	start(true);
	assert_true(passes(SIGNALLED, 1));
	wait_ms(2 * LIMIT_MS);
	plans[AGENT].remote.address[15] = 11;
	put_call(TWO);
	assert_false(passes(SIGNALLED, 2));
	assert_true(passes(11, 1));
	assert_false(passes(SIGNALLED, 3));

	plans[AGENT].remote.address[15] = 12;
	put_call(TWO);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
}

static void another_far_end_is_learned_and_the_last_one_no_more(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
	plans[AGENT].far_end++;
	start(false);
	assert_int_equal(packets_to_learn(NAT), 0);
	start(true);
	assert_int_equal(packets_to_learn(NAT), 0);
	assert_int_equal(packets_to_learn(STRANGER), LEARN_PACKETS);
	start(true);
	assert_int_equal(packets_to_learn(NAT), 0);
	assert_true(passes(STRANGER, 100));

	/* What is signalled is meant. */
	plans[AGENT].far_end++;
	start(true);
	plans[AGENT].far_end++;
	start(true);
	assert_true(passes(SIGNALLED, 1));
}

static void what_control_says_was_learned_is_locked(void **state)
{
	(void)state;
	plans[AGENT].learned = true;
	start(true);
	assert_int_equal(packets_to_learn(STRANGER), 0);
	assert_true(passes(SIGNALLED, 1));
	assert_int_equal(counted(COUNTER_source_learned), 0);
}

/* --- whether the main lcore knows of it, which alone can give the leg a way back --- */

#define LONG_US 2000000

/* The call's next state, as the main lcore makes it of what the agent's leg has learned. */
static void note_learned(uint8_t host)
{
	struct endpoint signalled = plans[AGENT].signalled;

	plans[AGENT].learned = true;
	plans[AGENT].remote.address[15] = host;
	plans[AGENT].remote.port = 4000;
	plans[AGENT].signalled = signalled;
	put_call(TWO);
}

static void a_source_that_could_not_be_told_is_told_later(void **state)
{
	struct event event = { 0 };

	(void)state;
	start(false);
	while (rte_ring_enqueue_elem(worker->events, &event, sizeof(event)) == 0) {
	}
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
	assert_false(told(EVENT_SOURCE_LEARNED, AGENT));
	keep_up(LONG_US);
	assert_true(told(EVENT_SOURCE_LEARNED, AGENT));
}

static void a_source_is_told_until_the_call_has_it(void **state)
{
	(void)state;
	start(true);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
	for (unsigned i = 0; i < 3; i++) {
		keep_up(LONG_US);
		assert_true(told(EVENT_SOURCE_LEARNED, AGENT));
	}
	/* A state that was made before. */
	put_call(TWO);
	keep_up(LONG_US);
	assert_true(told(EVENT_SOURCE_LEARNED, AGENT));
	note_learned(NAT);
	keep_up(LONG_US);
	assert_false(told(EVENT_SOURCE_LEARNED, AGENT));
	assert_true(passes(NAT, LEARN_PACKETS + 1));
}

static void the_signalled_source_is_told_until_the_call_has_that_one(void **state)
{
	(void)state;
	start(true);
	assert_int_equal(packets_to_learn(NAT), LEARN_PACKETS);
	wait_ms(LIMIT_MS / 2);
	assert_true(passes(SIGNALLED, 1));
	note_learned(NAT);
	told(EVENT_SOURCE_LEARNED, AGENT);
	keep_up(LONG_US);
	assert_true(told(EVENT_SOURCE_LEARNED, AGENT));
	note_learned(SIGNALLED);
	keep_up(LONG_US);
	assert_false(told(EVENT_SOURCE_LEARNED, AGENT));
}

static void where_nothing_is_learned_nothing_is_told(void **state)
{
	(void)state;
	start(true);
	wait_ms(LIMIT_MS + 1);
	assert_true(passes(SIGNALLED, 1));
	put_call(TWO);
	keep_up(LONG_US);
	assert_false(told(EVENT_SOURCE_LEARNED, AGENT));
	assert_int_equal(counted(COUNTER_source_learned), 0);
}

static void impossible_sources_are_dropped_by_name(void **state)
{
	static const uint8_t bad[][4] = { { 224, 0, 0, 5 }, { 255, 255, 255, 255 }, { 0, 0, 0, 0 },
		{ 127, 0, 0, 1 } };
	static const uint8_t own[][4] = { { 192, 0, 2, 1 }, { 198, 51, 100, 1 } };

	(void)state;
	for (unsigned learns = 0; learns < 2; learns++) {
		if (learns)
			start(false);
		else
			put_call(TWO);
		for (uint16_t n = 0; n < 20; n++) {
			for (size_t i = 0; i < COUNT_OF(bad) + COUNT_OF(own); i++) {
				struct rte_mbuf *mbuf = build_from(0, 20000, 9, n);

				memcpy(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 14 + 12),
					i < COUNT_OF(bad) ? bad[i] : own[i - COUNT_OF(bad)], 4);
				inject(mbuf);
			}
			inject(build_from(NAT, 0, 9, n)); /* no port */
			wait_ms(20);
		}
		remove_call();
	}
	assert_int_equal(counted(COUNTER_drop_bad_source), 2 * 20 * (COUNT_OF(bad) + 1));
	assert_int_equal(counted(COUNTER_drop_own_source), 2 * 20 * COUNT_OF(own));
	assert_int_equal(counted(COUNTER_source_learned), 0);
	hears_nothing(AGENT);
	hears_nothing(CUSTOMER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		TEST(nobody_but_the_signalled_source_is_heard_without_learning),
		TEST(a_source_is_learned_by_packets_in_sequence_and_then_locked),
		TEST(what_is_no_media_of_the_leg_teaches_nothing),
		TEST(a_loop_teaches_nothing),
		TEST(a_spray_teaches_nothing),
		TEST(while_one_source_proves_itself_others_wait),
		TEST(who_sends_long_packets_is_given_the_time_for_them),
		TEST(the_signalled_source_is_taken_at_once_and_for_good),
		TEST(the_signalled_source_takes_over_from_a_learned_one_once),
		TEST(when_the_time_is_over_nothing_is_learned),
		TEST(a_control_update_with_another_remote_begins_anew),
		TEST(another_far_end_is_learned_and_the_last_one_no_more),
		TEST(what_control_says_was_learned_is_locked),
		TEST(a_source_that_could_not_be_told_is_told_later),
		TEST(a_source_is_told_until_the_call_has_it),
		TEST(the_signalled_source_is_told_until_the_call_has_that_one),
		TEST(where_nothing_is_learned_nothing_is_told),
		TEST(impossible_sources_are_dropped_by_name),
	};

	return cmocka_run_group_tests_name("source", tests, start_eal, stop_eal);
}
