/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

/* The recording guard, on a port of its own. */

#define VOICE_AT (14 + 20 + 8 + RTP_HEADER_SIZE) /* in an Ethernet, IPv4, UDP, RTP packet */

static const uint8_t voice[FRAME] = { 0x42 };

static struct tx_batch *recording_tx(void)
{
	return &worker->tx[plans[REC_AGENT].port_id];
}

static uint64_t leaves_the_recording_port(int taint)
{
	uint64_t before = counted(COUNTER_tx_packets);
	struct rte_mbuf *mbuf = build(REC_AGENT, voice, FRAME), *out;

	if (taint >= 0)
		taint_set(mbuf, (uint8_t)taint);
	tx_batch_add(recording_tx(), mbuf, &worker->counters);
	tx_batch_flush(recording_tx(), &worker->counters);
	if (rte_eth_rx_burst(plans[REC_AGENT].port_id, 0, &out, 1) == 1)
		rte_pktmbuf_free(out);
	return counted(COUNTER_tx_packets) - before;
}

static void a_monitors_packet_forced_to_the_recording_port_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(leaves_the_recording_port(TAINT_MONITOR), 0);
	assert_int_equal(counted(COUNTER_guard_dropped), 1);
	assert_int_equal(counted(COUNTER_tx_full), 0);
}

static void only_agent_and_customer_leave_for_the_recorder(void **state)
{
	(void)state;
	for (uint8_t roles = 0; roles < 8; roles++) {
		bool pure = roles != 0 && !(roles & TAINT_MONITOR);

		assert_int_equal(leaves_the_recording_port(roles), pure ? 1 : 0);
	}
	assert_int_equal(counted(COUNTER_guard_dropped), 5);
}

static void an_unlabelled_packet_does_not_leave_for_the_recorder(void **state)
{
	(void)state;
	assert_int_equal(leaves_the_recording_port(-1), 0);
	assert_int_equal(counted(COUNTER_guard_dropped), 1);
}

/* In a burst of both kinds the right ones go, in order. */
static void the_guard_sorts_a_mixed_burst(void **state)
{
	struct rte_mbuf *out[8];
	unsigned count;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		const uint8_t number[1] = { (uint8_t)i };
		struct rte_mbuf *mbuf = build(REC_AGENT, number, 1);

		taint_set(mbuf, i % 2 ? TAINT_MONITOR : TAINT_AGENT);
		tx_batch_add(recording_tx(), mbuf, &worker->counters);
	}
	tx_batch_flush(recording_tx(), &worker->counters);
	assert_int_equal(counted(COUNTER_guard_dropped), 3);
	count = rte_eth_rx_burst(plans[REC_AGENT].port_id, 0, out, 8);
	assert_int_equal(count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(*rte_pktmbuf_mtod_offset(out[i], uint8_t *, VOICE_AT), 2 * i);
	rte_pktmbuf_free_bulk(out, count);
}

static void a_missing_or_wrong_program_is_no_guard(void **state)
{
	(void)state;
	assert_null(guard_create("/nonexistent.bpf.o", pool));
	assert_null(guard_create("build/bpf/steer.bpf.o", pool));
}

int main(void)
{
#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		CALL_TEST(a_monitors_packet_forced_to_the_recording_port_is_dropped),
		CALL_TEST(only_agent_and_customer_leave_for_the_recorder),
		CALL_TEST(an_unlabelled_packet_does_not_leave_for_the_recorder),
		CALL_TEST(the_guard_sorts_a_mixed_burst),
		CALL_TEST(a_missing_or_wrong_program_is_no_guard),
	};

	return cmocka_run_group_tests_name("guard", tests, start_eal, stop_eal);
}
