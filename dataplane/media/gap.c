/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/gap.h"

#include <string.h>

#include "media/conceal.h"

#include "fastpath.h"

#define APPROACH 160

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

void gap_begin(struct conceal *conceal, int16_t *history, const struct pcm_ring *ring,
	const struct codec *codec, uint32_t timestamp, bool hurried)
{
	int32_t held = (int32_t)(timestamp - (ring->end - ring->filled));
	unsigned most = hurried ? CONCEAL_HURRIED : CONCEAL_HISTORY;
	unsigned count = held < 0 ? 0 : smaller((unsigned)held, most);
	uint8_t coded[CONCEAL_HISTORY];

	pcm_ring_read(ring, timestamp - count, coded, count);
	codec->decode(history, coded, count);
	conceal_begin(conceal, history, count);
}

/* Fill `length` samples from `from` on, after which the ring goes on. */
static void fill(struct pcm_ring *ring, const struct codec *codec, const struct conceal *conceal,
	uint32_t from, unsigned length)
{
	int16_t pcm[PCM_RING_SAMPLES], next[CONCEAL_OVERLAP * 3];
	uint8_t coded[PCM_RING_SAMPLES];
	unsigned end = smaller(length, conceal->pitch > 0 ? APPROACH : CONCEAL_OVERLAP), follow;

	follow = smaller(ring->end - (from + length), CONCEAL_OVERLAP * 3);
	conceal_fill(conceal, 0, pcm, length);
	if (follow > 0) {
		pcm_ring_read(ring, from + length, coded, follow);
		codec->decode(next, coded, follow);
		conceal_approach(conceal, pcm + length - end, end, next, follow);
	}
	codec->encode(coded, pcm, length);
	pcm_ring_write(ring, from, coded, length);
}

/* Only what the ring still reaches back to. */
static void refill(struct pcm_ring *ring, const struct codec *codec, uint32_t from, unsigned length,
	bool hurried)
{
	int16_t history[CONCEAL_HISTORY];
	struct conceal conceal;

	if (length == 0 || pcm_ring_missing_before(ring, from) > 0)
		return;
	gap_begin(&conceal, history, ring, codec, from, hurried);
	fill(ring, codec, &conceal, from, length);
}

/* A packet has come after others that follow it. */
static void divide(struct gap *gap, struct pcm_ring *ring, const struct codec *codec,
	uint32_t timestamp, unsigned count, bool hurried)
{
	int32_t before = (int32_t)(timestamp - gap->from);
	int32_t after = (int32_t)(gap->from + gap->length - (timestamp + count));

	if (gap->length == 0 || before < 0 || after < 0)
		return;
	refill(ring, codec, gap->from, (unsigned)before, hurried);
	refill(ring, codec, timestamp + count, (unsigned)after, hurried);
	if (after > 0)
		gap->from = timestamp + count;
	gap->length = (uint16_t)(after > 0 ? after : before);
}

static void write_after_gap(struct gap *gap, struct pcm_ring *ring, const struct codec *codec,
	uint32_t timestamp, const uint8_t *coded, unsigned count, bool hurried)
{
	int16_t history[CONCEAL_HISTORY];
	struct conceal conceal;

	/* Before the packet takes the place of what is to be remembered. */
	gap_begin(&conceal, history, ring, codec, ring->end, hurried);
	*gap = (struct gap){ .from = ring->end, .length = (uint16_t)(timestamp - ring->end) };
	pcm_ring_write(ring, timestamp, coded, count);
	if (gap->length <= ring->filled - count)
		fill(ring, codec, &conceal, gap->from, gap->length);
}

static bool is_held(
	const struct pcm_ring *ring, uint32_t timestamp, const uint8_t *coded, unsigned count)
{
	uint8_t held[CODEC_MAX_SAMPLES];

	return pcm_ring_read(ring, timestamp, held, count) == count &&
	       memcmp(held, coded, count) == 0;
}

enum gap_verdict gap_write(struct gap *gap, struct pcm_ring *ring, const struct codec *codec,
	uint32_t timestamp, const uint8_t *coded, unsigned count, bool hurried)
{
	int32_t ahead = (int32_t)(timestamp - ring->end);

	if (ring->filled == 0 || ahead >= PCM_RING_SAMPLES) {
		gap->length = 0;
		pcm_ring_write(ring, timestamp, coded, count);
		return GAP_NONE;
	}
	if (ahead > 0) {
		write_after_gap(gap, ring, codec, timestamp, coded, count, hurried);
		return GAP_LOST;
	}
	if (is_held(ring, timestamp, coded, count))
		return GAP_DUPLICATE;
	if (pcm_ring_write(ring, timestamp, coded, count) < 0)
		return GAP_TOO_OLD;
	divide(gap, ring, codec, timestamp, count, hurried);
	return GAP_LATE;
}
