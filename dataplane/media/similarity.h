/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_SIMILARITY_H
#define BRIDGETAP_MEDIA_SIMILARITY_H

#include <stdint.h>

/* How alike two stretches of a voice are, whatever their loudness. Pure functions, any thread. */

#define SIMILARITY_MAX_SAMPLES 160

/* Samples as similarity() takes them, so that sums of products fit into 32 bits: `count` of them
 * from linear ones at `pcm`. */
void similarity_scale(int16_t *scaled, const int16_t *pcm, unsigned count);

/* The square of the normalised correlation of `count` (at most SIMILARITY_MAX_SAMPLES) samples,
 * with its sign: 1 for the same shape, -1 for the opposite; 1 also where there is next to no sound
 * in either. */
float similarity(const int16_t *a, const int16_t *b, unsigned count);

#endif
