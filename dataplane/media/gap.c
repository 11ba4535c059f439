/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/gap.h"

#include <string.h>

#include "media/conceal.h"

#include "fastpath.h"

/* Conceal `length` samples from `from` on, after which the ring goes on. */
static void fill(struct pcm_ring *ring, const struct codec *codec, const struct conceal *conceal,
	uint32_t from, unsigned length)
{
	uint32_t after = ring->end - (from + length);
	unsigned follow = after < CONCEAL_NEXT ? after : CONCEAL_NEXT;
	int16_t pcm[PCM_RING_SAMPLES], next[CONCEAL_NEXT];
	uint8_t coded[PCM_RING_SAMPLES];

	pcm_ring_read(ring, from + length, coded, follow);
	codec->decode(next, coded, follow);
	conceal_bridge(conceal, pcm, length, next, follow);
	codec->encode(coded, pcm, length);
	pcm_ring_write(ring, from, coded, length);
}

/* Only what the ring still reaches back to. */
static void refill(struct pcm_ring *ring, const struct codec *codec, uint32_t from, unsigned length,
	bool hurried)
{
	struct voice voice = voice_of_ring(ring, codec);
	struct conceal_history history;
	struct conceal conceal;

	if (length == 0 || pcm_ring_missing_before(ring, from) > 0)
		return;
	conceal_begin_after(&conceal, &history, &voice, from, hurried);
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
	struct voice voice = voice_of_ring(ring, codec);
	struct conceal_history history;
	struct conceal conceal;

	/* Before the packet takes the place of what is to be remembered. */
	conceal_begin_after(&conceal, &history, &voice, ring->end, hurried);
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
