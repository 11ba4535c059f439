/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */

/* RTP and RTCP for the realms go to the data plane's AF_XDP socket, everything else goes on to
 * the kernel, so that ARP, ICMP and SSH work on the same interface (M34). Where no socket is
 * bound to the packet's queue, or no data plane runs, the packet goes to the kernel as well.
 * RTP of calls that need neither mixing nor recording is forwarded right here (M35). */

#include <linux/bpf.h>

#include "bpf/parse.h"
#include "bpf/relay.h"
#include "bpf/relay_packet.h"
#include "bpf/steer.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, STEER_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps"); /* the name is the AF_XDP driver's */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_REALMS_MAX);
	__type(key, struct steer_address);
	__type(value, struct steer_realm);
} realms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} steer_counters SEC(".maps");

/* As many relays as the realm has RTP ports, so that nothing is searched for. */
struct relays_of_realm {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32)); /* an inner map's types do not get into the BTF */
	__uint(value_size, sizeof(struct relay));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RELAY_REALMS_MAX);
	__type(key, __u32);
	__array(values, struct relays_of_realm);
} relay_realms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RELAY_HOPS_MAX);
	__type(key, __u32);
	__type(value, struct relay_hop);
} relay_hops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct relay_port);
} relay_port SEC(".maps");

static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&steer_counters, &counter);

	if (value)
		(*value)++;
}

static __always_inline int to_kernel(void)
{
	count(STEER_TO_KERNEL);
	return XDP_PASS;
}

static __always_inline void map_ipv4(struct steer_address *key, __be32 address)
{
	key->address[10] = key->address[11] = 0xff;
	__builtin_memcpy(key->address + 12, &address, sizeof(address));
}

static __always_inline struct relay *find_relay(const struct steer_realm *realm, __u16 port)
{
	__u32 number = realm->number, slot = (__u32)(port - realm->first) >> 1;
	void *of_realm = bpf_map_lookup_elem(&relay_realms, &number);

	return of_realm ? bpf_map_lookup_elem(of_realm, &slot) : 0;
}

/* Forward the packet to the other party of its call, where it has a relay and fits it. Returns what
 * is to be done with it; 0 where nothing was done. */
static __always_inline int forward(
	struct xdp_md *ctx, struct plain_packet *p, const struct steer_realm *realm)
{
	struct relay *relay = find_relay(realm, bpf_ntohs(p->udp->dest));
	const void *end = (void *)(long)ctx->data_end;
	const struct relay_port *port;
	const struct relay_hop *hop;
	__u32 number = 0;
	__u64 now;

	p->l2_length = (p->ipv6 ? (void *)p->ip6 : (void *)p->ip) - (void *)p->ethernet;
	p->udp_length = bpf_ntohs(p->udp->len);
	p->rtp = (struct rtp_header *)(p->udp + 1);
	if (!relay || !relay->active || (void *)(p->rtp + 1) > end || !is_plain(relay, p, end))
		return 0;
	port = bpf_map_lookup_elem(&relay_port, &number);
	number = relay->hop;
	hop = bpf_map_lookup_elem(&relay_hops, &number);
	if (!port || !hop || hop->length != p->l2_length)
		return 0;
	now = bpf_ktime_get_ns();
	if (now >= port->until_ns || !take_note(relay, p, now))
		return 0;
	rewrite_rtp(relay, p);
	rewrite_ip(relay, p);
	rewrite_ethernet(hop, p);
	count(STEER_RELAYED);
	return port->redirects ? bpf_redirect(ctx->ingress_ifindex, 0) : XDP_TX;
}

SEC("xdp")
int bridgetap_steer(struct xdp_md *ctx)
{
	struct cursor c = { (void *)(long)ctx->data, (void *)(long)ctx->data_end };
	struct steer_address key = { 0 };
	struct plain_packet p = { .ethernet = c.at };
	struct steer_realm *realm;
	int fragment = 0;
	__u16 port;
	__u8 protocol;

	switch (take_ethernet(&c, &key.vlan, &key.service_vlan)) {
	case bpf_htons(ETH_P_IP):
		p.ip = take_ipv4(&c);
		if (!p.ip)
			return to_kernel();
		protocol = p.ip->protocol;
		fragment = p.ip->frag_off & bpf_htons(IP_FRAGMENT_MASK);
		map_ipv4(&key, p.ip->daddr);
		break;
	case bpf_htons(ETH_P_IPV6):
		p.ip6 = take_ipv6(&c);
		if (!p.ip6)
			return to_kernel();
		p.ipv6 = 1;
		protocol = p.ip6->nexthdr;
		if (protocol == IPPROTO_FRAGMENT) {
			protocol = IPPROTO_UDP; /* or whatever it is a part of */
			fragment = 1;
		}
		__builtin_memcpy(key.address, &p.ip6->daddr, sizeof(key.address));
		break;
	default:
		return to_kernel();
	}

	if (protocol != IPPROTO_UDP)
		return to_kernel();
	realm = bpf_map_lookup_elem(&realms, &key);
	if (!realm)
		return to_kernel();
	if (fragment) {
		count(STEER_FRAGMENT);
		return to_kernel();
	}
	p.udp = take_udp(&c);
	if (!p.udp)
		return to_kernel();
	port = bpf_ntohs(p.udp->dest);
	if (port < realm->first || port > realm->last)
		return to_kernel();

	if (!(port & 1)) {
		int verdict = forward(ctx, &p, realm);

		if (verdict)
			return verdict;
	}
	count(STEER_TO_DATAPLANE);
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
