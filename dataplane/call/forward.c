/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/forward.h"

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include "call/event.h"
#include "call/hear.h"
#include "net/guard.h"

#include "fastpath.h"

static void drop(struct forward_packet *packet, struct forward_env *env, enum counter reason)
{
	counters_bump(env->counters, reason);
	rte_pktmbuf_free(packet->mbuf);
}

static void tell(const struct leg *leg, enum event_kind kind, const struct forward_packet *packet,
	struct forward_env *env)
{
	struct event event = {
		.call = call_of(leg)->number,
		.leg = leg_rest(leg)->id,
		.ssrc = packet->rtp.ssrc,
		.source = packet->frame.source,
		.kind = (uint8_t)kind,
	};

	event_post(env->events, &event, env->counters);
}

/* --- what comes in --- */

static bool comes_from(const struct leg *leg, const struct frame *frame)
{
	uint32_t tail;

	memcpy(&tail, frame->source.address + 12, sizeof(tail));
	if (leg->from_tail != tail || leg->from_port != frame->source.port ||
		leg->from_ipv6 != frame->ipv6)
		return false;
	return likely(!frame->ipv6) || endpoint_equal(&leg_rest(leg)->from, &frame->source);
}

/* The only source is the signalled one, or the first that sent valid media where the call says
 * that it is to be learned; never another one after that (M32). */
static bool source_is_right(struct leg *leg, struct forward_packet *packet, struct forward_env *env)
{
	if (likely(comes_from(leg, &packet->frame)))
		return true;
	if (leg->learn && leg->from_port == 0) {
		leg_set_from(leg, &packet->frame.source);
		counters_bump(env->counters, COUNTER_source_learned);
		tell(leg, EVENT_SOURCE_LEARNED, packet, env);
		return true;
	}
	if (!leg->refused) {
		leg->refused = true;
		tell(leg, EVENT_SOURCE_REFUSED, packet, env);
	}
	return false;
}

static void stream_restarted(struct leg *leg, enum rtp_source_verdict verdict,
	struct forward_packet *packet, struct forward_env *env)
{
	pcm_ring_clear(&leg->ring);
	switch (verdict) {
	case RTP_SOURCE_STARTED:
		tell(leg, EVENT_FIRST_PACKET, packet, env);
		break;
	case RTP_SOURCE_SSRC_CHANGED:
		counters_bump(env->counters, COUNTER_ssrc_changed);
		tell(leg, EVENT_SSRC_CHANGED, packet, env);
		break;
	default:
		counters_bump(env->counters, COUNTER_sequence_restarted);
		break;
	}
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

/* Whether no listener will change to the clock of `source` now. */
static bool is_settled(const struct leg *source, const struct forward_env *env)
{
	return (int32_t)(env->now_ms - source->settled_ms) < 0;
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

bool forward_accept(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;
	enum rtp_source_verdict verdict;

	if (unlikely(leg->role == ROLE_RECORDER)) {
		drop(packet, env, COUNTER_drop_not_receiving);
		return false;
	}
	if (unlikely(packet->rtp.payload_type != leg->payload_type)) {
		drop(packet, env, COUNTER_drop_payload_type);
		return false;
	}
	if (unlikely(packet->rtp.payload_length == 0 ||
		     packet->rtp.payload_length > CODEC_MAX_SAMPLES)) {
		drop(packet, env, COUNTER_drop_payload_size);
		return false;
	}
	if (unlikely(!source_is_right(leg, packet, env))) {
		drop(packet, env, COUNTER_drop_refused_source);
		return false;
	}

	verdict = rtp_source_update(
		&leg->source, &leg_rest(leg)->past, &packet->rtp, env->arrival[leg->codec]);
	if (unlikely(verdict == RTP_SOURCE_IMPLAUSIBLE)) {
		drop(packet, env, COUNTER_drop_sequence_jump);
		return false;
	}
	if (unlikely(verdict != RTP_SOURCE_OK))
		stream_restarted(leg, verdict, packet, env);
	leg->heard_ms = env->now_ms;
	leg->frame = packet->rtp.payload_length & 511;
	packet->restarts = leg->source.restarts;
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

/* Whether the packet of term `t` is the one that clocks this listener's stream now: a source does
 * while all that are preferred to it are silent. Otherwise `*until_ms` becomes a moment before
 * which that cannot change, if it is not an earlier one already. */
static bool takes_clock(const struct leg *source, const struct leg *listener, unsigned t,
	uint32_t now_ms, uint32_t *until_ms)
{
	if (likely(t == listener->clock))
		return true;
	for (unsigned i = 0; i < t; i++) {
		const struct leg *preferred =
			&legs_of(source)[sibling_terms(source, listener)[i].source];
		uint32_t silent_ms = preferred->heard_ms + SILENCE_MS + 1;

		if (is_silent(preferred, now_ms))
			continue;
		if ((int32_t)(silent_ms - *until_ms) < 0)
			*until_ms = silent_ms;
		return false;
	}
	return true;
}

static void follow(struct leg *listener, unsigned t, struct delivery *d)
{
	if (listener->clock != t && listener->clock != LEG_CLOCK_NONE)
		counters_bump(d->env->counters, COUNTER_clock_changed);
	rtp_stream_follow(&listener->stream, &d->packet->rtp, d->count,
		codec_get(d->source->codec)->clock_rate, d->env->now_us);
	leg_set_clock(listener, t);
	listener->clock_restarts = d->packet->restarts;
	for (unsigned i = 0; i < listener->term_count; i++)
		timeline_reset(&leg_terms(listener)[i].timeline);
}

/* --- what goes out --- */

/* Not inline: the way to the rest of a leg begins in its first line, which nothing else of what
 * goes out to it looks at. */
static __attribute__((noinline)) const uint8_t *header_in_rest(const struct leg *listener)
{
	return leg_rest(listener)->header6;
}

static const uint8_t *header_of(const struct leg *listener)
{
	return likely(listener->header_length == HEADER_IPV4_SIZE) ? listener->header
								   : header_in_rest(listener);
}

/* Ask the port for the checksums of what it is about to send. */
static void offload_checksums(
	struct rte_mbuf *mbuf, uint8_t *start, uint8_t length, const struct l2_header *l2)
{
	header_leave_checksums(start, length);
	mbuf->l2_len = l2->length & 127;
	mbuf->l3_len = (length - sizeof(struct rte_udp_hdr)) & 511;
	mbuf->ol_flags |= length == HEADER_IPV4_SIZE ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM
						     : RTE_MBUF_F_TX_IPV6;
	mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
}

/* Write all headers of `rtp` to `listener` in front of `payload`, whose bytes add up to `sum`, and
 * queue the packet. */
static void transmit(struct leg *listener, struct rte_mbuf *mbuf, uint8_t *payload, unsigned length,
	uint64_t sum, const struct rtp_packet *rtp, struct forward_env *env)
{
	const struct l2_header *l2 = &env->nexthops[listener->nexthop];
	struct tx_batch *batch = &env->tx[listener->port_id];
	uint8_t *start = payload - RTP_HEADER_SIZE;

	sum += rtp_write_header(start, rtp);
	start = header_template_write(header_of(listener), listener->header_length, start,
		(uint16_t)(RTP_HEADER_SIZE + length), sum);
	if (batch->adds_checksums)
		offload_checksums(mbuf, start, listener->header_length, l2);
	start -= l2->length;
	if (likely(l2->length == RTE_ETHER_HDR_LEN))
		memcpy(start, l2->bytes, RTE_ETHER_HDR_LEN);
	else
		memcpy(start, l2->bytes, sizeof(l2->bytes));

	mbuf->data_off = (uint16_t)(start - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)(payload + length - start);
	mbuf->pkt_len = mbuf->data_len;
	tx_batch_add(batch, mbuf, env->counters);
}

/* Send the packet to one listener, in `mbuf` with the payload at `payload`. */
static void deliver(struct delivery *d, struct leg *listener, struct rte_mbuf *mbuf,
	uint8_t *payload, struct rtp_packet *rtp)
{
	uint64_t sum;

	rtp->payload_type = listener->out_payload_type;
	taint_set(mbuf, hear_packet(d, listener, payload, &sum));
	transmit(listener, mbuf, payload, d->count, sum, rtp, d->env);
}

/* Whether `listener`, whose clock the packet is, gets something because of it, and with which RTP
 * header. */
static bool is_due(struct delivery *d, struct leg *listener, unsigned t, struct rtp_packet *rtp)
{
	struct forward_env *env = d->env;

	if (unlikely(listener->clock != t || listener->clock_restarts != d->packet->restarts))
		follow(listener, t, d);
	if (!rtp_stream_map(&listener->stream, &d->packet->rtp, d->count, env->now_us, rtp)) {
		counters_bump(env->counters, COUNTER_tx_late);
		return false;
	}
	if (unlikely(
		    env->nexthops[listener->nexthop].length == 0 || listener->header_length == 0)) {
		counters_bump(env->counters, COUNTER_tx_no_neighbour);
		return false;
	}
	return true;
}

/* The listeners that get something because of the packet, with their RTP headers; their number. */
static unsigned find_due(struct delivery *d, struct leg **due, struct rtp_packet *rtp)
{
	struct leg *source = d->source;
	uint32_t now_ms = d->env->now_ms, until_ms = now_ms + SILENCE_MS + 1;
	bool settled = is_settled(source, d->env);
	unsigned count = 0;

	for (unsigned i = 0; i < source->hearer_count; i++) {
		struct hearer hearer = source->hearers[i];
		struct leg *listener = &legs_of(source)[hearer.leg];

		if (!hearer.clocked &&
			(settled || !takes_clock(source, listener, hearer.term, now_ms, &until_ms)))
			continue;
		if (is_due(d, listener, hearer.term, &rtp[count]))
			due[count++] = listener;
	}
	if (!settled)
		source->settled_ms = until_ms;
	return count;
}

/* All listeners but the last get copies, the last one the packet itself. */
static void fan_out(struct delivery *d)
{
	struct rte_mbuf *mbuf = d->packet->mbuf;
	struct leg *due[CALL_LEGS_MAX];
	struct rtp_packet rtp[CALL_LEGS_MAX];
	unsigned count = find_due(d, due, rtp);

	if (count == 0) {
		rte_pktmbuf_free(mbuf);
		return;
	}
	for (unsigned i = 0; i + 1 < count; i++) {
		struct rte_mbuf *copy = rte_pktmbuf_alloc(d->env->pool);

		if (unlikely(copy == NULL)) {
			counters_bump(d->env->counters, COUNTER_tx_no_mbuf);
			continue;
		}
		deliver(d, due[i], copy, rte_pktmbuf_mtod(copy, uint8_t *), &rtp[i]);
	}
	deliver(d, due[count - 1], mbuf, (uint8_t *)(uintptr_t)d->packet->rtp.payload,
		&rtp[count - 1]);
}

void forward_deliver(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *source = packet->leg;
	struct delivery d;

	d.packet = packet;
	d.env = env;
	d.source = source;
	d.pcm = NULL;
	d.sum = 0;
	d.count = packet->rtp.payload_length;
	if (source->ring.samples != NULL)
		pcm_ring_write(&source->ring, packet->rtp.timestamp, packet->rtp.payload, d.count);
	fan_out(&d);
}
