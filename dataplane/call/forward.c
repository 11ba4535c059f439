/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/forward.h"

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "call/event.h"
#include "net/checksum.h"
#include "net/guard.h"

#include "fastpath.h"

/* A source that sent nothing for this long is silent: it clocks nobody and is in no mix. Longer
 * than the longest packet and the jitter of a usable network. A new leg has as long to begin, so
 * that after a restart each stream is clocked by whom it was clocked by before. */
#define SILENCE_MS 100

#define MIN_DEPTH 16 /* samples; the least a mix stays behind the newest one */

/* One accepted packet on its way to its listeners. */
struct delivery {
	struct forward_packet *packet;
	struct forward_env *env;
	struct leg *source;
	const int16_t *pcm; /* its samples, decoded when first needed */
	uint64_t sum;	    /* of its payload's bytes, added up when first needed; 0 before */
	unsigned count;	    /* samples */
	int16_t decoded[CODEC_MAX_SAMPLES];
};

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

static const int16_t *samples_of(struct delivery *d)
{
	if (d->pcm == NULL) {
		codec_get(d->source->codec)->decode(d->decoded, d->packet->rtp.payload, d->count);
		d->pcm = d->decoded;
	}
	return d->pcm;
}

static uint64_t sum_of(struct delivery *d)
{
	if (d->sum == 0)
		d->sum = checksum_add(0, d->packet->rtp.payload, d->count);
	return d->sum;
}

/* --- what comes in --- */

/* The only source is the signalled one, or the first that sent valid media where the call says
 * that it is to be learned; never another one after that (M32). */
static bool source_is_right(struct leg *leg, struct forward_packet *packet, struct forward_env *env)
{
	if (likely(endpoint_equal(&leg->from, &packet->frame.source)))
		return true;
	if (leg->learn && leg->from.port == 0) {
		leg->from = packet->frame.source;
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
	if (leg->ring != NULL)
		pcm_ring_init(leg->ring, leg_taint(leg), codec_get(leg->codec)->silence);
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

/* What the later stages will touch of those who hear this leg, and of those who are heard beside
 * it. Nothing here is looked at: all addresses follow from the leg's own line. */
static void prefetch_listeners(const struct leg *leg)
{
	const struct leg *legs = legs_of(leg);

	for (unsigned i = 0; i < leg->hearer_count; i++)
		rte_prefetch1(&legs[leg->hearers[i].leg].stream);
	if (leg->siblings == 2)
		return;
	for (unsigned i = 0; i < leg->siblings; i++)
		rte_prefetch1(&legs[i]);
	rte_prefetch1(call_terms(leg));
	rte_prefetch1((const uint8_t *)call_terms(leg) + RTE_CACHE_LINE_SIZE);
	if (leg->ring != NULL)
		rte_prefetch1(leg->ring);
}

bool forward_accept(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;
	enum rtp_source_verdict verdict;
	uint32_t arrival;

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

	arrival = (uint32_t)(env->now_us * codec_get(leg->codec)->clock_rate / 1000000);
	verdict = rtp_source_update(&leg->source, &leg_rest(leg)->past, &packet->rtp, arrival);
	if (unlikely(verdict == RTP_SOURCE_IMPLAUSIBLE)) {
		drop(packet, env, COUNTER_drop_sequence_jump);
		return false;
	}
	if (unlikely(verdict != RTP_SOURCE_OK))
		stream_restarted(leg, verdict, packet, env);
	leg->heard_ms = (uint32_t)(env->now_us / 1000);
	leg->frame = packet->rtp.payload_length;
	packet->restarts = leg->source.restarts;
	prefetch_listeners(leg);
	return true;
}

/* --- what a listener hears --- */

static bool is_silent(const struct leg *source, uint64_t now_us)
{
	return (uint32_t)(now_us / 1000) - source->heard_ms > SILENCE_MS;
}

/* Whether the packet of term `t` is the one that clocks this listener's stream now: a source does
 * while all that are preferred to it are silent. */
static bool takes_clock(const struct leg *listener, unsigned t, uint64_t now_us)
{
	if (likely(t == listener->clock))
		return true;
	for (unsigned i = 0; i < t; i++)
		if (!is_silent(&legs_of(listener)[leg_terms(listener)[i].source], now_us))
			return false;
	return true;
}

static void follow(struct leg *listener, unsigned t, struct delivery *d)
{
	if (listener->clock != t && listener->clock != LEG_CLOCK_NONE)
		counters_bump(d->env->counters, COUNTER_clock_changed);
	rtp_stream_follow(&listener->stream, &d->packet->rtp, d->count,
		codec_get(d->source->codec)->clock_rate, d->env->now_us);
	listener->clock = (uint8_t)t;
	listener->clock_restarts = d->packet->restarts;
	for (unsigned i = 0; i < listener->term_count; i++)
		timeline_reset(&leg_terms(listener)[i].timeline);
}

/* The packet and all that `listener` hears besides it at this moment. Mostly that is one other
 * voice as it is, which need not be summed in 32 bits but is added and encoded in one go. */
struct mix {
	bool has_one;			  /* that voice is in `voice` */
	bool summed;			  /* there is more: all is in `sum` */
	uint8_t taint;			  /* 0 while nothing was added */
	uint8_t coded[CODEC_MAX_SAMPLES]; /* of a voice that its ring has not in one piece */
	int16_t voice[CODEC_MAX_SAMPLES];
	int32_t sum[CODEC_MAX_SAMPLES];
};

/* Begin to sum, with what there is so far. */
static void start_sum(struct mix *mix, struct delivery *d)
{
	struct gain unity = { GAIN_UNITY, GAIN_UNITY };

	if (mix->summed)
		return;
	mix_start(mix->sum, samples_of(d), d->count);
	if (mix->has_one)
		mix_add(mix->sum, mix->voice, d->count, &unity);
	mix->summed = true;
}

/* Add `count` samples of a voice from sample `from` of the packet on. */
static void add_voice(struct mix *mix, struct delivery *d, const int16_t *pcm, unsigned from,
	unsigned count, struct gain *gain)
{
	start_sum(mix, d);
	mix_add(mix->sum + from, pcm, count, gain);
}

static void add_term(struct mix *mix, struct delivery *d, struct leg *listener, struct term *term)
{
	const struct leg *other = &legs_of(listener)[term->source];
	const uint8_t *coded;
	uint32_t position;
	unsigned depth, from;

	if (other->ring == NULL || is_silent(other, d->env->now_us)) {
		timeline_reset(&term->timeline);
		return;
	}
	/* Behind the newest sample by one of its packets and twice its jitter. */
	depth = MIN_DEPTH + other->frame + 2 * rtp_source_jitter(&other->source);
	position = timeline_position(
		&term->timeline, other->ring, d->packet->rtp.timestamp, d->count, depth);
	if (term->timeline.underrun)
		counters_bump(d->env->counters, COUNTER_mix_underrun);
	coded = pcm_ring_view(other->ring, position, mix->coded, d->count);
	if (coded == NULL)
		return;
	if (mix->has_one)
		start_sum(mix, d); /* before another voice is decoded to the same place */
	codec_get(other->codec)->decode(mix->voice, coded, d->count);
	/* A voice that sets in within the packet ramps up from there. */
	from = pcm_ring_missing_before(other->ring, position);
	if (mix->taint == 0 && from == 0 && gain_is(&term->gain, GAIN_UNITY))
		mix->has_one = true;
	else
		add_voice(mix, d, mix->voice + from, from, d->count - from, &term->gain);
	mix->taint |= leg_taint(d->source) | other->ring->taint;
}

static void add_fade(struct mix *mix, struct delivery *d, struct leg *listener)
{
	struct gain unity = { GAIN_UNITY, GAIN_UNITY };
	struct fade *fade = &leg_rest(listener)->fade;

	if (d->env->now_us < fade->end_us) {
		add_voice(mix, d, fade->samples, 0, RTE_MIN(d->count, (unsigned)MIX_RAMP_SAMPLES),
			&unity);
		mix->taint |= leg_taint(d->source) | listener->fading;
	}
	*fade = (struct fade){ 0 };
	listener->fading = 0;
}

static void encode_mix(
	struct mix *mix, struct delivery *d, const struct codec *codec, uint8_t *payload)
{
	if (mix->summed) {
		mix_finish(mix->voice, mix->sum, d->count);
		codec->encode(payload, mix->voice, d->count);
	} else {
		codec->mix_encode(payload, samples_of(d), mix->voice, d->count);
	}
}

/* Put the payload for `listener` in place of the packet's own at `payload`, and the sum of its
 * bytes into `sum`. Returns whose voices are in it. */
static uint8_t fill_payload(
	struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum)
{
	struct mix mix;

	mix.has_one = false;
	mix.summed = false;
	mix.taint = 0;
	for (unsigned i = 0; i < listener->term_count; i++)
		if (i != listener->clock)
			add_term(&mix, d, listener, &leg_terms(listener)[i]);
	if (unlikely(listener->fading != 0))
		add_fade(&mix, d, listener);

	if (mix.taint != 0) {
		encode_mix(&mix, d, codec_get(listener->out_codec), payload);
		counters_bump(d->env->counters, COUNTER_mixed);
		*sum = checksum_add(0, payload, d->count);
		return mix.taint;
	}
	if (listener->out_codec != d->source->codec) {
		codec_get(listener->out_codec)->encode(payload, samples_of(d), d->count);
		counters_bump(d->env->counters, COUNTER_transcoded);
		*sum = checksum_add(0, payload, d->count);
	} else {
		*sum = sum_of(d);
		if (payload != d->packet->rtp.payload)
			memcpy(payload, d->packet->rtp.payload, d->count);
		counters_bump(d->env->counters, COUNTER_forwarded);
	}
	return leg_taint(d->source);
}

/* --- what a mix will read and write --- */

static void prefetch_samples(const struct pcm_ring *ring, uint32_t timestamp, unsigned count)
{
	const uint8_t *begin = &ring->samples[timestamp % PCM_RING_SAMPLES];
	const uint8_t *end = &ring->samples[PCM_RING_SAMPLES], *last = begin + count;

	for (; begin < last && begin < end; begin += RTE_CACHE_LINE_SIZE)
		rte_prefetch1(begin);
	if (last <= end)
		rte_prefetch1(last - 1);
}

void forward_prefetch(const struct forward_packet *packet)
{
	const struct leg *source = packet->leg, *legs = legs_of(source);
	const struct rtp_packet *rtp = &packet->rtp;

	if (source->siblings == 2)
		return;
	if (source->ring != NULL)
		prefetch_samples(source->ring, rtp->timestamp, rtp->payload_length);
	for (unsigned i = 0; i < source->hearer_count; i++) {
		const struct leg *listener = &legs[source->hearers[i].leg];
		const struct term *terms = leg_terms(listener);

		for (unsigned t = 0; listener->term_count > 1 && t < listener->term_count; t++) {
			const struct pcm_ring *ring = legs[terms[t].source].ring;

			if (t == source->hearers[i].term || ring == NULL)
				continue;
			rte_prefetch1(ring);
			prefetch_samples(ring, rtp->timestamp + terms[t].timeline.offset,
				rtp->payload_length);
		}
	}
}

/* --- what goes out --- */

/* Write all headers of `rtp` to `listener` in front of `payload`, whose bytes add up to `sum`, and
 * queue the packet. */
static void transmit(struct leg *listener, struct rte_mbuf *mbuf, uint8_t *payload, unsigned length,
	uint64_t sum, const struct rtp_packet *rtp, struct forward_env *env)
{
	const struct l2_header *l2 = &env->nexthops[listener->nexthop];
	uint8_t *start = payload - RTP_HEADER_SIZE;

	sum += rtp_write_header(start, rtp);
	start = header_template_write(listener->header_length == HEADER_IPV4_SIZE
					      ? listener->header
					      : leg_rest(listener)->header6,
		listener->header_length, start, (uint16_t)(RTP_HEADER_SIZE + length), sum);
	start -= l2->length;
	if (likely(l2->length == RTE_ETHER_HDR_LEN))
		memcpy(start, l2->bytes, RTE_ETHER_HDR_LEN);
	else
		memcpy(start, l2->bytes, sizeof(l2->bytes));

	mbuf->data_off = (uint16_t)(start - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)(payload + length - start);
	mbuf->pkt_len = mbuf->data_len;
	tx_batch_add(&env->tx[listener->port_id], mbuf, env->counters);
}

/* Send the packet to one listener, in `mbuf` with the payload at `payload`. */
static void deliver(struct delivery *d, struct leg *listener, struct rte_mbuf *mbuf,
	uint8_t *payload, struct rtp_packet *rtp)
{
	uint64_t sum;

	rtp->payload_type = listener->out_payload_type;
	taint_set(mbuf, fill_payload(d, listener, payload, &sum));
	transmit(listener, mbuf, payload, d->count, sum, rtp, d->env);
}

/* Whether `listener` gets something because of this packet, and with which RTP header. */
static bool is_due(struct delivery *d, struct leg *listener, unsigned t, struct rtp_packet *rtp)
{
	struct forward_env *env = d->env;

	if (!takes_clock(listener, t, env->now_us))
		return false;
	if (listener->clock != t || listener->clock_restarts != d->packet->restarts)
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

/* All listeners but the last get copies, the last one the packet itself. */
static void fan_out(struct delivery *d)
{
	struct rte_mbuf *mbuf = d->packet->mbuf;
	struct leg *due[CALL_LEGS_MAX];
	struct rtp_packet rtp[CALL_LEGS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < d->source->hearer_count; i++) {
		const struct hearer *hearer = &d->source->hearers[i];
		struct leg *listener = &legs_of(d->source)[hearer->leg];

		if (is_due(d, listener, hearer->term, &rtp[count]))
			due[count++] = listener;
	}
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
	if (source->ring != NULL)
		pcm_ring_write(source->ring, packet->rtp.timestamp, packet->rtp.payload, d.count);
	fan_out(&d);
}
