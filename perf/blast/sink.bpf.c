// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
// Copyright (c) 2026 Bridgetap contributors
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "perf/blast/sink.h"

/* The end of the generator's cable: counts RTP and drops it before the kernel's stack, whose work
 * would run on the CPU of whoever sent it, and be taken for theirs. ARP passes. What a sender's
 * kernel hands over as a socket buffer is dropped at the first place that sees one (tc), what
 * another XDP program hands over as a frame before one is made of it (XDP): to each what costs it
 * least. */

#define ETHERTYPE   12
#define IP_PROTOCOL 23
#define UDP_SOURCE  34

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SINK_PORTS);
	__type(key, __u32);
	__type(value, __u64);
} sink_counts __attribute__((section(".maps"), used));

static __always_inline int is_udp(const __u8 *head)
{
	return head[ETHERTYPE] == 0x08 && head[ETHERTYPE + 1] == 0x00 && head[IP_PROTOCOL] == 17;
}

static __always_inline void count(const __u8 *head, __u32 length)
{
	__u32 port = (__u32)head[UDP_SOURCE] << 8 | head[UDP_SOURCE + 1];
	__u64 *value = bpf_map_lookup_elem(&sink_counts, &port);

	if (value && length == SINK_FRAME)
		__sync_fetch_and_add(value, 1);
}

__attribute__((section("tc"), used)) int sink(struct __sk_buff *skb)
{
	__u8 head[UDP_SOURCE + 2];

	if (bpf_skb_load_bytes(skb, 0, head, sizeof(head)) < 0 || !is_udp(head))
		return TC_ACT_OK;
	count(head, skb->len);
	return TC_ACT_SHOT;
}

__attribute__((section("xdp"), used)) int sink_frames(struct xdp_md *ctx)
{
	const __u8 *head = (const __u8 *)(long)ctx->data, *end = (const __u8 *)(long)ctx->data_end;

	if (head + UDP_SOURCE + 2 > end || !is_udp(head))
		return XDP_PASS;
	count(head, (__u32)(end - head));
	return XDP_DROP;
}

char _license[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
