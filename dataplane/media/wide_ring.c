/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/wide_ring.h"

#include <string.h>

#include "media/codec.h"
#include "media/conceal.h"

#include "fastpath.h"

#define PART_TICKS (PCM_RING_SAMPLES / WIDE_RING_BUFFERS)

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

/* Conceal `gap` ticks that were skipped, after which the voice goes on with `next`. */
static void bridge(struct wide_ring *ring, struct pcm_ring *span, unsigned gap, const int16_t *next,
	unsigned count)
{
	struct voice voice = voice_of_wide_ring(ring, span);
	int16_t pcm[PCM_RING_SAMPLES * CODEC_WIDE];
	struct conceal_history history;
	struct conceal conceal;

	conceal_begin_after(&conceal, &history, &voice, span->end, false);
	conceal_bridge(&conceal, pcm, gap * CODEC_WIDE, next, count * CODEC_WIDE);
	put(ring, span->end, pcm, gap);
	span->end += gap;
	span->filled = (uint16_t)smaller(span->filled + gap, PCM_RING_SAMPLES);
}

bool wide_ring_append(struct wide_ring *ring, struct pcm_ring *span, uint32_t timestamp,
	const int16_t *pcm, unsigned count)
{
	uint32_t gap = timestamp - span->end;
	bool anew = span->filled == 0 || gap >= PCM_RING_SAMPLES;

	if (anew)
		span->filled = 0;
	else if (gap > 0)
		bridge(ring, span, gap, pcm, count);
	put(ring, timestamp, pcm, count);
	span->end = timestamp + count;
	span->filled = (uint16_t)smaller(span->filled + count, PCM_RING_SAMPLES);
	return !anew && gap > 0;
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
