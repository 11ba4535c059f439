/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/mix.h"

#include "media/kernels.h"
#include "media/matrix.h"

#include "fastpath.h"

/* Rounded up, so that a full ramp ends within so many samples. */
#define RAMP_STEP_OF(samples) ((GAIN_UNITY + (samples)-1) / (samples))
#define RAMP_STEP	      RAMP_STEP_OF(MIX_RAMP_SAMPLES)

static int32_t scale(int16_t sample, uint16_t gain)
{
	return (int32_t)sample * gain / GAIN_UNITY;
}

void mix_start(int32_t *sum, const int16_t *pcm, unsigned count)
{
	kernels->sum_start(sum, pcm, count);
}

/* Add the samples that come before the gain, which changes by `slope` a sample, has reached its
 * target; returns how many those were. */
static inline unsigned add_ramp(
	int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain, int slope)
{
	int distance = gain->target - gain->now, step = distance > 0 ? slope : -slope;
	unsigned steps; /* that are whole; the last one, to the target itself, may be smaller */

	if (distance == 0)
		return 0;
	steps = (unsigned)((distance > 0 ? distance : -distance) - 1) / (unsigned)slope;
	if (steps >= count) {
		kernels->sum_add_scaled(sum, pcm, count, gain->now + step, step);
		gain->now = (uint16_t)(gain->now + step * (int)count);
		return count;
	}
	kernels->sum_add_scaled(sum, pcm, steps, gain->now + step, step);
	gain->now = gain->target;
	return steps;
}

static inline void add(
	int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain, int slope)
{
	unsigned done = add_ramp(sum, pcm, count, gain, slope);

	if (gain->now == GAIN_UNITY)
		kernels->sum_add(sum + done, pcm + done, count - done);
	else if (gain->now != 0)
		kernels->sum_add_scaled(sum + done, pcm + done, count - done, gain->now, 0);
}

void mix_add(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain)
{
	add(sum, pcm, count, gain, RAMP_STEP);
}

void mix_add_wide(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain)
{
	add(sum, pcm, count, gain, RAMP_STEP_OF(MIX_RAMP_WIDE_SAMPLES));
}

void mix_finish(int16_t *pcm, const int32_t *sum, unsigned count)
{
	kernels->sum_finish(pcm, sum, count);
}

static void fade_out(int16_t *pcm, unsigned count, uint16_t from, uint16_t slope)
{
	for (unsigned i = 0; i < count; i++) {
		from = from > slope ? (uint16_t)(from - slope) : 0;
		pcm[i] = (int16_t)scale(pcm[i], from);
	}
}

void mix_fade_out(int16_t *pcm, unsigned count, uint16_t from)
{
	fade_out(pcm, count, from, RAMP_STEP);
}

void mix_fade_out_wide(int16_t *pcm, unsigned count, uint16_t from)
{
	fade_out(pcm, count, from, RAMP_STEP_OF(MIX_RAMP_WIDE_SAMPLES));
}

void mix_join(int16_t *pcm, const int16_t *more, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int sum = pcm[i] + more[i];

		pcm[i] = (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
	}
}

void mix_cross(int16_t *pcm, const int16_t *from, const int16_t *to, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pcm[i] = (int16_t)(from[i] + (to[i] - from[i]) * (int)(i + 1) / (int)count);
}
