/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BPF_RELAY_PACKET_H
#define BRIDGETAP_BPF_RELAY_PACKET_H

/* One packet of a call that is forwarded in the kernel, for the XDP program. Only exactly plain
 * packets that continue their stream are: about all others the data plane decides. Until the last
 * check has passed nothing is written, neither to the packet nor to its relay. */

#include "bpf/parse.h"
#include "bpf/relay.h"

#define RTP_PLAIN	 0x80 /* version 2, no padding, no extension, no CSRC */
#define RTP_PAYLOAD_TYPE 0x7f
#define SECOND_NS	 1000000000ull

struct rtp_header {
	__u8 first;
	__u8 payload_type; /* and the marker above it */
	__be16 sequence;
	__be32 timestamp;
	__be32 ssrc;
};

/* A packet as the parser has left it. What there is is told by flags: to the verifier a pointer
 * into a packet may always be 0. */
struct plain_packet {
	struct ethhdr *ethernet;
	__u32 l2_length; /* 14, 4 more for each VLAN tag */
	int ipv6;
	struct iphdr *ip;
	struct ipv6hdr *ip6;
	struct udphdr *udp;
	struct rtp_header *rtp;
	__u16 udp_length;
};

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

static __always_inline int same_address(const __u8 *a, const void *b)
{
	const __u32 *left = (const __u32 *)a;
	const __u32 *right = b;

	return left[0] == right[0] && left[1] == right[1] && left[2] == right[2] &&
	       left[3] == right[3];
}

/* The frame ends where the datagram does, and nothing is in the headers that need not be. */
static __always_inline int lengths_are_plain(const struct plain_packet *p, const void *end)
{
	if (p->udp_length != (__u16)(end - (void *)p->udp))
		return 0;
	if (!p->ipv6)
		return p->ip->ihl == 5 &&
		       p->ip->tot_len == bpf_htons(p->udp_length + sizeof(*p->ip));
	return p->ip6->payload_len == p->udp->len;
}

static __always_inline int comes_from(const struct relay *relay, const struct plain_packet *p)
{
	if (p->udp->source != relay->from_port)
		return 0;
	if (!p->ipv6)
		return !relay->ipv6 && p->ip->saddr == relay->from;
	return relay->ipv6 && same_address(relay->from6, &p->ip6->saddr);
}

/* Whether the sum over the payload can be kept. It cannot where there is only that of the pseudo
 * header, which a local sender leaves to a port that adds the rest (CHECKSUM_PARTIAL). */
static __always_inline int checksum_is_whole(
	const struct relay *relay, const struct plain_packet *p)
{
	if (p->udp->check == 0)
		return !p->ipv6;
	return p->udp->check != fold((__u32)relay->pseudo_sum + p->udp->len);
}

static __always_inline int is_plain(
	const struct relay *relay, const struct plain_packet *p, const void *end)
{
	__u16 payload = p->udp_length - sizeof(*p->udp) - sizeof(*p->rtp);

	return p->rtp->first == RTP_PLAIN &&
	       (p->rtp->payload_type & RTP_PAYLOAD_TYPE) == relay->payload_type &&
	       p->rtp->ssrc == relay->ssrc && comes_from(relay, p) && lengths_are_plain(p, end) &&
	       (__u16)(payload - 1) < relay->payload_max && checksum_is_whole(relay, p);
}

/* RFC 3550 A.1 for a stream that goes on as it was; false where it does not. */
static __always_inline int take_note(struct relay *relay, const struct plain_packet *p, __u64 now)
{
	__u16 sequence = bpf_ntohs(p->rtp->sequence);
	__u16 ahead = sequence - relay->max_sequence;
	__u32 timestamp = bpf_ntohl(p->rtp->timestamp);
	__u32 arrival = (__u32)((now >> RELAY_CLOCK_SHIFT) * relay->clock_factor >> 32);
	__u32 transit = arrival - timestamp, d = transit - relay->transit;
	__u16 payload = p->udp_length - sizeof(*p->udp) - sizeof(*p->rtp);

	if (ahead >= RELAY_MAX_DROPOUT && ahead <= 65536 - RELAY_MAX_MISORDER)
		return 0;
	if ((__s32)d < 0)
		d = -d;
	if (d > RELAY_MAX_STEP)
		return 0;
	if (now - relay->window_ns > SECOND_NS) {
		relay->window_ns = now;
		relay->window_packets = 0;
	}
	if (relay->window_packets >= RELAY_RATE_MAX)
		return 0;
	relay->window_packets++;
	if (ahead < RELAY_MAX_DROPOUT) {
		if (sequence < relay->max_sequence)
			relay->cycles += 65536;
		relay->max_sequence = sequence;
		relay->timestamp = timestamp;
		relay->frame = payload;
	}
	relay->received++;
	relay->bytes += payload;
	relay->heard_ns = now;
	relay->transit = transit;
	relay->jitter += d - ((relay->jitter + 8) >> 4);
	return 1;
}

static __always_inline void rewrite_ip(const struct relay *relay, const struct plain_packet *p)
{
	if (!p->ipv6) {
		/* Nothing that was checked by it is kept, so a damaged one is not made good. */
		p->ip->tos = relay->traffic_class;
		p->ip->id = 0;
		p->ip->frag_off = bpf_htons(0x4000); /* don't fragment */
		p->ip->ttl = RELAY_TTL;
		p->ip->saddr = relay->local;
		p->ip->daddr = relay->remote;
		p->ip->check = ~fold((__u32)relay->ip_sum + p->ip->tot_len);
		return;
	}
	*(__be32 *)p->ip6 = bpf_htonl(6u << 28 | (__u32)relay->traffic_class << 20);
	p->ip6->hop_limit = RELAY_TTL;
	__builtin_memcpy(&p->ip6->saddr, relay->local6, 16);
	__builtin_memcpy(&p->ip6->daddr, relay->remote6, 16);
}

/* UDP and RTP. The checksum is taken over from what came in (RFC 1624), so that a payload that was
 * damaged on the way is still found out. */
static __always_inline void rewrite_rtp(const struct relay *relay, const struct plain_packet *p)
{
	__be16 sequence = bpf_htons(bpf_ntohs(p->rtp->sequence) + relay->sequence_offset);
	__be32 timestamp = bpf_htonl(bpf_ntohl(p->rtp->timestamp) + relay->timestamp_offset);
	__u64 sum = (__u16)~p->udp->check;

	sum += relay->udp_sum;
	sum += (__u64)(__u16)~p->rtp->sequence + sequence;
	sum += (__u64)(__u32)~p->rtp->timestamp + timestamp;
	if (p->udp->check != 0) {
		__u16 check = ~fold(sum);

		p->udp->check = check != 0 ? check : 0xffff;
	}
	p->udp->source = relay->local_port;
	p->udp->dest = relay->remote_port;
	p->rtp->payload_type = (p->rtp->payload_type & 0x80) | relay->out_payload_type;
	p->rtp->sequence = sequence;
	p->rtp->timestamp = timestamp;
	p->rtp->ssrc = relay->out_ssrc;
}

static __always_inline void rewrite_ethernet(
	const struct relay_hop *hop, const struct plain_packet *p)
{
	const __u32 *from = (const __u32 *)hop->bytes;
	__u32 *to = (__u32 *)p->ethernet;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	/* The tags, which are as long as those that came; the EtherType behind them stays. */
	if (p->l2_length >= 18)
		to[3] = from[3];
	if (p->l2_length == 22)
		to[4] = from[4];
}

#endif
