/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/g711.h"
#include "media/kernels_set.h"
#include "media/matrix.h"

#include "fastpath.h"

/* The bits of a sample that no encoder looks at: mu-law's finest step is 4 (in 16 bits), A-law's
 * is 16. Negative numbers are complemented, so a plain shift drops them and the tables are exact.
 */
static const unsigned unused_bits[LAW_COUNT] = { 2, 4 };

static int16_t linear[LAW_COUNT][256];
static uint8_t codes[LAW_COUNT][65536 >> 2];

static int16_t saturate(int32_t sum)
{
	sum = sum > INT16_MAX ? INT16_MAX : sum;
	return (int16_t)(sum < INT16_MIN ? INT16_MIN : sum);
}

INLINE void run_decode(int16_t *pcm, const uint8_t *coded, unsigned count, enum law law)
{
	for (unsigned i = 0; i < count; i++)
		pcm[i] = linear[law][coded[i]];
}

INLINE void run_encode(
	uint8_t *coded, const int16_t *a, const int16_t *b, bool adds, unsigned count, enum law law)
{
	for (unsigned i = 0; i < count; i++) {
		int16_t sample = adds ? saturate(a[i] + b[i]) : a[i];

		coded[i] = codes[law][(uint16_t)sample >> unused_bits[law]];
	}
}

INLINE uint64_t run_mix(
	uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count, enum law law)
{
	uint64_t words = 0;

	for (unsigned i = 0; i < count; i++) {
		int16_t sample = saturate(linear[law][a[i]] + linear[law][b[i]]);

		coded[i] = codes[law][(uint16_t)sample >> unused_bits[law]];
		words += (uint64_t)coded[i] << (i % 2 * 8);
	}
	return words;
}

static void sum_start(int32_t *sum, const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sum[i] = pcm[i];
}

static void sum_add(int32_t *sum, const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sum[i] += pcm[i];
}

static void sum_add_scaled(int32_t *sum, const int16_t *pcm, unsigned count, int gain, int step)
{
	for (unsigned i = 0; i < count; i++)
		sum[i] += pcm[i] * (gain + (int)i * step) / GAIN_UNITY;
}

static void sum_finish(int16_t *pcm, const int32_t *sum, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pcm[i] = saturate(sum[i]);
}

#define KERNELS_SET  kernels_scalar
#define KERNELS_NAME "scalar"
#define KERNELS_BITS 0
#include "media/kernels_table.h"

void kernels_scalar_init(void)
{
	for (unsigned code = 0; code < 256; code++) {
		linear[LAW_ULAW][code] = g711_ulaw_decode((uint8_t)code);
		linear[LAW_ALAW][code] = g711_alaw_decode((uint8_t)code);
	}
	for (unsigned sample = 0; sample < 65536; sample++) {
		codes[LAW_ULAW][sample >> unused_bits[LAW_ULAW]] =
			g711_ulaw_encode((int16_t)(uint16_t)sample);
		codes[LAW_ALAW][sample >> unused_bits[LAW_ALAW]] =
			g711_alaw_encode((int16_t)(uint16_t)sample);
	}
}
