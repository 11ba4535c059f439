/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/nd.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#define SOLICITATION  135
#define ADVERTISEMENT 136
#define SOLICITED     0x60000000 /* and it overrides what was known before */
#define HOPS	      255	 /* nobody has forwarded it (section 7.1) */
#define OPTION_SOURCE 1
#define OPTION_TARGET 2
#define VERSION	      (UINT32_C(6) << 28)

/* A neighbour message with the one option that matters: a link-layer address. */
struct message {
	struct rte_ether_hdr ethernet;
	struct rte_ipv6_hdr ip;
	uint8_t type, code;
	uint16_t checksum;
	rte_be32_t flags;
	uint8_t target[16];
	uint8_t option, option_length; /* the latter in units of eight bytes */
	struct rte_ether_addr mac;
} __attribute__((packed, aligned(2)));

#define ICMP_LENGTH (sizeof(struct message) - offsetof(struct message, type))

/* An advertisement need not have the option: the frame says who has sent it. */
#define LEAST offsetof(struct message, option)

static struct message *parse(struct rte_mbuf *mbuf, uint8_t type)
{
	struct message *message = rte_pktmbuf_mtod(mbuf, struct message *);

	if (rte_pktmbuf_data_len(mbuf) < LEAST ||
		message->ethernet.ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6) ||
		message->ip.proto != IPPROTO_ICMPV6 || message->ip.hop_limits != HOPS ||
		message->type != type)
		return NULL;
	return message;
}

static void finish(struct rte_mbuf *mbuf, struct message *message, uint8_t type, uint8_t option)
{
	uint16_t *checksum = (uint16_t *)((uint8_t *)message + offsetof(struct message, checksum));

	message->ethernet.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	message->ip.vtc_flow = rte_cpu_to_be_32(VERSION);
	message->ip.payload_len = rte_cpu_to_be_16(ICMP_LENGTH);
	message->ip.proto = IPPROTO_ICMPV6;
	message->ip.hop_limits = HOPS;
	message->type = type;
	message->code = 0;
	message->option = option;
	message->option_length = 1;
	*checksum = 0;
	*checksum = rte_ipv6_udptcp_cksum(&message->ip, &message->type);
	mbuf->data_len = sizeof(*message);
	mbuf->pkt_len = mbuf->data_len;
}

bool nd_answer(const struct device *device, struct rte_mbuf *mbuf)
{
	struct message *message = parse(mbuf, SOLICITATION);
	struct ip_address wanted;

	if (message == NULL)
		return false;
	wanted = ip_of(message->target, true);
	if (ip_minus(&wanted, &device->first_address) >= device->addresses ||
		rte_pktmbuf_tailroom(mbuf) + rte_pktmbuf_data_len(mbuf) < sizeof(*message))
		return false;
	message->ethernet.dst_addr = message->ethernet.src_addr;
	message->ethernet.src_addr = device->mac;
	memcpy(message->ip.dst_addr, message->ip.src_addr, sizeof(message->ip.dst_addr));
	memcpy(message->ip.src_addr, wanted.bytes, sizeof(message->ip.src_addr));
	message->flags = rte_cpu_to_be_32(SOLICITED);
	message->mac = device->mac;
	finish(mbuf, message, ADVERTISEMENT, OPTION_TARGET);
	return true;
}

void nd_ask(const struct device *device, struct rte_mbuf *mbuf, const struct ip_address *address)
{
	static const uint8_t group[16] = { 0xff, 0x02, [11] = 1, [12] = 0xff };
	struct message *message = rte_pktmbuf_mtod(mbuf, struct message *);

	memset(message, 0, sizeof(*message));
	/* The solicited-node multicast address (RFC 4291 section 2.7.1), and its MAC address. */
	memcpy(message->ip.dst_addr, group, sizeof(group));
	memcpy(message->ip.dst_addr + 13, address->bytes + 13, 3);
	message->ethernet.dst_addr.addr_bytes[0] = message->ethernet.dst_addr.addr_bytes[1] = 0x33;
	memcpy(message->ethernet.dst_addr.addr_bytes + 2, message->ip.dst_addr + 12, 4);
	message->ethernet.src_addr = message->mac = device->mac;
	memcpy(message->ip.src_addr, device->first_address.bytes, sizeof(message->ip.src_addr));
	memcpy(message->target, address->bytes, sizeof(message->target));
	finish(mbuf, message, SOLICITATION, OPTION_SOURCE);
}

bool nd_take_answer(struct rte_mbuf *mbuf, struct ip_address *address, struct rte_ether_addr *mac)
{
	const struct message *message = parse(mbuf, ADVERTISEMENT);

	if (message == NULL)
		return false;
	*address = ip_of(message->target, true);
	*mac = message->ethernet.src_addr;
	return true;
}
