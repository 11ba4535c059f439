/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/nexthop.h"

/* Next hops by the routes and neighbours of a real kernel, in a network of the test's own: a link
 * at whose other end nobody answers. */

enum { PLAIN, NAMED }; /* realms: the latter has an interface of its own, by name */

static struct rtnetlink *rtnl;
static struct realm_set realms;
static struct nexthop_table *table;
static struct l2_header headers[NEXTHOP_MAX];

static void publish(void *arg, uint16_t number, const struct l2_header *header)
{
	(void)arg;
	headers[number] = *header;
}

/* Have the `ip` command do this. */
static void ip(const char *arguments)
{
	char command[256];

	snprintf(command, sizeof(command), "ip %s", arguments);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void add_interface(void)
{
	ip("link add a0.7 type veth peer name b0.7");
	ip("link set a0.7 up");
	ip("address add 198.51.100.1/24 dev a0.7");
}

static int begin(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) != 0) {
		print_error("a network of its own takes root\n");
		return -1;
	}
	ip("link set lo up");
	ip("link add a0 type veth peer name b0");
	ip("link set a0 up");
	ip("link set b0 up");
	ip("address add 192.0.2.1/24 dev a0");
	add_interface();
	realms = (struct realm_set){ .count = 2 };
	realms.realm[PLAIN].ifindex = if_nametoindex("a0");
	snprintf(realms.realm[NAMED].interface, sizeof(realms.realm[NAMED].interface), "a0.7");
	realms.realm[NAMED].ifindex = if_nametoindex("a0.7");
	memset(headers, 0, sizeof(headers));
	rtnl = rtnetlink_create();
	assert_non_null(rtnl);
	table = nexthop_table_create(&realms, rtnl, publish, NULL);
	assert_non_null(table);
	return 0;
}

static int end(void **state)
{
	(void)state;
	nexthop_table_destroy(table);
	rtnetlink_destroy(rtnl);
	return 0;
}

static int try_hop(unsigned realm, const char *text)
{
	struct endpoint remote = { .port = 0 };

	assert_int_equal(endpoint_parse_address(&remote, text), 0);
	return nexthop_get(table, realm, &remote);
}

static uint16_t hop_to(const char *text)
{
	int number = try_hop(PLAIN, text);

	assert_true(number > 0);
	return (uint16_t)number;
}

/* Whether the kernel's entry of that neighbour is in that state. */
static bool is_neighbour(const char *address, const char *nud)
{
	char command[256];

	snprintf(command, sizeof(command), "ip neigh show %s dev a0 nud %s | grep -q .", address,
		nud);
	return system(command) == 0;
}

static void look_again(void)
{
	for (unsigned i = 0; i < 64; i++)
		nexthop_table_refresh(table);
}

/* --- neighbours --- */

static void an_entry_that_an_administrator_has_set_stays(void **state)
{
	static const char *const states[] = { "permanent", "noarp" };

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(states); i++) {
		char address[32], command[128];
		uint16_t hop;

		snprintf(address, sizeof(address), "192.0.2.%u", 10 + i);
		snprintf(command, sizeof(command),
			"neigh replace %s lladdr 02:00:00:00:00:0%u dev a0 nud %s", address, i + 1,
			states[i]);
		ip(command);
		hop = hop_to(address);
		look_again();
		assert_int_equal(headers[hop].length, 14);
		assert_int_equal(headers[hop].bytes[5], i + 1);
		assert_true(is_neighbour(address, states[i]));
	}
}

static void an_entry_that_may_be_out_of_date_is_confirmed(void **state)
{
	uint16_t hop;

	(void)state;
	ip("neigh replace 192.0.2.10 lladdr 02:00:00:00:00:01 dev a0 nud stale");
	hop = hop_to("192.0.2.10");
	assert_int_equal(headers[hop].bytes[5], 1);
	assert_false(is_neighbour("192.0.2.10", "stale"));
}

static void a_neighbour_that_is_not_known_is_asked_for(void **state)
{
	uint16_t hop;

	(void)state;
	hop = hop_to("192.0.2.10");
	assert_int_equal(headers[hop].length, 0);
	assert_true(is_neighbour("192.0.2.10", "incomplete"));
}

/* --- gateways --- */

/* RFC 8950: IPv4 by way of a router that is known by its IPv6 address. */
static void ipv4_goes_by_a_gateway_of_either_family(void **state)
{
	static const uint8_t ipv4[] = { 0x08, 0x00 };
	uint16_t plain, other;

	(void)state;
	ip("-6 address add 2001:db8::1/64 dev a0 nodad");
	ip("route add 203.0.113.0/25 via 192.0.2.10");
	ip("route add 203.0.113.128/25 via inet6 2001:db8::20 dev a0");
	ip("neigh replace 192.0.2.10 lladdr 02:00:00:00:00:10 dev a0 nud permanent");
	ip("-6 neigh replace 2001:db8::20 lladdr 02:00:00:00:00:20 dev a0 nud permanent");
	plain = hop_to("203.0.113.5");
	other = hop_to("203.0.113.130");
	assert_int_equal(headers[plain].bytes[5], 0x10);
	assert_int_equal(headers[other].bytes[5], 0x20);
	assert_int_equal(headers[other].length, 14);
	assert_memory_equal(headers[plain].bytes + 12, ipv4, sizeof(ipv4));
	assert_memory_equal(headers[other].bytes + 12, ipv4, sizeof(ipv4));
	assert_false(is_neighbour("203.0.113.130", "all"));
	/* The gateway has another address. */
	ip("-6 neigh replace 2001:db8::20 lladdr 02:00:00:00:00:21 dev a0 nud permanent");
	nexthop_table_read_events(table);
	assert_int_equal(headers[other].bytes[5], 0x21);
	assert_memory_equal(headers[other].bytes + 12, ipv4, sizeof(ipv4));
}

/* --- interfaces --- */

static void an_interface_that_comes_back_is_found_again(void **state)
{
	int before, after;

	(void)state;
	ip("neigh replace 198.51.100.9 lladdr 02:00:00:00:00:09 dev a0.7 nud permanent");
	before = try_hop(NAMED, "198.51.100.9");
	assert_true(before > 0);
	assert_int_equal(headers[before].bytes[5], 9);
	ip("link delete a0.7");
	nexthop_table_read_events(table);
	assert_int_equal(try_hop(NAMED, "198.51.100.8"), -ENODEV);
	/* What is known stays, for want of anything better. */
	assert_int_equal(headers[before].bytes[5], 9);

	ip("link add c0 type veth peer name d0"); /* which may take the number */
	add_interface();
	nexthop_table_read_events(table);
	ip("neigh replace 198.51.100.8 lladdr 02:00:00:00:00:08 dev a0.7 nud permanent");
	after = try_hop(NAMED, "198.51.100.8");
	assert_true(after > 0);
	assert_int_equal(headers[after].bytes[5], 8);
	ip("neigh replace 198.51.100.9 lladdr 02:00:00:00:00:0a dev a0.7 nud permanent");
	nexthop_table_read_events(table);
	assert_int_equal(headers[before].bytes[5], 10);
}

static void an_interface_that_comes_back_is_found_though_events_were_lost(void **state)
{
	(void)state;
	ip("link delete a0.7");
	/* More than the socket holds. */
	ip("link add c0 type veth peer name d0");
	if (system("for i in $(seq 2000); do echo link set c0 mtu $((1000 + i % 2)); done | "
		   "ip -batch -") != 0)
		fail_msg("ip -batch");
	add_interface();
	for (unsigned i = 0; i < 200; i++)
		nexthop_table_read_events(table);
	assert_true(try_hop(NAMED, "198.51.100.8") > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_that_an_administrator_has_set_stays),
		TEST(an_entry_that_may_be_out_of_date_is_confirmed),
		TEST(a_neighbour_that_is_not_known_is_asked_for),
		TEST(ipv4_goes_by_a_gateway_of_either_family),
		TEST(an_interface_that_comes_back_is_found_again),
		TEST(an_interface_that_comes_back_is_found_though_events_were_lost),
	};

	return cmocka_run_group_tests_name("rtnetlink", tests, NULL, NULL);
}
