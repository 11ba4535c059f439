/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/comfort_noise.h"

#include "fastpath.h"

#define LEVEL_MASK 0x7f
#define LOUDEST	   32767

/* 0 dBov is a square wave of full scale; noise evenly spread over +-a has a / sqrt(3) of its
 * power. The loudest are limited to full scale. */
#define SQRT3_Q16     113512u
#define MINUS_1DB_Q16 58409u

static int32_t peak_of(unsigned level)
{
	uint64_t peak = (uint64_t)LOUDEST * SQRT3_Q16;

	for (unsigned db = 0; db < level; db++)
		peak = peak * MINUS_1DB_Q16 >> 16;
	peak >>= 16;
	return peak > LOUDEST ? LOUDEST : (int32_t)peak;
}

void comfort_noise_write(int16_t *pcm, unsigned count, const uint8_t *payload, uint32_t seed)
{
	int32_t peak = peak_of(payload[0] & LEVEL_MASK);

	for (unsigned i = 0; i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		pcm[i] = (int16_t)((int64_t)peak * (int32_t)seed >> 31);
	}
}
