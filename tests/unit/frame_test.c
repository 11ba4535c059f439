/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "net/checksum.h"
#include "net/frame.h"

/* UDP to 192.0.2.1:20000 from 198.51.100.9:4000 with the payload "abcd", as bytes on the wire. */
static const uint8_t ipv4_frame[] = {
	0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00,			    /* Ethernet */
	0x45, 0, 0, 32, 0, 0, 0x40, 0, 64, 17, 0, 0, 198, 51, 100, 9, 192, 0, 2, 1, /* IPv4 */
	0x0f, 0xa0, 0x4e, 0x20, 0, 12, 0, 0,					    /* UDP */
	'a', 'b', 'c', 'd',							    /* payload */
};

static const uint8_t ipv6_frame[] = {
	0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x86, 0xdd,	    /* Ethernet */
	0x60, 0, 0, 0, 0, 12, 17, 64,				    /* IPv6 */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, /* 2001:db8::9 */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* 2001:db8::1 */
	0x0f, 0xa0, 0x4e, 0x20, 0, 12, 0xff, 0xff,		    /* UDP */
	'a', 'b', 'c', 'd',					    /* payload */
};

/* Parsed from a heap block of exactly its length, so that a sanitizer sees any read past it. */
static enum frame_fault parse_copy(const uint8_t *bytes, size_t length, struct frame *frame)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum frame_fault fault;

	memcpy(copy, bytes, length);
	fault = frame_parse(copy, length, frame);
	if (fault == FRAME_OK)
		frame->payload = bytes + (frame->payload - copy);
	free(copy);
	return fault;
}

static void both_families_are_parsed(void **state)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct frame frame;

	(void)state;
	assert_int_equal(parse_copy(ipv4_frame, sizeof(ipv4_frame), &frame), FRAME_OK);
	assert_string_equal(endpoint_format(&frame.source, text), "198.51.100.9:4000");
	assert_string_equal(endpoint_format(&frame.destination, text), "192.0.2.1:20000");
	assert_int_equal(frame.payload_length, 4);
	assert_memory_equal(frame.payload, "abcd", 4);
	assert_int_equal(frame.tags, 0);

	assert_int_equal(parse_copy(ipv6_frame, sizeof(ipv6_frame), &frame), FRAME_OK);
	assert_string_equal(endpoint_format(&frame.source, text), "[2001:db8::9]:4000");
	assert_string_equal(endpoint_format(&frame.destination, text), "[2001:db8::1]:20000");
	assert_memory_equal(frame.payload, "abcd", 4);
}

static void ethernet_padding_is_left_out(void **state)
{
	uint8_t padded[64] = { 0 };
	struct frame frame;

	(void)state;
	memcpy(padded, ipv4_frame, sizeof(ipv4_frame));
	assert_int_equal(parse_copy(padded, sizeof(padded), &frame), FRAME_OK);
	assert_int_equal(frame.payload_length, 4);
}

static const struct {
	const char *what;
	uint8_t bytes[12]; /* all tags, with a priority of 5 */
	unsigned length;
	enum frame_fault fault;
	uint32_t tags;
} tagged[] = {
	{ "802.1Q", { 0x81, 0x00, 0xa0, 0x64 }, 4, FRAME_OK, VLAN_TAGS(0, 100) },
	{ "a priority alone", { 0x81, 0x00, 0xa0, 0x00 }, 4, FRAME_OK, 0 },
	{ "802.1ad alone", { 0x88, 0xa8, 0xa0, 0x64 }, 4, FRAME_OK, VLAN_TAGS(100, 0) },
	{ "802.1ad and 802.1Q", { 0x88, 0xa8, 0xa0, 0x07, 0x81, 0x00, 0xaf, 0xfe }, 8, FRAME_OK,
		VLAN_TAGS(7, 4094) },
	{ "0x9100 and 802.1Q", { 0x91, 0x00, 0xa0, 0x07, 0x81, 0x00, 0xa0, 0x64 }, 8, FRAME_OK,
		VLAN_TAGS(7, 100) },
	{ "802.1Q twice", { 0x81, 0x00, 0xa0, 0x07, 0x81, 0x00, 0xa0, 0x64 }, 8, FRAME_OK,
		VLAN_TAGS(7, 100) },
	{ "802.1Q around 802.1ad", { 0x81, 0x00, 0xa0, 0x07, 0x88, 0xa8, 0xa0, 0x64 }, 8,
		FRAME_TAG_STACK, 0 },
	{ "802.1ad twice", { 0x88, 0xa8, 0xa0, 0x07, 0x88, 0xa8, 0xa0, 0x64 }, 8, FRAME_TAG_STACK,
		0 },
	{ "three tags", { 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x81, 0, 0, 9 }, 12, FRAME_TAG_STACK,
		0 },
};

static void vlan_tags_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(tagged); i++) {
		uint8_t bytes[sizeof(ipv4_frame) + 12];
		unsigned length = tagged[i].length;
		enum frame_fault fault;
		struct frame frame;

		memcpy(bytes, ipv4_frame, 12);
		memcpy(bytes + 12, tagged[i].bytes, length);
		memcpy(bytes + 12 + length, ipv4_frame + 12, sizeof(ipv4_frame) - 12);
		fault = parse_copy(bytes, sizeof(ipv4_frame) + length, &frame);
		if (fault != tagged[i].fault)
			fail_msg("%s: fault %d", tagged[i].what, fault);
		if (fault == FRAME_OK && frame.tags != tagged[i].tags)
			fail_msg("%s: tags %#x", tagged[i].what, frame.tags);
		for (unsigned cut = 12; cut < sizeof(ipv4_frame) + length; cut++)
			assert_int_not_equal(parse_copy(bytes, cut, &frame), FRAME_OK);
	}
}

static void options_are_skipped(void **state)
{
	uint8_t with_options[sizeof(ipv4_frame) + 8] = { 0 };
	struct frame frame;

	(void)state;
	memcpy(with_options, ipv4_frame, 34);
	memcpy(with_options + 42, ipv4_frame + 34, sizeof(ipv4_frame) - 34);
	with_options[14] = 0x47;
	with_options[17] += 8;
	assert_int_equal(parse_copy(with_options, sizeof(with_options), &frame), FRAME_OK);
	assert_memory_equal(frame.payload, "abcd", 4);
}

static const struct {
	const char *what;
	enum frame_fault fault;
	bool ipv6;
	uint8_t offset; /* of the byte to change */
	uint8_t value;
} damaged[] = {
	{ "an EtherType of ARP", FRAME_NOT_IP, false, 13, 0x06 },
	{ "IP version 5", FRAME_BAD_IP, false, 14, 0x55 },
	{ "an IPv4 header of 16 bytes", FRAME_BAD_IP, false, 14, 0x44 },
	{ "an IPv4 header past the total length", FRAME_BAD_IP, false, 14, 0x4f },
	{ "a total length shorter than the header", FRAME_BAD_IP, false, 17, 19 },
	{ "a total length past the frame", FRAME_TRUNCATED, false, 17, 33 },
	{ "a first fragment", FRAME_FRAGMENT, false, 20, 0x20 },
	{ "a later fragment", FRAME_FRAGMENT, false, 21, 0x10 },
	{ "TCP", FRAME_NOT_UDP, false, 23, 6 },
	{ "a UDP length of 7", FRAME_BAD_UDP, false, 39, 7 },
	{ "a UDP length past the IP packet", FRAME_BAD_UDP, false, 39, 13 },
	{ "IPv6 of another version", FRAME_BAD_IP, true, 14, 0x50 },
	{ "an IPv6 length past the frame", FRAME_TRUNCATED, true, 19, 13 },
	{ "an IPv6 fragment", FRAME_FRAGMENT, true, 20, 44 },
	{ "IPv6 TCP", FRAME_NOT_UDP, true, 20, 6 },
	{ "an IPv6 hop-by-hop header", FRAME_EXTENSION, true, 20, 0 },
	{ "an IPv6 routing header", FRAME_EXTENSION, true, 20, 43 },
	{ "IPv6 destination options", FRAME_EXTENSION, true, 20, 60 },
	{ "an IPv6 authentication header", FRAME_EXTENSION, true, 20, 51 },
	{ "an IPv6 UDP length past the packet", FRAME_BAD_UDP, true, 59, 13 },
};

static void damage_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(damaged); i++) {
		uint8_t bytes[sizeof(ipv6_frame)];
		size_t length = damaged[i].ipv6 ? sizeof(ipv6_frame) : sizeof(ipv4_frame);
		enum frame_fault fault;
		struct frame frame;

		memcpy(bytes, damaged[i].ipv6 ? ipv6_frame : ipv4_frame, length);
		bytes[damaged[i].offset] = damaged[i].value;
		fault = parse_copy(bytes, length, &frame);
		if (fault != damaged[i].fault)
			fail_msg("%s: fault %d, expected %d", damaged[i].what, fault,
				damaged[i].fault);
	}
}

/* Half of a checksum that is 0 is no such checksum. */
static void ipv6_without_a_udp_checksum_is_refused(void **state)
{
	uint8_t bytes[sizeof(ipv6_frame)];
	struct frame frame;

	(void)state;
	memcpy(bytes, ipv6_frame, sizeof(bytes));
	bytes[60] = 0;
	assert_int_equal(parse_copy(bytes, sizeof(bytes), &frame), FRAME_OK);
	bytes[61] = 0;
	assert_int_equal(parse_copy(bytes, sizeof(bytes), &frame), FRAME_NO_CHECKSUM);
	assert_int_equal(parse_copy(ipv4_frame, sizeof(ipv4_frame), &frame), FRAME_OK);
}

/* RFC 4291 section 2.5.5.2: such addresses stand for IPv4's within a host. */
static void ipv4_addresses_within_ipv6_are_refused(void **state)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct frame frame;

	(void)state;
	for (unsigned end = 0; end < 2; end++) {
		uint8_t bytes[sizeof(ipv6_frame)];

		memcpy(bytes, ipv6_frame, sizeof(bytes));
		memcpy(bytes + 14 + 8 + 16 * end, prefix, sizeof(prefix));
		assert_int_equal(parse_copy(bytes, sizeof(bytes), &frame), FRAME_BAD_IP);
	}
}

static void every_truncation_is_refused(void **state)
{
	struct frame frame;

	(void)state;
	for (size_t length = 0; length < sizeof(ipv4_frame); length++)
		assert_int_not_equal(parse_copy(ipv4_frame, length, &frame), FRAME_OK);
	for (size_t length = 0; length < sizeof(ipv6_frame); length++)
		assert_int_not_equal(parse_copy(ipv6_frame, length, &frame), FRAME_OK);
}

/* RFC 1071, byte by byte: the oracle for both checksums. */
static uint16_t ones_complement_sum(const uint8_t *bytes, size_t length, uint32_t sum)
{
	for (size_t i = 0; i < length; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* What we write is what we parse, and all checksums add up. */
static void written_headers_parse_back(void **state)
{
	static const struct {
		const char *local, *remote;
		size_t ip_length, address_offset, addresses_length;
		const char *ethertype;
	} cases[] = {
		{ "192.0.2.1", "198.51.100.9", 20, 12, 8, "\x08\x00" },
		{ "2001:db8::1", "2001:db8:ffff::9", 40, 8, 32, "\x86\xdd" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct endpoint local = { .port = 20000 }, remote = { .port = 4000 };
		uint8_t bytes[128] = { 0 }, *payload = bytes + 80, *start;
		struct header_template header;
		uint32_t pseudo;
		struct frame frame;
		uint16_t udp;

		assert_int_equal(endpoint_parse_address(&local, cases[i].local), 0);
		assert_int_equal(endpoint_parse_address(&remote, cases[i].remote), 0);
		memcpy(payload, "voice", 5);
		header_template_init(&header, &local, &remote, 46);
		start = header_template_write(
			header.bytes, header.length, payload, 5, checksum_add(0, payload, 5));
		assert_ptr_equal(start, payload - 8 - cases[i].ip_length);

		pseudo = 17 + 13u +
			 ones_complement_sum(
				 start + cases[i].address_offset, cases[i].addresses_length, 0);
		assert_int_equal(
			ones_complement_sum(start + cases[i].ip_length, 13, pseudo), 0xffff);
		if (cases[i].ip_length == 20) {
			assert_int_equal(ones_complement_sum(start, 20, 0), 0xffff);
			assert_int_equal(start[1] >> 2, 46);
		}

		/* Left to a port, which adds up what lies from the UDP header on. */
		header_leave_checksums(start, header.length);
		udp = (uint16_t)~ones_complement_sum(start + cases[i].ip_length, 13, 0);
		start[cases[i].ip_length + 6] = (uint8_t)(udp >> 8);
		start[cases[i].ip_length + 7] = (uint8_t)udp;
		assert_int_equal(
			ones_complement_sum(start + cases[i].ip_length, 13, pseudo), 0xffff);
		if (cases[i].ip_length == 20)
			assert_memory_equal(start + 10, "\0", 2);

		memcpy(start - 2, cases[i].ethertype, 2);
		assert_int_equal(
			frame_parse(start - 14, (size_t)(payload + 5 - start + 14), &frame),
			FRAME_OK);
		assert_true(endpoint_equal(&frame.source, &local));
		assert_true(endpoint_equal(&frame.destination, &remote));
		assert_int_equal(frame.payload_length, 5);
	}
}

/* Of every length, at every offset a header may end at: equal by their checksums. */
static void a_verified_checksum_tells_the_sum_of_the_payload(void **state)
{
	static const char *const addresses[][2] = {
		{ "198.51.100.9", "192.0.2.1" },
		{ "2001:db8::9", "2001:db8::1" },
	};

	(void)state;
	for (unsigned n = 0; n < 4 * 500; n++) {
		struct endpoint from = { .port = (uint16_t)(n * 31 + 1) }, to = { .port = 20000 };
		uint8_t bytes[1024], *payload = bytes + 80, *start;
		unsigned ipv6 = n & 1, length = n / 4, skip = n & 2 ? 12 : 0;
		struct header_template header;
		struct frame frame;

		if (length < skip)
			continue;
		for (unsigned i = 0; i < length; i++)
			payload[i] = n % 7 == 0 ? 0xff : (uint8_t)(i * n + (n >> 3));
		assert_int_equal(endpoint_parse_address(&from, addresses[ipv6][0]), 0);
		assert_int_equal(endpoint_parse_address(&to, addresses[ipv6][1]), 0);
		header_template_init(&header, &from, &to, 0);
		start = header_template_write(header.bytes, header.length, payload,
			(uint16_t)length, checksum_add(0, payload, length));
		memset(start - 14, 0, 12);
		memcpy(start - 2, ipv6 ? "\x86\xdd" : "\x08\x00", 2);
		assert_int_equal(
			frame_parse(start - 14, (size_t)(payload + length - start + 14), &frame),
			FRAME_OK);
		/* 1 is a sum that nothing else of a packet adds up to the complement of. */
		assert_int_equal(checksum_finish(1 + frame_payload_sum(&frame, skip)),
			checksum_finish(1 + checksum_add(0, payload + skip, length - skip)));
		memset(payload - 2, 0, 2);
		assert_int_equal(frame_payload_sum(&frame, skip), 0);
	}
}

static void only_reachable_addresses_are_unicast(void **state)
{
	static const struct {
		const char *address;
		bool unicast;
	} cases[] = {
		{ "192.0.2.1", true },
		{ "0.0.0.0", false },
		{ "127.0.0.1", false },
		{ "224.0.0.1", false },
		{ "255.255.255.255", false },
		{ "2001:db8::1", true },
		{ "::", false },
		{ "::1", false },
		{ "ff02::1", false },
		{ "fe80::1", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct endpoint endpoint = { .port = 5004 };

		assert_int_equal(endpoint_parse_address(&endpoint, cases[i].address), 0);
		assert_int_equal(endpoint_is_unicast(&endpoint), cases[i].unicast);
		endpoint.port = 0;
		assert_false(endpoint_is_unicast(&endpoint));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_are_parsed),
		cmocka_unit_test(ethernet_padding_is_left_out),
		cmocka_unit_test(vlan_tags_are_read),
		cmocka_unit_test(options_are_skipped),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(ipv6_without_a_udp_checksum_is_refused),
		cmocka_unit_test(ipv4_addresses_within_ipv6_are_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(written_headers_parse_back),
		cmocka_unit_test(a_verified_checksum_tells_the_sum_of_the_payload),
		cmocka_unit_test(only_reachable_addresses_are_unicast),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
