/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

static struct in6_addr as_in6(const struct endpoint *endpoint)
{
	struct in6_addr in6;

	memcpy(&in6, endpoint->address, sizeof(in6));
	return in6;
}

bool endpoint_is_ipv4(const struct endpoint *endpoint)
{
	struct in6_addr in6 = as_in6(endpoint);

	return IN6_IS_ADDR_V4MAPPED(&in6);
}

bool endpoint_is_unicast(const struct endpoint *endpoint)
{
	struct in6_addr in6 = as_in6(endpoint);
	uint8_t first = endpoint->address[12];

	if (endpoint->port == 0)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		return first != 0 && first != 127 && first < 224;
	return !IN6_IS_ADDR_UNSPECIFIED(&in6) && !IN6_IS_ADDR_LOOPBACK(&in6) &&
	       !IN6_IS_ADDR_MULTICAST(&in6);
}

int endpoint_set(struct endpoint *endpoint, const uint8_t *bytes, size_t length, uint16_t port)
{
	if (length == 4)
		endpoint_map_ipv4(endpoint->address, bytes);
	else if (length == 16)
		memcpy(endpoint->address, bytes, 16);
	else
		return -EINVAL;
	endpoint->port = port;
	return 0;
}

int endpoint_parse_address(struct endpoint *endpoint, const char *text)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) == 1) {
		endpoint_map_ipv4(endpoint->address, (const uint8_t *)&in);
		return 0;
	}
	return inet_pton(AF_INET6, text, endpoint->address) == 1 ? 0 : -EINVAL;
}

const char *endpoint_format(const struct endpoint *endpoint, char text[static ENDPOINT_TEXT_SIZE])
{
	char address[INET6_ADDRSTRLEN];

	if (endpoint_is_ipv4(endpoint)) {
		inet_ntop(AF_INET, endpoint->address + 12, address, sizeof(address));
		snprintf(text, ENDPOINT_TEXT_SIZE, "%s:%u", address, endpoint->port);
	} else {
		inet_ntop(AF_INET6, endpoint->address, address, sizeof(address));
		snprintf(text, ENDPOINT_TEXT_SIZE, "[%s]:%u", address, endpoint->port);
	}
	return text;
}
