/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/pcm_ring.h"

#include <errno.h>
#include <string.h>

#include "fastpath.h"

#define MASK (PCM_RING_SAMPLES - 1)

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Samples from `timestamp` up to the end of the array, where an access must wrap. */
static unsigned until_wrap(uint32_t timestamp)
{
	return PCM_RING_SAMPLES - (timestamp & MASK);
}

static void store(struct pcm_ring *ring, uint32_t timestamp, const uint8_t *coded, unsigned count)
{
	unsigned head = smaller(count, until_wrap(timestamp));

	memcpy(ring->samples + (timestamp & MASK), coded, head);
	memcpy(ring->samples, coded + head, (count - head));
}

static void silence(struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	unsigned head = smaller(count, until_wrap(timestamp));

	memset(ring->samples + (timestamp & MASK), ring->silence, head);
	memset(ring->samples, ring->silence, count - head);
}

void pcm_ring_init(struct pcm_ring *ring, uint8_t *samples, uint8_t taint, uint8_t silence)
{
	*ring = (struct pcm_ring){ .samples = samples, .taint = taint, .silence = silence };
}

bool pcm_ring_append(
	struct pcm_ring *ring, uint32_t timestamp, const uint8_t *coded, unsigned count)
{
	if (timestamp != ring->end || ring->filled == 0)
		return false;
	store(ring, timestamp, coded, count);
	ring->end = timestamp + count;
	ring->filled = (uint16_t)smaller(ring->filled + count, PCM_RING_SAMPLES);
	return true;
}

/* Make `count` samples from `timestamp` on part of what the ring holds. */
static int make_room(struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	uint32_t gap = timestamp - ring->end;	 /* samples skipped, if not in the past */
	uint32_t behind = ring->end - timestamp; /* samples of the packet's place in the past */

	if (ring->filled == 0 || gap <= INT32_MAX) {
		if (ring->filled == 0 || gap >= PCM_RING_SAMPLES) {
			ring->filled = 0;
		} else {
			silence(ring, ring->end, gap);
			ring->filled = (uint16_t)(ring->filled + gap);
		}
	} else if (behind > ring->filled) {
		return -ERANGE;
	} else if (behind >= count) {
		return 0; /* late, and wholly inside what is held */
	} else {
		ring->filled = (uint16_t)(ring->filled - behind); /* the rest is counted again */
	}

	ring->end = timestamp + count;
	ring->filled = (uint16_t)smaller(ring->filled + count, PCM_RING_SAMPLES);
	return 0;
}

int pcm_ring_write(struct pcm_ring *ring, uint32_t timestamp, const uint8_t *coded, unsigned count)
{
	int ret = make_room(ring, timestamp, count);

	if (ret == 0)
		store(ring, timestamp, coded, count);
	return ret;
}

unsigned pcm_ring_read(
	const struct pcm_ring *ring, uint32_t timestamp, uint8_t *coded, unsigned count)
{
	uint32_t behind = ring->end - timestamp; /* how far `timestamp` lies before the end */
	unsigned skip = 0, held, head;

	if ((int32_t)behind <= 0 || ring->filled == 0) {
		memset(coded, ring->silence, count);
		return 0;
	}
	if (behind > ring->filled) {
		skip = smaller(behind - ring->filled, count);
		memset(coded, ring->silence, skip);
		timestamp += skip;
		behind -= skip;
	}
	held = smaller(behind, count - skip);
	head = smaller(held, until_wrap(timestamp));
	memcpy(coded + skip, ring->samples + (timestamp & MASK), head);
	memcpy(coded + skip + head, ring->samples, (held - head));
	memset(coded + skip + held, ring->silence, count - skip - held);
	return held;
}

const uint8_t *pcm_ring_view(
	const struct pcm_ring *ring, uint32_t timestamp, uint8_t *copy, unsigned count)
{
	uint32_t behind = ring->end - timestamp;

	if (behind >= count && behind <= ring->filled && count <= until_wrap(timestamp))
		return ring->samples + (timestamp & MASK);
	return pcm_ring_read(ring, timestamp, copy, count) > 0 ? copy : NULL;
}
