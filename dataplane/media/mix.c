/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/mix.h"

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
	for (unsigned i = 0; i < count; i++)
		sum[i] = pcm[i];
}

void mix_add(int32_t *sum, const int16_t *pcm, unsigned count, struct gain *gain)
{
	unsigned i = 0;

	for (; i < count && gain->now != gain->target; i++) {
		gain->now = step_towards(gain->now, gain->target);
		sum[i] += scale(pcm[i], gain->now);
	}
	if (gain->now == GAIN_UNITY) {
		for (; i < count; i++)
			sum[i] += pcm[i];
	} else if (gain->now != 0) {
		for (; i < count; i++)
			sum[i] += scale(pcm[i], gain->now);
	}
}

void mix_finish(int16_t *pcm, const int32_t *sum, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int32_t s = sum[i];

		s = s > INT16_MAX ? INT16_MAX : s;
		s = s < INT16_MIN ? INT16_MIN : s;
		pcm[i] = (int16_t)s;
	}
}

void mix_fade_out(int16_t *pcm, unsigned count, uint16_t from)
{
	for (unsigned i = 0; i < count; i++) {
		from = step_towards(from, 0);
		pcm[i] = (int16_t)scale(pcm[i], from);
	}
}
