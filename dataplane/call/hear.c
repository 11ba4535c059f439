/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/hear.h"

#include <string.h>

#include <rte_branch_prediction.h>

#include "call/fade.h"
#include "call/hear_wide.h"
#include "call/playout.h"
#include "call/wide.h"
#include "net/checksum.h"

#include "fastpath.h"

static const int16_t *samples_of(struct delivery *d)
{
	if (d->pcm == NULL) {
		codec_get(d->source->codec)->decode(d->decoded, d->packet->rtp.payload, d->count);
		d->pcm = d->decoded;
	}
	return d->pcm;
}

/* Where the port has verified the packet's checksum, and nothing but an RTP header without more
 * than it must have lies before the payload, that sum is known. */
static uint64_t known_sum(const struct forward_packet *packet)
{
	const struct frame *frame = &packet->frame;

	if ((packet->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_GOOD ||
		packet->rtp.payload_length + RTP_HEADER_SIZE != frame->payload_length)
		return 0;
	return frame_payload_sum(frame, RTP_HEADER_SIZE);
}

static uint64_t sum_of(struct delivery *d)
{
	if (d->sum == 0)
		d->sum = known_sum(d->packet);
	if (d->sum == 0)
		d->sum = checksum_add(0, d->packet->rtp.payload, d->count);
	return d->sum;
}

/* The packet and all that `listener` hears besides it at this moment. Mostly that is one other
 * voice as it is, which is mixed coded as it came; only what is more than that, or on its way to
 * another gain, is summed in 32 bits. */
struct mix {
	const uint8_t *one; /* that voice, coded; NULL while there is none */
	uint8_t one_codec;
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
	if (mix->one != NULL) {
		codec_get(mix->one_codec)->decode(mix->voice, mix->one, d->count);
		mix_add(mix->sum, mix->voice, d->count, &unity);
	}
	mix->summed = true;
}

/* Add `count` samples of a voice from sample `from` of the packet on. */
static void add_voice(struct mix *mix, struct delivery *d, const int16_t *pcm, unsigned from,
	unsigned count, struct gain *gain)
{
	start_sum(mix, d);
	mix_add(mix->sum + from, pcm, count, gain);
}

/* Where the voice is for which the timeline does not simply run on; NULL while there is none. */
static __attribute__((noinline)) const uint8_t *read_unsteady(
	struct mix *mix, struct delivery *d, struct term *term, const struct rtp_stream *stream)
{
	const struct leg *other = &legs_of(d->source)[term->source];
	const struct codec *codec = codec_get(other->codec);
	struct voice voice = voice_of_ring(&other->ring, codec);

	if (!playout_read(d, term, stream, &voice, mix->voice))
		return NULL;
	codec->encode(mix->coded, mix->voice, d->count);
	return mix->coded;
}

static void add_term(
	struct mix *mix, struct delivery *d, struct term *term, const struct rtp_stream *stream)
{
	struct leg *other = &legs_of(d->source)[term->source];
	uint32_t timestamp = d->packet->rtp.timestamp;
	const uint8_t *coded;
	unsigned from;

	if (other->ring.samples == NULL || playout_is_over(d, term))
		return;
	if (mix->one != NULL)
		start_sum(mix, d); /* before another voice is read to the same place */
	if (likely(timeline_runs(&term->timeline, &other->ring, timestamp, d->count)))
		coded = pcm_ring_view(
			&other->ring, timestamp + term->timeline.offset, mix->coded, d->count);
	else
		coded = read_unsteady(mix, d, term, stream);
	if (coded == NULL)
		return;
	/* A voice that sets in within the packet ramps up from there. */
	from = pcm_ring_missing_before(&other->ring, timestamp + term->timeline.offset);
	from = RTE_MIN(from, d->count);
	if (mix->taint == 0 && from == 0 && gain_is(&term->gain, GAIN_UNITY)) {
		mix->one = coded;
		mix->one_codec = other->codec;
	} else {
		start_sum(mix, d);
		codec_get(other->codec)->decode(mix->voice, coded, d->count);
		add_voice(mix, d, mix->voice + from, from, d->count - from, &term->gain);
	}
	mix->taint |= leg_taint(d->source) | other->ring.taint;
}

static void add_fade(struct mix *mix, struct delivery *d, struct leg *listener)
{
	struct gain unity = { GAIN_UNITY, GAIN_UNITY };
	uint8_t taint = leg_taint(d->source) | listener->fading;
	int16_t pcm[MIX_RAMP_SAMPLES];

	if (!fade_take(listener, d->env->now_us, pcm))
		return;
	add_voice(mix, d, pcm, 0, RTE_MIN(d->count, (unsigned)MIX_RAMP_SAMPLES), &unity);
	mix->taint |= taint;
}

/* Returns what the bytes of the outcome add up to. */
static uint64_t encode_mix(struct mix *mix, struct delivery *d, uint8_t id, uint8_t *payload)
{
	const struct codec *codec = codec_get(id);

	if (likely(!mix->summed && mix->one_codec == id && d->source->codec == id))
		return codec->mix(payload, d->packet->rtp.payload, mix->one, d->count);
	if (mix->summed) {
		mix_finish(mix->voice, mix->sum, d->count);
		codec->encode(payload, mix->voice, d->count);
	} else {
		codec_get(mix->one_codec)->decode(mix->voice, mix->one, d->count);
		codec->mix_encode(payload, samples_of(d), mix->voice, d->count);
	}
	return checksum_add(0, payload, d->count);
}

/* The packet's own payload, in the listener's codec. Untouched, it is not summed up for a port that
 * adds checksums. */
static uint64_t hear_alone(struct delivery *d, const struct leg *listener, uint8_t *payload)
{
	if (listener->out_codec != d->source->codec) {
		codec_get(listener->out_codec)->encode(payload, samples_of(d), d->count);
		counters_bump(d->env->counters, COUNTER_transcoded);
		return checksum_add(0, payload, d->count);
	}
	if (payload != d->packet->rtp.payload)
		memcpy(payload, d->packet->rtp.payload, d->count);
	counters_bump(d->env->counters, COUNTER_forwarded);
	return d->env->tx[listener->port_id].adds_checksums ? 0 : sum_of(d);
}

static uint8_t hear_mix(struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum)
{
	struct term *terms = sibling_terms(d->source, listener);
	struct mix mix;

	mix.one = NULL;
	mix.one_codec = CODEC_NONE;
	mix.summed = false;
	mix.taint = 0;
	for (unsigned i = 0; i < listener->term_count; i++)
		if (i != listener->clock)
			add_term(&mix, d, &terms[i], &listener->stream);
	if (unlikely(listener->fading != 0))
		add_fade(&mix, d, listener);

	if (mix.taint == 0) {
		*sum = hear_alone(d, listener, payload);
		return leg_taint(d->source);
	}
	*sum = encode_mix(&mix, d, listener->out_codec, payload);
	counters_bump(d->env->counters, COUNTER_mixed);
	return mix.taint;
}

/* In G.722, or the last of a voice that has just left a row of which one is left. */
static __attribute__((noinline)) uint8_t hear_rarely(
	struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum)
{
	if (listener->hears == HEARS_WIDE || codec_is_wide(listener->out_codec))
		return hear_wide(d, listener, payload, sum);
	return hear_mix(d, listener, payload, sum);
}

uint8_t hear_packet(struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum)
{
	if (listener->hears == HEARS_MIX)
		return hear_mix(d, listener, payload, sum);
	if (unlikely(listener->hears != HEARS_ONE || listener->fading != 0))
		return hear_rarely(d, listener, payload, sum);
	*sum = hear_alone(d, listener, payload);
	return leg_taint(d->source);
}
