/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/playout.h"

#include "fastpath.h"

#define MOST_JITTER 160u /* ticks; what is more turns out under way */

/* --- the end of a voice --- */

/* What a source has said is stale when it goes on after a silence: the last of those who hear the
 * end of it forgets it. */
static void forget(struct leg *source)
{
	for (unsigned i = 0; i < source->hearer_count; i++) {
		struct hearer hearer = source->hearers[i];
		const struct term *terms = sibling_terms(source, &legs_of(source)[hearer.leg]);

		if (terms[hearer.term].timeline.state != TIMELINE_NONE)
			return;
	}
	pcm_ring_clear(&source->ring);
}

bool playout_ends(const struct delivery *d, struct term *term)
{
	struct leg *other = &legs_of(d->source)[term->source];

	if (!timeline_is_over(&term->timeline, &other->ring, d->packet->rtp.timestamp))
		return false;
	timeline_reset(&term->timeline);
	forget(other);
	return true;
}

/* --- where it does not simply run on --- */

/* Whether none of the listener's primary packets that came before was a later one, or this one. */
static bool is_newest(const struct delivery *d, const struct rtp_stream *stream)
{
	return !d->again && d->packet->rtp.timestamp + d->count ==
				    stream->next_timestamp - stream->timestamp_offset;
}

static void count(const struct delivery *d, unsigned outcome)
{
	struct forward_env *env = d->env;

	if (outcome & TIMELINE_LACKED) {
		counters_bump(env->counters, COUNTER_mix_underrun);
		counters_add(env->counters, COUNTER_mix_hurried, env->hurried);
	}
	if (outcome & TIMELINE_MOVED)
		counters_bump(env->counters, COUNTER_mix_moved);
}

bool playout_read(const struct delivery *d, struct term *term, const struct rtp_stream *stream,
	const struct voice *voice, int16_t *pcm)
{
	const struct leg *other = &legs_of(d->source)[term->source];
	struct timeline_read want = {
		.voice = voice,
		.timestamp = d->packet->rtp.timestamp,
		.count = d->count,
		/* Behind the newest sample by one of its packets, so much that it need not fall
		 * back later, and twice its jitter, as far as that is jitter and no pause. */
		.depth = TIMELINE_LEAST + other->frame +
			 2 * RTE_MIN(rtp_source_jitter(&other->source), MOST_JITTER),
		.frame = other->frame,
		.age = (d->env->now_ms - other->heard_ms) *
		       (codec_get(other->codec)->clock_rate / 1000),
		.newest = is_newest(d, stream),
		.hurried = d->env->hurried,
	};
	unsigned outcome = timeline_read(&term->timeline, &want, pcm);

	count(d, outcome);
	if (outcome & TIMELINE_ANEW)
		term->gain.now = 0;
	return outcome & TIMELINE_HEARD;
}
