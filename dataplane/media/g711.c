/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/g711.h"

#include "fastpath.h"

/* Both laws code a sign, a segment (3 bits: the position of the leading one) and the four bits
 * that follow it. */

#define ULAW_BIAS 132	/* 33 in 14 bits: puts the leading one of segment 0 at bit 7 */
#define ULAW_CLIP 32635 /* the largest magnitude that stays within segment 7 */

static unsigned leading_bit(unsigned v)
{
	return 31 - (unsigned)__builtin_clz(v);
}

int16_t g711_ulaw_decode(uint8_t code)
{
	unsigned inverted = (uint8_t)~code;
	unsigned segment = inverted >> 4 & 7, mantissa = inverted & 15;
	int magnitude = (int)((mantissa * 8 + ULAW_BIAS) << segment) - ULAW_BIAS;

	return (int16_t)(inverted & 0x80 ? -magnitude : magnitude);
}

uint8_t g711_ulaw_encode(int16_t sample)
{
	unsigned sign = sample < 0 ? 0x80 : 0;
	/* Negative numbers are complemented, not negated, before they are coded (G.191). */
	unsigned magnitude = (unsigned)(sample < 0 ? ~sample : sample);
	unsigned segment;

	magnitude = (magnitude > ULAW_CLIP ? ULAW_CLIP : magnitude) + ULAW_BIAS;
	segment = leading_bit(magnitude) - 7;
	return (uint8_t) ~(sign | segment << 4 | (magnitude >> (segment + 3) & 15));
}

int16_t g711_alaw_decode(uint8_t code)
{
	unsigned toggled = code ^ 0x55;
	unsigned segment = toggled >> 4 & 7, mantissa = toggled & 15;
	int magnitude = (int)(mantissa * 16 + 8);

	if (segment > 0)
		magnitude = (magnitude + 256) << (segment - 1);
	return (int16_t)(toggled & 0x80 ? magnitude : -magnitude);
}

uint8_t g711_alaw_encode(int16_t sample)
{
	unsigned sign = sample < 0 ? 0 : 0x80;
	unsigned magnitude = (unsigned)(sample < 0 ? ~sample : sample) >> 4;
	unsigned code = magnitude;

	if (magnitude >= 32) {
		unsigned segment = leading_bit(magnitude) - 4;

		code = (segment + 1) << 4 | (magnitude >> segment & 15);
	} else if (magnitude >= 16) {
		code = 1 << 4 | (magnitude & 15);
	}
	return (uint8_t)((sign | code) ^ 0x55);
}
