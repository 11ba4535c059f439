/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <errno.h>

#include "net/nexthop.h"

/* Next hops under routes and neighbours that change. The kernel is the test's own: these stand for
 * those of net/rtnetlink.c in this program. */

static const char *gateway[256]; /* by last byte of the remote address; NULL: on the link */
static unsigned asked[256];
static int route_error;
static void (*happening)(const struct rtnetlink_watcher *watcher);

static struct endpoint address(const char *text)
{
	struct endpoint endpoint = { .port = 0 };

	assert_int_equal(endpoint_parse_address(&endpoint, text), 0);
	return endpoint;
}

int rtnetlink_route(
	struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *to, struct endpoint *via)
{
	uint8_t host = to->address[15];

	(void)rtnl;
	(void)ifindex;
	asked[host]++;
	*via = *to;
	via->port = 0;
	if (route_error == 0 && gateway[host] != NULL)
		*via = address(gateway[host]);
	return route_error;
}

/* Everybody's MAC address ends as the IP address does. */
int rtnetlink_neighbour(struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *via,
	struct rte_ether_addr *mac, bool *fixed)
{
	(void)rtnl;
	(void)ifindex;
	*fixed = false;
	*mac = (struct rte_ether_addr){ { 2, 0, 0, 0, 0, via->address[15] } };
	return 0;
}

int rtnetlink_probe(struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *via)
{
	(void)rtnl;
	(void)ifindex;
	(void)via;
	return 0;
}

int rtnetlink_read_events(struct rtnetlink *rtnl, const struct rtnetlink_watcher *watcher)
{
	(void)rtnl;
	happening(watcher);
	return 0;
}

/* --- the table --- */

static struct realm_set realms;
static struct nexthop_table *table;
static struct l2_header headers[NEXTHOP_MAX];

static void publish(void *arg, uint16_t number, const struct l2_header *header)
{
	(void)arg;
	headers[number] = *header;
}

static int begin(void **state)
{
	(void)state;
	realms = (struct realm_set){ .count = 1, .realm = { { .ifindex = 1 } } };
	memset(gateway, 0, sizeof(gateway));
	memset(headers, 0, sizeof(headers));
	route_error = 0;
	table = nexthop_table_create(&realms, (struct rtnetlink *)&realms, publish, NULL);
	assert_non_null(table);
	return 0;
}

static int end(void **state)
{
	(void)state;
	nexthop_table_destroy(table);
	return 0;
}

static uint16_t hop_to(const char *text)
{
	struct endpoint remote = address(text);
	int number = nexthop_get(table, 0, &remote);

	assert_true(number > 0);
	return (uint16_t)number;
}

/* The last byte of the MAC address that is sent to. */
static unsigned sent_to(uint16_t hop)
{
	return headers[hop].length == 0 ? 0 : headers[hop].bytes[5];
}

static void happens(void (*what)(const struct rtnetlink_watcher *watcher))
{
	memset(asked, 0, sizeof(asked));
	happening = what;
	nexthop_table_read_events(table);
}

static void route_changes(const struct rtnetlink_watcher *watcher, const char *to, unsigned bits)
{
	struct endpoint network = address(to);

	watcher->route(watcher->arg, &network, bits);
}

/* --- tests --- */

static void change_16_to_31(const struct rtnetlink_watcher *watcher)
{
	route_changes(watcher, "192.0.2.16", 96 + 28);
}

static void hops_within_a_network_follow_its_route(void **state)
{
	uint16_t below, first, last, above;

	(void)state;
	below = hop_to("192.0.2.15");
	first = hop_to("192.0.2.16");
	last = hop_to("192.0.2.31");
	above = hop_to("192.0.2.32");
	assert_int_equal(sent_to(first), 16);
	for (unsigned host = 0; host < 256; host++)
		gateway[host] = "192.0.2.1";
	happens(change_16_to_31);
	assert_int_equal(sent_to(below), 15);
	assert_int_equal(sent_to(first), 1);
	assert_int_equal(sent_to(last), 1);
	assert_int_equal(sent_to(above), 32);
	assert_int_equal(asked[15] + asked[32], 0);
	assert_int_equal(asked[16] + asked[31], 2);
}

static void change_one(const struct rtnetlink_watcher *watcher)
{
	route_changes(watcher, "2001:db8::20", 128);
}

static void change_default(const struct rtnetlink_watcher *watcher)
{
	route_changes(watcher, "0.0.0.0", 96);
}

static void routes_are_of_one_address_or_of_all(void **state)
{
	uint16_t ipv4 = hop_to("192.0.2.9"), ipv6 = hop_to("2001:db8::20");

	(void)state;
	gateway[0x09] = "192.0.2.1";
	gateway[0x20] = "2001:db8::2";
	happens(change_one);
	assert_int_equal(sent_to(ipv4), 9);
	assert_int_equal(sent_to(ipv6), 2);
	happens(change_default);
	assert_int_equal(sent_to(ipv4), 1);
	assert_int_equal(asked[0x20], 0);
}

static void move_gateway(const struct rtnetlink_watcher *watcher)
{
	const struct rte_ether_addr mac = { { 2, 0, 0, 0, 0, 77 } };
	struct endpoint via = address("192.0.2.1");

	watcher->neighbour(watcher->arg, 1, &via, &mac);
}

static void without_a_route_the_gateway_that_is_known_stays_and_is_followed(void **state)
{
	uint16_t hop;

	(void)state;
	gateway[9] = "192.0.2.1";
	hop = hop_to("192.0.2.9");
	route_error = -ENETUNREACH;
	happens(change_default);
	assert_int_equal(asked[9], 1);
	assert_int_equal(sent_to(hop), 1);
	happens(move_gateway);
	assert_int_equal(sent_to(hop), 77);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(hops_within_a_network_follow_its_route),
		TEST(routes_are_of_one_address_or_of_all),
		TEST(without_a_route_the_gateway_that_is_known_stays_and_is_followed),
	};

	return cmocka_run_group_tests_name("nexthop", tests, start_eal, stop_eal);
}
