/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTCP_WIRE_H
#define BRIDGETAP_MEDIA_RTCP_WIRE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* What RTCP packets are made of, in bytes (RFC 3550 sections 6.4 to 6.7). */

#define RTCP_VERSION	 2
#define RTCP_HEADER_SIZE 4
#define RTCP_SSRC_SIZE	 4
#define RTCP_SENDER_SIZE 20
#define RTCP_BLOCK_SIZE	 24
#define RTCP_NAME_SIZE	 4 /* of an APP */
#define RTCP_ITEM_CNAME	 1

enum rtcp_type { RTCP_SR = 200, RTCP_RR, RTCP_SDES, RTCP_BYE, RTCP_APP };

static inline uint16_t rtcp_get16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return ntohs(v);
}

static inline uint32_t rtcp_get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return ntohl(v);
}

static inline uint8_t *rtcp_put32(uint8_t *at, uint32_t v)
{
	v = htonl(v);
	memcpy(at, &v, sizeof(v));
	return at + sizeof(v);
}

#endif
