/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/voice.h"

#include "fastpath.h"

static void fetch_coded(const struct voice *voice, uint32_t timestamp, int16_t *pcm, unsigned count)
{
	const struct codec *codec = voice->from;
	uint8_t coded[CODEC_MAX_SAMPLES];

	pcm_ring_read(voice->span, timestamp, coded, count);
	codec->decode(pcm, coded, count);
}

struct voice voice_of_ring(const struct pcm_ring *ring, const struct codec *codec)
{
	return (struct voice){ .span = ring, .scale = 1, .fetch = fetch_coded, .from = codec };
}

static void fetch_wide(const struct voice *voice, uint32_t timestamp, int16_t *pcm, unsigned count)
{
	wide_ring_copy(voice->from, voice->span, timestamp, pcm, count);
}

struct voice voice_of_wide_ring(const struct wide_ring *ring, const struct pcm_ring *span)
{
	return (struct voice){
		.span = span,
		.scale = CODEC_WIDE,
		.fetch = fetch_wide,
		.from = ring,
	};
}
