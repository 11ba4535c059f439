/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_IP_H
#define BRIDGETAP_RTPGEN_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* An IPv4 or IPv6 address. Those that follow it differ in the last 32 bits. Pure functions. */
struct ip_address {
	bool six;
	uint8_t bytes[16]; /* network order; of IPv4 the last four, after zeros */
};

#define IP_TEXT INET6_ADDRSTRLEN

/* Read an address; false where `text` is none. */
bool ip_read(struct ip_address *ip, const char *text);
const char *ip_text(const struct ip_address *ip, char text[static IP_TEXT]);

/* From 16 or 4 bytes in network order. */
struct ip_address ip_of(const void *bytes, bool six);

bool ip_is_set(const struct ip_address *ip);
bool ip_equal(const struct ip_address *a, const struct ip_address *b);

/* The address that comes `n` after. */
struct ip_address ip_plus(const struct ip_address *ip, uint32_t n);

/* How far `ip` comes after `first`; UINT32_MAX where it does not. */
uint32_t ip_minus(const struct ip_address *ip, const struct ip_address *first);

/* The bytes as they stand in a header: 16, or 4. */
static inline const uint8_t *ip_bytes(const struct ip_address *ip)
{
	return ip->six ? ip->bytes : ip->bytes + 12;
}

#endif
