/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/similarity.h"

#include "fastpath.h"

#define SHIFT 4 /* 12 bits remain: squares of 320 such fit into 32 */
#define QUIET 9 /* mean square, of scaled samples: 50 of 32768 */

void similarity_scale(int16_t *scaled, const int16_t *pcm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		scaled[i] = (int16_t)(pcm[i] >> SHIFT);
}

void similarity_halve(int16_t *half, const int16_t *scaled, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		half[i] = (int16_t)((scaled[2 * i] + scaled[2 * i + 1]) >> 1);
}

static int32_t product(const int16_t *a, const int16_t *b, unsigned count)
{
	int32_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += (int32_t)a[i] * b[i];
	return sum;
}

static int32_t square(int16_t sample)
{
	return (int32_t)sample * sample;
}

unsigned similarity_find(const int16_t *here, int sign, unsigned least, unsigned most,
	unsigned count, float *likeness)
{
	const int16_t *there = here + sign * (int)least, *last = here + sign * (int)most;
	int32_t energy = product(here, here, count), theirs = product(there, there, count);
	int32_t quiet = QUIET * (int32_t)count;
	const int16_t *best = there;

	*likeness = -2;
	for (;; there += sign) {
		float both = (float)product(here, there, count), alike = 1;

		if (energy >= quiet || theirs >= quiet)
			alike = both * (both < 0 ? -both : both) /
				(((float)energy + 1) * ((float)theirs + 1));
		if (alike > *likeness) {
			*likeness = alike;
			best = there;
		}
		if (there == last)
			break;
		/* One sample more at one end, one less at the other. */
		theirs += sign > 0 ? square(there[count]) - square(there[0])
				   : square(there[-1]) - square(there[count - 1]);
	}
	return (unsigned)(sign > 0 ? best - here : here - best);
}
