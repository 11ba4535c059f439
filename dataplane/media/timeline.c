/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/timeline.h"

#include "fastpath.h"

#define WINDOW_FRAMES 50 /* a second of 20 ms frames */
#define GUARD	      40 /* 5 ms: kept in hand after samples were missing */
#define NUDGE	      8	 /* 1 ms a window: follows clocks that differ by 1,000 ppm */
#define SPARE	      160

static void anchor(struct timeline *timeline, const struct pcm_ring *ring, uint32_t timestamp,
	unsigned count, unsigned depth)
{
	unsigned most = PCM_RING_SAMPLES - count;

	timeline->offset = ring->end - count - (depth < most ? depth : most) - timestamp;
	timeline->anchored = true;
	timeline->frames = 0;
	timeline->least_slack = INT16_MAX;
}

/* How far the ring reaches beyond a read of `count` samples at this offset. */
static int32_t slack_of(const struct timeline *timeline, const struct pcm_ring *ring,
	uint32_t timestamp, unsigned count)
{
	return (int32_t)(ring->end - (timestamp + timeline->offset + count));
}

uint32_t timeline_position(struct timeline *timeline, const struct pcm_ring *ring,
	uint32_t timestamp, unsigned count, unsigned depth)
{
	int32_t slack = slack_of(timeline, ring, timestamp, count);

	if (!timeline->anchored || slack > (int32_t)(PCM_RING_SAMPLES - count) ||
		slack < -PCM_RING_SAMPLES) {
		anchor(timeline, ring, timestamp, count, depth);
		slack = slack_of(timeline, ring, timestamp, count);
	}

	timeline->underrun = slack < 0;
	if (slack < 0) {
		timeline->offset -= (uint32_t)(GUARD - slack);
		slack = GUARD;
	}
	if (slack < timeline->least_slack)
		timeline->least_slack = (int16_t)slack;
	if (++timeline->frames == WINDOW_FRAMES) {
		if (timeline->least_slack > (int32_t)(depth + SPARE))
			timeline->offset += NUDGE;
		timeline->frames = 0;
		timeline->least_slack = INT16_MAX;
	}

	return timestamp + timeline->offset;
}
