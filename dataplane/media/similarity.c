/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/similarity.h"

#include "fastpath.h"

#define SHIFT 4 /* 12 bits remain: squares of 160 such fit into 32 */
#define QUIET 9 /* mean square, of scaled samples: 50 of 32768 */

void similarity_scale(int16_t *scaled, const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		scaled[i] = (int16_t)(pcm[i] >> SHIFT);
}

static float product(const int16_t *a, const int16_t *b, unsigned count)
{
	int32_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += (int32_t)a[i] * b[i];
	return (float)sum;
}

float similarity(const int16_t *a, const int16_t *b, unsigned count)
{
	float of_a = product(a, a, count), of_b = product(b, b, count), both;

	if (of_a < QUIET * (float)count && of_b < QUIET * (float)count)
		return 1;
	both = product(a, b, count);
	return both * (both < 0 ? -both : both) / ((of_a + 1) * (of_b + 1));
}
