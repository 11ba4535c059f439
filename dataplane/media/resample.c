/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/resample.h"

#include "fastpath.h"

/* A sinc under a Kaiser window (beta 5.65), in units of 1 / 32768. Of a half-band filter's taps
 * every other one is zero, but for the middle one, which is a half; these are the rest of its first
 * half, of which the second one is the mirror image. They add up to a quarter. */
#define PAIRS 13
static const int16_t taps[PAIRS] = { 9, -25, 52, -96, 160, -253, 383, -564, 823, -1214, 1881, -3350,
	10386 };
#define MIDDLE 16384

/* Sums are within 32 bits: the taps' magnitudes add up to 1.68. Each loop over the samples of a
 * block is one that the compiler makes vectors of. */
#define BLOCK 32u

static int16_t saturate(int32_t sum)
{
	return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

/* sums[i] is what the taps but the middle one give at in[i * step], the newest sample of theirs. */
static void sum_taps(int32_t *sums, const int16_t *in, unsigned count, unsigned step)
{
	for (unsigned k = 0; k < PAIRS; k++) {
		const int16_t *newer = in - k * step, *older = in - (2 * PAIRS - 1 - k) * step;

		for (unsigned i = 0; i < count; i++)
			sums[i] += taps[k] * (newer[i * step] + older[i * step]);
	}
}

void resample_halve(int16_t *narrow, const int16_t *wide, unsigned count)
{
	for (unsigned at = 0; at < count; at += BLOCK) {
		unsigned n = count - at < BLOCK ? count - at : BLOCK;
		const int16_t *in = wide + 2 * at;
		int32_t sums[BLOCK] = { 0 };

		sum_taps(sums, in, n, 2);
		for (unsigned i = 0; i < n; i++)
			narrow[at + i] = saturate(
				(sums[i] + MIDDLE * in[2 * (int)i - 25] + (1 << 14)) >> 15);
	}
}

void resample_double(int16_t *wide, const int16_t *narrow, unsigned count)
{
	for (unsigned at = 0; at < count; at += BLOCK) {
		unsigned n = count - at < BLOCK ? count - at : BLOCK;
		const int16_t *in = narrow + at;
		int32_t sums[BLOCK] = { 0 };

		sum_taps(sums, in, n, 1);
		for (unsigned i = 0; i < n; i++) {
			wide[2 * (at + i)] = saturate((sums[i] + (1 << 13)) >> 14);
			wide[2 * (at + i) + 1] = in[(int)i - 12];
		}
	}
}
