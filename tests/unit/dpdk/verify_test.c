/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "net/checksum.h"
#include "net/verify.h"

/* Checksums that the workers verify where a port cannot. */

#define IP_MASK RTE_MBUF_F_RX_IP_CKSUM_MASK
#define L4_MASK RTE_MBUF_F_RX_L4_CKSUM_MASK
#define BOTH	(IP_MASK | L4_MASK)

#define GOOD (RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD)

/* Bytes of frame_of()'s frame without tags. */
enum { ETHERTYPE = 12, IP = 14, UDP = IP + 20, PAYLOAD = UDP + 8 };

/* A frame between two addresses, with right checksums, and `count` bytes of payload. */
static struct rte_mbuf *frame_of(const char *from, const char *to, unsigned count)
{
	struct endpoint source = { .port = 4000 }, destination = { .port = 20000 };
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct header_template header;
	uint8_t *at;

	assert_int_equal(endpoint_parse_address(&source, from), 0);
	assert_int_equal(endpoint_parse_address(&destination, to), 0);
	header_template_init(&header, &source, &destination, 0);
	at = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)(14u + header.length + count));
	memset(at, 2, ETHERTYPE);
	memcpy(at + ETHERTYPE, header.length == HEADER_IPV4_SIZE ? "\x08\x00" : "\x86\xdd", 2);
	at += 14 + header.length;
	for (unsigned i = 0; i < count; i++)
		at[i] = (uint8_t)(i * 7 + count);
	header_template_write(
		header.bytes, header.length, at, (uint16_t)count, checksum_add(0, at, count));
	return mbuf;
}

static struct rte_mbuf *ipv4_frame(unsigned count)
{
	return frame_of("192.0.2.10", "192.0.2.1", count);
}

/* What is found of `mbuf`, which is freed. */
static uint64_t found(struct rte_mbuf *mbuf)
{
	uint64_t flags;

	verify_checksums(&mbuf, 1);
	flags = mbuf->ol_flags & BOTH;
	rte_pktmbuf_free(mbuf);
	return flags;
}

static void right_ones_are_good(void **state)
{
	(void)state;
	for (unsigned count = 0; count < 500; count++) {
		assert_int_equal(found(ipv4_frame(count)), GOOD);
		assert_int_equal(found(frame_of("2001:db8::10", "2001:db8::1", count)),
			RTE_MBUF_F_RX_L4_CKSUM_GOOD);
	}
}

static void every_flipped_bit_is_found(void **state)
{
	(void)state;
	for (unsigned bit = 8 * IP; bit < 8 * (PAYLOAD + 33); bit++) {
		struct rte_mbuf *mbuf = ipv4_frame(33);
		struct frame frame;
		uint64_t flags;

		rte_pktmbuf_mtod(mbuf, uint8_t *)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		if (frame_parse(rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_data_len(mbuf),
			    &frame) != FRAME_OK) {
			rte_pktmbuf_free(mbuf); /* dropped for what it has become */
			continue;
		}
		flags = found(mbuf);
		if (bit < 8 * UDP)
			assert_int_equal(flags & IP_MASK, RTE_MBUF_F_RX_IP_CKSUM_BAD);
		else
			assert_int_equal(flags & L4_MASK, RTE_MBUF_F_RX_L4_CKSUM_BAD);
	}
}

/* As the kernel sends through a virtual interface: the port is to do the rest. */
static void what_a_local_sender_has_left_unfinished_is_none(void **state)
{
	static const char *const addresses[][2] = {
		{ "192.0.2.10", "192.0.2.1" },
		{ "2001:db8::10", "2001:db8::1" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(addresses); i++) {
		struct rte_mbuf *mbuf = frame_of(addresses[i][0], addresses[i][1], 172);
		uint8_t *ip = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, IP);

		if (i == 0)
			((struct rte_udp_hdr *)(ip + 20))->dgram_cksum =
				rte_ipv4_phdr_cksum((struct rte_ipv4_hdr *)ip, 0);
		else
			((struct rte_udp_hdr *)(ip + 40))->dgram_cksum =
				rte_ipv6_phdr_cksum((struct rte_ipv6_hdr *)ip, 0);
		assert_int_equal(found(mbuf) & L4_MASK, RTE_MBUF_F_RX_L4_CKSUM_NONE);
	}
}

static void ipv4_may_do_without(void **state)
{
	struct rte_mbuf *mbuf = ipv4_frame(172);

	(void)state;
	memset(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, UDP + 6), 0, 2);
	assert_int_equal(found(mbuf), RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_NONE);
}

static void the_header_is_found_behind_tags(void **state)
{
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 7, 0x81, 0, 0, 100 };

	(void)state;
	for (unsigned length = 4; length <= 8; length += 4) {
		struct rte_mbuf *mbuf = ipv4_frame(172);
		uint8_t *at = (uint8_t *)rte_pktmbuf_prepend(mbuf, (uint16_t)length);

		memmove(at, at + length, ETHERTYPE);
		memcpy(at + ETHERTYPE, tags, length);
		assert_int_equal(found(mbuf), GOOD);
	}
}

static void what_the_port_has_found_stands(void **state)
{
	struct rte_mbuf *mbuf = ipv4_frame(172);

	(void)state;
	mbuf->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_int_equal(found(mbuf), RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD);
}

static void damaged_frames_are_left_alone(void **state)
{
	(void)state;
	for (uint16_t cut = 0; cut < PAYLOAD + 8; cut++) {
		struct rte_mbuf *mbuf = ipv4_frame(8);

		rte_pktmbuf_trim(mbuf, (uint16_t)(PAYLOAD + 8 - cut));
		assert_int_equal(found(mbuf), 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		TEST(right_ones_are_good),
		TEST(every_flipped_bit_is_found),
		TEST(what_a_local_sender_has_left_unfinished_is_none),
		TEST(ipv4_may_do_without),
		TEST(the_header_is_found_behind_tags),
		TEST(what_the_port_has_found_stands),
		TEST(damaged_frames_are_left_alone),
	};

	return cmocka_run_group_tests_name("verify", tests, start_eal, stop_eal);
}
