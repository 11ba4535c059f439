/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_CODEC_H
#define BRIDGETAP_MEDIA_CODEC_H

#include <stdint.h>

/* The codecs that can be mixed, as one table. There are two kinds: those of which a byte is a
 * sample, which are stored, mixed and encoded as bytes (G.711), and those that go on from what came
 * before (G.722), which have a state at either end and are mixed as linear samples (call/wide.h).
 */

enum codec_id {
	CODEC_NONE,
	CODEC_PCMU,
	CODEC_PCMA,
	CODEC_G722,
	CODEC_COUNT,
};

#define CODEC_MAX_SAMPLES 480 /* 60 ms at 8 kHz, the longest packet (M30) */
#define CODEC_WIDE	  2 /* linear samples a tick of the RTP clock, where a codec is wideband */

/* What a decoder or an encoder knows of the packets before. Plain memory: a copy is another one in
 * the same state. */
union codec_state {
	uint64_t align;
	uint8_t bytes[192];
};

/* A codec with states. Owners of the states call these; nothing is allocated. */
struct codec_stateful {
	void (*start_decoder)(union codec_state *decoder);
	void (*start_encoder)(union codec_state *encoder);

	/* `bytes` coded bytes to the linear samples that they stand for, and back. */
	void (*decode)(
		union codec_state *decoder, int16_t *pcm, const uint8_t *coded, unsigned bytes);
	void (*encode)(
		union codec_state *encoder, uint8_t *coded, const int16_t *pcm, unsigned bytes);

	/* From now on encode for receivers that have decoded what `decoder` has. What the encoder's
	 * filters hold of the samples before stays. */
	void (*encoder_follow)(union codec_state *encoder, const union codec_state *decoder);

	unsigned delay; /* samples, from an encoder's input to a decoder's output */
};

struct codec {
	const char *name;     /* encoding name of RFC 3551 */
	uint32_t clock_rate;  /* Hz, of RTP timestamps */
	uint32_t sample_rate; /* Hz, of linear samples */
	uint8_t payload_type; /* static assignment of RFC 3551 table 4 */
	uint8_t silence;      /* the code of no sound, where each sample is coded by itself */

	/* NULL where each sample is coded by itself. The functions after it are NULL otherwise. */
	const struct codec_stateful *stateful;

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
