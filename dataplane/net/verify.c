/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/verify.h"

#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "net/checksum.h"
#include "net/frame.h"

#define RIGHT 0xffff /* a sum together with its own checksum */

/* Where the IPv4 header begins; there is one, and it is whole: the frame has been parsed. */
static const struct rte_ipv4_hdr *ipv4_of(const struct rte_mbuf *mbuf)
{
	const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	const uint16_t ipv4 = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	uint16_t type;

	at += offsetof(struct rte_ether_hdr, ether_type);
	for (memcpy(&type, at, sizeof(type)); type != ipv4; memcpy(&type, at, sizeof(type)))
		at += sizeof(struct rte_vlan_hdr);
	return (const struct rte_ipv4_hdr *)(at + sizeof(type));
}

static uint64_t verify_ip(const struct rte_mbuf *mbuf)
{
	const struct rte_ipv4_hdr *ip = ipv4_of(mbuf);
	uint64_t sum = checksum_add(0, (const uint8_t *)ip, rte_ipv4_hdr_len(ip));

	return checksum_fold(sum) == RIGHT ? RTE_MBUF_F_RX_IP_CKSUM_GOOD
					   : RTE_MBUF_F_RX_IP_CKSUM_BAD;
}

static uint64_t verify_udp(const struct frame *frame)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(frame->payload - sizeof(*udp));
	unsigned skip = frame->ipv6 ? 0 : 12, length = 16 - skip;
	uint64_t sum = rte_cpu_to_be_16(IPPROTO_UDP) + (uint64_t)udp->dgram_len;

	if (udp->dgram_cksum == 0)
		return RTE_MBUF_F_RX_L4_CKSUM_NONE;
	sum = checksum_add(sum, frame->source.address + skip, length);
	sum = checksum_add(sum, frame->destination.address + skip, length);
	if (udp->dgram_cksum == checksum_fold(sum))
		return RTE_MBUF_F_RX_L4_CKSUM_NONE;
	sum = checksum_add(sum, (const uint8_t *)udp, sizeof(*udp) + frame->payload_length);
	return checksum_fold(sum) == RIGHT ? RTE_MBUF_F_RX_L4_CKSUM_GOOD
					   : RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

static void verify(struct rte_mbuf *mbuf)
{
	struct frame frame;

	if (frame_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *), rte_pktmbuf_data_len(mbuf),
		    &frame) != FRAME_OK)
		return;
	if (!frame.ipv6 && !(mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK))
		mbuf->ol_flags |= verify_ip(mbuf);
	if (!(mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK))
		mbuf->ol_flags |= verify_udp(&frame);
}

void verify_checksums(struct rte_mbuf **mbufs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		verify(mbufs[i]);
}
