/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/timeline.h"

#include <string.h>

#include "media/similarity.h"

#include "fastpath.h"

#define WINDOW_FRAMES 250 /* five seconds of 20 ms frames: clocks part by 16 samples at 400 ppm */
#define MOST	      128 /* with more all the time, it is time to catch up */
#define STEP_LEAST    20  /* samples left out or repeated at a time */
#define STEP_BACK     80
#define STEP_MOST     160
#define COMPARED      80   /* samples that are compared where they would meet */
#define NEAR	      48   /* samples between a packet and the read: soon it may come after it */
#define FAR	      80   /* it will not for some windows */
#define ALIKE	      0.8f /* what is not heard */
#define PATIENCE      30   /* frames to wait for a place that is as good as that */
#define ABSURD	      (2 * PCM_RING_SAMPLES)

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static uint32_t position_of(const struct timeline *timeline, const struct timeline_read *want)
{
	return want->timestamp + timeline->offset;
}

/* How far the ring reaches beyond the read. */
static int32_t slack_of(const struct timeline *timeline, const struct timeline_read *want)
{
	return (int32_t)(want->voice->span->end - position_of(timeline, want) - want->count);
}

/* The most of it that there may be. */
static int32_t room_of(const struct timeline_read *want)
{
	return (int32_t)(PCM_RING_SAMPLES - TIMELINE_SPARE - want->count);
}

static void begin_window(struct timeline *timeline, int32_t slack)
{
	timeline->state = TIMELINE_STEADY;
	timeline->slack = (int16_t)slack;
	timeline->frames = WINDOW_FRAMES;
	timeline->patience = 0;
}

/* --- samples --- */

/* `count` ticks of the gap behind the ring's end, from tick `from` of it on. Returns whether there
 * is anything but silence. */
static bool fetch_gap(const struct timeline_read *want, unsigned from, int16_t *pcm, unsigned count)
{
	unsigned scale = want->voice->scale;
	struct conceal_history history;
	struct conceal conceal;

	if (from >= CONCEAL_LENGTH) {
		memset(pcm, 0, count * scale * sizeof(*pcm));
		return false;
	}
	conceal_begin_after(&conceal, &history, want->voice, want->voice->span->end, want->hurried);
	conceal_fill(&conceal, from * scale, pcm, count * scale);
	return from * scale < conceal_length(&conceal);
}

/* `count` ticks from `position` on: what the ring holds, and beyond its end what stands for what is
 * not there. Returns likewise. */
static bool fetch(const struct timeline_read *want, uint32_t position, int16_t *pcm, unsigned count)
{
	const struct pcm_ring *span = want->voice->span;
	int32_t held = (int32_t)(span->end - position);
	unsigned inside = held < 0 ? 0 : smaller((unsigned)held, count);
	bool heard = span->filled > 0 && inside > pcm_ring_missing_before(span, position);

	want->voice->fetch(want->voice, position, pcm, inside);
	if (inside < count)
		heard |= fetch_gap(want, (unsigned)((int32_t)inside - held),
			pcm + inside * want->voice->scale, count - inside);
	return heard;
}

/* The number of ticks from `least` to `most` after which (`sign` 1) or before which (-1) the voice
 * is most like it is at `position`. */
static unsigned find_step(const struct timeline_read *want, uint32_t position, int sign,
	unsigned least, unsigned most, float *likeness)
{
	int16_t pcm[(STEP_MOST + COMPARED) * CODEC_WIDE], scaled[STEP_MOST + COMPARED];
	uint32_t from = sign < 0 ? position - most : position;
	const int16_t *here = sign < 0 ? scaled + most : scaled;
	unsigned count = most + COMPARED;

	want->voice->fetch(want->voice, from, pcm, count);
	similarity_scale(pcm, pcm, count * want->voice->scale);
	if (want->voice->scale == 1)
		memcpy(scaled, pcm, count * sizeof(*pcm));
	else
		similarity_halve(scaled, pcm, count);
	return similarity_find(here, sign, least, most, COMPARED, likeness);
}

/* --- kinds of reads --- */

static unsigned read_as_it_is(
	struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	return fetch(want, position_of(timeline, want), pcm, want->count) ? TIMELINE_HEARD : 0;
}

/* As it is, with what lacks made up for. */
static unsigned read_lacking(
	struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	int32_t slack = slack_of(timeline, want);

	timeline->state = TIMELINE_LACKING;
	timeline->slack = (int16_t)(slack < INT16_MIN ? INT16_MIN : slack);
	return read_as_it_is(timeline, want, pcm) | TIMELINE_LACKED;
}

/* Behind the newest sample, by the depth or what the ring has room for. */
static unsigned read_anew(struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	int32_t most = room_of(want) - (int32_t)want->frame, depth = (int32_t)want->depth;

	depth = depth < most ? depth : most;
	depth = depth < 0 ? 0 : depth;
	timeline->offset = want->voice->span->end - want->count - (uint32_t)depth - want->timestamp;
	begin_window(timeline, depth);
	return read_as_it_is(timeline, want, pcm) | TIMELINE_ANEW;
}

/* With `shift` samples left out, or repeated where it is below 0. What was heard until now would
 * have gone on with the CONCEAL_OVERLAP ticks at `old`, which give way to what is read. */
static unsigned read_shifted(struct timeline *timeline, const struct timeline_read *want,
	int32_t shift, const int16_t *old, int16_t *pcm)
{
	unsigned outcome = shift != 0 ? TIMELINE_MOVED : 0;
	int32_t slack;

	timeline->offset += (uint32_t)shift;
	slack = slack_of(timeline, want);
	begin_window(timeline, slack);
	if (slack < 0) {
		timeline->state = TIMELINE_LACKING;
		outcome |= TIMELINE_LACKED;
	}
	if (fetch(want, position_of(timeline, want), pcm, want->count))
		outcome |= TIMELINE_HEARD;
	conceal_overlap(pcm, old, smaller(want->count, CONCEAL_OVERLAP) * want->voice->scale);
	return outcome;
}

/* The same where the ring still holds how it would have gone on. */
static unsigned read_stepped(
	struct timeline *timeline, const struct timeline_read *want, int32_t shift, int16_t *pcm)
{
	int16_t old[CONCEAL_OVERLAP * CODEC_WIDE];

	fetch(want, position_of(timeline, want), old, CONCEAL_OVERLAP);
	return read_shifted(timeline, want, shift, old, pcm);
}

/* After samples lacked and others have come: those that lacked, if they are there, or else what
 * follows them. */
static unsigned read_again(
	struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	int32_t lacked = -timeline->slack, shift = 0;
	int32_t most = room_of(want) - (int32_t)want->frame - slack_of(timeline, want);
	uint32_t missing = position_of(timeline, want) - (uint32_t)lacked;
	unsigned scale = want->voice->scale;
	int16_t old[CONCEAL_OVERLAP * CODEC_WIDE];
	struct conceal_history history;
	struct conceal conceal;

	/* Nothing is heard any more that would have to go on. */
	if (lacked >= CONCEAL_LENGTH && timeline->state != TIMELINE_LATE)
		return read_anew(timeline, want, pcm);
	if (timeline->state != TIMELINE_LOST && most > 0)
		shift = -(lacked < most ? lacked : most);
	if (timeline->state == TIMELINE_LATE)
		return read_stepped(timeline, want, shift, pcm);
	conceal_begin_after(&conceal, &history, want->voice, missing, want->hurried);
	conceal_fill(&conceal, (unsigned)lacked * scale, old, CONCEAL_OVERLAP * scale);
	return read_shifted(timeline, want, shift, old, pcm);
}

/* What the ring holds has almost run away from the reader: the primary is late, or the other one
 * sends more than it should. */
static unsigned read_ahead(
	struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	unsigned least = (unsigned)(slack_of(timeline, want) - room_of(want));
	uint32_t position = position_of(timeline, want);
	float likeness;

	if (least < STEP_LEAST)
		least = STEP_LEAST;
	if (least + COMPARED <= STEP_MOST && !want->hurried)
		least = find_step(want, position, 1, least, least + COMPARED, &likeness);
	return read_stepped(timeline, want, (int32_t)least, pcm);
}

/* How many samples the reader could be closer, or must be further behind where it is below 0.
 *
 * Where clocks part, a packet that comes just before a read will come just after it one day, and
 * that read will have a packet less. */
static int32_t spare_of(const struct timeline *timeline, const struct timeline_read *want)
{
	unsigned packet = smaller(want->frame, want->count), phase = want->age % packet;
	int32_t safe = TIMELINE_LEAST, slack = timeline->slack;

	if (phase < (slack < (int32_t)packet ? NEAR : FAR))
		safe += (int32_t)packet;
	return slack - safe;
}

/* At the end of a window. */
static unsigned read_adjusted(
	struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	int32_t slack = slack_of(timeline, want), spare = spare_of(timeline, want);
	unsigned much = (unsigned)(spare < 0 ? -spare : spare), step;
	int sign = spare < 0 ? -1 : 1;
	float likeness;

	if (spare >= 0 ? much <= MOST - TIMELINE_LEAST
		       : pcm_ring_missing_before(
				 want->voice->span, position_of(timeline, want) - STEP_MOST) > 0) {
		begin_window(timeline, slack);
		return read_as_it_is(timeline, want, pcm);
	}
	if (!want->hurried) {
		much = sign < 0 && much < STEP_BACK ? STEP_BACK : smaller(much, STEP_MOST);
		step = find_step(
			want, position_of(timeline, want), sign, STEP_LEAST, much, &likeness);
		if (likeness >= ALIKE || timeline->patience >= PATIENCE)
			return read_stepped(timeline, want, sign * (int32_t)step, pcm);
		timeline->patience++;
	}
	if (slack < timeline->slack)
		timeline->slack = (int16_t)slack;
	return read_as_it_is(timeline, want, pcm);
}

unsigned timeline_read(struct timeline *timeline, const struct timeline_read *want, int16_t *pcm)
{
	int32_t slack = slack_of(timeline, want);

	if (timeline->state == TIMELINE_NONE || slack > ABSURD || slack < -ABSURD)
		return read_anew(timeline, want, pcm);
	if (!want->newest)
		return read_as_it_is(timeline, want, pcm);
	if (timeline->state != TIMELINE_STEADY) {
		uint32_t missing = position_of(timeline, want) + (uint32_t)timeline->slack;

		if ((int32_t)(want->voice->span->end - missing) > 0)
			return read_again(timeline, want, pcm);
		return read_lacking(timeline, want, pcm);
	}
	if (slack < 0)
		return read_lacking(timeline, want, pcm);
	if (slack > room_of(want))
		return read_ahead(timeline, want, pcm);
	return read_adjusted(timeline, want, pcm);
}

void timeline_note_lost(struct timeline *timeline)
{
	if (timeline->state == TIMELINE_LACKING)
		timeline->state = TIMELINE_LOST;
}

void timeline_note_late(struct timeline *timeline, int32_t late, unsigned count)
{
	if (timeline->state == TIMELINE_NONE || late <= 0 || late > PCM_RING_SAMPLES)
		return;
	if (timeline->slack < 0 && late <= -timeline->slack && timeline->state != TIMELINE_LOST)
		return;
	/* Either what followed it is being heard, or still what was made up for it. */
	timeline->state = late >= (int32_t)count ? TIMELINE_LATE : TIMELINE_LACKING;
	timeline->slack = (int16_t)-late;
}
