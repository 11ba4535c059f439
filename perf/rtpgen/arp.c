/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/arp.h"

#include <string.h>

#include <rte_arp.h>
#include <rte_byteorder.h>

/* The ARP part of a frame that is a `operation` about IPv4; NULL of any other. */
static struct rte_arp_hdr *parse(struct rte_mbuf *mbuf, uint16_t operation)
{
	struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(ethernet + 1);

	if (rte_pktmbuf_data_len(mbuf) < sizeof(*ethernet) + sizeof(*arp) ||
		ethernet->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) ||
		arp->arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
		arp->arp_opcode != rte_cpu_to_be_16(operation))
		return NULL;
	return arp;
}

bool arp_answer(const struct device *device, struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = parse(mbuf, RTE_ARP_OP_REQUEST);
	struct ip_address wanted;

	if (arp == NULL)
		return false;
	wanted = ip_of(&arp->arp_data.arp_tip, false);
	if (ip_minus(&wanted, &device->first_address) >= device->addresses)
		return false;
	ethernet->dst_addr = arp->arp_data.arp_sha;
	ethernet->src_addr = device->mac;
	arp->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	arp->arp_data.arp_sha = device->mac;
	memcpy(&arp->arp_data.arp_sip, ip_bytes(&wanted), sizeof(arp->arp_data.arp_sip));
	return true;
}

void arp_ask(const struct device *device, struct rte_mbuf *mbuf, const struct ip_address *address)
{
	struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(ethernet + 1);

	mbuf->data_len = sizeof(*ethernet) + sizeof(*arp);
	mbuf->pkt_len = mbuf->data_len;
	memset(&ethernet->dst_addr, 0xff, sizeof(ethernet->dst_addr));
	ethernet->src_addr = device->mac;
	ethernet->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
	*arp = (struct rte_arp_hdr){
		.arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER),
		.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = RTE_ETHER_ADDR_LEN,
		.arp_plen = sizeof(rte_be32_t),
		.arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REQUEST),
		.arp_data = {
			.arp_sha = device->mac,
		},
	};
	memcpy(&arp->arp_data.arp_sip, ip_bytes(&device->first_address),
		sizeof(arp->arp_data.arp_sip));
	memcpy(&arp->arp_data.arp_tip, ip_bytes(address), sizeof(arp->arp_data.arp_tip));
}

bool arp_take_answer(struct rte_mbuf *mbuf, struct ip_address *address, struct rte_ether_addr *mac)
{
	const struct rte_arp_hdr *arp = parse(mbuf, RTE_ARP_OP_REPLY);

	if (arp == NULL)
		return false;
	*address = ip_of(&arp->arp_data.arp_sip, false);
	*mac = arp->arp_data.arp_sha;
	return true;
}
