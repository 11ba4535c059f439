/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/admit.h"

#include <rte_mbuf.h>

#include "call/event.h"
#include "call/relay.h"

#include "fastpath.h"

#define PTIME_MIN_MS  10u
#define YOUNG	      16u /* packets of a stream */
#define HOLD_SLACK_MS 200u
#define GAP_MAX	      4u /* packet times from one packet of a candidate to the next */

static bool drop(struct forward_packet *packet, struct forward_env *env, enum counter reason)
{
	counters_bump(env->counters, reason);
	rte_pktmbuf_free(packet->mbuf);
	return false;
}

static void tell(const struct forward_packet *packet, enum event_kind kind, struct forward_env *env)
{
	struct event event = {
		.call = call_of(packet->leg)->number,
		.serial = call_of(packet->leg)->serial,
		.leg = leg_rest(packet->leg)->id,
		.ssrc = packet->rtp.ssrc,
		.source = packet->frame.source,
		.kind = (uint8_t)kind,
	};

	event_post(env->events, &event, env->counters);
}

/* How much a packet of so many samples holds, in ms, as far as ptimes go. */
static unsigned ptime_by(unsigned samples, unsigned codec)
{
	return RTE_MAX(samples * 1000 / codec_get(codec)->clock_rate, PTIME_MIN_MS);
}

static unsigned ptime_of(const struct leg *leg)
{
	return ptime_by(leg->frame, leg->codec);
}

/* Whether the far end sends back what we have sent into the call, to it or to another party: a
 * loop, by the SSRC (RFC 3550 section 8.2). To hear that would be to hear oneself. A sender that
 * had drawn the same number by chance is not told from it. */
static bool is_looped(const struct forward_packet *packet)
{
	const struct leg *legs = legs_of(packet->leg);

	for (unsigned i = 0; i < packet->leg->siblings; i++)
		if (legs[i].stream.ssrc == packet->rtp.ssrc)
			return true;
	return false;
}

/* --- learning --- */

void admit_tell_learned(const struct leg *leg, struct forward_env *env)
{
	struct event event;

	if (!leg->untold)
		return;
	event = (struct event){
		.call = call_of(leg)->number,
		.serial = call_of(leg)->serial,
		.leg = leg_rest(leg)->id,
		.ssrc = leg_rest(leg)->learning.ssrc,
		.source = leg_rest(leg)->from,
		.signalled = leg_rest(leg)->learning.signalled,
		.far_end = *leg_far_end(leg),
		.kind = EVENT_SOURCE_LEARNED,
	};
	event_post(env->events, &event, env->counters);
}

static void learned(
	struct forward_packet *packet, enum learning_state state, struct forward_env *env)
{
	struct leg *leg = packet->leg;

	leg_rest(leg)->learning.state = (uint8_t)state;
	leg_rest(leg)->learning.ssrc = packet->rtp.ssrc;
	leg_rest(leg)->rate = (struct rate){ .since_ms = env->now_ms };
	leg_set_from(leg, &packet->frame.source);
	leg->untold = 1;
	counters_bump(env->counters, COUNTER_source_learned);
	admit_tell_learned(leg, env);
}

/* Take note of a packet of whoever may be the source; true where that is proven. */
static bool proves(
	struct learning *learning, const struct forward_packet *packet, struct forward_env *env)
{
	unsigned ptime = ptime_by(packet->rtp.payload_length, packet->leg->codec);
	uint32_t now_ms = env->now_ms;
	bool same = endpoint_equal(&learning->candidate, &packet->frame.source);
	bool at_it =
		learning->packets > 0 && now_ms - learning->newest_ms <= GAP_MAX * learning->ptime;

	if (!same && at_it)
		return false;
	if (!same || !at_it || packet->rtp.ssrc != learning->ssrc || ptime != learning->ptime ||
		(uint16_t)(packet->rtp.sequence - learning->sequence) != 1) {
		learning->candidate = packet->frame.source;
		learning->ssrc = packet->rtp.ssrc;
		learning->ptime = ptime & 63;
		learning->first_ms = now_ms;
		learning->packets = 0;
	}
	learning->sequence = packet->rtp.sequence;
	learning->newest_ms = now_ms;
	if (learning->packets < LEARN_PACKETS)
		learning->packets++;
	/* Half as fast again as it is spoken is what jitter may do to it. */
	return learning->packets == LEARN_PACKETS &&
	       now_ms - learning->first_ms >= ptime * (LEARN_PACKETS - 1) / 2;
}

/* The signalled source alone, if there is one, from now on. */
static void stop_learning(struct leg *leg)
{
	struct leg_rest *rest = leg_rest(leg);
	struct endpoint from = rest->from;

	if (rest->learning.state == LEARNING_OPEN)
		leg_set_from(leg, &from);
	rest->learning.state = LEARNING_DONE;
}

/* Whether the far end before this one sent from there. */
static bool is_last(const struct learning *learning, const struct endpoint *source)
{
	return learning->last_port == source->port && learning->last_tail == endpoint_tail(source);
}

enum learn_verdict {
	LEARN_REFUSED,
	LEARN_NOT_YET,
	LEARN_ACCEPTED,
};

static enum learn_verdict learn(struct forward_packet *packet, struct forward_env *env)
{
	struct learning *learning = &leg_rest(packet->leg)->learning;
	bool signalled = learning->signalled.port != 0 &&
			 endpoint_equal(&learning->signalled, &packet->frame.source);
	bool open = learning->state == LEARNING_OPEN;

	if (!open && learning->state != LEARNING_PROVISIONAL)
		return LEARN_REFUSED;
	if (env->now_ms - learning->begin_ms > learning->limit_ms) {
		stop_learning(packet->leg);
		return open && signalled ? LEARN_ACCEPTED : LEARN_REFUSED;
	}
	if (signalled) {
		learned(packet, LEARNING_DONE, env);
		return LEARN_ACCEPTED;
	}
	if (!open || is_looped(packet) || is_last(learning, &packet->frame.source))
		return LEARN_REFUSED;
	if (!proves(learning, packet, env))
		return LEARN_NOT_YET;
	learned(packet, learning->signalled.port != 0 ? LEARNING_PROVISIONAL : LEARNING_DONE, env);
	return LEARN_ACCEPTED;
}

/* --- how much --- */

static void limit(struct leg *leg, struct forward_env *env)
{
	struct rate *rate = &leg_rest(leg)->rate;

	rate->limited = true;
	rate->credit = RATE_BURST * ptime_of(leg);
	rate->newest_ms = env->now_ms;
	leg_close(leg);
}

/* Count `packets` that the leg has sent, and see at every RATE_BURST of them how long they took. */
static void count_rate(struct leg *leg, unsigned packets, struct forward_env *env)
{
	struct rate *rate = &leg_rest(leg)->rate;
	uint32_t took_ms = env->now_ms - rate->since_ms;

	rate->counted = (uint8_t)(rate->counted + packets);
	if (rate->counted < RATE_BURST)
		return;
	rate->counted = 0;
	rate->since_ms = env->now_ms;
	if (env->rate_limit != 0 && !rate->limited &&
		took_ms * env->rate_limit < RATE_BURST * ptime_of(leg))
		limit(leg, env);
}

/* A packet of a leg that is held to its rate: what it may send comes in with the time, and when
 * enough of it has been left over, the leg is free again. */
static bool spend(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;
	struct leg_rest *rest = leg_rest(leg);
	struct rate *rate = &rest->rate;
	unsigned ptime = ptime_of(leg), most = 2 * RATE_BURST * ptime;
	uint64_t income = (uint64_t)(env->now_ms - rate->newest_ms) * env->rate_limit;

	rate->newest_ms = env->now_ms;
	rate->credit = (uint32_t)RTE_MIN(rate->credit + income, most);
	if (rate->credit == most) {
		struct endpoint from = rest->from;

		rate->limited = false;
		rate->counted = 0;
		/* The next look at it may be nearer than RATE_BURST packets. */
		rate->since_ms = env->now_ms - RATE_BURST * ptime;
		leg_set_from(leg, &from);
	}
	if (rate->credit >= ptime) {
		rate->credit -= ptime;
		return true;
	}
	if (!rate->told) {
		rate->told = true;
		tell(packet, EVENT_RATE_LIMITED, env);
	}
	return drop(packet, env, COUNTER_drop_rate);
}

/* --- both --- */

static bool refuse(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;

	if (!leg_rest(leg)->refused) {
		leg_rest(leg)->refused = true;
		tell(packet, EVENT_SOURCE_REFUSED, env);
	}
	return drop(packet, env, COUNTER_drop_refused_source);
}

/* Whether the packet comes from the source of a relayed call, which is taken back then: it is of a
 * kind that the XDP program does not forward. Unless it has only been waiting, or will not be
 * accepted: a loop must not keep the call from being relayed. */
static bool take_back(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;

	if (!call_of(leg)->relayed || !endpoint_equal(&leg_rest(leg)->from, &packet->frame.source))
		return false;
	if (!leg_awaits(leg, &packet->rtp, env->now_ms) && !is_looped(packet))
		call_relay_end(call_of(leg), env);
	return true;
}

bool admit_source(struct forward_packet *packet, struct forward_env *env)
{
	const struct endpoint *source = &packet->frame.source;
	struct leg_rest *rest = leg_rest(packet->leg);

	if (packet->leg->role == ROLE_RECORDER)
		return drop(packet, env, COUNTER_drop_not_receiving);
	if (take_back(packet, env))
		return true;
	if (rest->rate.limited && endpoint_equal(&rest->from, source))
		return spend(packet, env);
	if (!endpoint_is_unicast(source))
		return drop(packet, env, COUNTER_drop_bad_source);
	if (realm_is_local(env->realms, source->address))
		return drop(packet, env, COUNTER_drop_own_source);
	switch (learn(packet, env)) {
	case LEARN_ACCEPTED:
		return true;
	case LEARN_NOT_YET:
		return drop(packet, env, COUNTER_drop_learning);
	default:
		return refuse(packet, env);
	}
}

/* Whether the leg's stream has ended when another one comes: as soon as its next packet is about to
 * be due, so that a sender that begins anew in its own time loses nothing. Of two that alternate,
 * each packet comes too early for that but of one of them; and what jitter may do to that is kept
 * from going to and fro by a stream that is new having a packet's time longer. */
static bool is_overdue(const struct leg *leg, const struct forward_env *env)
{
	unsigned quarters = leg->source.received < YOUNG ? 6 : 3;

	return 4 * (env->now_ms - leg->heard_ms) >= quarters * ptime_of(leg);
}

/* The stream begins anew: what has been kept of it is of another clock. */
static void restarted(
	struct forward_packet *packet, enum rtp_source_verdict verdict, struct forward_env *env)
{
	struct leg *leg = packet->leg;

	pcm_ring_clear(&leg->ring);
	leg_rest(leg)->press.known = 0;
	/* One that begins anew all the time would never come to its next RATE_BURST packets. */
	count_rate(leg, RATE_BURST / 8, env);
	switch (verdict) {
	case RTP_SOURCE_STARTED:
		leg_rest(leg)->rate.since_ms = env->now_ms;
		tell(packet, EVENT_FIRST_PACKET, env);
		break;
	case RTP_SOURCE_SSRC_CHANGED:
		counters_bump(env->counters, COUNTER_ssrc_changed);
		tell(packet, EVENT_SSRC_CHANGED, env);
		break;
	case RTP_SOURCE_CLOCK_JUMPED:
		counters_bump(env->counters, COUNTER_clock_restarted);
		break;
	default:
		counters_bump(env->counters, COUNTER_sequence_restarted);
		break;
	}
}

/* A sender whose timestamps stand still while it says nothing, on hold, goes on where it was: that
 * is no jump of its clock, and its listeners' streams go on as its own does. */
static void allow_for_hold(
	const struct forward_packet *packet, uint32_t arrival, const struct forward_env *env)
{
	struct rtp_source *source = &packet->leg->source;
	uint32_t ms = codec_get(packet->leg->codec)->clock_rate / 1000;
	uint32_t silent = (env->now_ms - packet->leg->heard_ms + HOLD_SLACK_MS) * ms;
	uint32_t late = arrival - packet->rtp.timestamp - source->transit;

	if (packet->rtp.ssrc == source->ssrc && late > RTP_SOURCE_MAX_STEP && late <= silent)
		source->transit += late;
}

bool admit_stream(struct forward_packet *packet, uint32_t arrival, struct forward_env *env)
{
	struct leg *leg = packet->leg;
	struct rtp_source_past *past = &leg_rest(leg)->past;
	enum rtp_source_verdict verdict;

	if ((packet->rtp.ssrc != leg->source.ssrc || leg->source.restarts == 0) &&
		is_looped(packet))
		return drop(packet, env, COUNTER_drop_own_ssrc);
	allow_for_hold(packet, arrival, env);
	verdict = rtp_source_update(&leg->source, past, &packet->rtp, arrival);
	if (verdict == RTP_SOURCE_OTHER_SSRC &&
		rtp_source_change(&leg->source, past, &packet->rtp, arrival, is_overdue(leg, env)))
		verdict = RTP_SOURCE_SSRC_CHANGED;
	switch (verdict) {
	case RTP_SOURCE_OK:
		if (leg->source.received % RATE_BURST == 0)
			count_rate(leg, RATE_BURST, env);
		return true;
	case RTP_SOURCE_IMPLAUSIBLE:
		return drop(packet, env, COUNTER_drop_sequence_jump);
	case RTP_SOURCE_STRAY:
		return drop(packet, env, COUNTER_drop_stray);
	case RTP_SOURCE_OTHER_SSRC:
		return drop(packet, env, COUNTER_drop_other_ssrc);
	default:
		restarted(packet, verdict, env);
		return true;
	}
}
