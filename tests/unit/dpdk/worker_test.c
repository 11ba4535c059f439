/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <stdlib.h>

#include <rte_malloc.h>

#define TWO   (1u << AGENT | 1u << CUSTOMER)
#define THREE (TWO | 1u << MONITOR)

static const uint8_t voice[FRAME] = { 0x42 };

/* --- bad input: a named counter moves, and nothing else does --------------------------------- */

/* Offsets into an Ethernet, IPv4, UDP, RTP packet. */
enum { IP = 14, UDP = IP + 20, RTP = UDP + 8 };

static void overwrite(struct rte_mbuf *mbuf, unsigned offset, uint8_t value)
{
	*rte_pktmbuf_mtod_offset(mbuf, uint8_t *, offset) = value;
}

static const struct {
	const char *what;
	enum counter counter;
	unsigned offset;
	uint8_t value;
	unsigned length; /* cut the frame to this, 0 for whole */
} cases[] = {
	{ "an empty frame", COUNTER_drop_frame_truncated, 0, 0, 1 },
	{ "a frame cut in the IP header", COUNTER_drop_frame_truncated, 0, 2, 30 },
	{ "ARP", COUNTER_drop_not_ip, 13, 0x06, 0 },
	{ "IP version 0", COUNTER_drop_bad_ip, IP, 0x05, 0 },
	{ "a fragment", COUNTER_drop_fragment, IP + 6, 0x20, 0 },
	{ "TCP", COUNTER_drop_not_udp, IP + 9, 6, 0 },
	{ "a UDP length of 0", COUNTER_drop_bad_udp, UDP + 5, 0, 0 },
	{ "another address", COUNTER_drop_unknown_address, IP + 19, 77, 0 },
	{ "a port of no call", COUNTER_drop_unknown_port, UDP + 3, 0x80, 0 },
	{ "a port outside of the range", COUNTER_drop_unknown_port, UDP + 2, 0x10, 0 },
	{ "RTP version 0", COUNTER_drop_rtp_version, RTP, 0x00, 0 },
	{ "RTP version 3", COUNTER_drop_rtp_version, RTP, 0xc0, 0 },
	{ "padding past the payload", COUNTER_drop_rtp_padding, RTP, 0xa0, 0 },
	{ "RTCP on the RTP port", COUNTER_drop_rtcp_wrong_port, RTP + 1, 200, 0 },
	{ "an unsignalled payload type", COUNTER_drop_payload_type, RTP + 1, 101, 0 },
	{ "another source port", COUNTER_drop_refused_source, UDP + 1, 0x01, 0 },
	{ "another source address", COUNTER_drop_refused_source, IP + 15, 99, 0 },
};

static void bad_input_is_dropped_by_name(void **state)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct rte_mbuf *mbuf;

		new_call(state);
		put_call(TWO);
		mbuf = build(AGENT, voice, FRAME);
		overwrite(mbuf, cases[i].offset, cases[i].value);
		/* The last byte of an all-zero payload is a padding count of 0: also refused. */
		if (cases[i].length != 0)
			rte_pktmbuf_trim(
				mbuf, (uint16_t)(rte_pktmbuf_data_len(mbuf) - cases[i].length));
		inject(mbuf);
		for (unsigned c = 0; c < COUNTER_COUNT; c++)
			if (counted(c) != (c == cases[i].counter))
				fail_msg("%s: %s is %lu", cases[i].what, counter_name(c),
					(unsigned long)counted(c));
		hears_nothing(CUSTOMER);
		end_call(state);
	}
}

static void what_the_port_has_found_wrong_is_dropped(void **state)
{
	/* "None" is no checksum yet, of a packet that has not been on a wire. */
	static const struct {
		uint64_t flags;
		enum counter counter;
	} found[] = {
		{ 0, COUNTER_forwarded },
		{ RTE_MBUF_F_RX_L4_CKSUM_GOOD, COUNTER_forwarded },
		{ RTE_MBUF_F_RX_L4_CKSUM_NONE, COUNTER_forwarded },
		{ RTE_MBUF_F_RX_IP_CKSUM_NONE, COUNTER_forwarded },
		{ RTE_MBUF_F_RX_L4_CKSUM_BAD, COUNTER_drop_bad_checksum },
		{ RTE_MBUF_F_RX_IP_CKSUM_BAD, COUNTER_drop_bad_checksum },
	};

	(void)state;
	put_call(TWO);
	for (size_t i = 0; i < COUNT_OF(found); i++) {
		struct rte_mbuf *mbuf = build(AGENT, voice, FRAME);
		uint64_t before = counted(found[i].counter);

		mbuf->ol_flags = found[i].flags;
		inject(mbuf);
		assert_int_equal(counted(found[i].counter), before + 1);
	}
	assert_int_equal(counted(COUNTER_forwarded), 4);
	assert_int_equal(counted(COUNTER_tx_packets), 4);
}

static void media_on_the_port_of_rtcp_goes_nowhere(void **state)
{
	struct rte_mbuf *mbuf;

	(void)state;
	put_call(TWO);
	mbuf = build(AGENT, voice, FRAME);
	overwrite(mbuf, UDP + 3, 0x21); /* 20001 */
	inject(mbuf);
	assert_int_equal(counted(COUNTER_drop_rtcp_refused_source), 1);
	hears_nothing(CUSTOMER);
}

static void a_leg_that_only_sends_accepts_nothing(void **state)
{
	(void)state;
	put_call(TWO | 1u << REC_AGENT);
	say(REC_AGENT, 100);
	assert_int_equal(counted(COUNTER_drop_not_receiving), 1);
}

/* --- where media may come from ---------------------------------------------------------------- */

static void a_stranger_is_refused_and_told_of_once(void **state)
{
	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 10; i++) {
		struct rte_mbuf *mbuf = build(AGENT, voice, FRAME);

		overwrite(mbuf, IP + 15, 99);
		inject(mbuf);
	}
	assert_int_equal(counted(COUNTER_drop_refused_source), 10);
	assert_int_equal(rte_ring_count(worker->events), 1);
	assert_true(told(EVENT_SOURCE_REFUSED, AGENT));
	hears_nothing(CUSTOMER);
	hears_nothing(AGENT);
}

/* --- ways out ------------------------------------------------------------------------------- */

static void without_a_neighbour_nothing_is_sent(void **state)
{
	(void)state;
	plans[CUSTOMER].nexthop = 2;
	put_call(TWO);
	say(AGENT, 100);
	hears_nothing(CUSTOMER);
	assert_int_equal(counted(COUNTER_tx_no_neighbour), 1);
	say(CUSTOMER, 100);
	hear(AGENT);
}

static void a_next_hop_is_set_by_command(void **state)
{
	struct command command = { .kind = COMMAND_SET_NEXTHOP };

	(void)state;
	plans[CUSTOMER].nexthop = 3;
	put_call(TWO);
	command.nexthop = 3;
	command.header = worker->nexthops[1];
	rte_ring_enqueue_elem(worker->commands, &command, sizeof(command));
	worker_poll(worker);
	say(AGENT, 100);
	hear(CUSTOMER);
}

static void a_full_port_drops_and_counts(void **state)
{
	unsigned sent = 0;
	uint8_t payload[1] = { 0xff };

	(void)state;
	put_call(TWO);
	/* Straight into the worker: nothing takes the packets out of the port's ring. */
	while (counted(COUNTER_tx_full) == 0 && sent < 2000) {
		struct rte_mbuf *mbuf = build(AGENT, payload, 1);

		worker_burst(worker, &mbuf, 1, now_us);
		tx_batch_flush(&worker->tx[plans[CUSTOMER].port_id], &worker->counters);
		sent++;
	}
	assert_int_equal(counted(COUNTER_tx_full), 1);
	assert_int_equal(counted(COUNTER_tx_packets), sent - 1);
	for (struct rte_mbuf *mbuf; rte_eth_rx_burst(plans[CUSTOMER].port_id, 0, &mbuf, 1) == 1;)
		rte_pktmbuf_free(mbuf);
}

static void who_does_not_come_to_an_end_knows_that_it_is_behind(void **state)
{
	const unsigned waiting = WORKER_BURST * (WORKER_HURRY_ROUNDS + 2) + 1;
	uint8_t payload[1] = { 0xff };

	(void)state;
	/* The ports hand back what is sent; and nobody is called, so that all of it is dropped. */
	for (unsigned i = 0; i < waiting; i++) {
		struct rte_mbuf *mbuf = build(AGENT, payload, 1);

		assert_int_equal(rte_eth_tx_burst(plans[CUSTOMER].port_id, 0, &mbuf, 1), 1);
	}
	for (unsigned round = 1; round <= WORKER_HURRY_ROUNDS + 2; round++) {
		assert_int_equal(worker_poll(worker), WORKER_BURST);
		assert_int_equal(worker->full_rounds, round);
	}
	assert_int_equal(worker_poll(worker), 1);
	assert_int_equal(worker->full_rounds, 0);
	assert_int_equal(counted(COUNTER_drop_unknown_port), waiting);
}

/* --- several workers -------------------------------------------------------------------------- */

static void a_packet_of_another_workers_call_is_handed_over(void **state)
{
	struct worker *other = calloc(1, sizeof(*other));
	struct rte_mbuf *mbuf;

	(void)state;
	put_call(TWO);
	/* `other` received what belongs to `worker`: queue 1, had the port one. */
	*other = *worker;
	other->index = 1;
	memset(&other->counters, 0, sizeof(other->counters));
	mbuf = build(AGENT, voice, FRAME);
	worker_burst(other, &mbuf, 1, now_us);
	assert_int_equal(counters_get(&other->counters, COUNTER_handed_over), 1);
	hears_nothing(CUSTOMER);
	worker_poll(worker);
	assert_int_equal(counted(COUNTER_rx_accepted), 1);
	assert_int_equal(rte_eth_rx_burst(plans[CUSTOMER].port_id, 0, &mbuf, 1), 1);
	rte_pktmbuf_free(mbuf);
	free(other);
}

static struct rte_ring *new_handover(unsigned i)
{
	return rte_ring_create(i ? "handover_b" : "handover_a", 64, SOCKET_ID_ANY, RING_F_SC_DEQ);
}

static struct rte_ring *new_events(unsigned i)
{
	return rte_ring_create_elem(i ? "events_b" : "events_a", sizeof(struct event), 64,
		SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

/* What a worker writes while it runs, in whose place another worker may write at the same time. */
static unsigned written_by(struct worker *w, const void **from, size_t *bytes)
{
	unsigned n = 0;

	from[n] = w->nexthops;
	bytes[n++] = sizeof(*w) - offsetof(struct worker, nexthops);
	from[n] = &w->handover->cons;
	bytes[n++] = sizeof(w->handover->cons);
	from[n] = &w->events->prod;
	bytes[n++] = sizeof(w->events->prod);
	for (unsigned p = 0; p < ports.count; p++) {
		from[n] = &ports.port[p].guard_queues[w->index];
		bytes[n++] = sizeof(ports.port[p].guard_queues[w->index]);
	}
	return n;
}

static void no_two_workers_write_to_one_cache_line(void **state)
{
	struct worker *two = rte_zmalloc("two", 2 * sizeof(*two), RTE_CACHE_LINE_SIZE);
	const void *from[2][8];
	size_t bytes[2][8];
	unsigned count = 0;

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		two[i].index = i;
		two[i].handover = new_handover(i);
		two[i].events = new_events(i);
		count = written_by(&two[i], from[i], bytes[i]);
	}
	for (unsigned a = 0; a < count; a++)
		for (unsigned b = 0; b < count; b++) {
			uintptr_t first = (uintptr_t)from[0][a] / RTE_CACHE_LINE_SIZE;
			uintptr_t last =
				((uintptr_t)from[0][a] + bytes[0][a] - 1) / RTE_CACHE_LINE_SIZE;
			uintptr_t other = (uintptr_t)from[1][b] / RTE_CACHE_LINE_SIZE;
			uintptr_t end =
				((uintptr_t)from[1][b] + bytes[1][b] - 1) / RTE_CACHE_LINE_SIZE;

			if (first <= end && other <= last)
				fail_msg("range %u of one worker and %u of the other share a line",
					a, b);
		}
	for (unsigned i = 0; i < 2; i++) {
		rte_ring_free(two[i].handover);
		rte_ring_free(two[i].events);
	}
	rte_free(two);
}

/* 100,000 random packets: each one received is accepted, or dropped for one reason. */
static void every_packet_is_accounted_for(void **state)
{
	uint64_t sum = 0;
	const unsigned count = 100000, seed = 4711;

	(void)state;
	plans[MONITOR].mode = MODE_BARGE;
	put_call(THREE);
	srandom(seed);
	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = build((enum party)(random() % 3), voice, FRAME);

		for (long n = random() % 4; n > 0; n--)
			overwrite(mbuf, (unsigned)random() % 60, (uint8_t)random());
		worker_burst(worker, &mbuf, 1, now_us);
		now_us += 10000;
		for (unsigned p = 0; p < ports.count; p++) {
			tx_batch_flush(&worker->tx[ports.port[p].id], &worker->counters);
			while (rte_eth_rx_burst(ports.port[p].id, 0, &mbuf, 1) == 1)
				rte_pktmbuf_free(mbuf);
		}
	}
	sum = counted(COUNTER_rx_accepted) + counted(COUNTER_rtcp_received);
	for (unsigned c = COUNTER_drop_frame_truncated; c < COUNTER_tx_no_mbuf; c++)
		sum += counted(c);
	assert_int_equal(sum, count);
	while (told(EVENT_FIRST_PACKET, AGENT)) {
	}
}

int main(void)
{
#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		CALL_TEST(bad_input_is_dropped_by_name),
		CALL_TEST(what_the_port_has_found_wrong_is_dropped),
		CALL_TEST(media_on_the_port_of_rtcp_goes_nowhere),
		CALL_TEST(a_leg_that_only_sends_accepts_nothing),
		CALL_TEST(a_stranger_is_refused_and_told_of_once),
		CALL_TEST(without_a_neighbour_nothing_is_sent),
		CALL_TEST(a_next_hop_is_set_by_command),
		CALL_TEST(a_full_port_drops_and_counts),
		CALL_TEST(who_does_not_come_to_an_end_knows_that_it_is_behind),
		CALL_TEST(a_packet_of_another_workers_call_is_handed_over),
		CALL_TEST(no_two_workers_write_to_one_cache_line),
		CALL_TEST(every_packet_is_accounted_for),
	};

	return cmocka_run_group_tests_name("worker", tests, start_eal, stop_eal);
}
