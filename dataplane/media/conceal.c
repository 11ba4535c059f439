/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/conceal.h"

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
	unsigned best = low;
	float most = 0;

	for (unsigned lag = low; lag <= high; lag++) {
		float value = similarity(newest, newest - lag, count);

		if (value > most) {
			most = value;
			best = lag;
		}
	}
	return best;
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

/* Sample `i` of the gap where the newest `periods` periods are repeated. Their end passes over into
 * what came before their beginning, so that one round follows another without a step. */
static int repeated(const struct conceal *c, unsigned i, int periods)
{
	int quarter = (int)c->pitch / 4, held = (int)c->held, span, place;

	while (periods > 1 && periods * (int)c->pitch + quarter > held)
		periods--;
	span = periods * (int)c->pitch;
	place = (int)i % span;
	if (span - place < quarter && span + quarter <= held)
		return (c->end[place - span] * (span - place) +
			       c->end[place - 2 * span] * (quarter - (span - place))) /
		       quarter;
	return c->end[place - span];
}

/* The same with as many periods as that distance into the gap wants: one period over and over would
 * sound like a tone. */
static int voice_at(const struct conceal *c, unsigned i)
{
	int stage = (int)(i / STAGE), into = (int)(i % STAGE), sample, before;

	if (stage >= STAGES) {
		stage = STAGES - 1;
		into = STAGE;
	}
	sample = repeated(c, i, stage + 1);
	if (stage > 0 && into < CONCEAL_OVERLAP) {
		before = repeated(c, i, stage);
		sample = (before * (CONCEAL_OVERLAP - into) + sample * into) / CONCEAL_OVERLAP;
	}
	/* Begin where the voice was. */
	if (i < CONCEAL_OVERLAP)
		sample += c->step * (int)(CONCEAL_OVERLAP - i) / CONCEAL_OVERLAP;
	return sample;
}

static int16_t clip(int sample)
{
	return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

void conceal_fill(const struct conceal *conceal, unsigned from, int16_t *pcm, unsigned count)
{
	for (unsigned k = 0; k < count; k++) {
		unsigned i = from + k;
		int fade = CONCEAL_LENGTH - (int)(i > STAGE ? i : STAGE);

		pcm[k] = 0;
		if (fade > 0 && conceal->pitch > 0)
			pcm[k] = clip(voice_at(conceal, i) * fade / (CONCEAL_LENGTH - STAGE));
	}
}

void conceal_overlap(int16_t *pcm, const int16_t *old, unsigned count)
{
	for (int i = 0, n = (int)count; i < n; i++)
		pcm[i] = (int16_t)((old[i] * (n - i) + pcm[i] * (i + 1)) / (n + 1));
}

void conceal_approach(const struct conceal *conceal, int16_t *pcm, unsigned count,
	const int16_t *next, unsigned length)
{
	int period = (int)(conceal->pitch > 0 ? conceal->pitch : PITCH_MIN), step = 0;
	int quarter = period / 4, n = (int)count;

	if (period < (int)length)
		step = next[0] - next[period];
	else
		period = (int)length;
	for (int i = 0; i < n; i++) {
		/* A whole number of periods later, and at the end of each where the next begins. */
		int before = (n - i) % period, later = next[(period - before) % period];

		if (before > 0 && before < quarter)
			later += step * (quarter - before) / quarter;
		pcm[i] = clip((pcm[i] * (n - i) + later * (i + 1)) / (n + 1));
	}
}
