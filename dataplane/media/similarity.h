/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_SIMILARITY_H
#define BRIDGETAP_MEDIA_SIMILARITY_H

#include <stdint.h>

/* How alike two stretches of a voice are, whatever their loudness: the square of their normalised
 * correlation, with its sign: 1 for the same shape, -1 for the opposite; 1 also where there is next
 * to no sound in either. Pure functions, any thread. */

#define SIMILARITY_MAX_SAMPLES 320

/* Samples as similarity_find() takes them, so that sums of products fit into 32 bits: `count` of
 * them from linear ones at `pcm`. */
void similarity_scale(int16_t *scaled, const int16_t *pcm, unsigned count);

/* `count` of such at half the rate, of twice as many. */
void similarity_halve(int16_t *half, const int16_t *scaled, unsigned count);

/* Compare the `count` (at most SIMILARITY_MAX_SAMPLES) samples at `here` with as many that begin
 * `least` to `most` samples later (`sign` 1) or earlier (-1). Returns the distance at which they
 * are most alike, the least of several, and puts how much into `likeness`. */
unsigned similarity_find(const int16_t *here, int sign, unsigned least, unsigned most,
	unsigned count, float *likeness);

#endif
