/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/g722.h"

#include <string.h>

#include <spandsp.h>

#include <spandsp/private/g722.h>

#include "fastpath.h"

#define BIT_RATE 64000
#define TAPS	 12 /* of each half of the filter that joins the bands */
#define HISTORY	 ((TAPS - 1) * sizeof(int16_t))

/* Given where a state is, spandsp allocates none, and what it keeps has no pointers. */
_Static_assert(sizeof(g722_decode_state_t) <= sizeof(union codec_state) &&
		       sizeof(g722_encode_state_t) <= sizeof(union codec_state),
	"G.722's states fit");

static int16_t saturated(int32_t sample)
{
	return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

static void start_decoder(union codec_state *state)
{
	memset(state, 0, sizeof(*state));
	g722_decode_init((g722_decode_state_t *)state, BIT_RATE, 0);
	((g722_decode_state_t *)state)->itu_test_mode = 1; /* the bands by themselves */
}

static void start_encoder(union codec_state *state)
{
	memset(state, 0, sizeof(*state));
	g722_encode_init((g722_encode_state_t *)state, BIT_RATE, 0);
}

static int32_t filtered(const int16_t *samples, const int16_t *taps)
{
	int32_t sum = 0;

	for (unsigned i = 0; i < TAPS; i++)
		sum += samples[i] * taps[i];
	return sum >> 11;
}

/* From both bands, each twice as loud and in turn, to their sum (G.722 section 4.4). spandsp's own
 * filter lets what is too loud come out with the other sign, which is a bang. */
static void join_bands(g722_decode_state_t *state, int16_t *pcm, unsigned count)
{
	static const int16_t forth[TAPS] = { 3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53,
		-11 };
	static const int16_t back[TAPS] = { -11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11,
		3 };
	int16_t sums[TAPS - 1 + CODEC_MAX_SAMPLES], differences[TAPS - 1 + CODEC_MAX_SAMPLES];

	memcpy(sums, state->x, HISTORY);
	memcpy(differences, state->y, HISTORY);
	for (unsigned i = 0; i < count; i++) {
		int low = pcm[2 * i] >> 1, high = pcm[2 * i + 1] >> 1;

		sums[TAPS - 1 + i] = (int16_t)(low + high);
		differences[TAPS - 1 + i] = (int16_t)(low - high);
	}
	for (unsigned i = 0; i < count; i++) {
		pcm[2 * i] = saturated(filtered(differences + i, back));
		pcm[2 * i + 1] = saturated(filtered(sums + i, forth));
	}
	memcpy(state->x, sums + count, HISTORY);
	memcpy(state->y, differences + count, HISTORY);
}

/* `bytes` is at most CODEC_MAX_SAMPLES. */
static void decode(union codec_state *state, int16_t *pcm, const uint8_t *coded, unsigned bytes)
{
	g722_decode((g722_decode_state_t *)state, pcm, coded, (int)bytes);
	join_bands((g722_decode_state_t *)state, pcm, bytes);
}

static void encode(union codec_state *state, uint8_t *coded, const int16_t *pcm, unsigned bytes)
{
	g722_encode((g722_encode_state_t *)state, coded, pcm, (int)(2 * bytes));
}

/* Both ends of ADPCM keep the same predictors and quantiser scales, as functions of the codes that
 * went over the line (G.722 section 3): a coder that takes those of a decoder can take its place
 * in front of all that have decoded the same. */
static void encoder_follow(union codec_state *encoder, const union codec_state *decoder)
{
	g722_encode_state_t *to = (g722_encode_state_t *)encoder;
	const g722_decode_state_t *from = (const g722_decode_state_t *)decoder;

	memcpy(to->band, from->band, sizeof(to->band));
}

const struct codec_stateful g722 = {
	.start_decoder = start_decoder,
	.start_encoder = start_encoder,
	.decode = decode,
	.encode = encode,
	.encoder_follow = encoder_follow,
	.delay = G722_DELAY,
};
