/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtcp_write.h"

#include "media/rtcp_wire.h"

#include "fastpath.h"

/* The header's place is filled in when the packet is complete. */
static uint8_t *end_packet(uint8_t *start, uint8_t *end, unsigned count, enum rtcp_type type)
{
	uint32_t words = (uint32_t)(end - start) / 4 - 1;

	rtcp_put32(
		start, (uint32_t)RTCP_VERSION << 30 | count << 24 | (uint32_t)type << 16 | words);
	return end;
}

static uint8_t *put_sender(uint8_t *at, const struct rtcp_sender *sender)
{
	at = rtcp_put32(at, sender->ntp.seconds);
	at = rtcp_put32(at, sender->ntp.fraction);
	at = rtcp_put32(at, sender->timestamp);
	at = rtcp_put32(at, sender->packets);
	return rtcp_put32(at, sender->octets);
}

static uint8_t *put_block(uint8_t *at, const struct rtcp_block *block)
{
	int32_t lost = block->lost < RTCP_LOST_MIN   ? RTCP_LOST_MIN
		       : block->lost > RTCP_LOST_MAX ? RTCP_LOST_MAX
						     : block->lost;

	at = rtcp_put32(at, block->ssrc);
	at = rtcp_put32(at, (uint32_t)block->fraction_lost << 24 | ((uint32_t)lost & 0xffffff));
	at = rtcp_put32(at, block->highest);
	at = rtcp_put32(at, block->jitter);
	at = rtcp_put32(at, block->last_sr);
	return rtcp_put32(at, block->since_last_sr);
}

static uint8_t *put_report(uint8_t *start, const struct rtcp_compound *compound)
{
	uint8_t *at = rtcp_put32(start + RTCP_HEADER_SIZE, compound->ssrc);

	if (compound->sender != NULL)
		at = put_sender(at, compound->sender);
	if (compound->block != NULL)
		at = put_block(at, compound->block);
	return end_packet(
		start, at, compound->block != NULL, compound->sender != NULL ? RTCP_SR : RTCP_RR);
}

static uint8_t *put_sdes(uint8_t *start, uint32_t ssrc)
{
	uint8_t *at = rtcp_put32(start + RTCP_HEADER_SIZE, ssrc);

	*at++ = RTCP_ITEM_CNAME;
	*at++ = RTCP_CNAME_SIZE;
	rtcp_cname(ssrc, (char *)at);
	at += RTCP_CNAME_SIZE;
	/* The chunk ends with a null, and on a whole word. */
	do
		*at++ = 0;
	while ((at - start) % 4 != 0);
	return end_packet(start, at, 1, RTCP_SDES);
}

unsigned rtcp_write(const struct rtcp_compound *compound, uint8_t out[static RTCP_WRITE_MAX])
{
	uint8_t *at = put_sdes(put_report(out, compound), compound->ssrc);

	if (compound->bye)
		at = end_packet(at, rtcp_put32(at + RTCP_HEADER_SIZE, compound->ssrc), 1, RTCP_BYE);
	return (unsigned)(at - out);
}

void rtcp_cname(uint32_t ssrc, char name[static RTCP_CNAME_SIZE])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t state = ssrc;

	for (unsigned i = 0; i < RTCP_CNAME_SIZE; i++) {
		/* Constants of MMIX's generator; its upper bits are the good ones. */
		state = state * 6364136223846793005u + 1442695040888963407u;
		name[i] = digits[state >> 59];
	}
}
