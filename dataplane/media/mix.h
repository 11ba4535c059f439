/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_MIX_H
#define BRIDGETAP_MEDIA_MIX_H

#include <stdbool.h>
#include <stdint.h>

/* Sums of voices. Sums are kept in 32 bits and saturated once, at the end, so that the order of
 * the sources does not matter. Pure functions, any thread. */

#define MIX_RAMP_SAMPLES      40 /* 5 ms at 8 kHz: how long a gain takes from 0 to unity */
#define MIX_RAMP_WIDE_SAMPLES 80 /* the same at 16 kHz, for the functions called wide */

/* A gain on its way from one value to another, in the unit of GAIN_UNITY. */
struct gain {
	uint16_t now;
	uint16_t target;
};

static inline bool gain_is(const struct gain *gain, uint16_t value)
{
	return gain->now == value && gain->target == value;
}

/* Start a sum of `count` samples with one source at unity. */
void mix_start(int32_t *sum, const int16_t *pcm, unsigned count);

/* Add `count` samples of another source; its gain moves towards its target as they pass. */
void mix_add(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain);
void mix_add_wide(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain);

/* Saturate `count` sums into 16-bit samples. */
void mix_finish(int16_t *pcm, const int32_t *sum, unsigned count);

/* Scale `count` samples in place by a gain that falls from `from` to 0 as fast as a ramp does. */
void mix_fade_out(int16_t *pcm, unsigned count, uint16_t from);
void mix_fade_out_wide(int16_t *pcm, unsigned count, uint16_t from);

/* Add `count` samples at `more` to those at `pcm`, saturated. */
void mix_join(int16_t *pcm, const int16_t *more, unsigned count);

/* Go from one voice to another within `count` samples; `pcm` may be either. */
void mix_cross(int16_t *pcm, const int16_t *from, const int16_t *to, unsigned count);

#endif
