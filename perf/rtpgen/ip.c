/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/ip.h"

#include <arpa/inet.h>
#include <string.h>

struct ip_address ip_of(const void *bytes, bool six)
{
	struct ip_address ip = { .six = six };

	if (six)
		memcpy(ip.bytes, bytes, 16);
	else
		memcpy(ip.bytes + 12, bytes, 4);
	return ip;
}

bool ip_read(struct ip_address *ip, const char *text)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*ip = ip_of(bytes, false);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*ip = ip_of(bytes, true);
	else
		return false;
	return true;
}

const char *ip_text(const struct ip_address *ip, char text[static IP_TEXT])
{
	return inet_ntop(ip->six ? AF_INET6 : AF_INET, ip_bytes(ip), text, IP_TEXT);
}

bool ip_is_set(const struct ip_address *ip)
{
	static const uint8_t zero[16];

	return memcmp(ip->bytes, zero, sizeof(zero)) != 0;
}

bool ip_equal(const struct ip_address *a, const struct ip_address *b)
{
	return a->six == b->six && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static uint32_t low(const struct ip_address *ip)
{
	uint32_t value;

	memcpy(&value, ip->bytes + 12, sizeof(value));
	return ntohl(value);
}

struct ip_address ip_plus(const struct ip_address *ip, uint32_t n)
{
	uint32_t value = htonl(low(ip) + n);
	struct ip_address sum = *ip;

	memcpy(sum.bytes + 12, &value, sizeof(value));
	return sum;
}

uint32_t ip_minus(const struct ip_address *ip, const struct ip_address *first)
{
	if (ip->six != first->six || memcmp(ip->bytes, first->bytes, 12) != 0 ||
		low(ip) < low(first))
		return UINT32_MAX;
	return low(ip) - low(first);
}
