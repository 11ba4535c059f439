/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/timeline.h"

#include "fastpath.h"

#define WINDOW_FRAMES 50 /* a second of 20 ms frames */
#define GUARD	      40 /* 5 ms: kept in hand after samples were missing */
#define NUDGE	      8	 /* 1 ms a window: follows clocks that differ by 1,000 ppm */
#define SPARE	      160

static void begin_window(struct timeline *timeline)
{
	timeline->frames = WINDOW_FRAMES;
	timeline->slack = INT16_MAX;
}

static void anchor(struct timeline *timeline, const struct pcm_ring *ring, uint32_t timestamp,
	unsigned count, unsigned depth)
{
	unsigned most = PCM_RING_SAMPLES - count;

	timeline->offset = ring->end - count - (depth < most ? depth : most) - timestamp;
	timeline->patience = 0;
	begin_window(timeline);
}

/* How far the ring reaches beyond a read of `count` ticks. */
static int32_t slack_of(const struct timeline *timeline, const struct pcm_ring *ring,
	uint32_t timestamp, unsigned count)
{
	return (int32_t)(ring->end - (timestamp + timeline->offset + count));
}

uint32_t timeline_place(struct timeline *timeline, const struct pcm_ring *ring, uint32_t timestamp,
	unsigned count, unsigned depth, bool *lacked)
{
	int32_t slack = slack_of(timeline, ring, timestamp, count);

	if (timeline->state == TIMELINE_NONE || slack > (int32_t)(PCM_RING_SAMPLES - count) ||
		slack < -PCM_RING_SAMPLES) {
		anchor(timeline, ring, timestamp, count, depth);
		slack = slack_of(timeline, ring, timestamp, count);
	}
	timeline->state = TIMELINE_STEADY;

	*lacked = slack < 0;
	if (slack < 0) {
		timeline->offset -= (uint32_t)(GUARD - slack);
		slack = GUARD;
	}
	if (slack < timeline->slack)
		timeline->slack = (int16_t)slack;
	if (timeline->frames == 0 || --timeline->frames == 0) {
		if (timeline->slack > (int32_t)(depth + SPARE))
			timeline->offset += NUDGE;
		begin_window(timeline);
	}
	return timestamp + timeline->offset;
}
