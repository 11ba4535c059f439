/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <arpa/inet.h>
#include <string.h>

#include "steer_fixture.h"

/* What is steered where. Without a socket in xsks_map the redirect falls back to XDP_PASS, so what
 * went where is told by the counters as well; with one it is XDP_REDIRECT. */

static void add_realm(
	const char *address, unsigned service, unsigned vlan, uint16_t first, uint16_t last)
{
	const struct steer_realm realm = { first, last, 0 };

	steer_add_realm(address, service, vlan, &realm);
}

/* --- packets --- */

struct packet {
	uint8_t bytes[256];
	unsigned length;
};

static void put(struct packet *packet, const void *bytes, unsigned length)
{
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void put16(struct packet *packet, unsigned value)
{
	const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(packet, bytes, 2);
}

static void put_ethernet(struct packet *packet, int vlan, unsigned ethertype)
{
	put(packet, "\x02\0\0\0\0\1\x02\0\0\0\0\2", 12);
	if (vlan >= 0) {
		put16(packet, 0x8100);
		put16(packet, 0xa000u | (unsigned)vlan); /* with a priority */
	}
	put16(packet, ethertype);
}

struct ipv4_options {
	int vlan; /* -1 for none */
	unsigned fragment;
	unsigned protocol;
	unsigned extra; /* words of options */
};
static const struct ipv4_options plain = { -1, 0, 17, 0 };

static struct packet ipv4(const char *to, unsigned port, const struct ipv4_options *options)
{
	struct packet packet = { .length = 0 };
	uint8_t address[4];
	uint8_t zeros[40] = { 0 };

	put_ethernet(&packet, options->vlan, 0x0800);
	put16(&packet, (0x45u + options->extra) << 8);
	put16(&packet, 20 + 4 * options->extra + 8 + 20);
	put16(&packet, 0);
	put16(&packet, options->fragment);
	put16(&packet, 64u << 8 | options->protocol);
	put16(&packet, 0);
	put(&packet, "\xc6\x33\x64\x09", 4);
	assert_int_equal(inet_pton(AF_INET, to, address), 1);
	put(&packet, address, 4);
	put(&packet, zeros, 4 * options->extra);
	put16(&packet, 4000);
	put16(&packet, port);
	put16(&packet, 28);
	put16(&packet, 0);
	put(&packet, zeros, 20);
	return packet;
}

static struct packet ipv6(const char *to, unsigned port, unsigned next_header)
{
	struct packet packet = { .length = 0 };
	uint8_t address[16], zeros[20] = { 0 };

	put_ethernet(&packet, -1, 0x86dd);
	put16(&packet, 0x6000);
	put16(&packet, 0);
	put16(&packet, 28);
	put16(&packet, next_header << 8 | 64);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::9", address), 1);
	put(&packet, address, 16);
	assert_int_equal(inet_pton(AF_INET6, to, address), 1);
	put(&packet, address, 16);
	put16(&packet, 4000);
	put16(&packet, port);
	put16(&packet, 28);
	put16(&packet, 0);
	put(&packet, zeros, 20);
	return packet;
}

/* Run the program on `packet`; which of the counters moved, as bits, and that none moved twice. */
static unsigned steered(const struct packet *packet)
{
	uint64_t before[STEER_COUNTER_COUNT];
	uint8_t out[512];
	unsigned moved = 0, verdict, length = sizeof(out);

	for (uint32_t i = 0; i < STEER_COUNTER_COUNT; i++)
		before[i] = steer_counted(i);
	verdict = steer_run(packet->bytes, packet->length, out, &length);
	/* Whatever happens, the packet is not lost and not changed. */
	assert_true(verdict == XDP_PASS || verdict == XDP_REDIRECT);
	assert_int_equal(length, packet->length);
	assert_memory_equal(out, packet->bytes, packet->length);
	for (uint32_t i = 0; i < STEER_COUNTER_COUNT; i++) {
		uint64_t steps = steer_counted(i) - before[i];

		assert_in_range(steps, 0, 1);
		moved |= (unsigned)steps << i;
	}
	return moved;
}

#define TO_DATAPLANE (1u << STEER_TO_DATAPLANE)
#define TO_KERNEL    (1u << STEER_TO_KERNEL)
#define FRAGMENT     (1u << STEER_FRAGMENT | TO_KERNEL)

static void rtp_and_rtcp_of_the_realm_go_to_the_data_plane(void **state)
{
	static const unsigned ports[] = { 20000, 20001, 20100, 29998, 29999 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ports); i++) {
		struct packet packet = ipv4("192.0.2.1", ports[i], &plain);

		assert_int_equal(steered(&packet), TO_DATAPLANE);
		packet = ipv6("2001:db8::1", ports[i], 17);
		assert_int_equal(steered(&packet), TO_DATAPLANE);
	}
}

static void other_ports_and_addresses_go_to_the_kernel(void **state)
{
	static const unsigned ports[] = { 0, 22, 5060, 19999, 30000, 65535 };
	struct packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ports); i++) {
		packet = ipv4("192.0.2.1", ports[i], &plain);
		assert_int_equal(steered(&packet), TO_KERNEL);
		packet = ipv6("2001:db8::1", ports[i], 17);
		assert_int_equal(steered(&packet), TO_KERNEL);
	}
	packet = ipv4("192.0.2.2", 20000, &plain);
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv4("224.0.0.1", 20000, &plain);
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv6("2001:db8::2", 20000, 17);
	assert_int_equal(steered(&packet), TO_KERNEL);
}

static void other_protocols_go_to_the_kernel(void **state)
{
	struct ipv4_options tcp = { -1, 0, 6, 0 }, icmp = { -1, 0, 1, 0 };
	struct packet packet = ipv4("192.0.2.1", 20000, &tcp), arp = { .length = 0 };

	(void)state;
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv4("192.0.2.1", 20000, &icmp);
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv6("2001:db8::1", 20000, 58);
	assert_int_equal(steered(&packet), TO_KERNEL);
	put_ethernet(&arp, -1, 0x0806);
	put(&arp, "\0\1\x08\0\6\4\0\1", 8);
	arp.length += 20;
	assert_int_equal(steered(&arp), TO_KERNEL);
}

static void a_realm_on_a_vlan_is_not_the_one_without(void **state)
{
	struct ipv4_options tagged = { 100, 0, 17, 0 }, other = { 101, 0, 17, 0 };
	struct packet packet = ipv4("192.0.2.7", 20000, &plain);

	(void)state;
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv4("192.0.2.7", 20000, &tagged);
	assert_int_equal(steered(&packet), TO_DATAPLANE);
	packet = ipv4("192.0.2.7", 20000, &other);
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv4("192.0.2.1", 20000, &tagged);
	assert_int_equal(steered(&packet), TO_KERNEL);
}

/* Put `bytes` between the addresses and the type of an untagged frame. */
static struct packet with_tags(const char *to, const void *bytes, unsigned length)
{
	struct packet packet = ipv4(to, 20000, &plain);

	memmove(packet.bytes + 12 + length, packet.bytes + 12, packet.length - 12);
	memcpy(packet.bytes + 12, bytes, length);
	packet.length += length;
	return packet;
}

static void a_realm_on_two_vlans_is_found_by_both(void **state)
{
	static const struct {
		const char *to;
		uint8_t bytes[12];
		unsigned length, moved;
	} cases[] = {
		{ "192.0.2.8", { 0x88, 0xa8, 0xa0, 7, 0x81, 0, 0xa0, 100 }, 8, TO_DATAPLANE },
		{ "192.0.2.8", { 0x91, 0x00, 0xa0, 7, 0x81, 0, 0xa0, 100 }, 8, TO_DATAPLANE },
		{ "192.0.2.8", { 0x81, 0x00, 0xa0, 7, 0x81, 0, 0xa0, 100 }, 8, TO_DATAPLANE },
		{ "192.0.2.8", { 0x88, 0xa8, 0xa0, 8, 0x81, 0, 0xa0, 100 }, 8, TO_KERNEL },
		{ "192.0.2.8", { 0x88, 0xa8, 0xa0, 7, 0x81, 0, 0xa0, 101 }, 8, TO_KERNEL },
		{ "192.0.2.8", { 0x88, 0xa8, 0, 7, 0x81, 0, 0, 100, 0x81, 0, 0, 9 }, 12,
			TO_KERNEL },
		{ "192.0.2.8", { 0x81, 0x00, 0xa0, 100 }, 4, TO_KERNEL },
		{ "192.0.2.9", { 0x88, 0xa8, 0xa0, 7 }, 4, TO_DATAPLANE },
		{ "192.0.2.9", { 0x81, 0x00, 0xa0, 7 }, 4, TO_KERNEL },
		{ "192.0.2.1", { 0x88, 0xa8, 0xa0, 7 }, 4, TO_KERNEL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct packet packet = with_tags(cases[i].to, cases[i].bytes, cases[i].length);
		unsigned whole = packet.length, moved = steered(&packet);

		if (moved != cases[i].moved)
			fail_msg("case %zu: counters %#x", i, moved);
		for (packet.length = 14; packet.length < whole - 20; packet.length++)
			assert_int_equal(steered(&packet), TO_KERNEL);
	}
}

static void options_are_stepped_over(void **state)
{
	(void)state;
	for (unsigned extra = 1; extra <= 10; extra++) {
		struct ipv4_options options = { -1, 0, 17, extra };
		struct packet packet = ipv4("192.0.2.1", 20000, &options);

		assert_int_equal(steered(&packet), TO_DATAPLANE);
	}
}

static void fragments_go_to_the_kernel_and_are_counted(void **state)
{
	static const unsigned fragments[] = { 0x2000, 0x2001, 0x0001, 0x1fff };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(fragments); i++) {
		struct ipv4_options options = { -1, fragments[i], 17, 0 };
		struct packet packet = ipv4("192.0.2.1", 20000, &options);

		assert_int_equal(steered(&packet), FRAGMENT);
	}
	/* "Don't fragment" is no fragment. */
	struct ipv4_options whole = { -1, 0x4000, 17, 0 };
	struct packet packet = ipv4("192.0.2.1", 20000, &whole);

	assert_int_equal(steered(&packet), TO_DATAPLANE);
	packet = ipv6("2001:db8::1", 20000, 44);
	assert_int_equal(steered(&packet), FRAGMENT);
	packet = ipv6("2001:db8::2", 20000, 44);
	assert_int_equal(steered(&packet), TO_KERNEL);
}

static void every_truncation_goes_to_the_kernel(void **state)
{
	struct packet packet = ipv4("192.0.2.1", 20000, &plain);

	(void)state;
	/* The kernel takes no test packet shorter than an Ethernet header. */
	for (packet.length = 14; packet.length < 42; packet.length++)
		assert_int_equal(steered(&packet), TO_KERNEL);
	assert_int_equal(steered(&packet), TO_DATAPLANE);
	packet = ipv6("2001:db8::1", 20000, 17);
	for (packet.length = 14; packet.length < 62; packet.length++)
		assert_int_equal(steered(&packet), TO_KERNEL);
}

static void damaged_headers_go_to_the_kernel(void **state)
{
	struct packet packet = ipv4("192.0.2.1", 20000, &plain);

	(void)state;
	packet.bytes[14] = 0x55;
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet.bytes[14] = 0x44;
	assert_int_equal(steered(&packet), TO_KERNEL);
	packet = ipv6("2001:db8::1", 20000, 17);
	packet.bytes[14] = 0x40;
	assert_int_equal(steered(&packet), TO_KERNEL);
}

static int load_with_realms(void **state)
{
	steer_load(state);
	add_realm("192.0.2.1", 0, 0, 20000, 29999);
	add_realm("2001:db8::1", 0, 0, 20000, 29999);
	add_realm("192.0.2.7", 0, 100, 20000, 29999);
	add_realm("192.0.2.8", 7, 100, 20000, 29999);
	add_realm("192.0.2.9", 7, 0, 20000, 29999);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtp_and_rtcp_of_the_realm_go_to_the_data_plane),
		cmocka_unit_test(other_ports_and_addresses_go_to_the_kernel),
		cmocka_unit_test(other_protocols_go_to_the_kernel),
		cmocka_unit_test(a_realm_on_a_vlan_is_not_the_one_without),
		cmocka_unit_test(a_realm_on_two_vlans_is_found_by_both),
		cmocka_unit_test(options_are_stepped_over),
		cmocka_unit_test(fragments_go_to_the_kernel_and_are_counted),
		cmocka_unit_test(every_truncation_goes_to_the_kernel),
		cmocka_unit_test(damaged_headers_go_to_the_kernel),
	};

	return cmocka_run_group_tests_name("steer", tests, load_with_realms, steer_unload);
}
