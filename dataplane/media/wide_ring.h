/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_WIDE_RING_H
#define BRIDGETAP_MEDIA_WIDE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/pcm_ring.h"

/* The recent past of one wideband source, decoded: linear samples, two a tick of the RTP clock,
 * addressed by that source's RTP timestamps. It reaches as far back as a PCM ring, in four times
 * the memory, and lies in as many buffers of the size of a PCM ring's. Which ticks it holds is said
 * by the `end` and `filled` of a PCM ring that has no samples of its own, so that timelines work on
 * both alike. Written in order only, because a decoder's states are. Worker-owned. */

#define WIDE_RING_BUFFERS 4

struct wide_ring {
	int16_t *part[WIDE_RING_BUFFERS]; /* not owned; all NULL: there is no ring */
};

static inline bool wide_ring_is_there(const struct wide_ring *ring)
{
	return ring->part[0] != NULL;
}

/* Whether a packet of `count` ticks at `timestamp` comes behind what the ring holds, so that it
 * cannot be appended any more. One that is further away than the ring is long begins it anew. */
bool wide_ring_is_late(const struct pcm_ring *span, uint32_t timestamp);

/* Append `count` ticks (at most 512) that begin at `timestamp` and are not late. Where ticks were
 * skipped they are concealed (media/conceal.h), and true is returned. */
bool wide_ring_append(struct wide_ring *ring, struct pcm_ring *span, uint32_t timestamp,
	const int16_t *pcm, unsigned count);

/* Copy `count` ticks from `timestamp` on to `pcm`; what the ring does not hold is zero. Returns the
 * number of ticks from there to the end of what it holds, at most `count`; 0 where that is none.
 * Changes nothing. */
unsigned wide_ring_copy(const struct wide_ring *ring, const struct pcm_ring *span,
	uint32_t timestamp, int16_t *pcm, unsigned count);

#endif
