/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_ENDPOINT_H
#define BRIDGETAP_NET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An address and UDP port. One form for both families, so that the fast path compares without
 * asking which it is. Pure functions, any thread. */
struct endpoint {
	uint8_t address[16]; /* network order; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2) */
	uint16_t port;	     /* host order */
};

#define ENDPOINT_TEXT_SIZE 56 /* "[ipv6]:port" and a terminating zero */

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a->address, b->address, sizeof(a->address)) == 0 && a->port == b->port;
}

/* What of an address is kept where little room is: its last four bytes. The whole of an IPv4 one.
 */
static inline uint32_t endpoint_tail(const struct endpoint *endpoint)
{
	uint32_t tail;

	memcpy(&tail, endpoint->address + 12, sizeof(tail));
	return tail;
}

/* Store the IPv4 address at `ipv4` (4 bytes, network order) as a mapped one. */
static inline void endpoint_map_ipv4(uint8_t address[static 16], const uint8_t *ipv4)
{
	memset(address, 0, 10);
	address[10] = address[11] = 0xff;
	memcpy(address + 12, ipv4, 4);
}

bool endpoint_is_ipv4(const struct endpoint *endpoint);

/* Whether packets may be sent to and come from it: not unspecified, multicast, broadcast or
 * loopback, and the port is not 0. */
bool endpoint_is_unicast(const struct endpoint *endpoint);

/* Set from 4 or 16 address bytes in network order. -EINVAL for any other length. */
int endpoint_set(struct endpoint *endpoint, const uint8_t *bytes, size_t length, uint16_t port);

/* Set the address from its text form; the port is left alone. -EINVAL where it is none. */
int endpoint_parse_address(struct endpoint *endpoint, const char *text);

/* "192.0.2.1:20000" or "[2001:db8::1]:20000". Returns `text`. */
const char *endpoint_format(const struct endpoint *endpoint, char text[static ENDPOINT_TEXT_SIZE]);

#endif
