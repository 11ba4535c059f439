/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtp.h"

#include <arpa/inet.h>
#include <string.h>

#include "fastpath.h"

#define RTP_VERSION    2
#define CSRC_SIZE      4
#define EXTENSION_SIZE 4 /* profile and length, before the extension's own words */

static uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return ntohs(v);
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

enum rtp_fault rtp_parse(const uint8_t *data, size_t length, struct rtp_packet *packet)
{
	size_t start = RTP_HEADER_SIZE, end = length;

	if (length < RTP_HEADER_SIZE)
		return RTP_TRUNCATED;
	if (data[0] >> 6 != RTP_VERSION)
		return RTP_BAD_VERSION;

	start += (size_t)(data[0] & 0x0f) * CSRC_SIZE;
	if (start > length)
		return RTP_BAD_CSRC;

	if (data[0] & 0x10) {
		if (start + EXTENSION_SIZE > length)
			return RTP_BAD_EXTENSION;
		start += EXTENSION_SIZE + (size_t)load16(data + start + 2) * 4;
		if (start > length)
			return RTP_BAD_EXTENSION;
	}

	if (data[0] & 0x20) {
		size_t padding = data[length - 1];

		if (padding == 0 || padding > length - start)
			return RTP_BAD_PADDING;
		end -= padding;
	}

	packet->payload = data + start;
	packet->payload_length = (uint16_t)(end - start);
	packet->marker = data[1] >> 7;
	packet->payload_type = data[1] & 0x7f;
	packet->sequence = load16(data + 2);
	packet->timestamp = load32(data + 4);
	packet->ssrc = load32(data + 8);
	return RTP_OK;
}

bool rtp_is_rtcp(const uint8_t *data, size_t length)
{
	return length >= 2 && data[0] >> 6 == RTP_VERSION && data[1] >= 192 && data[1] <= 223;
}

uint64_t rtp_write_header(uint8_t header[static RTP_HEADER_SIZE], const struct rtp_packet *packet)
{
	uint32_t first = htonl((uint32_t)RTP_VERSION << 30 | (uint32_t)packet->marker << 23 |
			       (uint32_t)packet->payload_type << 16 | packet->sequence);
	uint32_t timestamp = htonl(packet->timestamp), ssrc = htonl(packet->ssrc);

	/* One by one, from registers: an array would be stored and loaded again in between. */
	memcpy(header, &first, sizeof(first));
	memcpy(header + 4, &timestamp, sizeof(timestamp));
	memcpy(header + 8, &ssrc, sizeof(ssrc));
	return (uint64_t)first + timestamp + ssrc;
}
