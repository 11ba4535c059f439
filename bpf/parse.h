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

static __always_inline int is_service_tag(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021AD) || ethertype == bpf_htons(ETH_P_QINQ1);
}

/* One VLAN tag: sets the VLAN id and returns the EtherType of what follows, 0 where it is cut. */
static __always_inline __be16 take_tag(struct cursor *c, __u16 *vlan)
{
	struct vlan_header *tag = take(c, sizeof(*tag));

	if (!tag)
		return 0;
	*vlan = bpf_ntohs(tag->tci) & VLAN_ID_MASK;
	return tag->ethertype;
}

/* Ethernet with a service tag (802.1ad), an 802.1Q tag, or one behind the other; the outer of two
 * may have 802.1Q's number, too. Sets both VLAN ids (0 without a tag); returns the EtherType of
 * what follows in network order, or 0 if the packet is too short. */
static __always_inline __be16 take_ethernet(struct cursor *c, __u16 *vlan, __u16 *service_vlan)
{
	struct ethhdr *eth = take(c, sizeof(*eth));
	__be16 ethertype;
	int outer;

	*vlan = *service_vlan = 0;
	if (!eth)
		return 0;
	ethertype = eth->h_proto;
	outer = is_service_tag(ethertype);
	if (outer)
		ethertype = take_tag(c, service_vlan);
	if (ethertype == bpf_htons(ETH_P_8021Q))
		ethertype = take_tag(c, vlan);
	if (!outer && ethertype == bpf_htons(ETH_P_8021Q)) {
		*service_vlan = *vlan;
		ethertype = take_tag(c, vlan);
	}
	return ethertype;
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
