/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "relay_program.h"

#pragma GCC diagnostic ignored "-Wunused-variable"
#include "bpf/relay_packet.h"

bool relay_program_run(struct relay *relay, const struct relay_hop *hop, uint8_t *data,
	unsigned length, uint64_t now_ns)
{
	struct plain_packet p = {
		.ethernet = (struct ethhdr *)data,
		.l2_length = sizeof(struct ethhdr),
		.ipv6 = data[12] == 0x86,
		.ip = (struct iphdr *)(data + sizeof(struct ethhdr)),
		.ip6 = (struct ipv6hdr *)(data + sizeof(struct ethhdr)),
	};

	p.udp = p.ipv6 ? (struct udphdr *)(p.ip6 + 1) : (struct udphdr *)(p.ip + 1);
	p.rtp = (struct rtp_header *)(p.udp + 1);
	p.udp_length = bpf_ntohs(p.udp->len);
	if (!relay->active || !is_plain(relay, &p, data + length) || !take_note(relay, &p, now_ns))
		return false;
	rewrite_rtp(relay, &p);
	rewrite_ip(relay, &p);
	rewrite_ethernet(hop, &p);
	return true;
}
