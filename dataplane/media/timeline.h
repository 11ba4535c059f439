/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_TIMELINE_H
#define BRIDGETAP_MEDIA_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/pcm_ring.h"

/* Where one listener reads another source while its own stream runs by the clock of the primary
 * one: a constant offset from the primary's timestamps to the other's. It is set behind the newest
 * sample by a depth, moved back when samples were missing, and moved forward a little at a time
 * when the other source's clock turns out to be the faster one (M25: none of this touches the
 * primary's own path). All zero is a timeline without an offset yet. Worker-owned. */
struct timeline {
	uint32_t offset;     /* other's timestamp = primary's timestamp + offset */
	int16_t least_slack; /* samples the ring held beyond the read; the least in this window */
	uint8_t frames;	     /* reads in this window */
	uint8_t anchored : 1;
	uint8_t underrun : 1; /* the last position lacked samples */
};

/* The timestamp in `ring` to read `count` samples from, for the primary's packet `timestamp`.
 * `depth` is how many samples to stay behind the newest one. */
uint32_t timeline_position(struct timeline *timeline, const struct pcm_ring *ring,
	uint32_t timestamp, unsigned count, unsigned depth);

/* Forget the offset: either stream began anew, or the other source fell silent. */
static inline void timeline_reset(struct timeline *timeline)
{
	timeline->anchored = false;
}

#endif
