/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/mend.h"

#include "fastpath.h"

/* How many samples too late one at `timestamp` of `source` comes for a listener, by what it was
 * last served. */
static int32_t lateness(
	const struct leg *listener, const struct timeline *timeline, uint32_t timestamp)
{
	uint32_t next = listener->stream.next_timestamp - listener->stream.timestamp_offset +
			timeline->offset;

	return (int32_t)(next - timestamp);
}

static void tell_listeners(
	struct leg *source, enum gap_verdict verdict, const struct rtp_packet *rtp)
{
	for (unsigned i = 0; source->mixers >> i != 0; i++) {
		struct hearer hearer = source->hearers[i];
		struct leg *listener = &legs_of(source)[hearer.leg];
		struct timeline *timeline;

		if (!(source->mixers >> i & 1) || hearer.clocked)
			continue;
		timeline = &sibling_terms(source, listener)[hearer.term].timeline;
		if (verdict == GAP_LOST)
			timeline_note_lost(timeline);
		else
			timeline_note_late(timeline, lateness(listener, timeline, rtp->timestamp),
				rtp->payload_length);
	}
}

void mend_was_lost(const struct forward_packet *packet, struct forward_env *env)
{
	counters_bump(env->counters, COUNTER_voice_lost);
	tell_listeners(packet->leg, GAP_LOST, &packet->rtp);
}

void mend_voice(const struct forward_packet *packet, struct forward_env *env)
{
	const struct rtp_packet *rtp = &packet->rtp;
	struct leg *leg = packet->leg;
	struct gap *gap = &leg_rest(leg)->gap;
	enum gap_verdict verdict = gap_write(gap, &leg->ring, codec_get(leg->codec), rtp->timestamp,
		rtp->payload, rtp->payload_length, env->hurried);

	switch (verdict) {
	case GAP_LOST:
		counters_add(env->counters, COUNTER_mix_hurried, env->hurried);
		mend_was_lost(packet, env);
		break;
	case GAP_LATE:
		counters_bump(env->counters, COUNTER_voice_late);
		tell_listeners(leg, verdict, rtp);
		break;
	case GAP_TOO_OLD:
		/* The newest packet by its number is not old: its sender's clock was set back. */
		if (rtp->sequence != leg->source.max_sequence)
			break;
		pcm_ring_clear(&leg->ring);
		pcm_ring_write(&leg->ring, rtp->timestamp, rtp->payload, rtp->payload_length);
		break;
	default:
		break;
	}
}
