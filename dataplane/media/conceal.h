/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_CONCEAL_H
#define BRIDGETAP_MEDIA_CONCEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "media/voice.h"

/* What stands for samples that did not come: the last periods of the voice, repeated and faded, to
 * the quality of ITU-T G.711 Appendix I and without its delay; or, where too little came before to
 * know a period, its last 5 ms backwards and fading. All of it is a function of what came before
 * the gap and of the distance from there, so that whoever conceals the same gap, whenever and in
 * whatever pieces, gets the same samples. Linear samples, at 8 or 16 kHz. Pure functions, any
 * thread; their work is bounded: some 5,000 multiplications for the pitch, and a few for each
 * sample. */

/* In ticks of 8 kHz. */
#define CONCEAL_HISTORY 400 /* before a gap that are made use of, at most */
#define CONCEAL_LENGTH	480 /* 60 ms: from there on there is silence */
#define CONCEAL_OVERLAP 40  /* 5 ms: over which one signal gives way to another */
#define CONCEAL_HURRIED CONCEAL_OVERLAP

/* A gap's beginning: what concealing it takes. */
struct conceal {
	const int16_t *end; /* just past the newest sample before the gap */
	unsigned scale;	    /* samples a tick: 1 or 2 */
	unsigned held;	    /* samples there are before `end` */
	unsigned pitch;	    /* samples a period; 0: not known */
	int step; /* from where the repeated periods would have come from, to the newest sample */
};

/* Room for what comes before a gap. */
struct conceal_history {
	int16_t pcm[CONCEAL_HISTORY * CODEC_WIDE];
};

/* Prepare to conceal what follows the `held` samples at `history`, which stay the caller's and must
 * outlive `conceal`. With CONCEAL_HURRIED ticks of them no period is looked for, and next to
 * nothing is to be done. */
void conceal_begin(struct conceal *conceal, const int16_t *history, unsigned held, unsigned scale);

/* The same by what a voice holds before `timestamp`; where it is `hurried`, by CONCEAL_HURRIED
 * ticks of that alone. */
void conceal_begin_after(struct conceal *conceal, struct conceal_history *history,
	const struct voice *voice, uint32_t timestamp, bool hurried);

/* How many samples of the gap are anything but silence, at most. */
unsigned conceal_length(const struct conceal *conceal);

/* Write samples `from` to `from` + `count` of the gap to `pcm`: at full strength for 10 ms, then 20
 * % weaker every 10 ms. */
void conceal_fill(const struct conceal *conceal, unsigned from, int16_t *pcm, unsigned count);

/* Let `count` samples at `old` give way to those at `pcm`, in place there. */
void conceal_overlap(int16_t *pcm, const int16_t *old, unsigned count);

/* Write all `count` samples of the gap, after which the voice goes on with the `length` samples at
 * `next`, 15 ms of them or what there is: the last 20 ms lead over to those, played back by whole
 * periods, or the last 5 where no period is known. */
void conceal_bridge(const struct conceal *conceal, int16_t *pcm, unsigned count,
	const int16_t *next, unsigned length);

#define CONCEAL_NEXT 120 /* ticks of what follows that are made use of, at most */

#endif
