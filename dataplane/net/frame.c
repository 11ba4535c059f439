/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/frame.h"

#include <netinet/in.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "net/checksum.h"

#define TTL 64

/* What is left to parse. */
struct rest {
	const uint8_t *at;
	size_t length;
};

static const void *take(struct rest *rest, size_t size)
{
	const uint8_t *header = rest->at;

	if (size > rest->length)
		return NULL;
	rest->at += size;
	rest->length -= size;
	return header;
}

static bool is_service_tag(uint16_t ethertype)
{
	return ethertype == RTE_ETHER_TYPE_QINQ || ethertype == RTE_ETHER_TYPE_QINQ1;
}

/* Take one tag: its VLAN id into `vlan`, and the type of what follows. */
static bool take_tag(struct rest *rest, uint32_t *vlan, uint16_t *ethertype)
{
	const struct rte_vlan_hdr *tag = take(rest, sizeof(*tag));

	if (!tag)
		return false;
	*vlan = rte_be_to_cpu_16(tag->vlan_tci) & 0x0fff;
	*ethertype = rte_be_to_cpu_16(tag->eth_proto);
	return true;
}

static __attribute__((noinline)) enum frame_fault parse_tags(
	struct rest *rest, uint32_t *tags, uint16_t *ethertype)
{
	uint32_t service = 0, customer = 0;
	bool outer = is_service_tag(*ethertype);

	if (outer && !take_tag(rest, &service, ethertype))
		return FRAME_TRUNCATED;
	if (*ethertype == RTE_ETHER_TYPE_VLAN && !take_tag(rest, &customer, ethertype))
		return FRAME_TRUNCATED;
	if (!outer && *ethertype == RTE_ETHER_TYPE_VLAN) {
		service = customer;
		if (!take_tag(rest, &customer, ethertype))
			return FRAME_TRUNCATED;
	}
	*tags = VLAN_TAGS(service, customer);
	return is_service_tag(*ethertype) || *ethertype == RTE_ETHER_TYPE_VLAN ? FRAME_TAG_STACK
									       : FRAME_OK;
}

static enum frame_fault parse_ipv4(struct rest *rest, struct frame *frame)
{
	size_t available = rest->length, header, total;
	const struct rte_ipv4_hdr *ip = take(rest, sizeof(*ip));

	if (!ip)
		return FRAME_TRUNCATED;
	header = rte_ipv4_hdr_len(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	if (ip->version != 4 || header < sizeof(*ip) || total < header)
		return FRAME_BAD_IP;
	if (total > available)
		return FRAME_TRUNCATED;
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return FRAME_FRAGMENT;
	if (ip->next_proto_id != IPPROTO_UDP)
		return FRAME_NOT_UDP;

	endpoint_map_ipv4(frame->source.address, (const uint8_t *)&ip->src_addr);
	endpoint_map_ipv4(frame->destination.address, (const uint8_t *)&ip->dst_addr);
	rest->at += header - sizeof(*ip);
	rest->length = total - header;
	return FRAME_OK;
}

/* Nobody sends RTP behind one: to step over them would be work for attackers alone. */
static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_AH || protocol == IPPROTO_MH;
}

static enum frame_fault parse_ipv6(struct rest *rest, struct frame *frame)
{
	const struct rte_ipv6_hdr *ip = take(rest, sizeof(*ip));
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)rest->at;
	size_t length;

	if (!ip)
		return FRAME_TRUNCATED;
	if (rte_be_to_cpu_32(ip->vtc_flow) >> 28 != 6)
		return FRAME_BAD_IP;
	length = rte_be_to_cpu_16(ip->payload_len);
	if (length > rest->length)
		return FRAME_TRUNCATED;
	if (ip->proto == IPPROTO_FRAGMENT)
		return FRAME_FRAGMENT;
	if (ip->proto != IPPROTO_UDP)
		return is_extension(ip->proto) ? FRAME_EXTENSION : FRAME_NOT_UDP;
	if (length >= sizeof(*udp) && udp->dgram_cksum == 0)
		return FRAME_NO_CHECKSUM;

	memcpy(frame->source.address, ip->src_addr, sizeof(frame->source.address));
	memcpy(frame->destination.address, ip->dst_addr, sizeof(frame->destination.address));
	/* Here they are IPv4's: on the wire they would let one family speak for the other. */
	if (unlikely(endpoint_is_ipv4(&frame->source) || endpoint_is_ipv4(&frame->destination)))
		return FRAME_BAD_IP;
	rest->length = length;
	return FRAME_OK;
}

enum frame_fault frame_parse(const uint8_t *data, size_t length, struct frame *frame)
{
	struct rest rest = { data, length };
	const struct rte_ether_hdr *ethernet = take(&rest, sizeof(*ethernet));
	const struct rte_udp_hdr *udp;
	enum frame_fault fault;
	uint16_t ethertype;
	size_t udp_length;

	if (!ethernet)
		return FRAME_TRUNCATED;
	ethertype = rte_be_to_cpu_16(ethernet->ether_type);
	frame->tags = 0;
	if (unlikely(ethertype != RTE_ETHER_TYPE_IPV4 && ethertype != RTE_ETHER_TYPE_IPV6)) {
		fault = parse_tags(&rest, &frame->tags, &ethertype);
		if (fault != FRAME_OK)
			return fault;
	}
	frame->ipv6 = ethertype == RTE_ETHER_TYPE_IPV6;
	if (ethertype == RTE_ETHER_TYPE_IPV4)
		fault = parse_ipv4(&rest, frame);
	else if (frame->ipv6)
		fault = parse_ipv6(&rest, frame);
	else
		fault = FRAME_NOT_IP;
	if (fault != FRAME_OK)
		return fault;

	udp = take(&rest, sizeof(*udp));
	if (!udp)
		return FRAME_TRUNCATED;
	udp_length = rte_be_to_cpu_16(udp->dgram_len);
	if (udp_length < sizeof(*udp) || udp_length - sizeof(*udp) > rest.length)
		return FRAME_BAD_UDP;
	frame->source.port = rte_be_to_cpu_16(udp->src_port);
	frame->destination.port = rte_be_to_cpu_16(udp->dst_port);
	frame->payload = rest.at;
	frame->payload_length = (uint16_t)(udp_length - sizeof(*udp));
	return FRAME_OK;
}

/* Add bytes that are whole words of 32 bits, few of them. */
static uint64_t add_words(uint64_t sum, const uint8_t *bytes, unsigned length)
{
	for (unsigned i = 0; i < length; i += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, bytes + i, sizeof(word));
		sum += word;
	}
	return sum;
}

uint64_t frame_payload_sum(const struct frame *frame, unsigned from)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(frame->payload - sizeof(*udp));
	/* All that the checksum is of, but for the bytes that are asked for. */
	uint64_t rest = rte_cpu_to_be_16(IPPROTO_UDP) + 2ull * udp->dgram_len;

	if (udp->dgram_cksum == 0)
		return 0;
	rest = add_words(rest, (const uint8_t *)udp, 4); /* ports */
	if (likely(!frame->ipv6)) {
		rest = add_words(rest, frame->source.address + 12, 4);
		rest = add_words(rest, frame->destination.address + 12, 4);
	} else {
		rest = add_words(rest, frame->source.address, 16);
		rest = add_words(rest, frame->destination.address, 16);
	}
	rest = add_words(rest, frame->payload, from);
	/* Sums are equal where they leave the same remainder by 0xffff. */
	return (0xffffull << 32) - rest + (uint16_t)~udp->dgram_cksum;
}

static uint64_t write_ipv4(struct header_template *header, const struct endpoint *local,
	const struct endpoint *remote, uint8_t dscp)
{
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = (uint8_t)(dscp << 2),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = TTL,
		.next_proto_id = IPPROTO_UDP,
	};

	memcpy(&ip.src_addr, local->address + 12, sizeof(ip.src_addr));
	memcpy(&ip.dst_addr, remote->address + 12, sizeof(ip.dst_addr));
	ip.hdr_checksum = checksum_fold(checksum_add(0, (const uint8_t *)&ip, sizeof(ip)));
	memcpy(header->bytes, &ip, sizeof(ip));
	return checksum_add(0, header->bytes + offsetof(struct rte_ipv4_hdr, src_addr), 8);
}

static uint64_t write_ipv6(struct header_template *header, const struct endpoint *local,
	const struct endpoint *remote, uint8_t dscp)
{
	struct rte_ipv6_hdr ip = {
		.vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)dscp << 22),
		.proto = IPPROTO_UDP,
		.hop_limits = TTL,
	};

	memcpy(ip.src_addr, local->address, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, remote->address, sizeof(ip.dst_addr));
	memcpy(header->bytes, &ip, sizeof(ip));
	return checksum_add(0, header->bytes + offsetof(struct rte_ipv6_hdr, src_addr), 32);
}

void header_template_init(struct header_template *header, const struct endpoint *local,
	const struct endpoint *remote, uint8_t dscp)
{
	struct rte_udp_hdr udp = {
		.src_port = rte_cpu_to_be_16(local->port),
		.dst_port = rte_cpu_to_be_16(remote->port),
	};
	uint64_t pseudo = rte_cpu_to_be_16(IPPROTO_UDP);

	memset(header, 0, sizeof(*header));
	if (endpoint_is_ipv4(remote)) {
		pseudo += write_ipv4(header, local, remote, dscp);
		header->length = HEADER_IPV4_SIZE;
	} else {
		pseudo += write_ipv6(header, local, remote, dscp);
		header->length = HEADER_IPV6_SIZE;
	}
	udp.dgram_cksum = checksum_fold(checksum_add(pseudo, (const uint8_t *)&udp, sizeof(udp)));
	memcpy(header->bytes + header->length - sizeof(udp), &udp, sizeof(udp));
}

void header_template_set_ports(
	uint8_t *bytes, uint8_t length, uint16_t local_port, uint16_t remote_port)
{
	struct rte_udp_hdr udp;
	uint64_t sum;

	memcpy(&udp, bytes + length - sizeof(udp), sizeof(udp));
	/* In ones' complement what is inverted is taken away. */
	sum = (uint64_t)udp.dgram_cksum + (uint16_t)~udp.src_port + (uint16_t)~udp.dst_port;
	udp.src_port = rte_cpu_to_be_16(local_port);
	udp.dst_port = rte_cpu_to_be_16(remote_port);
	udp.dgram_cksum = checksum_fold(sum + udp.src_port + udp.dst_port);
	memcpy(bytes + length - sizeof(udp), &udp, sizeof(udp));
}

uint16_t header_template_remote_port(const uint8_t *bytes, uint8_t length)
{
	struct rte_udp_hdr udp;

	memcpy(&udp, bytes + length - sizeof(udp), sizeof(udp));
	return rte_be_to_cpu_16(udp.dst_port);
}

uint8_t *header_template_write(const uint8_t *bytes, uint8_t length, uint8_t *payload,
	uint16_t payload_length, uint64_t payload_sum)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(payload - sizeof(*udp));
	const struct rte_udp_hdr *kept =
		(const struct rte_udp_hdr *)(bytes + length - sizeof(*udp));
	uint16_t udp_length = (uint16_t)(payload_length + sizeof(*udp));
	uint16_t length_field = rte_cpu_to_be_16(udp_length);
	uint8_t *start = payload - length;

	if (likely(length == HEADER_IPV4_SIZE)) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)start;
		uint16_t total = rte_cpu_to_be_16((uint16_t)(udp_length + sizeof(*ip)));
		uint16_t sum = ((const struct rte_ipv4_hdr *)bytes)->hdr_checksum;

		memcpy(start, bytes, HEADER_IPV4_SIZE);
		ip->total_length = total;
		ip->hdr_checksum = checksum_finish((uint64_t)sum + total);
	} else {
		memcpy(start, bytes, HEADER_IPV6_SIZE);
		((struct rte_ipv6_hdr *)start)->payload_len = length_field;
	}
	udp->dgram_len = length_field;
	/* Once in the pseudo header, once in the UDP header. */
	udp->dgram_cksum = checksum_finish_udp(kept->dgram_cksum + payload_sum + 2u * length_field);
	return start;
}

void header_leave_checksums(uint8_t *start, uint8_t length)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(start + length - sizeof(*udp));

	if (length == HEADER_IPV4_SIZE) {
		((struct rte_ipv4_hdr *)start)->hdr_checksum = 0;
		udp->dgram_cksum = rte_ipv4_phdr_cksum((const struct rte_ipv4_hdr *)start, 0);
	} else {
		udp->dgram_cksum = rte_ipv6_phdr_cksum((const struct rte_ipv6_hdr *)start, 0);
	}
}
