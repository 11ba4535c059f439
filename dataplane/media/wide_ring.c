/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/wide_ring.h"

#include <string.h>

#include "media/codec.h"
#include "media/matrix.h"
#include "media/mix.h"

#include "fastpath.h"

#define PART_TICKS (PCM_RING_SAMPLES / WIDE_RING_BUFFERS)
#define RAMP	   (MIX_RAMP_WIDE_SAMPLES / CODEC_WIDE) /* ticks */

_Static_assert(PART_TICKS *CODEC_WIDE * sizeof(int16_t) == PCM_RING_SAMPLES,
	"a part of the ring is as large as a PCM ring");

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The place of a tick, and how many there are from it to the end of its part. */
static int16_t *place(const struct wide_ring *ring, uint32_t timestamp, unsigned *left)
{
	unsigned tick = timestamp % PCM_RING_SAMPLES;

	*left = PART_TICKS - tick % PART_TICKS;
	return ring->part[tick / PART_TICKS] + tick % PART_TICKS * CODEC_WIDE;
}

static void put(struct wide_ring *ring, uint32_t timestamp, const int16_t *pcm, unsigned count)
{
	while (count > 0) {
		unsigned left;
		int16_t *at = place(ring, timestamp, &left);
		unsigned n = smaller(left, count);

		memcpy(at, pcm, n * CODEC_WIDE * sizeof(*pcm));
		pcm += n * CODEC_WIDE;
		timestamp += n;
		count -= n;
	}
}

static void get(const struct wide_ring *ring, uint32_t timestamp, int16_t *pcm, unsigned count)
{
	while (count > 0) {
		unsigned left;
		const int16_t *at = place(ring, timestamp, &left);
		unsigned n = smaller(left, count);

		memcpy(pcm, at, n * CODEC_WIDE * sizeof(*pcm));
		pcm += n * CODEC_WIDE;
		timestamp += n;
		count -= n;
	}
}

bool wide_ring_is_late(const struct pcm_ring *span, uint32_t timestamp)
{
	uint32_t behind = span->end - timestamp;

	return span->filled > 0 && behind > 0 && behind <= PCM_RING_SAMPLES;
}

/* Fill `gap` ticks that were skipped. */
static void bridge(struct wide_ring *ring, struct pcm_ring *span, unsigned gap)
{
	int16_t last[RAMP * CODEC_WIDE], pcm[PCM_RING_SAMPLES * CODEC_WIDE] = { 0 };
	unsigned count = smaller(gap, RAMP);

	wide_ring_copy(ring, span, span->end - RAMP, last, RAMP);
	for (unsigned i = 0; i < count * CODEC_WIDE; i++)
		pcm[i] = last[RAMP * CODEC_WIDE - 1 - i];
	mix_fade_out_wide(pcm, count * CODEC_WIDE, GAIN_UNITY);
	put(ring, span->end, pcm, gap);
	span->end += gap;
	span->filled = (uint16_t)smaller(span->filled + gap, PCM_RING_SAMPLES);
}

static void fade_in(int16_t *pcm, unsigned samples)
{
	samples = smaller(samples, MIX_RAMP_WIDE_SAMPLES);
	for (unsigned i = 0; i < samples; i++)
		pcm[i] = (int16_t)(pcm[i] * (int)i / (int)samples);
}

void wide_ring_append(struct wide_ring *ring, struct pcm_ring *span, uint32_t timestamp,
	int16_t *pcm, unsigned count)
{
	uint32_t gap = timestamp - span->end;

	if (span->filled == 0 || gap >= PCM_RING_SAMPLES) {
		span->filled = 0;
		span->end = timestamp;
	} else if (gap > 0) {
		bridge(ring, span, gap);
		fade_in(pcm, count * CODEC_WIDE);
	}
	put(ring, timestamp, pcm, count);
	span->end = timestamp + count;
	span->filled = (uint16_t)smaller(span->filled + count, PCM_RING_SAMPLES);
}

unsigned wide_ring_copy(const struct wide_ring *ring, const struct pcm_ring *span,
	uint32_t timestamp, int16_t *pcm, unsigned count)
{
	uint32_t behind = span->end - timestamp;
	unsigned skip = 0, held;

	memset(pcm, 0, count * CODEC_WIDE * sizeof(*pcm));
	if ((int32_t)behind <= 0 || span->filled == 0)
		return 0;
	if (behind > span->filled)
		skip = smaller(behind - span->filled, count);
	held = smaller(behind, count);
	get(ring, timestamp + skip, pcm + skip * CODEC_WIDE, held - skip);
	return held > skip ? held : 0;
}
