/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BPF_PARSE_H
#define BRIDGETAP_BPF_PARSE_H

/* A bounds-checked cursor over a packet, for XDP programs. Each take_ function returns the header
 * it stood on and moves behind it, or returns NULL where the packet ends too early. */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct cursor {
	void *at;
	void *end;
};

struct vlan_header {
	__be16 tci;
	__be16 ethertype;
};

#define IP_FRAGMENT_MASK 0x3fff /* more-fragments flag and offset */
#define VLAN_ID_MASK	 0x0fff

static __always_inline void *take(struct cursor *c, __u32 size)
{
	void *header = c->at;

	if (header + size > c->end)
		return 0;
	c->at = header + size;
	return header;
}

/* Ethernet with up to one VLAN tag. Sets the VLAN id (0 without a tag); returns the EtherType of
 * what follows in network order, or 0 if the packet is too short. */
static __always_inline __be16 take_ethernet(struct cursor *c, __u16 *vlan)
{
	struct ethhdr *eth = take(c, sizeof(*eth));
	struct vlan_header *tag;

	*vlan = 0;
	if (!eth)
		return 0;
	if (eth->h_proto != bpf_htons(ETH_P_8021Q))
		return eth->h_proto;
	tag = take(c, sizeof(*tag));
	if (!tag)
		return 0;
	*vlan = bpf_ntohs(tag->tci) & VLAN_ID_MASK;
	return tag->ethertype;
}

/* IPv4 including its options. Fragments are returned like any other packet. */
static __always_inline struct iphdr *take_ipv4(struct cursor *c)
{
	struct iphdr *ip = take(c, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return 0;
	if (!take(c, (ip->ihl - 5) * 4))
		return 0;
	return ip;
}

static __always_inline struct ipv6hdr *take_ipv6(struct cursor *c)
{
	struct ipv6hdr *ip = take(c, sizeof(*ip));

	if (!ip || ip->version != 6)
		return 0;
	return ip;
}

static __always_inline struct udphdr *take_udp(struct cursor *c)
{
	return take(c, sizeof(struct udphdr));
}

#endif
