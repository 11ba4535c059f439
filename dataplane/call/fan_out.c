/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/fan_out.h"

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_mbuf.h>

#include "call/report.h"
#include "call/wide.h"
#include "media/comfort_noise.h"
#include "net/checksum.h"
#include "net/guard.h"

#include "fastpath.h"

/* --- whose clock it is --- */

/* Whether the packet of term `t` is the one that clocks this listener's stream now: a source does
 * while all that are preferred to it are silent. Otherwise `*until_ms` becomes a moment before
 * which that cannot change, if it is not an earlier one already. */
static bool takes_clock(const struct leg *source, const struct leg *listener, unsigned t,
	const struct forward_env *env, uint32_t *until_ms)
{
	if (likely(t == listener->clock))
		return true;
	for (unsigned i = 0; i < t; i++) {
		const struct leg *preferred =
			&legs_of(source)[sibling_terms(source, listener)[i].source];
		uint32_t silent_ms = preferred->heard_ms + SILENCE_MS + 1;

		if (is_silent(preferred, env))
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
	report_clock_changes(listener, t);
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
	return leg_header6(listener);
}

static const uint8_t *header_of(const struct leg *listener)
{
	return likely(listener->header_length == HEADER_IPV4_SIZE) ? listener->header
								   : header_in_rest(listener);
}

static __attribute__((noinline)) void write_tagged(uint8_t *start, const struct l2_header *l2)
{
	memcpy(start, l2->bytes, l2->length);
}

/* Write all headers of `rtp` to `listener` in front of `payload`, whose bytes add up to `sum`, and
 * queue the packet. */
static __rte_always_inline void transmit(struct leg *listener, struct rte_mbuf *mbuf,
	uint8_t *payload, unsigned length, uint64_t sum, const struct rtp_packet *rtp,
	struct forward_env *env)
{
	const struct l2_header *l2 = &env->nexthops[listener->nexthop];
	struct tx_batch *batch = &env->tx[listener->port_id];
	uint8_t *start = payload - RTP_HEADER_SIZE;

	sum += rtp_write_header(start, rtp);
	start = header_template_write(header_of(listener), listener->header_length, start,
		(uint16_t)(RTP_HEADER_SIZE + length), sum);
	if (batch->adds_checksums)
		tx_batch_offload(mbuf, start, listener->header_length, l2);
	start -= l2->length;
	if (likely(l2->length == RTE_ETHER_HDR_LEN))
		memcpy(start, l2->bytes, RTE_ETHER_HDR_LEN);
	else
		write_tagged(start, l2);

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

static bool is_not_sent(struct delivery *d, struct leg *listener, enum counter why)
{
	counters_bump(d->env->counters, why);
	report_not_sent(listener);
	return false;
}

/* Whether a packet goes out that is not the next one of the listener's stream. What is encoded here
 * goes out once: the listener's decoder takes no notice of it a second time. */
static __attribute__((noinline, cold)) bool is_due_out_of_turn(
	struct delivery *d, struct leg *listener, enum rtp_stream_place place)
{
	d->again |= place == RTP_STREAM_AGAIN;
	if (place == RTP_STREAM_BEFORE ||
		(place == RTP_STREAM_AGAIN && listener->hears == HEARS_WIDE &&
			codec_is_wide(listener->out_codec) && leg_wide(listener)->encodes))
		return is_not_sent(d, listener, COUNTER_tx_late);
	return true;
}

/* Whether `listener`, whose clock the packet is, gets something because of it, and with which RTP
 * header. */
static __rte_always_inline bool is_due(
	struct delivery *d, struct leg *listener, unsigned t, struct rtp_packet *rtp)
{
	struct forward_env *env = d->env;
	enum rtp_stream_place place;

	if (unlikely(listener->clock != t || listener->clock_restarts != d->packet->restarts))
		follow(listener, t, d);
	place = rtp_stream_map(&listener->stream, &d->packet->rtp, d->count, env->now_us, rtp);
	if (unlikely(place != RTP_STREAM_NEXT) && !is_due_out_of_turn(d, listener, place))
		return false;
	if (unlikely(env->nexthops[listener->nexthop].length == 0 || listener->header_length == 0))
		return is_not_sent(d, listener, COUNTER_tx_no_neighbour);
	return true;
}

/* Of `hearers`, the listeners that get something because of the packet, with their RTP headers;
 * their number. */
static __rte_always_inline unsigned find_due(
	struct delivery *d, uint32_t hearers, struct leg **due, struct rtp_packet *rtp)
{
	struct leg *source = d->source;
	uint32_t until_ms = d->env->now_ms + SILENCE_MS + 1;
	bool settled = is_settled(source, d->env), all = true;
	unsigned count = 0;

	for (unsigned i = 0; i < source->hearer_count; i++) {
		struct hearer hearer = source->hearers[i];
		struct leg *listener = &legs_of(source)[hearer.leg];

		if (!(hearers >> i & 1)) {
			all = false;
			continue;
		}
		if (!hearer.clocked &&
			(settled || !takes_clock(source, listener, hearer.term, d->env, &until_ms)))
			continue;
		if (is_due(d, listener, hearer.term, &rtp[count]))
			due[count++] = listener;
	}
	if (!settled && all)
		source->settled_ms = until_ms;
	return count;
}

/* All listeners but the first get copies; the first one, a party of the call, has no need of one
 * and gets the packet itself when they are done. */
static __rte_always_inline void send_to(struct delivery *d, uint32_t hearers)
{
	struct rte_mbuf *mbuf = d->packet->mbuf;
	struct leg *due[CALL_LEGS_MAX];
	struct rtp_packet rtp[CALL_LEGS_MAX];
	unsigned count = find_due(d, hearers, due, rtp);

	if (count == 0) {
		rte_pktmbuf_free(mbuf);
		return;
	}
	for (unsigned i = 1; i < count; i++) {
		struct rte_mbuf *copy = rte_pktmbuf_alloc(d->env->pool);

		if (unlikely(copy == NULL)) {
			counters_bump(d->env->counters, COUNTER_tx_no_mbuf);
			report_not_sent(due[i]);
			continue;
		}
		deliver(d, due[i], copy, rte_pktmbuf_mtod(copy, uint8_t *), &rtp[i]);
	}
	deliver(d, due[0], mbuf, (uint8_t *)(uintptr_t)d->packet->rtp.payload, &rtp[0]);
}

/* Of almost every packet: a copy of its own, which has nothing to ask about the hearers. */
void fan_out(struct delivery *d)
{
	send_to(d, UINT32_MAX);
}

/* --- what is no voice: few packets --- */

void fan_out_to(struct delivery *d, uint32_t hearers)
{
	send_to(d, hearers);
}

static __attribute__((cold)) void send_as_it_is(
	struct delivery *d, struct leg *listener, struct rtp_packet *rtp)
{
	const struct rtp_packet *in = &d->packet->rtp;
	struct rte_mbuf *copy = rte_pktmbuf_alloc(d->env->pool);
	uint8_t *payload;

	if (copy == NULL) {
		counters_bump(d->env->counters, COUNTER_tx_no_mbuf);
		report_not_sent(listener);
		return;
	}
	payload = rte_pktmbuf_mtod(copy, uint8_t *);
	memcpy(payload, in->payload, in->payload_length);
	rtp->payload_type = in->payload_type == COMFORT_NOISE_PAYLOAD_TYPE
				    ? COMFORT_NOISE_PAYLOAD_TYPE
				    : leg_rest(listener)->telephone_event;
	taint_set(copy, leg_taint(d->source));
	transmit(listener, copy, payload, in->payload_length,
		checksum_add(0, payload, in->payload_length), rtp, d->env);
}

void fan_out_as_it_is(struct delivery *d, uint32_t hearers)
{
	struct leg *due[CALL_LEGS_MAX];
	struct rtp_packet rtp[CALL_LEGS_MAX];
	unsigned count = find_due(d, hearers, due, rtp);

	for (unsigned i = 0; i < count; i++)
		send_as_it_is(d, due[i], &rtp[i]);
}

void fan_out_nothing(struct delivery *d, uint32_t hearers)
{
	struct leg *source = d->source;

	for (unsigned i = 0; i < source->hearer_count; i++) {
		struct leg *listener = &legs_of(source)[source->hearers[i].leg];

		if (!(hearers >> i & 1) || !source->hearers[i].clocked ||
			listener->clock_restarts != d->packet->restarts)
			continue;
		rtp_stream_skip(&listener->stream, &d->packet->rtp);
		report_not_sent(listener);
	}
}
