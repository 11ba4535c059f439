/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/conceal.h"

#include <string.h>

#include "media/similarity.h"

#include "fastpath.h"

/* In ticks. */
#define PITCH_MIN 40  /* 5 ms: 200 Hz */
#define PITCH_MAX 120 /* 15 ms: 66 Hz */
#define WINDOW	  160 /* what is compared with what came a period before */
#define COMPARED  (WINDOW + PITCH_MAX)
#define STAGE	  80 /* 10 ms: after each, one more period is repeated */
#define STAGES	  3
#define APPROACH  160

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* --- the pitch --- */

static unsigned most_similar(const int16_t *newest, unsigned low, unsigned high, unsigned count)
{
	float likeness;
	unsigned lag = similarity_find(newest, -1, low, high, count, &likeness);

	return likeness > 0 ? lag : low;
}

/* The period of what comes before `end` at 8 kHz: first at half the rate, then among its
 * neighbours. */
static unsigned find_pitch(const int16_t *end)
{
	const int16_t *fine = end - COMPARED;
	int16_t coarse[COMPARED / 2];
	unsigned lag;

	similarity_halve(coarse, fine, COMPARED / 2);
	lag = 2 * most_similar(coarse + PITCH_MAX / 2, PITCH_MIN / 2, PITCH_MAX / 2, WINDOW / 2);
	return most_similar(fine + PITCH_MAX, lag > PITCH_MIN ? lag - 1 : lag,
		lag < PITCH_MAX ? lag + 1 : lag, WINDOW);
}

static unsigned find_pitch_at(const int16_t *end, unsigned scale)
{
	int16_t scaled[COMPARED * CODEC_WIDE], narrow[COMPARED];
	unsigned lag;

	similarity_scale(scaled, end - COMPARED * scale, COMPARED * scale);
	if (scale == 1)
		return find_pitch(scaled + COMPARED);
	similarity_halve(narrow, scaled, COMPARED);
	lag = find_pitch(narrow + COMPARED);
	return most_similar(scaled + PITCH_MAX * scale, lag * scale - (lag > PITCH_MIN),
		lag * scale + (lag < PITCH_MAX), WINDOW * scale);
}

/* --- the gap --- */

void conceal_begin(struct conceal *conceal, const int16_t *history, unsigned held, unsigned scale)
{
	*conceal = (struct conceal){ .end = history + held, .held = held, .scale = scale };
	if (held <= COMPARED * scale)
		return;
	conceal->pitch = find_pitch_at(conceal->end, scale);
	conceal->step = conceal->end[-1] - conceal->end[-1 - (int)conceal->pitch];
}

void conceal_begin_after(struct conceal *conceal, struct conceal_history *history,
	const struct voice *voice, uint32_t timestamp, bool hurried)
{
	int32_t held = (int32_t)(timestamp - (voice->span->end - voice->span->filled));
	unsigned most = hurried ? CONCEAL_HURRIED : CONCEAL_HISTORY;
	unsigned count = held < 0 ? 0 : smaller((unsigned)held, most);

	voice->fetch(voice, timestamp - count, history->pcm, count);
	conceal_begin(conceal, history->pcm, count * voice->scale, voice->scale);
}

/* As integers are divided, towards zero, but by vectors: exact where `sum` fits into 24 bits and
 * `by` into nine, as at 8 kHz, and within 1 beyond. */
static inline int quotient(int sum, int by)
{
	return (int)((float)sum / (float)by);
}

static inline int16_t clip(int sample)
{
	return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

/* Samples `from` to `from` + `count` of the gap where the newest `periods` periods are repeated.
 * Their end passes over into what came before their beginning, so that one round follows another
 * without a step. */
static void repeat(
	const struct conceal *c, unsigned periods, unsigned from, int16_t *pcm, unsigned count)
{
	unsigned joint = c->pitch / 4, span, place;
	const int16_t *round;

	while (periods > 1 && periods * c->pitch + joint > c->held)
		periods--;
	span = periods * c->pitch;
	round = c->end - span;
	if (span + joint > c->held)
		joint = 0;
	for (place = from % span; count > 0; place = 0) {
		unsigned end = smaller(span, place + count);

		memcpy(pcm, round + place, (end - place) * sizeof(*pcm));
		for (unsigned i = place + joint > span ? place : span - joint; i < end; i++) {
			int left = (int)(span - i), gone = (int)joint - left;

			pcm[i - place] = (int16_t)quotient(
				round[i] * left + round[(int)i - (int)span] * gone, (int)joint);
		}
		pcm += end - place;
		count -= end - place;
	}
}

/* One period over and over would sound like a tone: after each stage there is one more. */
static void fill_stage(
	const struct conceal *c, unsigned stage, unsigned from, int16_t *pcm, unsigned count)
{
	int overlap = (int)(CONCEAL_OVERLAP * c->scale),
	    into = (int)(from - stage * STAGE * c->scale);
	int16_t before[CONCEAL_OVERLAP * CODEC_WIDE];
	int both;

	repeat(c, stage + 1, from, pcm, count);
	if (stage == 0 || into >= overlap)
		return;
	both = (int)smaller((unsigned)(overlap - into), count);
	repeat(c, stage, from, before, (unsigned)both);
	for (int i = 0; i < both; i++)
		pcm[i] = (int16_t)quotient(
			before[i] * (overlap - into - i) + pcm[i] * (into + i), overlap);
}

/* The voice backwards. */
static void fill_mirrored(const struct conceal *c, unsigned from, int16_t *pcm, unsigned end)
{
	int overlap = (int)(CONCEAL_OVERLAP * c->scale);

	for (int i = (int)from; i < (int)end; i++)
		pcm[i - (int)from] = (int16_t)quotient(c->end[-1 - i] * (overlap - i), overlap + 1);
}

unsigned conceal_length(const struct conceal *conceal)
{
	return conceal->pitch > 0 ? CONCEAL_LENGTH * conceal->scale
				  : smaller(conceal->held, CONCEAL_OVERLAP * conceal->scale);
}

/* Begin where the voice was, and fade. */
static void shape(const struct conceal *c, unsigned from, int16_t *pcm, unsigned end)
{
	int overlap = (int)(CONCEAL_OVERLAP * c->scale), stage = (int)(STAGE * c->scale);
	int length = (int)(CONCEAL_LENGTH * c->scale), first = (int)from;

	for (int i = first; i < overlap && i < (int)end; i++)
		pcm[i - first] = clip(pcm[i - first] + quotient(c->step * (overlap - i), overlap));
	for (int i = first > stage ? first : stage; i < (int)end; i++)
		pcm[i - first] = (int16_t)quotient(pcm[i - first] * (length - i), length - stage);
}

void conceal_fill(const struct conceal *conceal, unsigned from, int16_t *pcm, unsigned count)
{
	unsigned length = conceal_length(conceal), stage_length = STAGE * conceal->scale, until;
	unsigned heard = from < length ? smaller(count, length - from) : 0, end = from + heard;

	memset(pcm + heard, 0, (count - heard) * sizeof(*pcm));
	if (conceal->pitch == 0) {
		fill_mirrored(conceal, from, pcm, end);
		return;
	}
	for (unsigned i = from; i < end; i = until) {
		unsigned stage = smaller(i / stage_length, STAGES - 1);

		until = stage < STAGES - 1 ? smaller((stage + 1) * stage_length, end) : end;
		fill_stage(conceal, stage, i, pcm + (i - from), until - i);
	}
	shape(conceal, from, pcm, end);
}

void conceal_overlap(int16_t *pcm, const int16_t *old, unsigned count)
{
	for (int i = 0, n = (int)count; i < n; i++)
		pcm[i] = (int16_t)quotient(old[i] * (n - i) + pcm[i] * (i + 1), n + 1);
}

/* Let the last samples of a gap, `count` of them at `pcm`, give way to the voice that goes on after
 * it with the `length` samples at `next`, played back by whole periods. */
static void approach(const struct conceal *conceal, int16_t *pcm, unsigned count,
	const int16_t *next, unsigned length)
{
	unsigned pitch = conceal->pitch > 0 ? conceal->pitch : PITCH_MIN * conceal->scale;
	int period = (int)smaller(pitch, length), step = 0, n = (int)count, quarter, place;
	int32_t round[PITCH_MAX * CODEC_WIDE];

	if (pitch < length)
		step = next[0] - next[pitch];
	/* A whole number of periods later, and at the end of each where the next begins. */
	quarter = period / 4;
	for (int i = 0; i < period; i++)
		round[i] = next[i];
	for (int before = 1; before < quarter; before++)
		round[period - before] += step * (quarter - before) / quarter;
	place = (period - n % period) % period;
	for (int i = 0, until; i < n; i = until, place = 0) {
		const int32_t *later = round + place - i;

		until = i + period - place < n ? i + period - place : n;
		for (int k = i; k < until; k++)
			pcm[k] = clip(quotient(pcm[k] * (n - k) + later[k] * (k + 1), n + 1));
	}
}

void conceal_bridge(const struct conceal *conceal, int16_t *pcm, unsigned count,
	const int16_t *next, unsigned length)
{
	unsigned ticks = conceal->pitch > 0 ? APPROACH : CONCEAL_OVERLAP;
	unsigned end = smaller(count, ticks * conceal->scale);

	conceal_fill(conceal, 0, pcm, count);
	if (length > 0)
		approach(conceal, pcm + count - end, end, next,
			smaller(length, CONCEAL_NEXT * conceal->scale));
}
