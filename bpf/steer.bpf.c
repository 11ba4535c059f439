/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */

/* RTP and RTCP for the realms go to the data plane's AF_XDP socket, everything else goes on to
 * the kernel, so that ARP, ICMP and SSH work on the same interface (M34). Where no socket is
 * bound to the packet's queue, or no data plane runs, the packet goes to the kernel as well. */

#include <linux/bpf.h>

#include "bpf/parse.h"
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
	__type(value, struct steer_ports);
} realms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} steer_counters SEC(".maps");

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

SEC("xdp")
int bridgetap_steer(struct xdp_md *ctx)
{
	struct cursor c = { (void *)(long)ctx->data, (void *)(long)ctx->data_end };
	struct steer_address key = { 0 };
	struct steer_ports *ports;
	struct udphdr *udp;
	int fragment = 0;
	__u16 port;
	__u8 protocol;

	switch (take_ethernet(&c, &key.vlan)) {
	case bpf_htons(ETH_P_IP): {
		struct iphdr *ip = take_ipv4(&c);

		if (!ip)
			return to_kernel();
		protocol = ip->protocol;
		fragment = ip->frag_off & bpf_htons(IP_FRAGMENT_MASK);
		map_ipv4(&key, ip->daddr);
		break;
	}
	case bpf_htons(ETH_P_IPV6): {
		struct ipv6hdr *ip = take_ipv6(&c);

		if (!ip)
			return to_kernel();
		protocol = ip->nexthdr;
		__builtin_memcpy(key.address, &ip->daddr, sizeof(key.address));
		break;
	}
	default:
		return to_kernel();
	}

	if (protocol != IPPROTO_UDP)
		return to_kernel();
	ports = bpf_map_lookup_elem(&realms, &key);
	if (!ports)
		return to_kernel();
	if (fragment) {
		count(STEER_FRAGMENT);
		return to_kernel();
	}
	udp = take_udp(&c);
	if (!udp)
		return to_kernel();
	port = bpf_ntohs(udp->dest);
	if (port < ports->first || port > ports->last)
		return to_kernel();

	count(STEER_TO_DATAPLANE);
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
