/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/g722.h"

#include <string.h>

#include <spandsp.h>

#include <spandsp/private/g722.h>

#include "fastpath.h"

#define BIT_RATE 64000

/* Given where a state is, spandsp allocates none, and what it keeps has no pointers. */
_Static_assert(sizeof(g722_decode_state_t) <= sizeof(union codec_state) &&
		       sizeof(g722_encode_state_t) <= sizeof(union codec_state),
	"G.722's states fit");

static void start_decoder(union codec_state *state)
{
	memset(state, 0, sizeof(*state));
	g722_decode_init((g722_decode_state_t *)state, BIT_RATE, 0);
}

static void start_encoder(union codec_state *state)
{
	memset(state, 0, sizeof(*state));
	g722_encode_init((g722_encode_state_t *)state, BIT_RATE, 0);
}

static void decode(union codec_state *state, int16_t *pcm, const uint8_t *coded, unsigned bytes)
{
	g722_decode((g722_decode_state_t *)state, pcm, coded, (int)bytes);
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
