/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_KERNELS_H
#define BRIDGETAP_MEDIA_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

/* The loops over samples that packets are spent on, once per width of vector that CPUs have. Each
 * set gives the same bits as the scalar one on every input.
 *
 * Counts are in samples and may be any, buffers are aligned as their types are and no more, and
 * nothing beyond `count` is read or written. Inputs and outputs do not overlap unless it says so.
 * Pure functions, any thread. */

enum law {
	LAW_ULAW,
	LAW_ALAW,
	LAW_COUNT,
};

struct kernels {
	const char *name;
	unsigned bits; /* of a vector; what a limit on their width is compared with */

	/* Coded bytes to linear samples, and back. Indexed by enum law. */
	void (*decode[LAW_COUNT])(int16_t *pcm, const uint8_t *coded, unsigned count);
	void (*encode[LAW_COUNT])(uint8_t *coded, const int16_t *pcm, unsigned count);

	/* Two coded voices of one law decoded, added, saturated and encoded; `coded` may be `a`.
	 * Returns what the bytes of the outcome add up to as 16-bit words in memory order (RFC
	 * 1071), the last one of an odd count with a zero after it. */
	uint64_t (*mix[LAW_COUNT])(
		uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count);

	/* The sum of two linear voices, saturated and encoded. */
	void (*mix_encode[LAW_COUNT])(
		uint8_t *coded, const int16_t *a, const int16_t *b, unsigned count);

	/* Sums of any number of voices, in 32 bits: the first, one more, and one more of which
	 * sample i is scaled by (gain + i * step) / GAIN_UNITY, rounded towards zero; that factor
	 * stays within 0 and UINT16_MAX. Then all sums are saturated, once. */
	void (*sum_start)(int32_t *sum, const int16_t *pcm, unsigned count);
	void (*sum_add)(int32_t *sum, const int16_t *pcm, unsigned count);
	void (*sum_add_scaled)(
		int32_t *sum, const int16_t *pcm, unsigned count, int gain, int step);
	void (*sum_finish)(int16_t *pcm, const int32_t *sum, unsigned count);
};

/* The set in use: the scalar one until kernels_init() chose, and never changed after that. */
extern const struct kernels *kernels;

/* Choose the best set that this CPU has, with vectors of at most `max_bits` (0: scalar). Call once,
 * before any other thread runs and before any other function of the sets is used. */
void kernels_init(unsigned max_bits);

/* All sets that were built, from the narrowest (scalar) to the best; NULL past the last. */
const struct kernels *kernels_get(unsigned index);

/* Whether this CPU and its operating system can run a set. */
bool kernels_can_run(const struct kernels *set);

#endif
