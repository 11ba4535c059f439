/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "media/rtp.h"

/* Parsed from a heap block of exactly its length, so that a sanitizer sees any read past it. */
static enum rtp_fault parse_copy(const uint8_t *bytes, size_t length, struct rtp_packet *packet)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum rtp_fault fault;

	memcpy(copy, bytes, length);
	fault = rtp_parse(copy, length, packet);
	if (fault == RTP_OK)
		assert_in_range(packet->payload - copy, RTP_HEADER_SIZE, length);
	free(copy);
	return fault;
}

#define FIXED 0x00, 0x12, 0x34, 0x00, 0x00, 0x01, 0x00, 0xde, 0xad, 0xbe, 0xef

static const struct {
	const char *what;
	enum rtp_fault fault;
	uint16_t payload_length;
	size_t length;
	uint8_t bytes[48];
} packets[] = {
	{ "empty datagram", RTP_TRUNCATED, 0, 0, { 0 } },
	{ "one byte less than the header", RTP_TRUNCATED, 0, 11, { 0x80, FIXED } },
	{ "header alone", RTP_OK, 0, 12, { 0x80, FIXED } },
	{ "two bytes of payload", RTP_OK, 2, 14, { 0x80, FIXED, 1, 2 } },
	{ "version 0", RTP_BAD_VERSION, 0, 14, { 0x00, FIXED, 1, 2 } },
	{ "version 1", RTP_BAD_VERSION, 0, 14, { 0x40, FIXED, 1, 2 } },
	{ "version 3", RTP_BAD_VERSION, 0, 14, { 0xc0, FIXED, 1, 2 } },
	{ "one CSRC", RTP_OK, 1, 17, { 0x81, FIXED, 0, 0, 0, 1, 9 } },
	{ "CSRC list one byte short", RTP_BAD_CSRC, 0, 15, { 0x81, FIXED, 0, 0, 0 } },
	{ "fifteen CSRCs in an empty packet", RTP_BAD_CSRC, 0, 12, { 0x8f, FIXED } },
	{ "extension of no words", RTP_OK, 1, 17, { 0x90, FIXED, 0xbe, 0xde, 0, 0, 9 } },
	{ "extension of one word", RTP_OK, 1, 21,
		{ 0x90, FIXED, 0xbe, 0xde, 0, 1, 0, 0, 0, 0, 9 } },
	{ "extension header cut", RTP_BAD_EXTENSION, 0, 15, { 0x90, FIXED, 0xbe, 0xde, 0 } },
	{ "extension words cut", RTP_BAD_EXTENSION, 0, 19,
		{ 0x90, FIXED, 0xbe, 0xde, 0, 1, 0, 0, 0 } },
	{ "extension of 65,535 words", RTP_BAD_EXTENSION, 0, 16,
		{ 0x90, FIXED, 0, 0, 0xff, 0xff } },
	{ "CSRC then extension", RTP_OK, 1, 21, { 0x91, FIXED, 0, 0, 0, 1, 0, 0, 0, 0, 9 } },
	{ "padding of two", RTP_OK, 1, 15, { 0xa0, FIXED, 9, 0, 2 } },
	{ "padding is all there is", RTP_OK, 0, 14, { 0xa0, FIXED, 0, 2 } },
	{ "padding of zero", RTP_BAD_PADDING, 0, 14, { 0xa0, FIXED, 9, 0 } },
	{ "padding past the payload", RTP_BAD_PADDING, 0, 14, { 0xa0, FIXED, 9, 3 } },
	{ "padding bit, nothing to pad", RTP_BAD_PADDING, 0, 12, { 0xa0, FIXED } },
};

static void every_shape_of_packet_is_parsed_or_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(packets); i++) {
		struct rtp_packet packet;
		enum rtp_fault fault = parse_copy(packets[i].bytes, packets[i].length, &packet);

		if (fault != packets[i].fault)
			fail_msg("%s: fault %d, expected %d", packets[i].what, fault,
				packets[i].fault);
		if (fault == RTP_OK && packet.payload_length != packets[i].payload_length)
			fail_msg("%s: payload %u", packets[i].what, packet.payload_length);
	}
}

static void fields_are_read_in_network_order(void **state)
{
	static const uint8_t bytes[] = { 0x80, 0x88, 0x12, 0x34, 0x00, 0x00, 0x01, 0x00, 0xde, 0xad,
		0xbe, 0xef, 7 };
	struct rtp_packet packet;

	(void)state;
	assert_int_equal(rtp_parse(bytes, sizeof(bytes), &packet), RTP_OK);
	assert_true(packet.marker);
	assert_int_equal(packet.payload_type, 8);
	assert_int_equal(packet.sequence, 0x1234);
	assert_int_equal(packet.timestamp, 256);
	assert_int_equal(packet.ssrc, 0xdeadbeef);
	assert_int_equal(packet.payload[0], 7);
}

static void a_written_header_parses_back(void **state)
{
	const struct rtp_packet sent = { .marker = true,
		.payload_type = 8,
		.sequence = 65535,
		.timestamp = 0xfffffff0,
		.ssrc = 0x01020304 };
	uint8_t bytes[RTP_HEADER_SIZE];
	struct rtp_packet got;

	(void)state;
	rtp_write_header(bytes, &sent);
	assert_int_equal(rtp_parse(bytes, sizeof(bytes), &got), RTP_OK);
	assert_int_equal(got.marker, sent.marker);
	assert_int_equal(got.payload_type, sent.payload_type);
	assert_int_equal(got.sequence, sent.sequence);
	assert_int_equal(got.timestamp, sent.timestamp);
	assert_int_equal(got.ssrc, sent.ssrc);
}

static void rtcp_is_told_from_rtp_by_its_packet_type(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t bytes[8] = { 0x80, (uint8_t)type };

		assert_int_equal(rtp_is_rtcp(bytes, sizeof(bytes)), type >= 192 && type <= 223);
		assert_false(rtp_is_rtcp(bytes, 1));
	}
}

static void order_survives_wrap_around(void **state)
{
	(void)state;
	assert_true(rtp_sequence_after(0, 65535));
	assert_false(rtp_sequence_after(65535, 0));
	assert_false(rtp_sequence_after(5, 5));
	assert_true(rtp_timestamp_after(10, 0xfffffff0));
	assert_false(rtp_timestamp_after(0xfffffff0, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_of_packet_is_parsed_or_named),
		cmocka_unit_test(fields_are_read_in_network_order),
		cmocka_unit_test(a_written_header_parses_back),
		cmocka_unit_test(rtcp_is_told_from_rtp_by_its_packet_type),
		cmocka_unit_test(order_survives_wrap_around),
	};

	return cmocka_run_group_tests_name("rtp", tests, NULL, NULL);
}
