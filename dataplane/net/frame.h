/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_FRAME_H
#define BRIDGETAP_NET_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "net/endpoint.h"

/* From an Ethernet frame to a UDP payload. Pure functions, any thread. */

/* What makes a frame unfit; each has a drop counter of its own. */
enum frame_fault {
	FRAME_OK,
	FRAME_TRUNCATED, /* ends inside a header, or before the length a header gives */
	FRAME_TAG_STACK, /* more VLAN tags than a service tag and a customer's */
	FRAME_NOT_IP,
	FRAME_BAD_IP, /* impossible version or length field */
	FRAME_FRAGMENT,
	FRAME_EXTENSION, /* IPv6 extension headers: dropped by rule */
	FRAME_NOT_UDP,
	FRAME_BAD_UDP,	   /* impossible length field */
	FRAME_NO_CHECKSUM, /* of UDP over IPv6, which must have one (RFC 8200 section 8.1) */
};

/* Both VLAN ids of a frame in one: the service provider's (802.1ad) and the customer's (802.1Q), 0
 * for none. A tag of id 0 has a priority and no VLAN. */
#define VLAN_TAGS(service, customer) ((uint32_t)(service) << 16 | (customer))

struct frame {
	struct endpoint source;
	struct endpoint destination;
	const uint8_t *payload; /* into the frame that was parsed */
	uint32_t tags;		/* VLAN_TAGS() */
	uint16_t payload_length;
	uint8_t ipv6; /* 1, or 0: IPv4 */
};

/* Parse `length` bytes. One 802.1Q tag is understood, one service tag, and one behind the other;
 * the outer of two may have 802.1Q's number as well. IPv4 options are stepped over, Ethernet
 * padding is left out of the payload. */
enum frame_fault frame_parse(const uint8_t *data, size_t length, struct frame *frame);

/* What the UDP payload from byte `from` (a multiple of 4) on adds up to (net/checksum.h), as the
 * checksum has it, which somebody has verified: without looking at those bytes. 0 where the sender
 * has left the checksum out. The headers must still be in front of the payload. */
uint64_t frame_payload_sum(const struct frame *frame, unsigned from);

/* IPv4 or IPv6, and UDP headers of one direction between two endpoints, ready to be copied in
 * front of a payload. Lengths are filled in on each copy, and so are the checksums, in whose places
 * are the sums of what does not change (net/checksum.h). */
#define HEADER_IPV4_SIZE 28
#define HEADER_IPV6_SIZE 48
struct header_template {
	uint8_t bytes[HEADER_IPV6_SIZE];
	uint8_t length; /* HEADER_IPV4_SIZE or HEADER_IPV6_SIZE */
};

/* `dscp` is the six-bit code point. Both endpoints must be of one family. */
void header_template_init(struct header_template *header, const struct endpoint *local,
	const struct endpoint *remote, uint8_t dscp);

/* Let the template, `length` bytes at `bytes`, be between other ports of the same two addresses. */
void header_template_set_ports(
	uint8_t *bytes, uint8_t length, uint16_t local_port, uint16_t remote_port);

/* The remote port that a template has. */
uint16_t header_template_remote_port(const uint8_t *bytes, uint8_t length);

/* Write `length` bytes of a template directly before the UDP payload at `payload`, `payload_length`
 * bytes long, whose bytes add up to `payload_sum` (net/checksum.h). Returns the first byte written.
 * The caller guarantees `length` bytes of room. */
uint8_t *header_template_write(const uint8_t *bytes, uint8_t length, uint8_t *payload,
	uint16_t payload_length, uint64_t payload_sum);

/* Prepare what header_template_write() has written, `length` bytes at `start`, for a port that adds
 * the checksums: the UDP header holds the sum of the pseudo header, as DPDK's offloads want it. */
void header_leave_checksums(uint8_t *start, uint8_t length);

#endif
