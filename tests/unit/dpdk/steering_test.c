/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_thash.h>

#include "net/port.h"
#include "net/steering.h"

#define TUPLES	 20000
#define RETA_MAX 512

static uint16_t random16(void)
{
	return (uint16_t)random();
}

/* What a NIC does with a tuple: DPDK's own Toeplitz hash, of `words` words in host order, and the
 * redirection table. */
static uint16_t queue_of(uint32_t *tuple, unsigned words, unsigned reta_size, uint16_t queues)
{
	static struct rte_eth_rss_reta_entry64 table[RETA_MAX / RTE_ETH_RETA_GROUP_SIZE];
	uint8_t key[STEERING_KEY_MAX] __rte_aligned(4);
	unsigned entry;

	steering_key(key, 40);
	steering_table(table, reta_size, queues);
	entry = rte_softrss(tuple, words, key) % reta_size;
	return table[entry / RTE_ETH_RETA_GROUP_SIZE].reta[entry % RTE_ETH_RETA_GROUP_SIZE];
}

static void ipv4_arrives_by_its_destination_port_alone(void **state)
{
	static const unsigned sizes[] = { 64, 128, 192, 512 };

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < TUPLES; i++) {
		uint16_t queues = (uint16_t)(1 + random() % PORT_QUEUES_MAX), port = random16();
		uint32_t tuple[3] = {
			(uint32_t)random() * 2u + (uint32_t)random(),
			(uint32_t)random() * 2u + (uint32_t)random(),
			(uint32_t)random16() << 16 | port,
		};

		for (unsigned s = 0; s < COUNT_OF(sizes); s++)
			assert_int_equal(
				queue_of(tuple, 3, sizes[s], queues), steering_queue(port, queues));
	}
}

static void ipv6_does_where_six_bits_of_its_source_are_zero(void **state)
{
	unsigned elsewhere = 0;

	(void)state;
	srandom(2);
	for (unsigned i = 0; i < TUPLES; i++) {
		uint16_t queues = (uint16_t)(2 + random() % 7), port = random16();
		uint32_t tuple[9];

		for (unsigned word = 0; word < 8; word++)
			tuple[word] = (uint32_t)random() * 2u + (uint32_t)random();
		tuple[8] = (uint32_t)random16() << 16 | port;
		/* An RTP port and the one above stay together in any case. */
		tuple[8] ^= 1;
		uint16_t sibling = queue_of(tuple, 9, 128, queues);
		tuple[8] ^= 1;
		assert_int_equal(queue_of(tuple, 9, 128, queues), sibling);
		elsewhere += sibling != steering_queue(port, queues);
		tuple[2] &= ~0x7eu; /* the twelfth byte is the last of the third word */
		assert_int_equal(queue_of(tuple, 9, 128, queues), steering_queue(port, queues));
	}
	assert_in_range(elsewhere, TUPLES / 4, TUPLES);
}

static void rtp_and_its_rtcp_are_one(void **state)
{
	(void)state;
	for (uint16_t queues = 1; queues <= PORT_QUEUES_MAX; queues++)
		for (unsigned port = 0; port < 65536; port += 2)
			assert_int_equal(steering_queue((uint16_t)port, queues),
				steering_queue((uint16_t)(port + 1), queues));
}

static void every_queue_has_its_share_of_the_ports(void **state)
{
	(void)state;
	for (uint16_t queues = 1; queues <= PORT_QUEUES_MAX; queues++) {
		unsigned ports[PORT_QUEUES_MAX] = { 0 };

		for (unsigned i = 0; i < STEERING_PERIOD; i++)
			ports[steering_queue((uint16_t)(20000 + 2 * i), queues)]++;
		for (unsigned q = 0; q < queues; q++)
			assert_in_range(ports[q], STEERING_PERIOD / queues,
				(STEERING_PERIOD + queues - 1) / queues);
	}
}

/* Each line of the table of legs has eight slots, which one worker alone writes then. */
static void ports_of_a_cache_line_of_slots_arrive_together(void **state)
{
	(void)state;
	for (uint16_t queues = 1; queues <= 8; queues = (uint16_t)(2 * queues))
		for (unsigned port = 0; port < 65536; port += 2)
			assert_int_equal(steering_queue((uint16_t)port, queues),
				steering_queue((uint16_t)(port / 16 * 16), queues));
}

/* --- ports ----------------------------------------------------------------------------------- */

static struct rte_mempool *pool;

static void start_port(struct port_set *set, const char *devargs, uint16_t queues)
{
	memset(set, 0, sizeof(*set));
	snprintf(set->port[0].name, sizeof(set->port[0].name), "p");
	snprintf(set->port[0].devargs, sizeof(set->port[0].devargs), "%s", devargs);
	set->count = 1;
	assert_int_equal(port_set_start(set, queues, pool, "", NULL), 0);
}

/* net_null keeps the key and the table that it is given, as a NIC would. */
static void a_port_that_can_steer_is_told_to(void **state)
{
	uint8_t key[STEERING_KEY_MAX], expected[STEERING_KEY_MAX];
	struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = sizeof(key) };
	struct rte_eth_rss_reta_entry64 table[RETA_MAX / RTE_ETH_RETA_GROUP_SIZE];
	struct rte_eth_dev_info info;
	static struct port_set set;

	(void)state;
	start_port(&set, "net_null0", 3);
	assert_true(set.port[0].hashes);
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(set.port[0].id, &conf), 0);
	steering_key(expected, 40);
	assert_memory_equal(key, expected, 40);
	assert_int_equal(rte_eth_dev_info_get(set.port[0].id, &info), 0);
	assert_in_range(info.reta_size, 64, RETA_MAX);
	for (unsigned i = 0; i < COUNT_OF(table); i++)
		table[i].mask = UINT64_MAX;
	assert_int_equal(rte_eth_dev_rss_reta_query(set.port[0].id, table, info.reta_size), 0);
	for (unsigned i = 0; i < info.reta_size; i++)
		assert_int_equal(table[i / 64].reta[i % 64], i % 64 % 3);
	port_set_stop(&set);
}

static void a_port_that_cannot_steer_starts_all_the_same(void **state)
{
	static struct port_set set;

	(void)state;
	start_port(&set, "net_ring0", 2);
	assert_false(set.port[0].hashes);
	port_set_stop(&set);
}

static void with_one_queue_there_is_nothing_to_steer(void **state)
{
	static struct port_set set;

	(void)state;
	start_port(&set, "net_null1", 1);
	assert_false(set.port[0].hashes);
	port_set_stop(&set);
}

static int start(void **state)
{
	static char *args[] = { "test", "--no-huge", "-m", "64", "--no-shconf", "--no-pci",
		"--no-telemetry", "--log-level=error", "-l", "0", NULL };

	(void)state;
	if (rte_eal_init(COUNT_OF(args) - 1, args) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("pool", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	return pool == NULL;
}

static int stop(void **state)
{
	(void)state;
	rte_mempool_free(pool);
	return rte_eal_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_arrives_by_its_destination_port_alone),
		cmocka_unit_test(ipv6_does_where_six_bits_of_its_source_are_zero),
		cmocka_unit_test(rtp_and_its_rtcp_are_one),
		cmocka_unit_test(every_queue_has_its_share_of_the_ports),
		cmocka_unit_test(ports_of_a_cache_line_of_slots_arrive_together),
		cmocka_unit_test(a_port_that_can_steer_is_told_to),
		cmocka_unit_test(a_port_that_cannot_steer_starts_all_the_same),
		cmocka_unit_test(with_one_queue_there_is_nothing_to_steer),
	};

	return cmocka_run_group_tests_name("steering", tests, start, stop);
}
