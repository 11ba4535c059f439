/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/forward.h"

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "call/admit.h"
#include "call/fan_out.h"
#include "call/mend.h"
#include "call/unvoiced.h"
#include "call/wide.h"

#include "fastpath.h"

static void drop(struct forward_packet *packet, struct forward_env *env, enum counter reason)
{
	counters_bump(env->counters, reason);
	rte_pktmbuf_free(packet->mbuf);
}

/* --- what comes in --- */

/* Whether the packet is from the source that is open (leg_close()). */
static __rte_always_inline bool comes_from(const struct leg *leg, const struct frame *frame)
{
	if (leg->from_tail != endpoint_tail(&frame->source) ||
		leg->from_port != frame->source.port || leg->from_ipv6 != frame->ipv6)
		return false;
	return likely(!frame->ipv6) || endpoint_equal(&leg_rest(leg)->from, &frame->source);
}

static void prefetch_samples(const struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	const uint8_t *begin = &ring->samples[timestamp % PCM_RING_SAMPLES];
	const uint8_t *end = &ring->samples[PCM_RING_SAMPLES], *last = begin + count;

	for (; begin < last && begin < end; begin += RTE_CACHE_LINE_SIZE)
		rte_prefetch1(begin);
	if (last <= end)
		rte_prefetch1(last - 1);
}

/* The listeners that will be due, their rows, and the source's own place in its ring. */
static void prefetch_listeners(const struct forward_packet *packet, const struct forward_env *env)
{
	const struct leg *source = packet->leg, *legs = legs_of(source);
	bool settled = is_settled(source, env);

	for (unsigned i = 0; i < source->hearer_count; i++) {
		struct hearer hearer = source->hearers[i];

		if (!hearer.clocked && settled)
			continue;
		rte_prefetch1(&legs[hearer.leg].stream);
		if (source->mixers >> i & 1)
			rte_prefetch1(row_of(source, hearer.leg));
	}
	if (source->ring.samples != NULL)
		prefetch_samples(&source->ring, packet->rtp.timestamp, packet->rtp.payload_length);
}

/* What goes through a decoder does so in the order in which it was sent, and costs so much more
 * than any memory does that it is delivered at once, instead of in stages. */
static __attribute__((noinline, cold)) void deliver_at_once(
	struct forward_packet *packet, struct forward_env *env)
{
	struct delivery d = {
		.packet = packet,
		.env = env,
		.source = packet->leg,
		.count = packet->rtp.payload_length,
	};

	counters_bump(env->counters, COUNTER_rx_accepted);
	if (packet->rtp.payload_type != packet->leg->payload_type) {
		unvoiced_deliver(packet, env);
		return;
	}
	if (wide_take(packet->leg, &packet->rtp, packet->restarts, env->counters))
		mend_was_lost(packet, env);
	fan_out_to(&d, UINT32_MAX);
}

/* What is no media of the leg is dropped; of its stream it is a packet all the same: received (RFC
 * 3550 section 6.4.1), and no gap in what goes out. */
static __attribute__((noinline, cold)) void refuse_payload(
	struct forward_packet *packet, struct forward_env *env, enum counter reason)
{
	struct leg *leg = packet->leg;
	uint32_t arrival =
		packet->rtp.timestamp + leg->source.transit; /* of no meaning to jitter */
	struct delivery d = { .packet = packet, .env = env, .source = leg };

	if (comes_from(leg, &packet->frame) && leg->source.restarts != 0 &&
		leg->source.ssrc == packet->rtp.ssrc) {
		if (!rtp_source_goes_on(&leg->source, &packet->rtp, arrival) &&
			!admit_stream(packet, arrival, env))
			return;
		packet->restarts = leg->source.restarts;
		fan_out_nothing(&d, UINT32_MAX);
	}
	drop(packet, env, reason);
}

bool forward_accept(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;
	bool voice = packet->rtp.payload_type == leg->payload_type;
	uint32_t arrival = env->arrival[leg->codec];

	if (unlikely(!voice) && !unvoiced_accept(packet)) {
		refuse_payload(packet, env, COUNTER_drop_payload_type);
		return false;
	}
	if (unlikely(packet->rtp.payload_length == 0 ||
		     packet->rtp.payload_length > CODEC_MAX_SAMPLES)) {
		refuse_payload(packet, env, COUNTER_drop_payload_size);
		return false;
	}
	if (unlikely(!comes_from(leg, &packet->frame)) && !admit_source(packet, env))
		return false;
	if (unlikely(!voice))
		arrival = unvoiced_arrival(packet, arrival);
	if (unlikely(!rtp_source_goes_on(&leg->source, &packet->rtp, arrival)) &&
		!admit_stream(packet, arrival, env))
		return false;
	leg->heard_ms = env->now_ms;
	if (likely(voice))
		leg->frame = packet->rtp.payload_length & 511;
	packet->restarts = leg->source.restarts;
	if (unlikely(leg->slow)) {
		deliver_at_once(packet, env);
		return false;
	}
	prefetch_listeners(packet, env);
	return true;
}

/* --- what delivering will read and write --- */

void forward_prefetch_sources(const struct forward_packet *packet, const struct forward_env *env)
{
	const struct leg *source = packet->leg, *legs = legs_of(source);
	bool settled = is_settled(source, env);

	for (unsigned i = 0; source->mixers >> i != 0; i++) {
		const struct leg *listener = &legs[source->hearers[i].leg];

		if (!(source->mixers >> i & 1) || (!source->hearers[i].clocked && settled))
			continue;
		for (unsigned t = 0; t < listener->term_count; t++)
			if (t != source->hearers[i].term)
				rte_prefetch1(&legs[sibling_terms(source, listener)[t].source]);
	}
}

void forward_prefetch_voices(const struct forward_packet *packet)
{
	const struct leg *source = packet->leg, *legs = legs_of(source);
	const struct rtp_packet *rtp = &packet->rtp;

	for (unsigned i = 0; source->mixers >> i != 0; i++) {
		const struct leg *listener = &legs[source->hearers[i].leg];
		const struct term *terms = sibling_terms(source, listener);

		if (!(source->mixers >> i & 1) || !source->hearers[i].clocked)
			continue;
		for (unsigned t = 0; t < listener->term_count; t++) {
			const struct pcm_ring *ring = &legs[terms[t].source].ring;

			if (t != listener->clock && ring->samples != NULL)
				prefetch_samples(ring, rtp->timestamp + terms[t].timeline.offset,
					rtp->payload_length);
		}
	}
}

/* --- who hears it --- */

/* Not inline: what is not mixed shall not pay for it. */
static __attribute__((noinline)) void keep_voice(
	const struct forward_packet *packet, struct forward_env *env)
{
	const struct rtp_packet *rtp = &packet->rtp;

	if (unlikely(!pcm_ring_append(
		    &packet->leg->ring, rtp->timestamp, rtp->payload, rtp->payload_length)))
		mend_voice(packet, env);
}

void forward_deliver(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *source = packet->leg;
	struct delivery d;

	if (unlikely(packet->rtp.payload_type != source->payload_type)) {
		unvoiced_deliver(packet, env);
		return;
	}
	d.packet = packet;
	d.again = false;
	d.env = env;
	d.source = source;
	d.pcm = NULL;
	d.sum = 0;
	d.count = packet->rtp.payload_length;
	if (source->ring.samples != NULL)
		keep_voice(packet, env);
	fan_out(&d);
}
