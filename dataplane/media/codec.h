/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_CODEC_H
#define BRIDGETAP_MEDIA_CODEC_H

#include <stdint.h>

/* The codecs that can be mixed, as one table of kernels. */

enum codec_id {
	CODEC_NONE,
	CODEC_PCMU,
	CODEC_PCMA,
	CODEC_COUNT,
};

#define CODEC_MAX_SAMPLES 480 /* 60 ms at 8 kHz, the longest packet (M30) */

struct codec {
	const char *name;     /* encoding name of RFC 3551 */
	uint32_t clock_rate;  /* Hz, of samples and of RTP timestamps */
	uint8_t payload_type; /* static assignment of RFC 3551 table 4 */
	uint8_t silence;      /* the code of no sound */

	/* `count` coded bytes to as many linear samples, and back. */
	void (*decode)(int16_t *pcm, const uint8_t *coded, unsigned count);
	void (*encode)(uint8_t *coded, const int16_t *pcm, unsigned count);

	/* Two coded voices mixed; returns what the outcome's bytes add up to (media/kernels.h). */
	uint64_t (*mix)(uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count);

	/* The sum of two voices, saturated and encoded. */
	void (*mix_encode)(uint8_t *coded, const int16_t *a, const int16_t *b, unsigned count);
};

/* The codec of an id, or NULL. Valid for the life of the process, after codec_init(). */
const struct codec *codec_get(unsigned id);

/* Choose the kernels of codecs and mixes for this CPU, with vectors of at most `max_simd_bits`, and
 * build their tables. Call once, before any other thread runs. */
void codec_init(unsigned max_simd_bits);

#endif
