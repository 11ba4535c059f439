/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "rtpgen/arp.h"
#include "rtpgen/gen.h"
#include "rtpgen/nd.h"

#define RTCP_LEAST 8 /* bytes */
#define PCMU	   0 /* payload types (RFC 3551) */
#define PCMA	   8
#define HITS	   3 /* packets in a row that agree */
#define LATE_MS	   5 /* who is held up answers later than that */

/* A packet of RTP that has come to a leg. */
struct arrival {
	struct leg *leg;
	struct call *call;
	const uint8_t *payload;
	unsigned length;
	uint16_t sequence;
	enum voice_codec codec;
	bool six; /* over IPv6 */
	uint64_t tsc;
};

static uint64_t nanoseconds(const struct gen *gen, uint64_t tsc)
{
	return (uint64_t)((double)tsc * 1e9 / (double)gen->tsc_hz);
}

/* --- delay --- */

static unsigned delay_class(const struct arrival *a)
{
	if (a->leg->party >= PARTY_SENDERS)
		return DELAY_RECORDING;
	return a->leg->party == PARTY_MONITOR ? DELAY_MONITOR : a->call->mode;
}

/* The appliance adds a constant to the numbers of the source. While one packet at a time is under
 * way, the newest that was sent is the one that has come: that tells the constant. */
static void align(struct stream *heard, const struct leg *source, uint16_t sequence)
{
	uint16_t offset = (uint16_t)(sequence - source->newest);

	heard->hits = heard->hits > 0 && offset == heard->offset ? heard->hits + 1 : 1;
	heard->offset = offset;
	heard->aligned = heard->hits >= HITS;
}

static void measure_delay(struct gen *gen, const struct arrival *a)
{
	const struct leg *source = table_leg(gen->table, a->leg->call, party_clock(a->leg->party));
	struct stream *heard = &a->leg->heard;
	uint16_t sequence, behind;
	uint64_t took;

	if (heard->alignment != a->call->alignment) {
		heard->alignment = a->call->alignment;
		heard->aligned = false;
		heard->hits = 0;
	}
	if (!heard->aligned) {
		align(heard, source, a->sequence);
		gen->figures.unmatched++;
		return;
	}
	sequence = (uint16_t)(a->sequence - heard->offset);
	behind = (uint16_t)(source->newest - sequence);
	if (behind >= TABLE_SENT) {
		heard->aligned = false;
		heard->hits = 0;
		gen->figures.unmatched++;
		return;
	}
	took = a->tsc - source->sent_tsc[sequence % TABLE_SENT];
	if (a->tsc >= gen->figures.settled_tsc)
		histogram_add(&gen->figures.delays[delay_class(a)], nanoseconds(gen, took));
	if (took > gen->tsc_hz / 1000 * LATE_MS)
		gen_disturbed(gen, a->tsc);
}

/* --- who is heard --- */

static bool is_tolerant(const struct arrival *a)
{
	return a->call->next_mode != a->call->mode || a->tsc < a->call->tolerant_until;
}

/* The first one of its kind. */
static void tell(char sentence[static 256], const struct arrival *a)
{
	char what[96];

	if (*sentence != '\0')
		return;
	snprintf(sentence, 256, "call %u, voice %u, in mode %s: the %s hears %s", a->leg->call,
		a->call->voice, mode_name(a->call->mode), party_name(a->leg->party),
		voice_describe(a->codec, a->payload, a->length, what));
}

static struct voice_expected expect(const struct arrival *a, enum mode mode)
{
	uint8_t hears = (uint8_t)party_hears(a->leg->party, mode);

	return (struct voice_expected){
		.voice = a->call->voice,
		.sources = a->call->codecs,
		.codec = a->codec,
		.expected = hears,
		.allowed = hears,
	};
}

/* While a mode is being switched a party may hear by either, and the ramp in between; the recorder
 * never hears anything else than before. */
static void judge(struct gen *gen, const struct arrival *a)
{
	bool recorder = a->leg->party >= PARTY_SENDERS, tolerant = !recorder && is_tolerant(a);
	struct voice_expected expected = expect(a, a->call->mode);
	enum voice_verdict verdict;

	if (tolerant && a->leg->party != PARTY_MONITOR)
		expected.allowed |= HEARS_MONITOR;
	verdict = voice_judge(&expected, a->payload, a->length);
	if (verdict == VOICE_WRONG)
		tell(gen->figures.wrong, a);
	if (verdict == VOICE_PARTIAL && !tolerant)
		gen->figures.last_partial_tsc = a->tsc;
	if (verdict == VOICE_PARTIAL && a->tsc < gen->disturbed_until) {
		gen->figures.excused += !tolerant;
		return;
	}
	if (verdict == VOICE_PARTIAL && !tolerant)
		tell(gen->figures.partial, a);
	if (verdict == VOICE_WRONG || !tolerant)
		gen->figures.judged[a->call->mode][a->leg->party][verdict]++;
}

/* A switch shows in the first packet that is not as by the old mode any more. */
static void watch_switch(struct gen *gen, const struct arrival *a)
{
	struct voice_expected before = expect(a, a->call->old_mode);
	unsigned after = party_hears(a->leg->party, a->call->next_mode);
	struct call *call = a->call;

	if (after == before.expected)
		return;
	before.allowed |= (uint8_t)after;
	switch (voice_judge(&before, a->payload, a->length)) {
	case VOICE_EXACT:
		call->old_tsc = a->tsc;
		break;
	case VOICE_PARTIAL:
		histogram_add(&gen->figures.first_new, nanoseconds(gen, a->tsc - call->switch_tsc));
		histogram_add(&gen->figures.last_old,
			call->old_tsc == 0 ? 0
					   : nanoseconds(gen, call->old_tsc - call->switch_tsc));
		call->switch_tsc = 0;
		break;
	case VOICE_WRONG:
		break; /* which is judged elsewhere */
	}
}

static bool is_sampled(struct gen *gen)
{
	if (!gen->check || gen->options->check == 0)
		return false;
	gen->check_turn += gen->options->check;
	if (gen->check_turn < 1000)
		return false;
	gen->check_turn -= 1000;
	return true;
}

/* --- a packet --- */

/* Answer who asks for us; learn where the appliance is. */
static void take_other(struct gen *gen, struct device *device, struct rte_mbuf *mbuf)
{
	struct rte_ether_addr mac;
	struct ip_address address, remote;

	if (arp_answer(device, mbuf) || nd_answer(device, mbuf)) {
		gen_queue(gen, device, mbuf, NULL);
		return;
	}
	if (arp_take_answer(mbuf, &address, &mac) || nd_take_answer(mbuf, &address, &mac))
		for (unsigned i = 0; i < gen->table->senders; i++) {
			remote = table_remote(&gen->table->legs[i]);
			if (ip_equal(&remote, &address))
				table_set_macs(&gen->table->legs[i], &gen->media.mac, &mac);
		}
	rte_pktmbuf_free(mbuf);
}

/* The parties get their own codec; the recorder takes either. */
static bool is_right_type(const struct gen *gen, const struct leg *leg, unsigned type)
{
	if (leg->party >= PARTY_SENDERS)
		return type == PCMU || type == PCMA;
	return type == table_payload_type(gen->table, leg);
}

/* What stands in front of UDP: returns that, and whom the packet is for; NULL where it is none. */
static const struct rte_udp_hdr *parse_ip(
	const uint8_t *frame, unsigned length, struct ip_address *to)
{
	const struct rte_ether_hdr *ethernet = (const struct rte_ether_hdr *)frame;
	const struct rte_ipv4_hdr *four = (const struct rte_ipv4_hdr *)(ethernet + 1);
	const struct rte_ipv6_hdr *six = (const struct rte_ipv6_hdr *)(ethernet + 1);

	if (ethernet->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6)) {
		if (length <= TABLE_HEADER6 || six->proto != IPPROTO_UDP)
			return NULL;
		*to = ip_of(six->dst_addr, true);
		return (const struct rte_udp_hdr *)(six + 1);
	}
	if (length <= TABLE_HEADER || four->version_ihl != RTE_IPV4_VHL_DEF ||
		four->next_proto_id != IPPROTO_UDP)
		return NULL;
	*to = ip_of(&four->dst_addr, false);
	return (const struct rte_udp_hdr *)(four + 1);
}

/* False where it is no RTP for one of our legs. */
static bool parse(struct gen *gen, struct device *device, struct rte_mbuf *mbuf, struct arrival *a)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *), *rtp;
	unsigned length = rte_pktmbuf_data_len(mbuf), datagram;
	struct ip_address to;
	const struct rte_udp_hdr *udp = parse_ip(frame, length, &to);

	if (udp == NULL)
		return false;
	rtp = (const uint8_t *)(udp + 1);
	datagram = rte_be_to_cpu_16(udp->dgram_len);
	if (rtp[0] != 0x80 || datagram <= sizeof(*udp) + TABLE_RTP ||
		datagram > length - (unsigned)((const uint8_t *)udp - frame))
		return false;
	a->leg = table_find(gen->table, device->recording, &to, rte_be_to_cpu_16(udp->dst_port));
	if (a->leg != NULL && !is_right_type(gen, a->leg, rtp[1] & 0x7f))
		return false;
	a->six = to.six;
	a->payload = rtp + TABLE_RTP;
	a->length = datagram - (unsigned)sizeof(*udp) - TABLE_RTP;
	return a->leg != NULL;
}

/* Whether it is RTCP, on the port above one of RTP: of a call, or the last of one that has ended.
 */
static bool is_report(struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *), *rtcp;
	struct ip_address to;
	const struct rte_udp_hdr *udp = parse_ip(frame, rte_pktmbuf_data_len(mbuf), &to);
	uint16_t port;

	if (udp == NULL || rte_be_to_cpu_16(udp->dgram_len) < sizeof(*udp) + RTCP_LEAST)
		return false;
	rtcp = (const uint8_t *)(udp + 1);
	port = rte_be_to_cpu_16(udp->dst_port);
	return port % 2 == 1 && rtcp[0] >> 6 == 2 && rtcp[1] >= 192 && rtcp[1] <= 223;
}

/* Of the IP header, and of UDP where it has one: the sum over what includes it is all ones, which
 * its complement would be 0 for, but for UDP is written as all ones, too (RFC 768). */
static bool checksums_are_right(const struct arrival *a)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(a->payload - TABLE_RTP) - 1;
	const struct rte_ipv4_hdr *four = (const struct rte_ipv4_hdr *)udp - 1;
	const struct rte_ipv6_hdr *six = (const struct rte_ipv6_hdr *)udp - 1;

	if (a->six)
		return udp->dgram_cksum != 0 && rte_ipv6_udptcp_cksum(six, udp) == UINT16_MAX;
	return rte_raw_cksum(four, sizeof(*four)) == UINT16_MAX &&
	       (udp->dgram_cksum == 0 || rte_ipv4_udptcp_cksum(four, udp) == UINT16_MAX);
}

static void take_rtp(struct gen *gen, struct arrival *a, uint32_t arrival)
{
	const uint8_t *rtp = a->payload - 12;
	struct stream_packet packet = {
		.sequence = (uint16_t)(rtp[2] << 8 | rtp[3]),
		.marker = rtp[1] >> 7,
		.arrival = arrival,
		.samples = a->length,
	};

	memcpy(&packet.timestamp, rtp + 4, sizeof(packet.timestamp));
	memcpy(&packet.ssrc, rtp + 8, sizeof(packet.ssrc));
	packet.timestamp = rte_be_to_cpu_32(packet.timestamp);
	packet.ssrc = rte_be_to_cpu_32(packet.ssrc);
	a->sequence = packet.sequence;
	a->codec = (rtp[1] & 0x7f) == PCMA ? VOICE_PCMA : VOICE_PCMU;
	a->call = &gen->table->calls[a->leg->call];
	gen->figures.received++;
	if (!stream_take(&a->leg->heard, &packet))
		return;
	measure_delay(gen, a);
	if (a->call->switch_tsc != 0)
		watch_switch(gen, a);
	if (!is_sampled(gen))
		return;
	judge(gen, a);
	gen->figures.bad_checksums += !checksums_are_right(a);
}

/* Whether it may be RTP, and is not of those by which neighbours find each other. */
static bool is_media(const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	const struct rte_ipv6_hdr *six = (const struct rte_ipv6_hdr *)(ethernet + 1);

	return ethernet->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
	       (ethernet->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6) &&
		       six->proto == IPPROTO_UDP);
}

unsigned gen_receive(struct gen *gen, struct device *device)
{
	struct rte_mbuf *mbufs[DEVICE_BURST];
	struct arrival arrivals[DEVICE_BURST];
	unsigned count = rte_eth_rx_burst(device->id, 0, mbufs, DEVICE_BURST), kept = 0, done = 0;
	uint64_t tsc = rte_rdtsc();
	uint32_t units;

	if (count == 0)
		return 0;
	units = (uint32_t)((double)(tsc - gen->origin) * 8000 / (double)gen->tsc_hz);
	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
	for (unsigned i = 0; i < count; i++) {
		if (gen->capture != NULL)
			capture_write(gen->capture, tsc,
				rte_pktmbuf_mtod(mbufs[i], const uint8_t *),
				rte_pktmbuf_data_len(mbufs[i]));
		if (!is_media(mbufs[i])) {
			take_other(gen, device, mbufs[i]);
			continue;
		}
		if (parse(gen, device, mbufs[i], &arrivals[kept])) {
			rte_prefetch0(&arrivals[kept].leg->heard);
			arrivals[kept++].tsc = tsc;
		} else if (is_report(mbufs[i])) {
			gen->figures.reports++;
		} else {
			gen->figures.strays++;
		}
		mbufs[done++] = mbufs[i];
	}
	for (unsigned i = 0; i < kept; i++)
		take_rtp(gen, &arrivals[i], units);
	rte_pktmbuf_free_bulk(mbufs, done);
	return count;
}
