/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "media/rtcp.h"
#include "media/rtcp_write.h"

#define OURS   0x01020304
#define THEIRS 0xdeadbeef
#define S      0xde, 0xad, 0xbe, 0xef
#define O      0x01, 0x02, 0x03, 0x04
#define Z4     0, 0, 0, 0
#define INFO   0xe0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 7, 0, 0, 4, 0x60
#define BLOCK  O, 64, 0xff, 0xff, 0xfe, 0, 1, 0x12, 0x34, 0, 0, 0, 80, 0, 1, 0x80, 0, 0, 2, 0, 0
#define OTHER  9, 9, 9, 9, 255, 0, 0, 1, Z4, Z4, Z4, Z4
#define RR0    0x80, 201, 0, 1, S
#define SDES   0x81, 202, 0, 3, S, 1, 2, 'h', 'i', Z4

/* Parsed from a heap block of exactly its length, so that a sanitizer sees any read past it. */
static enum rtcp_fault parse_copy(const uint8_t *bytes, size_t length, struct rtcp_summary *summary)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum rtcp_fault fault;

	memcpy(copy, bytes, length);
	fault = rtcp_parse(copy, length, OURS, THEIRS, summary);
	free(copy);
	return fault;
}

static const struct {
	const char *what;
	enum rtcp_fault fault;
	size_t length;
	uint8_t bytes[96];
} packets[] = {
	{ "an empty datagram", RTCP_TRUNCATED, 0, { 0 } },
	{ "four bytes", RTCP_TRUNCATED, 4, { 0x80, 201, 0, 0 } },
	{ "seven bytes", RTCP_TRUNCATED, 7, { RR0 } },
	{ "a report that is a header alone", RTCP_BAD_REPORT, 8,
		{ 0x80, 201, 0, 0, 0x80, 201, 0, 0 } },
	{ "an empty RR", RTCP_OK, 8, { RR0 } },
	{ "version 0", RTCP_BAD_VERSION, 8, { 0x00, 201, 0, 1, S } },
	{ "version 1", RTCP_BAD_VERSION, 8, { 0x40, 201, 0, 1, S } },
	{ "version 3", RTCP_BAD_VERSION, 8, { 0xc0, 201, 0, 1, S } },
	{ "version 1 in the second", RTCP_BAD_VERSION, 16, { RR0, 0x41, 203, 0, 1, S } },
	{ "SDES first", RTCP_BAD_FIRST, 16, { SDES } },
	{ "BYE first", RTCP_BAD_FIRST, 8, { 0x81, 203, 0, 1, S } },
	{ "RTP", RTCP_BAD_FIRST, 12, { 0x80, 0, 0, 1, Z4, S } },
	{ "a length past the end", RTCP_BAD_LENGTH, 8, { 0x80, 201, 0, 2, S } },
	{ "a length of 65,535", RTCP_BAD_LENGTH, 8, { 0x80, 201, 0xff, 0xff, S } },
	{ "a byte that belongs to nobody", RTCP_BAD_LENGTH, 9, { RR0, 0 } },
	{ "three bytes of a header", RTCP_BAD_LENGTH, 11, { RR0, 0x80, 203, 0 } },
	{ "a second length past the end", RTCP_BAD_LENGTH, 16, { RR0, 0x81, 203, 0, 2, S } },
	{ "a block past the packet", RTCP_BAD_REPORT, 8, { 0x81, 201, 0, 1, S } },
	{ "a block that is in the next packet", RTCP_BAD_REPORT, 24, { 0x81, 201, 0, 1, S, SDES } },
	{ "an SR without sender information", RTCP_BAD_REPORT, 8, { 0x80, 200, 0, 1, S } },
	{ "an SR without room for its block", RTCP_BAD_REPORT, 28, { 0x81, 200, 0, 6, S, INFO } },
	{ "31 blocks in the room of one", RTCP_BAD_REPORT, 32, { 0x9f, 201, 0, 7, S, BLOCK } },
	{ "an SR", RTCP_OK, 28, { 0x80, 200, 0, 6, S, INFO } },
	{ "an RR with a block", RTCP_OK, 32, { 0x81, 201, 0, 7, S, BLOCK } },
	{ "a profile's extension", RTCP_OK, 12, { 0x80, 201, 0, 2, S, 1, 2, 3, 4 } },
	{ "a packet of unknown type", RTCP_OK, 16, { RR0, 0x9f, 223, 0, 1, 9, 9, 9, 9 } },
	{ "an unknown header alone", RTCP_OK, 12, { RR0, 0x80, 207, 0, 0 } },
	{ "padding in the first of two", RTCP_BAD_PADDING, 20,
		{ 0xa0, 201, 0, 2, S, 0, 0, 0, 4, 0x81, 203, 0, 1, S } },
	{ "padding of 0", RTCP_BAD_PADDING, 12, { 0xa0, 201, 0, 2, S, 0, 0, 0, 0 } },
	{ "padding of 3", RTCP_BAD_PADDING, 12, { 0xa0, 201, 0, 2, S, 0, 0, 0, 3 } },
	{ "padding past the header", RTCP_BAD_PADDING, 12, { 0xa0, 201, 0, 2, S, 0, 0, 0, 12 } },
	{ "padding over the SSRC", RTCP_BAD_REPORT, 12, { 0xa0, 201, 0, 2, S, 0, 0, 0, 8 } },
	{ "padding over a block", RTCP_BAD_REPORT, 32,
		{ 0xa1, 201, 0, 7, S, O, 64, 0xff, 0xff, 0xfe, 0, 1, 0x12, 0x34, 0, 0, 0, 80, 0, 1,
			0x80, 0, 0, 0, 0, 4 } },
	{ "padding in the last", RTCP_OK, 20, { RR0, 0xa1, 203, 0, 2, S, 0, 0, 0, 4 } },
	{ "an SDES without chunks", RTCP_OK, 12, { RR0, 0x80, 202, 0, 0 } },
	{ "an SDES", RTCP_OK, 24, { RR0, SDES } },
	{ "an empty chunk", RTCP_OK, 20, { RR0, 0x81, 202, 0, 2, S, Z4 } },
	{ "an SDES chunk without its SSRC", RTCP_BAD_SDES, 12, { RR0, 0x81, 202, 0, 0 } },
	{ "an SDES chunk without an end", RTCP_BAD_SDES, 16, { RR0, 0x81, 202, 0, 1, S } },
	{ "an SDES item past the end", RTCP_BAD_SDES, 20,
		{ RR0, 0x81, 202, 0, 2, S, 1, 9, 'h', 0 } },
	{ "an SDES item that fills the chunk", RTCP_BAD_SDES, 20,
		{ RR0, 0x81, 202, 0, 2, S, 1, 2, 'h', 'i' } },
	{ "an SDES item's type alone", RTCP_BAD_SDES, 20,
		{ RR0, 0x81, 202, 0, 2, S, 1, 1, 'h', 2 } },
	{ "a second chunk past the end", RTCP_BAD_SDES, 24,
		{ RR0, 0x82, 202, 0, 3, S, 1, 2, 'h', 'i', Z4 } },
	{ "a BYE", RTCP_OK, 16, { RR0, 0x81, 203, 0, 1, S } },
	{ "a BYE of nobody", RTCP_OK, 12, { RR0, 0x80, 203, 0, 0 } },
	{ "a BYE with its reason", RTCP_OK, 20, { RR0, 0x81, 203, 0, 2, S, 3, 'e', 'n', 'd' } },
	{ "a BYE with sources past the end", RTCP_BAD_BYE, 16, { RR0, 0x82, 203, 0, 1, S } },
	{ "a BYE with a reason past the end", RTCP_BAD_BYE, 20,
		{ RR0, 0x81, 203, 0, 2, S, 4, 'e', 'n', 'd' } },
	{ "an APP", RTCP_OK, 20, { RR0, 0x80, 204, 0, 2, S, 'n', 'a', 'm', 'e' } },
	{ "an APP without a name", RTCP_BAD_APP, 16, { RR0, 0x80, 204, 0, 1, S } },
};

static void each_fault_is_told_by_name(void **state)
{
	struct rtcp_summary summary;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(packets); i++) {
		enum rtcp_fault fault = parse_copy(packets[i].bytes, packets[i].length, &summary);

		if (fault != packets[i].fault)
			fail_msg("%s: fault %d, not %d", packets[i].what, fault, packets[i].fault);
	}
}

static const uint8_t whole[] = { 0x82, 200, 0, 18, S, INFO, OTHER, BLOCK, SDES, 0x82, 203, 0, 2, 9,
	9, 9, 9, S };

static void what_concerns_us_is_found(void **state)
{
	struct rtcp_summary summary;

	(void)state;
	assert_int_equal(parse_copy(whole, sizeof(whole), &summary), RTCP_OK);
	assert_int_equal(summary.ssrc, THEIRS);
	assert_true(summary.has_sender && summary.has_block && summary.says_bye);
	assert_int_equal(summary.sender.ntp.seconds, 0xe0000001);
	assert_int_equal(rtcp_ntp_middle(summary.sender.ntp), 0x00018000);
	assert_int_equal(summary.sender.timestamp, 0x1000);
	assert_int_equal(summary.sender.packets, 7);
	assert_int_equal(summary.sender.octets, 0x460);
	assert_int_equal(summary.block.ssrc, OURS);
	assert_int_equal(summary.block.fraction_lost, 64);
	assert_int_equal(summary.block.lost, -2);
	assert_int_equal(summary.block.highest, 0x11234);
	assert_int_equal(summary.block.jitter, 80);
	assert_int_equal(summary.block.last_sr, 0x18000);
	assert_int_equal(summary.block.since_last_sr, 0x20000);
}

static void what_concerns_others_is_not(void **state)
{
	static const uint8_t others[] = { 0x81, 200, 0, 12, 7, 7, 7, 7, INFO, OTHER, 0x81, 203, 0,
		1, 9, 9, 9, 9 };
	struct rtcp_summary summary;

	(void)state;
	assert_int_equal(parse_copy(others, sizeof(others), &summary), RTCP_OK);
	assert_int_equal(summary.ssrc, 0x07070707);
	assert_false(summary.has_sender || summary.has_block || summary.says_bye);
}

/* A compound is right at the ends of its packets, and nowhere else. */
static void no_truncation_passes(void **state)
{
	struct rtcp_summary summary;

	(void)state;
	for (size_t length = 0; length < sizeof(whole); length++) {
		bool boundary = length == 76 || length == 92;

		if ((parse_copy(whole, length, &summary) == RTCP_OK) != boundary)
			fail_msg("%zu bytes", length);
	}
}

/* Every value in every byte that says how long something is, or what: it is refused or read, and
 * never read past (which the sanitizers look for). */
static void no_length_leads_past_the_end(void **state)
{
	uint8_t copy[sizeof(whole)];
	struct rtcp_summary summary;
	unsigned refused = 0, read = 0;

	(void)state;
	for (size_t at = 0; at < sizeof(whole); at++)
		for (unsigned value = 0; value < 256; value++) {
			memcpy(copy, whole, sizeof(whole));
			copy[at] = (uint8_t)value;
			if (parse_copy(copy, sizeof(copy), &summary) == RTCP_OK)
				read++;
			else
				refused++;
		}
	assert_true(refused > 2000 && read > 15000);
}

static void assert_blocks_equal(const struct rtcp_block *a, const struct rtcp_block *b)
{
	assert_int_equal(a->ssrc, b->ssrc);
	assert_int_equal(a->fraction_lost, b->fraction_lost);
	assert_int_equal(a->lost, b->lost);
	assert_int_equal(a->highest, b->highest);
	assert_int_equal(a->jitter, b->jitter);
	assert_int_equal(a->last_sr, b->last_sr);
	assert_int_equal(a->since_last_sr, b->since_last_sr);
}

static void what_we_write_we_read(void **state)
{
	const struct rtcp_sender sender = { { 0xe0000001, 0x80000000 }, 0x1000, 7, 0x460 };
	struct rtcp_block block = { OURS, 64, -2, 0x11234, 80, 0x18000, 0x20000 };
	uint8_t out[RTCP_WRITE_MAX];

	(void)state;
	for (unsigned what = 0; what < 8; what++) {
		const struct rtcp_compound compound = {
			.ssrc = THEIRS,
			.sender = what & 1 ? &sender : NULL,
			.block = what & 2 ? &block : NULL,
			.bye = what & 4,
		};
		struct rtcp_summary summary;
		unsigned length = rtcp_write(&compound, out);

		assert_int_equal(parse_copy(out, length, &summary), RTCP_OK);
		assert_int_equal(summary.ssrc, THEIRS);
		assert_int_equal(summary.has_sender, compound.sender != NULL);
		assert_int_equal(summary.has_block, compound.block != NULL);
		assert_int_equal(summary.says_bye, compound.bye);
		if (compound.sender != NULL)
			assert_memory_equal(&summary.sender, &sender, sizeof(sender));
		if (compound.block != NULL)
			assert_blocks_equal(&summary.block, &block);
		if (what == 7)
			assert_int_equal(length, RTCP_WRITE_MAX);
	}
}

static void cumulative_loss_is_held_within_its_24_bits(void **state)
{
	static const int32_t lost[][2] = { { 0x7fffff, 0x7fffff }, { 0x800000, 0x7fffff },
		{ -0x800000, -0x800000 }, { -0x800001, -0x800000 }, { -1, -1 } };
	uint8_t out[RTCP_WRITE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lost); i++) {
		struct rtcp_block block = { .ssrc = OURS, .lost = lost[i][0] };
		struct rtcp_compound compound = { .ssrc = THEIRS, .block = &block };
		struct rtcp_summary summary;

		assert_int_equal(parse_copy(out, rtcp_write(&compound, out), &summary), RTCP_OK);
		assert_int_equal(summary.block.lost, lost[i][1]);
	}
}

static void a_canonical_name_is_its_streams_alone(void **state)
{
	char a[RTCP_CNAME_SIZE], b[RTCP_CNAME_SIZE];

	(void)state;
	rtcp_cname(OURS, a);
	rtcp_cname(OURS, b);
	assert_memory_equal(a, b, sizeof(a));
	for (unsigned bit = 0; bit < 32; bit++) {
		rtcp_cname(OURS ^ 1u << bit, b);
		assert_memory_not_equal(a, b, sizeof(a));
	}
	for (unsigned i = 0; i < sizeof(a); i++)
		assert_true((a[i] >= 'a' && a[i] <= 'z') || (a[i] >= '2' && a[i] <= '7'));
}

static void the_clock_on_the_wall_is_counted_from_1900(void **state)
{
	struct rtcp_ntp ntp = rtcp_ntp_from_us(500000);

	(void)state;
	assert_int_equal(ntp.seconds, 2208988800u);
	assert_int_equal(ntp.fraction, 0x80000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_told_by_name),
		cmocka_unit_test(what_concerns_us_is_found),
		cmocka_unit_test(what_concerns_others_is_not),
		cmocka_unit_test(no_truncation_passes),
		cmocka_unit_test(no_length_leads_past_the_end),
		cmocka_unit_test(what_we_write_we_read),
		cmocka_unit_test(cumulative_loss_is_held_within_its_24_bits),
		cmocka_unit_test(a_canonical_name_is_its_streams_alone),
		cmocka_unit_test(the_clock_on_the_wall_is_counted_from_1900),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
