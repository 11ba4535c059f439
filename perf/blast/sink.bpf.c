// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
// Copyright (c) 2026 Bridgetap contributors
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "perf/blast/sink.h"

/* The end of the generator's cable: counts RTP and drops it before the kernel's stack, whose work
 * would run on the CPU of whoever sent it, and be taken for theirs. ARP passes. */

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

__attribute__((section("tc"), used)) int sink(struct __sk_buff *skb)
{
	__u8 head[UDP_SOURCE + 2];
	__u64 *count;
	__u32 port;

	if (bpf_skb_load_bytes(skb, 0, head, sizeof(head)) < 0 || head[ETHERTYPE] != 0x08 ||
		head[ETHERTYPE + 1] != 0x00 || head[IP_PROTOCOL] != 17)
		return TC_ACT_OK;
	port = (__u32)head[UDP_SOURCE] << 8 | head[UDP_SOURCE + 1];
	count = bpf_map_lookup_elem(&sink_counts, &port);
	if (count && skb->len == SINK_FRAME)
		__sync_fetch_and_add(count, 1);
	return TC_ACT_SHOT;
}

char _license[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
