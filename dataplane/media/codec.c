/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/codec.h"

#include <stddef.h>

#include "media/g711.h"

#include "fastpath.h"

/* The bits of a sample that no encoder looks at: mu-law's finest step is 4 (in 16 bits), A-law's
 * is 16. Negative numbers are complemented, so a plain shift drops them and the tables are exact.
 */
#define ULAW_SHIFT 2
#define ALAW_SHIFT 4

static int16_t ulaw_linear[256], alaw_linear[256];
static uint8_t linear_ulaw[65536 >> ULAW_SHIFT], linear_alaw[65536 >> ALAW_SHIFT];

static void expand(int16_t *pcm, const uint8_t *coded, unsigned count, const int16_t *table)
{
	for (unsigned i = 0; i < count; i++)
		pcm[i] = table[coded[i]];
}

static void pcmu_decode(int16_t *pcm, const uint8_t *coded, unsigned count)
{
	expand(pcm, coded, count, ulaw_linear);
}

static void pcma_decode(int16_t *pcm, const uint8_t *coded, unsigned count)
{
	expand(pcm, coded, count, alaw_linear);
}

static void pcmu_encode(uint8_t *coded, const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		coded[i] = linear_ulaw[(uint16_t)pcm[i] >> ULAW_SHIFT];
}

static void pcma_encode(uint8_t *coded, const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		coded[i] = linear_alaw[(uint16_t)pcm[i] >> ALAW_SHIFT];
}

static const struct codec codecs[CODEC_COUNT] = {
	[CODEC_PCMU] = {
		.name = "PCMU",
		.clock_rate = 8000,
		.payload_type = 0,
		.decode = pcmu_decode,
		.encode = pcmu_encode,
	},
	[CODEC_PCMA] = {
		.name = "PCMA",
		.clock_rate = 8000,
		.payload_type = 8,
		.decode = pcma_decode,
		.encode = pcma_encode,
	},
};

const struct codec *codec_get(unsigned id)
{
	return id > CODEC_NONE && id < CODEC_COUNT ? &codecs[id] : NULL;
}

void codec_init(void)
{
	for (unsigned code = 0; code < 256; code++) {
		ulaw_linear[code] = g711_ulaw_decode((uint8_t)code);
		alaw_linear[code] = g711_alaw_decode((uint8_t)code);
	}
	for (unsigned bits = 0; bits < sizeof(linear_ulaw); bits++)
		linear_ulaw[bits] = g711_ulaw_encode((int16_t)(uint16_t)(bits << ULAW_SHIFT));
	for (unsigned bits = 0; bits < sizeof(linear_alaw); bits++)
		linear_alaw[bits] = g711_alaw_encode((int16_t)(uint16_t)(bits << ALAW_SHIFT));
}
