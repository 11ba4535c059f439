/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "witness.h"

#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "net/verify.h"

/* What a hostile network sends: packets that are wrong by themselves. */

#define TWO    (1u << AGENT | 1u << CUSTOMER)
#define ROUNDS 20

/* Bytes of an untagged frame of IPv4, UDP and RTP. */
enum { ETHERTYPE = 12, IP = 14, UDP = IP + 20, RTP = UDP + 8, PAYLOAD = RTP + 12 };

static uint8_t *at(struct rte_mbuf *mbuf, unsigned offset)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, offset);
}

static void put16(struct rte_mbuf *mbuf, unsigned offset, unsigned value)
{
	at(mbuf, offset)[0] = (uint8_t)(value >> 8);
	at(mbuf, offset)[1] = (uint8_t)value;
}

/* Make all lengths fit a UDP payload of `length` bytes, of which the first are `bytes`. */
static void set_payload(struct rte_mbuf *mbuf, const void *bytes, unsigned count, unsigned length)
{
	int more = (int)(RTP + length) - (int)rte_pktmbuf_data_len(mbuf);

	if (more > 0)
		memset(rte_pktmbuf_append(mbuf, (uint16_t)more), 0x11, (size_t)more);
	else
		rte_pktmbuf_trim(mbuf, (uint16_t)-more);
	memcpy(at(mbuf, RTP), bytes, count);
	put16(mbuf, IP + 2, 28 + length);
	put16(mbuf, UDP + 4, 8 + length);
}

/* Keep the RTP header but for its first byte, and make the UDP payload `length` bytes long. */
static void set_rtp(struct rte_mbuf *mbuf, uint8_t first, unsigned length)
{
	uint8_t header[12];

	memcpy(header, at(mbuf, RTP), sizeof(header));
	header[0] = first;
	set_payload(mbuf, header, RTE_MIN(length, 12u), length);
}

/* Insert `length` bytes before byte `offset` of the frame. */
static void insert(struct rte_mbuf *mbuf, unsigned offset, const void *bytes, unsigned length)
{
	assert_non_null(rte_pktmbuf_prepend(mbuf, (uint16_t)length));
	memmove(at(mbuf, 0), at(mbuf, length), offset);
	memcpy(at(mbuf, offset), bytes, length);
}

/* --- frames --- */

static void first_fragment(struct rte_mbuf *mbuf)
{
	put16(mbuf, IP + 6, 0x2000);
}

static void later_fragment(struct rte_mbuf *mbuf)
{
	put16(mbuf, IP + 6, 0x0010);
}

static void bad_ip_checksum(struct rte_mbuf *mbuf)
{
	at(mbuf, IP + 10)[0] ^= 0x40;
	verify_checksums(&mbuf, 1);
}

static void bad_udp_checksum(struct rte_mbuf *mbuf)
{
	at(mbuf, PAYLOAD + 7)[0] ^= 0x01;
	verify_checksums(&mbuf, 1);
}

static void ip_length_past_the_frame(struct rte_mbuf *mbuf)
{
	put16(mbuf, IP + 2, 20 + 8 + 12 + FRAME + 1);
}

static void ip_length_shorter_than_its_header(struct rte_mbuf *mbuf)
{
	put16(mbuf, IP + 2, 19);
}

static void udp_length_past_the_packet(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP + 4, 8 + 12 + FRAME + 1);
}

static void udp_length_of_65535(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP + 4, 65535);
}

static void udp_length_shorter_than_its_header(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP + 4, 7);
}

static void ip_version_5(struct rte_mbuf *mbuf)
{
	*at(mbuf, IP) = 0x55;
}

static void cut_in_the_udp_header(struct rte_mbuf *mbuf)
{
	put16(mbuf, IP + 2, 20 + 4);
	rte_pktmbuf_trim(mbuf, (uint16_t)(rte_pktmbuf_data_len(mbuf) - (UDP + 4)));
}

static void tagged(struct rte_mbuf *mbuf)
{
	insert(mbuf, ETHERTYPE, "\x81\x00\x00\x64", 4);
}

static void tagged_twice(struct rte_mbuf *mbuf)
{
	insert(mbuf, ETHERTYPE, "\x88\xa8\x00\x07\x81\x00\x00\x64", 8);
}

static void tagged_three_times(struct rte_mbuf *mbuf)
{
	insert(mbuf, ETHERTYPE, "\x88\xa8\x00\x07\x81\x00\x00\x64\x81\x00\x00\x65", 12);
}

/* The packet as IPv6 with `protocol` behind the header. */
static void make_ipv6(struct rte_mbuf *mbuf, uint8_t protocol)
{
	static const uint8_t more[20];

	insert(mbuf, UDP, more, sizeof(more));
	memset(at(mbuf, IP), 0, 40);
	put16(mbuf, ETHERTYPE, 0x86dd);
	put16(mbuf, IP, 0x6000);
	put16(mbuf, IP + 4, rte_pktmbuf_data_len(mbuf) - IP - 40);
	*at(mbuf, IP + 6) = protocol;
	put16(mbuf, IP + 8, 0x2001);
	put16(mbuf, IP + 24, 0x2001);
}

static void ipv6_fragment(struct rte_mbuf *mbuf)
{
	make_ipv6(mbuf, 44);
}

static void ipv6_options(struct rte_mbuf *mbuf)
{
	make_ipv6(mbuf, 60);
}

static void ipv6_without_a_checksum(struct rte_mbuf *mbuf)
{
	make_ipv6(mbuf, 17);
	put16(mbuf, UDP + 20 + 6, 0);
}

/* --- RTP --- */

static void nothing_in_udp(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x80, 0);
}

static void rtp_of_11_bytes(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x80, 11);
}

static void rtp_version_0(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP) = 0x00;
}

static void rtp_version_1(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP) = 0x40;
}

static void rtp_version_3(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP) = 0xc0;
}

static void csrcs_past_the_end(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x8f, 12 + 15 * 4 - 1);
}

static void extension_without_a_header(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x90, 12 + 3);
}

static void extension_past_the_end(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x90, 12 + FRAME);
	put16(mbuf, PAYLOAD + 2, FRAME / 4);
}

static void extension_of_65535(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x90, 12 + FRAME);
	put16(mbuf, PAYLOAD + 2, 65535);
}

static void padding_of_0(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP) = 0xa0;
	*at(mbuf, PAYLOAD + FRAME - 1) = 0;
}

static void padding_past_the_payload(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP) = 0xa0;
	*at(mbuf, PAYLOAD + FRAME - 1) = FRAME + 1;
}

static void padding_without_a_payload(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0xa0, 12);
}

static void padding_of_all(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP) = 0xa0;
	*at(mbuf, PAYLOAD + FRAME - 1) = FRAME;
}

static void unknown_payload_type(struct rte_mbuf *mbuf)
{
	*at(mbuf, RTP + 1) = 97;
}

static void no_payload(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x80, 12);
}

static void payload_of_481(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x80, 12 + CODEC_MAX_SAMPLES + 1);
}

static void payload_of_1400(struct rte_mbuf *mbuf)
{
	set_rtp(mbuf, 0x80, 12 + 1400);
}

/* --- addresses --- */

static void another_source_port(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP, 4002);
}

static void another_source_address(struct rte_mbuf *mbuf)
{
	*at(mbuf, IP + 15) = 99;
}

static void own_address_as_source(struct rte_mbuf *mbuf)
{
	memcpy(at(mbuf, IP + 12), at(mbuf, IP + 16), 4);
	put16(mbuf, UDP, 20000);
}

static void multicast_as_source(struct rte_mbuf *mbuf)
{
	*at(mbuf, IP + 12) = 239;
}

static void port_of_no_call(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP + 2, 20100);
}

static void port_of_no_realm(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP + 2, 53);
}

static void address_of_no_realm(struct rte_mbuf *mbuf)
{
	*at(mbuf, IP + 19) = 2;
}

static const struct {
	const char *what;
	void (*damage)(struct rte_mbuf *mbuf);
	enum counter counter;
} cases[] = {
#define CASE(damage, counter)                      \
	{                                          \
#damage, damage, COUNTER_##counter \
	}
	CASE(first_fragment, drop_fragment),
	CASE(later_fragment, drop_fragment),
	CASE(ipv6_fragment, drop_fragment),
	CASE(ipv6_options, drop_ip_extension),
	CASE(ipv6_without_a_checksum, drop_no_checksum),
	CASE(bad_ip_checksum, drop_bad_checksum),
	CASE(bad_udp_checksum, drop_bad_checksum),
	CASE(ip_length_past_the_frame, drop_frame_truncated),
	CASE(ip_length_shorter_than_its_header, drop_bad_ip),
	CASE(ip_version_5, drop_bad_ip),
	CASE(cut_in_the_udp_header, drop_frame_truncated),
	CASE(udp_length_past_the_packet, drop_bad_udp),
	CASE(udp_length_of_65535, drop_bad_udp),
	CASE(udp_length_shorter_than_its_header, drop_bad_udp),
	CASE(tagged, drop_unknown_address),
	CASE(tagged_twice, drop_unknown_address),
	CASE(tagged_three_times, drop_tag_stack),
	CASE(nothing_in_udp, drop_rtp_truncated),
	CASE(rtp_of_11_bytes, drop_rtp_truncated),
	CASE(rtp_version_0, drop_rtp_version),
	CASE(rtp_version_1, drop_rtp_version),
	CASE(rtp_version_3, drop_rtp_version),
	CASE(csrcs_past_the_end, drop_rtp_csrc),
	CASE(extension_without_a_header, drop_rtp_extension),
	CASE(extension_past_the_end, drop_rtp_extension),
	CASE(extension_of_65535, drop_rtp_extension),
	CASE(padding_of_0, drop_rtp_padding),
	CASE(padding_past_the_payload, drop_rtp_padding),
	CASE(padding_without_a_payload, drop_rtp_padding),
	CASE(padding_of_all, drop_payload_size),
	CASE(unknown_payload_type, drop_payload_type),
	CASE(no_payload, drop_payload_size),
	CASE(payload_of_481, drop_payload_size),
	CASE(payload_of_1400, drop_payload_size),
	CASE(another_source_port, drop_refused_source),
	CASE(another_source_address, drop_refused_source),
	CASE(own_address_as_source, drop_own_source),
	CASE(multicast_as_source, drop_bad_source),
	CASE(port_of_no_call, drop_unknown_port),
	CASE(port_of_no_realm, drop_unknown_port),
	CASE(address_of_no_realm, drop_unknown_address),
};

static void each_wrong_packet_is_dropped_by_its_name_and_costs_nobody_anything(void **state)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (i > 0)
			new_call(state);
		witness_begin(TWO);
		for (unsigned n = 0; n < ROUNDS; n++) {
			struct rte_mbuf *mbuf = forge(FRAME);

			cases[i].damage(mbuf);
			inject(mbuf);
			witness_round();
		}
		witness_end(cases[i].what, cases[i].counter, ROUNDS);
		if (i + 1 < COUNT_OF(cases))
			end_call(state);
	}
}

/* --- what is unusual and right --- */

static void ip_options(struct rte_mbuf *mbuf)
{
	static const uint8_t source_route[] = { 131, 7, 4, 10, 0, 0, 1, 0 };

	insert(mbuf, UDP, source_route, sizeof(source_route));
	*at(mbuf, IP) = 0x47;
	put16(mbuf, IP + 2, 28 + 8 + 12 + FRAME);
}

static void udp_shorter_than_the_packet(struct rte_mbuf *mbuf)
{
	memset(rte_pktmbuf_append(mbuf, 6), 0xff, 6);
	put16(mbuf, IP + 2, 28 + 12 + FRAME + 6);
}

/* CSRCs, an extension, and padding, around the voice. */
static void all_of_rtp(struct rte_mbuf *mbuf)
{
	uint8_t more[15 * 4 + 4 + 8] = { [60] = 0xbe, [61] = 0xde, [63] = 2 };

	memset(rte_pktmbuf_append(mbuf, 9), 9, 9);
	insert(mbuf, PAYLOAD, more, sizeof(more));
	*at(mbuf, RTP) = 0xbf;
	put16(mbuf, IP + 2, 28 + 12 + sizeof(more) + FRAME + 9);
	put16(mbuf, UDP + 4, 8 + 12 + sizeof(more) + FRAME + 9);
}

/* RFC 8285: elements that reach past the extension, of either kind; nobody looks at them. */
static void insert_elements(struct rte_mbuf *mbuf, unsigned profile, uint8_t element)
{
	uint8_t more[8] = { (uint8_t)(profile >> 8), (uint8_t)profile, 0, 1, element, 0xff, 0xff,
		0xff };

	insert(mbuf, PAYLOAD, more, sizeof(more));
	*at(mbuf, RTP) = 0x90;
	put16(mbuf, IP + 2, 28 + 12 + sizeof(more) + FRAME);
	put16(mbuf, UDP + 4, 8 + 12 + sizeof(more) + FRAME);
}

static void one_byte_elements_past_the_extension(struct rte_mbuf *mbuf)
{
	insert_elements(mbuf, 0xbede, 0x1f);
}

static void one_byte_elements_of_id_15(struct rte_mbuf *mbuf)
{
	insert_elements(mbuf, 0xbede, 0xf0);
}

static void two_byte_elements_past_the_extension(struct rte_mbuf *mbuf)
{
	insert_elements(mbuf, 0x1000, 1);
}

static void priority_tag(struct rte_mbuf *mbuf)
{
	insert(mbuf, ETHERTYPE, "\x81\x00\xa0\x00", 4);
}

static void no_udp_checksum(struct rte_mbuf *mbuf)
{
	put16(mbuf, UDP + 6, 0);
	verify_checksums(&mbuf, 1);
}

static const struct {
	const char *what;
	void (*change)(struct rte_mbuf *mbuf);
} unusual[] = {
#define UNUSUAL(change)         \
	{                       \
#change, change \
	}
	UNUSUAL(ip_options),
	UNUSUAL(udp_shorter_than_the_packet),
	UNUSUAL(all_of_rtp),
	UNUSUAL(one_byte_elements_past_the_extension),
	UNUSUAL(one_byte_elements_of_id_15),
	UNUSUAL(two_byte_elements_past_the_extension),
	UNUSUAL(priority_tag),
	UNUSUAL(no_udp_checksum),
};

/* What collects the packets sees to it that there is nothing but the fixed header and the voice in
 * them, and that their checksums are right. */
static void what_is_unusual_and_right_is_heard_as_plain_rtp(void **state)
{
	for (size_t i = 0; i < COUNT_OF(unusual); i++) {
		if (i > 0)
			new_call(state);
		witness_begin(TWO);
		for (unsigned n = 0; n < ROUNDS; n++) {
			struct rte_mbuf *mbuf;

			witness_round_beside();
			mbuf = forge(FRAME);
			lose(AGENT, 1); /* it is the agent's own */
			unusual[i].change(mbuf);
			inject(mbuf);
			witness_hears(CUSTOMER, FRAME);
		}
		witness_end_well(unusual[i].what);
		if (i + 1 < COUNT_OF(unusual))
			end_call(state);
	}
}

/* --- many of them --- */

/* Every port there is, by one who knows SSRC, sequence and payload type of the agent. */
static void spray(void)
{
	for (unsigned port = 0; port < 65536; port++) {
		struct rte_mbuf *mbuf = forge(FRAME);

		put16(mbuf, UDP + 2, port);
		*at(mbuf, IP + 15) = 99;
		inject(mbuf);
	}
}

static void check_spray(const char *what, uint64_t legs)
{
	/* Odd ports are RTCP's. Four legs are hit; all else is no call's, or of no realm. */
	assert_int_equal(witness_counted(COUNTER_drop_refused_source), legs);
	assert_int_equal(witness_counted(COUNTER_drop_rtcp_refused_source), legs);
	assert_int_equal(witness_counted(COUNTER_drop_unknown_port), 65536 - 2 * legs);
	for (unsigned c = COUNTER_drop_frame_truncated; c < COUNTER_COUNT; c++)
		if (c != COUNTER_drop_refused_source && c != COUNTER_drop_unknown_port &&
			c != COUNTER_drop_rtcp_refused_source && witness_counted(c) != 0)
			fail_msg("%s: %s", what, counter_name(c));
	for (unsigned p = 0; p < PARTY_COUNT; p++)
		hears_nothing(p);
}

static void a_spray_over_all_ports_gets_no_packet_in_or_out(void **state)
{
	(void)state;
	witness_begin(TWO);
	spray();
	check_spray("during a call", 4);
	for (unsigned i = 0; i < 5; i++)
		witness_round();
	/* And before the first packet of calls that nobody has spoken in yet. */
	end_call(state);
	new_call(state);
	put_call(TWO);
	put_other_call();
	spray();
	assert_int_equal(counted(COUNTER_drop_refused_source), 4);
	assert_int_equal(counted(COUNTER_rx_accepted), 0);
	assert_int_equal(counted(COUNTER_tx_packets), 0);
}

static void a_flood_of_unknown_tuples_is_counted_and_no_more(void **state)
{
	unsigned free_before;

	(void)state;
	witness_begin(TWO);
	while (told(EVENT_FIRST_PACKET, AGENT)) {
	}
	free_before = rte_mempool_avail_count(pool);
	for (unsigned n = 0; n < 20000; n++) {
		struct rte_mbuf *mbuf = forge(FRAME);
		uint32_t from = n * 2654435761u, to = n % 2 ? 20100 : 20000;

		memcpy(at(mbuf, IP + 12), &from, sizeof(from));
		*at(mbuf, IP + 12) = 10;
		put16(mbuf, UDP + 2, to);
		inject(mbuf);
		if (n % 100 == 0)
			witness_round();
	}
	assert_int_equal(rte_mempool_avail_count(pool), free_before);
	/* One event, of the first stranger to the leg. */
	assert_int_equal(rte_ring_count(worker->events), 1);
	assert_int_equal(witness_counted(COUNTER_drop_refused_source), 10000);
	assert_int_equal(witness_counted(COUNTER_drop_unknown_port), 10000);
	for (unsigned p = 0; p < PARTY_COUNT; p++)
		hears_nothing(p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		TEST(each_wrong_packet_is_dropped_by_its_name_and_costs_nobody_anything),
		TEST(what_is_unusual_and_right_is_heard_as_plain_rtp),
		TEST(a_spray_over_all_ports_gets_no_packet_in_or_out),
		TEST(a_flood_of_unknown_tuples_is_counted_and_no_more),
	};

	return cmocka_run_group_tests_name("hostile", tests, start_eal, stop_eal);
}
