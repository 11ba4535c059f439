/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_TIMELINE_H
#define BRIDGETAP_MEDIA_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/conceal.h"
#include "media/pcm_ring.h"
#include "media/voice.h"

/* Where one listener reads another source while its own stream runs by the clock of the primary
 * one: an offset from the primary's timestamps to the other's, constant as long as the other's
 * packets come in time and no earlier than they must. Nearly all reads are of that kind and cost a
 * comparison; what else there is, timeline_read() sees to:
 *
 * - Samples that are not there yet are concealed. If they turn out to be lost, the reader goes on
 *   behind them; if they come late, it goes back to them, and stays so much further behind.
 * - Once a window, a reader that was further behind than it had to be, or that is about to run out
 * of samples because the other's clock is slower, leaves out or repeats a few: there where the
 * voice is silent or repeats itself, so that it is not heard.
 *
 * None of this touches the primary's own path (M25). All zero is a timeline without an offset yet.
 * Worker-owned. */
struct timeline {
	uint32_t offset; /* other's timestamp = primary's timestamp + offset */
	int16_t slack;	 /* samples the ring held beyond the read, the least in this window; while
			  * some lack or are late, how many, below 0 */
	uint8_t frames;	 /* still to come in this window */
	uint8_t state : 3;
	uint8_t patience : 5; /* frames in which there was no good place for a change */
};

enum timeline_state {
	TIMELINE_NONE,	  /* no offset yet */
	TIMELINE_STEADY,  /* the newest read had all its samples */
	TIMELINE_LACKING, /* it had not: what came next, if it is there by now, came late */
	TIMELINE_LOST,	  /* it had not, and what lacked is lost */
	TIMELINE_LATE,	  /* something came when the reader had passed its place */
};

/* Samples in hand, beside a packet of the other source where one may soon come after the read; with
 * fewer, it is time to fall back. */
#define TIMELINE_LEAST 24

/* Samples that a reader keeps between itself and the oldest ones that the ring holds. */
#define TIMELINE_SPARE CONCEAL_OVERLAP

/* Whether the read of `count` samples for the primary's packet `timestamp` is like the one before
 * it; otherwise timeline_read() must see to it. */
static inline bool timeline_runs(
	struct timeline *timeline, const struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	int32_t slack = (int32_t)(ring->end - timestamp - timeline->offset - count);

	if (timeline->state != TIMELINE_STEADY || timeline->frames == 0 ||
		(uint32_t)slack > PCM_RING_SAMPLES - TIMELINE_SPARE - count)
		return false;
	if (slack < timeline->slack)
		timeline->slack = (int16_t)slack;
	timeline->frames--;
	return true;
}

/* A read that is not. */
struct timeline_read {
	const struct voice *voice;
	uint32_t timestamp; /* of the primary's packet, */
	unsigned count;	    /* and its samples, at most CODEC_MAX_SAMPLES */
	unsigned depth;	    /* samples to stay behind the newest one, to begin with */
	unsigned frame;	    /* samples in a packet of the other source, at least 1, */
	unsigned age;	    /* and since the newest of them has come */
	bool newest;	    /* the primary's packet is not older than one before it */
	bool hurried;	    /* whoever reads has fallen behind: anything that is quick will do */
};

/* What a read has come to: bits. */
#define TIMELINE_HEARD	1 /* there is something to hear */
#define TIMELINE_LACKED 2 /* some samples were not there */
#define TIMELINE_MOVED	4 /* samples were left out or repeated */
#define TIMELINE_ANEW	8 /* the offset has nothing to do with the one before */

/* Read `count` ticks to `pcm`; afterwards the timeline's offset is the one that was read at. */
unsigned timeline_read(struct timeline *timeline, const struct timeline_read *want, int16_t *pcm);

/* What lacked when the listener was last served is lost; or a packet of `count` samples has come,
 * the first of them `late` samples too late for it. */
void timeline_note_lost(struct timeline *timeline);
void timeline_note_late(struct timeline *timeline, int32_t late, unsigned count);

/* Whether a reader that comes to `timestamp` has heard all that is in the ring, and how it fades.
 */
static inline bool timeline_is_over(
	const struct timeline *timeline, const struct pcm_ring *ring, uint32_t timestamp)
{
	return timeline->state == TIMELINE_NONE || ring->filled == 0 ||
	       (int32_t)(timestamp + timeline->offset - ring->end) >= CONCEAL_LENGTH;
}

/* Forget the offset: either stream began anew, or the other source fell silent. */
static inline void timeline_reset(struct timeline *timeline)
{
	timeline->state = TIMELINE_NONE;
}

#endif
