/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/mix.h"

#include "media/kernels.h"
#include "media/matrix.h"

#include "fastpath.h"

/* Rounded up, so that a full ramp ends within MIX_RAMP_SAMPLES. */
#define RAMP_STEP ((GAIN_UNITY + MIX_RAMP_SAMPLES - 1) / MIX_RAMP_SAMPLES)

static int32_t scale(int16_t sample, uint16_t gain)
{
	return (int32_t)sample * gain / GAIN_UNITY;
}

static uint16_t step_towards(uint16_t now, uint16_t target)
{
	if (now < target)
		return target - now > RAMP_STEP ? (uint16_t)(now + RAMP_STEP) : target;
	return now - target > RAMP_STEP ? (uint16_t)(now - RAMP_STEP) : target;
}

void mix_start(int32_t *sum, const int16_t *pcm, unsigned count)
{
	kernels->sum_start(sum, pcm, count);
}

/* Add the samples that come before the gain has reached its target; returns how many those were. */
static unsigned add_ramp(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain)
{
	int distance = gain->target - gain->now, step = distance > 0 ? RAMP_STEP : -RAMP_STEP;
	unsigned steps; /* that are whole; the last one, to the target itself, may be smaller */

	if (distance == 0)
		return 0;
	steps = (unsigned)((distance > 0 ? distance : -distance) - 1) / RAMP_STEP;
	if (steps >= count) {
		kernels->sum_add_scaled(sum, pcm, count, gain->now + step, step);
		gain->now = (uint16_t)(gain->now + step * (int)count);
		return count;
	}
	kernels->sum_add_scaled(sum, pcm, steps, gain->now + step, step);
	gain->now = gain->target;
	return steps;
}

void mix_add(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain)
{
	unsigned done = add_ramp(sum, pcm, count, gain);

	if (gain->now == GAIN_UNITY)
		kernels->sum_add(sum + done, pcm + done, count - done);
	else if (gain->now != 0)
		kernels->sum_add_scaled(sum + done, pcm + done, count - done, gain->now, 0);
}

void mix_finish(int16_t *pcm, const int32_t *sum, unsigned count)
{
	kernels->sum_finish(pcm, sum, count);
}

void mix_fade_out(int16_t *pcm, unsigned count, uint16_t from)
{
	for (unsigned i = 0; i < count; i++) {
		from = step_towards(from, 0);
		pcm[i] = (int16_t)scale(pcm[i], from);
	}
}
