/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/hear_wide.h"

#include <string.h>

#include "call/fade.h"
#include "call/playout.h"
#include "call/wide.h"
#include "net/checksum.h"

#include "fastpath.h"

/* Ticks that a packet needs for going from what is untouched to what is not, or back: a ramp, and
 * then the codec's delay and a few more. */
#define TURN_TICKS 64

/* How long what is encoded here has to be the source's voice alone before its packets go on
 * untouched. For the moment that the listener's decoder then takes to find to the other coder's
 * scale, what it makes of a voice is 18 dB off at the median, and as loud as the voice at worst: so
 * that waits for a packet in which next to nothing is said, but not for ever. */
#define ALONE_TICKS 480
#define ALONE_MOST  8000 /* a second */
#define QUIET	    200	 /* RMS of such a packet */

/* How long a decoder of which nothing is known is given to come to rest: 200 ms. */
#define HUSH_TICKS 1600

#define SAMPLES (CODEC_MAX_SAMPLES * CODEC_WIDE)

struct wide_mix {
	bool wide;	/* the listener's samples are of 16 kHz */
	bool same;	/* its codec is the packet's own */
	unsigned count; /* samples at the listener's rate */
	uint8_t taint;	/* of others, or of what fades; 0 while nothing was added */
	uint8_t others; /* of others alone */
	int16_t own[SAMPLES];
	int16_t voice[SAMPLES];
	int32_t sum[SAMPLES];
};

/* Whether the packet is none of the source's voice, but what stands for one that is no voice. */
static bool is_stand_in(const struct delivery *d)
{
	return codec_is_wide(d->source->codec) && d->pcm != NULL;
}

/* --- the other voices --- */

static void add(struct wide_mix *mix, unsigned from, struct gain *gain)
{
	if (mix->wide)
		mix_add_wide(mix->sum + from, mix->voice + from, mix->count - from, gain);
	else
		mix_add(mix->sum + from, mix->voice + from, mix->count - from, gain);
}

static void fetch_leg(const struct voice *voice, uint32_t timestamp, int16_t *pcm, unsigned count)
{
	wide_voice(voice->from, timestamp, count, voice->scale == CODEC_WIDE, pcm);
}

/* Read it to mix->voice at the listener's rate; false where there is nothing to hear. */
static bool read_voice(struct wide_mix *mix, const struct delivery *d, struct term *term,
	const struct rtp_stream *stream)
{
	const struct leg *other = &legs_of(d->source)[term->source];
	uint32_t timestamp = d->packet->rtp.timestamp;
	struct voice voice = {
		.span = &other->ring,
		.scale = mix->wide ? CODEC_WIDE : 1,
		.fetch = fetch_leg,
		.from = other,
	};

	if (!timeline_runs(&term->timeline, &other->ring, timestamp, d->count))
		return playout_read(d, term, stream, &voice, mix->voice);
	return wide_voice(other, timestamp + term->timeline.offset, d->count, mix->wide,
		       mix->voice) > 0;
}

static void add_term(struct wide_mix *mix, struct delivery *d, struct term *term,
	const struct rtp_stream *stream)
{
	struct leg *other = &legs_of(d->source)[term->source];
	unsigned from;

	if (!wide_has_voice(other) || playout_is_over(d, term) || !read_voice(mix, d, term, stream))
		return;
	/* A voice that sets in within the packet ramps up from there. */
	from = pcm_ring_missing_before(
		&other->ring, d->packet->rtp.timestamp + term->timeline.offset);
	add(mix, RTE_MIN(from, d->count) * (mix->wide ? CODEC_WIDE : 1), &term->gain);
	mix->others |= other->ring.taint;
}

static void add_fade(struct wide_mix *mix, struct delivery *d, struct leg *listener)
{
	unsigned count = mix->wide ? MIX_RAMP_WIDE_SAMPLES : MIX_RAMP_SAMPLES;
	struct gain unity = { GAIN_UNITY, GAIN_UNITY };
	uint8_t taint = listener->fading;
	int16_t pcm[MIX_RAMP_SAMPLES];

	if (!fade_take(listener, d->env->now_us, pcm))
		return;
	mix_add(mix->sum, mix->wide ? leg_wide(listener)->fade : pcm, RTE_MIN(count, mix->count),
		&unity);
	mix->taint |= taint;
}

static void add_others(struct wide_mix *mix, struct delivery *d, struct leg *listener)
{
	struct term *terms = sibling_terms(d->source, listener);

	for (unsigned i = 0; i < listener->term_count; i++)
		if (i != listener->clock)
			add_term(mix, d, &terms[i], &listener->stream);
	mix->taint = mix->others;
	if (listener->fading != 0)
		add_fade(mix, d, listener);
}

/* --- the packet's own voice --- */

static void read_own(struct wide_mix *mix, struct delivery *d)
{
	const struct codec *codec = codec_get(d->source->codec);
	const struct rtp_packet *rtp = &d->packet->rtp;
	union codec_state state;

	if (!mix->wide && codec->stateful == NULL) {
		codec->decode(mix->own, rtp->payload, d->count);
	} else if (wide_has_voice(d->source)) {
		wide_voice(d->source, rtp->timestamp, d->count, mix->wide, mix->own);
	} else if (is_stand_in(d)) {
		memcpy(mix->own, d->pcm, mix->count * sizeof(*mix->own));
	} else {
		state = leg_wide(d->source)->before;
		codec->stateful->decode(&state, mix->own, rtp->payload, d->count);
	}
}

/* The listener has had this source's packets untouched until now. */
static void begin_to_encode(struct wide_mix *mix, struct delivery *d, struct leg_wide *wide)
{
	const struct codec_stateful *codec = codec_get(d->source->codec)->stateful;
	unsigned delay = codec->delay, history = 2 * delay / CODEC_WIDE;
	uint32_t ahead = d->packet->rtp.timestamp + delay / CODEC_WIDE;
	int16_t past[SAMPLES];
	uint8_t ignored[CODEC_MAX_SAMPLES];

	/* The filters as they would be, had it all been encoded as far ahead as the codec's delay.
	 */
	wide_voice(d->source, ahead - history, history, true, past);
	codec->encode(&wide->encoder, ignored, past, history);
	codec->encoder_follow(&wide->encoder, &leg_wide(d->source)->before);
	if (d->count >= TURN_TICKS)
		mix_cross(mix->own, mix->own + delay, mix->own, MIX_RAMP_WIDE_SAMPLES);
}

/* The decoder of the leg whose packets the listener has had untouched until now, or NULL. */
static const union codec_state *known_decoder(const struct delivery *d, const struct leg *listener)
{
	const struct leg *legs = legs_of(listener);

	for (unsigned i = 0; i < listener->siblings; i++)
		if (leg_rest(&legs[i])->id == leg_wide(listener)->follows && legs[i].slow &&
			legs[i].codec == listener->out_codec && &legs[i] != d->source)
			return &leg_wide(&legs[i])->decoder;
	return NULL;
}

/* The listener has had another source's packets untouched until now, or nothing. */
static void begin_after(struct delivery *d, struct leg *listener, struct leg_wide *wide)
{
	const struct codec_stateful *codec = codec_get(listener->out_codec)->stateful;
	const union codec_state *known = known_decoder(d, listener);

	codec->start_encoder(&wide->encoder);
	if (wide->forwards && known != NULL)
		codec->encoder_follow(&wide->encoder, known);
	else if (wide->forwards)
		wide->hush = HUSH_TICKS;
}

/* A decoder of which nothing is known would make a bang of a voice, but comes to rest in silence.
 */
static void keep_hush(struct wide_mix *mix, struct delivery *d, struct leg_wide *wide)
{
	if (wide->hush > d->count) {
		memset(mix->own, 0, mix->count * sizeof(*mix->own));
		wide->hush = (uint16_t)(wide->hush - d->count);
		return;
	}
	for (unsigned i = 0; i < mix->count; i++)
		mix->own[i] = (int16_t)(mix->own[i] * (int)i / (int)mix->count);
	wide->hush = 0;
}

static bool is_forwarded(const struct delivery *d, const struct leg_wide *wide)
{
	return wide->forwards && wide->follows == leg_rest(d->source)->id;
}

/* Whether our decoder of the source is where that of a listener is who had all before this packet
 * untouched, and what was said then is at hand. */
static bool is_followed(const struct delivery *d)
{
	return wide_is_next(d->source, &d->packet->rtp) && wide_has_voice(d->source) &&
	       leg_wide(d->source)->unsettled == 0;
}

/* --- what goes out --- */

static void encode(struct wide_mix *mix, struct delivery *d, struct leg *listener, uint8_t *payload)
{
	const struct codec *codec = codec_get(listener->out_codec);
	struct gain unity = { GAIN_UNITY, GAIN_UNITY };
	struct leg_wide *wide = leg_wide(listener);

	read_own(mix, d);
	if (mix->wide && !wide->encodes) {
		if (mix->same && is_forwarded(d, wide) && is_followed(d))
			begin_to_encode(mix, d, wide);
		else
			begin_after(d, listener, wide);
		wide->encodes = true;
		wide->forwards = false;
	}
	mix_add(mix->sum, mix->own, mix->count, &unity);
	mix_finish(mix->own, mix->sum, mix->count);
	if (mix->wide && wide->hush > 0)
		keep_hush(mix, d, wide);
	if (mix->wide)
		codec->stateful->encode(&wide->encoder, payload, mix->own, d->count);
	else
		codec->encode(payload, mix->own, d->count);
}

/* From here on untouched. */
static void end_encoding(struct delivery *d, struct leg *listener)
{
	struct leg_wide *wide = leg_wide(listener);

	wide->encodes = false;
	wide->hush = 0;
	wide->forwards = true;
	wide->follows = leg_rest(d->source)->id;
	if (listener->term_count == 1) {
		listener->hears = HEARS_ONE;
		wide_let_go(d->source);
	}
}

static bool is_quiet(struct wide_mix *mix, struct delivery *d)
{
	uint64_t squares = 0;

	read_own(mix, d);
	for (unsigned i = 0; i < mix->count; i++)
		squares += (uint64_t)(mix->own[i] * mix->own[i]);
	return squares < (uint64_t)QUIET * QUIET * mix->count;
}

/* Whether the listener goes back to what is untouched with this packet, which is decoded. */
static bool goes_back(struct wide_mix *mix, struct delivery *d, const struct leg_wide *wide)
{
	return wide->alone >= ALONE_TICKS && d->count >= TURN_TICKS &&
	       leg_wide(d->source)->unsettled == 0 &&
	       (wide->alone >= ALONE_MOST || is_quiet(mix, d));
}

/* The packet with which the listener goes back to what is untouched. */
static void encode_last(
	struct wide_mix *mix, struct delivery *d, struct leg *listener, uint8_t *payload)
{
	const struct codec_stateful *codec = codec_get(listener->out_codec)->stateful;
	struct gain unity = { GAIN_UNITY, GAIN_UNITY };
	unsigned shifted = mix->count - codec->delay, bytes = shifted / CODEC_WIDE;

	read_own(mix, d);
	mix_cross(mix->voice, mix->own, mix->own + codec->delay, MIX_RAMP_WIDE_SAMPLES);
	memcpy(mix->voice + MIX_RAMP_WIDE_SAMPLES, mix->own + codec->delay + MIX_RAMP_WIDE_SAMPLES,
		(shifted - MIX_RAMP_WIDE_SAMPLES) * sizeof(*mix->voice));
	mix_add(mix->sum, mix->voice, shifted, &unity);
	mix_finish(mix->own, mix->sum, shifted);
	codec->encode(&leg_wide(listener)->encoder, payload, mix->own, bytes);
	if (payload != d->packet->rtp.payload)
		memcpy(payload + bytes, d->packet->rtp.payload + bytes, d->count - bytes);
	end_encoding(d, listener);
}

/* What the listener gets in the source's own codec while no other voice is to be added; returns the
 * counter of what that was. */
static enum counter hear_same(
	struct wide_mix *mix, struct delivery *d, struct leg *listener, uint8_t *payload)
{
	struct leg_wide *wide = leg_wide(listener);
	bool next = wide_is_next(d->source, &d->packet->rtp);

	if (wide->encodes && next && goes_back(mix, d, wide)) {
		encode_last(mix, d, listener, payload);
		return COUNTER_mixed;
	}
	if ((wide->encodes || (wide->forwards && !is_forwarded(d, wide))) &&
		(next || wide_has_voice(d->source))) {
		encode(mix, d, listener, payload);
		wide->alone = (uint16_t)RTE_MIN(wide->alone + d->count, (unsigned)ALONE_MOST);
		return COUNTER_mixed;
	}
	mix->taint = 0;
	end_encoding(d, listener);
	if (payload != d->packet->rtp.payload)
		memcpy(payload, d->packet->rtp.payload, d->count);
	return COUNTER_forwarded;
}

/* Whether nothing is to be added to what is untouched yet: our decoder has begun in the middle of
 * the source's stream, or the packet comes too late to be decoded. */
static bool is_held_back(struct wide_mix *mix, struct delivery *d, const struct leg *listener)
{
	if (!mix->wide || !mix->same || leg_wide(listener)->encodes)
		return false;
	return leg_wide(d->source)->unsettled > 0 || !wide_is_next(d->source, &d->packet->rtp);
}

uint8_t hear_wide(struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum)
{
	enum counter counter;
	struct wide_mix mix;

	mix.wide = codec_is_wide(listener->out_codec);
	mix.same = listener->out_codec == d->source->codec;
	mix.count = d->count * (mix.wide ? CODEC_WIDE : 1);
	mix.taint = mix.others = 0;
	memset(mix.sum, 0, mix.count * sizeof(*mix.sum));
	if (!is_held_back(&mix, d, listener))
		add_others(&mix, d, listener);
	if (mix.others == 0 && mix.wide && mix.same && !is_stand_in(d)) {
		counter = hear_same(&mix, d, listener, payload);
	} else {
		encode(&mix, d, listener, payload);
		leg_wide(listener)->alone = 0;
		counter = mix.taint != 0 ? COUNTER_mixed : COUNTER_transcoded;
	}
	counters_bump(d->env->counters, counter);
	*sum = checksum_add(0, payload, d->count);
	return mix.taint | leg_taint(d->source);
}
