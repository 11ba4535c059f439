/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtp.h"

#include "fastpath.h"

#define RTP_VERSION    2
#define CSRC_SIZE      4
#define EXTENSION_SIZE 4 /* profile and length, before the extension's own words */

static uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static void store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store32(uint8_t *p, uint32_t v)
{
	store16(p, (uint16_t)(v >> 16));
	store16(p + 2, (uint16_t)v);
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

void rtp_write_header(uint8_t header[static RTP_HEADER_SIZE], const struct rtp_packet *packet)
{
	header[0] = RTP_VERSION << 6;
	header[1] = (uint8_t)(packet->marker << 7 | packet->payload_type);
	store16(header + 2, packet->sequence);
	store32(header + 4, packet->timestamp);
	store32(header + 8, packet->ssrc);
}
