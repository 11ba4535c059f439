/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/conceal.h"

#include <string.h>

#include "media/similarity.h"

#include "fastpath.h"

#define PITCH_MIN 40  /* 5 ms: 200 Hz */
#define PITCH_MAX 120 /* 15 ms: 66 Hz */
#define WINDOW	  160 /* what is compared with what came a period before */
#define COMPARED  (WINDOW + PITCH_MAX)
#define STAGE	  80 /* 10 ms: after each, one more period is repeated */
#define STAGES	  3

static unsigned most_similar(const int16_t *newest, unsigned low, unsigned high, unsigned count)
{
	float likeness;
	unsigned lag = similarity_find(newest, -1, low, high, count, &likeness);

	return likeness > 0 ? lag : low;
}

/* The period of what comes before `end`: first at half the rate, then among its neighbours. */
static unsigned find_pitch(const int16_t *end)
{
	int16_t fine[COMPARED], coarse[COMPARED / 2];
	unsigned lag;

	similarity_scale(fine, end - COMPARED, COMPARED);
	for (unsigned i = 0; i < COMPARED / 2; i++)
		coarse[i] = (int16_t)((fine[2 * i] + fine[2 * i + 1]) >> 1);
	lag = 2 * most_similar(coarse + PITCH_MAX / 2, PITCH_MIN / 2, PITCH_MAX / 2, WINDOW / 2);
	return most_similar(fine + PITCH_MAX, lag > PITCH_MIN ? lag - 1 : lag,
		lag < PITCH_MAX ? lag + 1 : lag, WINDOW);
}

void conceal_begin(struct conceal *conceal, const int16_t *history, unsigned held)
{
	*conceal = (struct conceal){ .end = history + held, .held = held };
	if (held <= COMPARED)
		return;
	conceal->pitch = find_pitch(conceal->end);
	conceal->step = conceal->end[-1] - conceal->end[-1 - (int)conceal->pitch];
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* As integers are divided, towards zero, and by vectors: exact where `sum` fits into 24 bits and
 * `by` into eight. */
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
	unsigned into = from - stage * STAGE, both;
	int16_t before[CONCEAL_OVERLAP];

	repeat(c, stage + 1, from, pcm, count);
	if (stage == 0 || into >= CONCEAL_OVERLAP)
		return;
	both = smaller(CONCEAL_OVERLAP - into, count);
	repeat(c, stage, from, before, both);
	for (int i = 0, k = (int)into; i < (int)both; i++, k++)
		pcm[i] = (int16_t)((before[i] * (CONCEAL_OVERLAP - k) + pcm[i] * k) /
				   CONCEAL_OVERLAP);
}

/* The voice backwards. */
static void fill_mirrored(const struct conceal *c, unsigned from, int16_t *pcm, unsigned end)
{
	for (int i = (int)from; i < (int)end; i++)
		pcm[i - (int)from] =
			(int16_t)(c->end[-1 - i] * (CONCEAL_OVERLAP - i) / (CONCEAL_OVERLAP + 1));
}

unsigned conceal_length(const struct conceal *conceal)
{
	return conceal->pitch > 0 ? CONCEAL_LENGTH : smaller(conceal->held, CONCEAL_OVERLAP);
}

void conceal_fill(const struct conceal *conceal, unsigned from, int16_t *pcm, unsigned count)
{
	unsigned length = conceal_length(conceal), until;
	unsigned heard = from < length ? smaller(count, length - from) : 0, end = from + heard;

	memset(pcm + heard, 0, (count - heard) * sizeof(*pcm));
	if (conceal->pitch == 0) {
		fill_mirrored(conceal, from, pcm, end);
		return;
	}
	for (unsigned i = from; i < end; i = until) {
		unsigned stage = smaller(i / STAGE, STAGES - 1);

		until = stage < STAGES - 1 ? smaller((stage + 1) * STAGE, end) : end;
		fill_stage(conceal, stage, i, pcm + (i - from), until - i);
	}
	/* Begin where the voice was, */
	for (int i = (int)from; i < (int)smaller(end, CONCEAL_OVERLAP); i++)
		pcm[i - (int)from] = clip(pcm[i - (int)from] +
					  conceal->step * (CONCEAL_OVERLAP - i) / CONCEAL_OVERLAP);
	/* and fade. */
	for (int i = (int)(from > STAGE ? from : STAGE); i < (int)end; i++)
		pcm[i - (int)from] = (int16_t)(pcm[i - (int)from] * (CONCEAL_LENGTH - i) /
					       (CONCEAL_LENGTH - STAGE));
}

void conceal_overlap(int16_t *pcm, const int16_t *old, unsigned count)
{
	for (int i = 0, n = (int)count; i < n; i++)
		pcm[i] = (int16_t)quotient(old[i] * (n - i) + pcm[i] * (i + 1), n + 1);
}

void conceal_approach(const struct conceal *conceal, int16_t *pcm, unsigned count,
	const int16_t *next, unsigned length)
{
	int period = (int)(conceal->pitch > 0 ? conceal->pitch : PITCH_MIN), step = 0;
	int n = (int)count, quarter, place;
	int32_t round[PITCH_MAX];

	if (period < (int)length)
		step = next[0] - next[period];
	else
		period = (int)length;
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
