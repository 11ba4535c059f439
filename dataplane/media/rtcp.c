/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtcp.h"

#include <string.h>

#include "media/rtcp_wire.h"

#include "fastpath.h"

#define NTP_OF_1970 2208988800u /* seconds from 1900 to 1970 */

struct rtcp_ntp rtcp_ntp_from_us(uint64_t unix_us)
{
	uint64_t seconds = unix_us / 1000000, rest = unix_us % 1000000;

	return (struct rtcp_ntp){
		.seconds = (uint32_t)(seconds + NTP_OF_1970),
		.fraction = (uint32_t)((rest << 32) / 1000000),
	};
}

/* What the parser looks for, and has found. */
struct reader {
	uint32_t ours, theirs;
	struct rtcp_summary summary;
};

/* One packet of the compound: its bytes without padding, the header included. */
struct part {
	const uint8_t *bytes;
	size_t length;
	unsigned count; /* the header's five bits */
	unsigned type;
	bool last; /* in the datagram */
};

static void read_sender(struct reader *reader, const uint8_t *at)
{
	reader->summary.has_sender = true;
	reader->summary.sender = (struct rtcp_sender){
		.ntp = { rtcp_get32(at), rtcp_get32(at + 4) },
		.timestamp = rtcp_get32(at + 8),
		.packets = rtcp_get32(at + 12),
		.octets = rtcp_get32(at + 16),
	};
}

static void read_block(struct reader *reader, const uint8_t *at)
{
	uint32_t lost = rtcp_get32(at + 4) & 0xffffff;

	reader->summary.has_block = true;
	reader->summary.block = (struct rtcp_block){
		.ssrc = rtcp_get32(at),
		.fraction_lost = at[4],
		.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
		.highest = rtcp_get32(at + 8),
		.jitter = rtcp_get32(at + 12),
		.last_sr = rtcp_get32(at + 16),
		.since_last_sr = rtcp_get32(at + 20),
	};
}

static enum rtcp_fault read_report(struct reader *reader, const struct part *part)
{
	size_t at = RTCP_HEADER_SIZE + RTCP_SSRC_SIZE;
	bool sender = part->type == RTCP_SR;

	if (part->length <
		at + (sender ? RTCP_SENDER_SIZE : 0) + part->count * (size_t)RTCP_BLOCK_SIZE)
		return RTCP_BAD_REPORT;
	if (sender) {
		if (rtcp_get32(part->bytes + RTCP_HEADER_SIZE) == reader->theirs)
			read_sender(reader, part->bytes + at);
		at += RTCP_SENDER_SIZE;
	}
	for (unsigned i = 0; i < part->count; i++, at += RTCP_BLOCK_SIZE)
		if (rtcp_get32(part->bytes + at) == reader->ours)
			read_block(reader, part->bytes + at);
	return RTCP_OK;
}

/* Where the items of one chunk end, which is on a whole word past the null; 0 for past the end. */
static size_t skip_items(const struct part *part, size_t at)
{
	while (at < part->length && part->bytes[at] != 0) {
		if (at + 2 > part->length)
			return 0;
		at += 2u + part->bytes[at + 1];
	}
	at = (at | 3) + 1;
	return at <= part->length ? at : 0;
}

static enum rtcp_fault check_sdes(const struct part *part)
{
	size_t at = RTCP_HEADER_SIZE;

	for (unsigned i = 0; i < part->count; i++) {
		if (at + RTCP_SSRC_SIZE > part->length)
			return RTCP_BAD_SDES;
		at = skip_items(part, at + RTCP_SSRC_SIZE);
		if (at == 0)
			return RTCP_BAD_SDES;
	}
	return RTCP_OK;
}

static enum rtcp_fault read_bye(struct reader *reader, const struct part *part)
{
	size_t reason = RTCP_HEADER_SIZE + part->count * (size_t)RTCP_SSRC_SIZE;

	if (part->length < reason)
		return RTCP_BAD_BYE;
	if (part->length > reason && part->length < reason + 1 + part->bytes[reason])
		return RTCP_BAD_BYE;
	for (size_t at = RTCP_HEADER_SIZE; at < reason; at += RTCP_SSRC_SIZE)
		if (rtcp_get32(part->bytes + at) == reader->theirs)
			reader->summary.says_bye = true;
	return RTCP_OK;
}

static enum rtcp_fault read_part(struct reader *reader, const struct part *part)
{
	switch (part->type) {
	case RTCP_SR:
	case RTCP_RR:
		return read_report(reader, part);
	case RTCP_SDES:
		return check_sdes(part);
	case RTCP_BYE:
		return read_bye(reader, part);
	case RTCP_APP:
		return part->length < RTCP_HEADER_SIZE + RTCP_SSRC_SIZE + RTCP_NAME_SIZE
			       ? RTCP_BAD_APP
			       : RTCP_OK;
	default:
		return RTCP_OK;
	}
}

/* The packet that begins at `data`, of which `length` bytes are left, at least a header. */
static enum rtcp_fault find_part(const uint8_t *data, size_t length, struct part *part)
{
	size_t own = ((size_t)rtcp_get16(data + 2) + 1) * 4;

	if (data[0] >> 6 != RTCP_VERSION)
		return RTCP_BAD_VERSION;
	if (own > length)
		return RTCP_BAD_LENGTH;
	*part = (struct part){
		.bytes = data,
		.length = own,
		.count = data[0] & 31,
		.type = data[1],
		.last = own == length,
	};
	if (data[0] & 0x20) {
		size_t padding = data[own - 1];

		if (!part->last || padding == 0 || padding % 4 != 0 ||
			padding > own - RTCP_HEADER_SIZE)
			return RTCP_BAD_PADDING;
		part->length -= padding;
	}
	return RTCP_OK;
}

enum rtcp_fault rtcp_parse(const uint8_t *data, size_t length, uint32_t ours, uint32_t theirs,
	struct rtcp_summary *summary)
{
	struct reader reader = { .ours = ours, .theirs = theirs };
	struct part part = { .last = false };

	if (length < RTCP_HEADER_SIZE + RTCP_SSRC_SIZE)
		return RTCP_TRUNCATED;
	if (data[0] >> 6 != RTCP_VERSION)
		return RTCP_BAD_VERSION;
	if (data[1] != RTCP_SR && data[1] != RTCP_RR)
		return RTCP_BAD_FIRST;
	for (size_t at = 0; !part.last; at += part.length) {
		enum rtcp_fault fault = RTCP_BAD_LENGTH;

		if (length - at >= RTCP_HEADER_SIZE)
			fault = find_part(data + at, length - at, &part);
		if (fault == RTCP_OK)
			fault = read_part(&reader, &part);
		if (fault != RTCP_OK)
			return fault;
	}
	reader.summary.ssrc = rtcp_get32(data + RTCP_HEADER_SIZE);
	*summary = reader.summary;
	return RTCP_OK;
}
