/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/pcm_ring.h"

#include <errno.h>
#include <stddef.h>
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

static void store(struct pcm_ring *ring, uint32_t timestamp, const int16_t *pcm, unsigned count)
{
	unsigned head = smaller(count, until_wrap(timestamp));

	memcpy(ring->samples + (timestamp & MASK), pcm, head * sizeof(*pcm));
	memcpy(ring->samples, pcm + head, (count - head) * sizeof(*pcm));
}

static void silence(struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	unsigned head = smaller(count, until_wrap(timestamp));

	memset(ring->samples + (timestamp & MASK), 0, head * sizeof(ring->samples[0]));
	memset(ring->samples, 0, (count - head) * sizeof(ring->samples[0]));
}

void pcm_ring_init(struct pcm_ring *ring, uint8_t taint)
{
	ring->end = 0;
	ring->filled = 0;
	ring->taint = taint;
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
			ring->filled += gap;
		}
	} else if (behind > ring->filled) {
		return -ERANGE;
	} else if (behind >= count) {
		return 0; /* late, and wholly inside what is held */
	} else {
		ring->filled -= behind; /* overlaps the end: counted again below */
	}

	ring->end = timestamp + count;
	ring->filled = smaller(ring->filled + count, PCM_RING_SAMPLES);
	return 0;
}

int pcm_ring_write(struct pcm_ring *ring, uint32_t timestamp, const int16_t *pcm, unsigned count)
{
	int ret = make_room(ring, timestamp, count);

	if (ret == 0)
		store(ring, timestamp, pcm, count);
	return ret;
}

int16_t *pcm_ring_place(struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	if (count > until_wrap(timestamp) || make_room(ring, timestamp, count) < 0)
		return NULL;
	return ring->samples + (timestamp & MASK);
}

unsigned pcm_ring_read(
	const struct pcm_ring *ring, uint32_t timestamp, int16_t *pcm, unsigned count)
{
	uint32_t behind = ring->end - timestamp; /* how far `timestamp` lies before the end */
	unsigned skip = 0, held, head;

	if ((int32_t)behind <= 0 || ring->filled == 0) {
		memset(pcm, 0, count * sizeof(*pcm));
		return 0;
	}
	if (behind > ring->filled) {
		skip = smaller(behind - ring->filled, count);
		memset(pcm, 0, skip * sizeof(*pcm));
		timestamp += skip;
		behind -= skip;
	}
	held = smaller(behind, count - skip);
	head = smaller(held, until_wrap(timestamp));
	memcpy(pcm + skip, ring->samples + (timestamp & MASK), head * sizeof(*pcm));
	memcpy(pcm + skip + head, ring->samples, (held - head) * sizeof(*pcm));
	memset(pcm + skip + held, 0, (count - skip - held) * sizeof(*pcm));
	return held;
}

const int16_t *pcm_ring_view(
	const struct pcm_ring *ring, uint32_t timestamp, int16_t *copy, unsigned count)
{
	uint32_t behind = ring->end - timestamp;

	if (behind >= count && behind <= ring->filled && count <= until_wrap(timestamp))
		return ring->samples + (timestamp & MASK);
	return pcm_ring_read(ring, timestamp, copy, count) > 0 ? copy : NULL;
}
