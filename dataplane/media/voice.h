/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_VOICE_H
#define BRIDGETAP_MEDIA_VOICE_H

#include <stdint.h>

#include "media/codec.h"
#include "media/pcm_ring.h"
#include "media/wide_ring.h"

/* A voice that is kept in a ring, of whichever kind, as linear samples at 8 or 16 kHz: what those
 * who make up for missing samples need to know of it. A view; owns nothing. */
struct voice {
	const struct pcm_ring *span; /* which ticks of the RTP clock are held */
	unsigned scale;		     /* samples a tick: 1, or CODEC_WIDE */

	/* Write `count` ticks from `timestamp` on to `pcm`; what is not held is zero. */
	void (*fetch)(const struct voice *voice, uint32_t timestamp, int16_t *pcm, unsigned count);
	const void *from; /* for fetch() alone */
};

#define VOICE_MAX_SAMPLES (CODEC_MAX_SAMPLES * CODEC_WIDE)

/* The voice in a PCM ring, coded by `codec`, and the one in a wide ring. */
struct voice voice_of_ring(const struct pcm_ring *ring, const struct codec *codec);
struct voice voice_of_wide_ring(const struct wide_ring *ring, const struct pcm_ring *span);

#endif
