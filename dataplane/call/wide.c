/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/wide.h"

#include <string.h>

#include "call/fade.h"
#include "media/resample.h"

#include "fastpath.h"

/* A decoder that begins in the middle of a stream forgets the difference: G.722's slowest
 * coefficients lose a factor of e in 32 ms, and this is 160 ms. */
#define SETTLE_TICKS 1280

#define RAMP (MIX_RAMP_WIDE_SAMPLES / CODEC_WIDE) /* ticks */

void wide_init(struct leg *leg)
{
	struct leg_wide *wide = leg_wide(leg);

	memset(wide, 0, sizeof(*wide));
	if (!codec_is_wide(leg->codec))
		return;
	codec_get(leg->codec)->stateful->start_decoder(&wide->decoder);
	codec_get(leg->codec)->stateful->start_encoder(&wide->encoder);
}

uint8_t **wide_give_ring(struct leg *leg, uint8_t **buffers)
{
	for (unsigned i = 0; i < WIDE_RING_BUFFERS; i++)
		leg_wide(leg)->ring.part[i] = (int16_t *)*buffers++;
	return buffers;
}

/* --- what comes in --- */

bool wide_take(struct leg *source, const struct rtp_packet *rtp, uint16_t restarts,
	struct counters *counters)
{
	const struct codec_stateful *codec = codec_get(source->codec)->stateful;
	struct leg_wide *wide = leg_wide(source);
	unsigned count = rtp->payload_length;
	int16_t pcm[CODEC_MAX_SAMPLES * CODEC_WIDE];
	bool lacked = false;

	if (wide->restarts != restarts) {
		codec->start_decoder(&wide->decoder);
		wide->restarts = restarts;
		wide->unsettled = 0;
	}
	if (wide_ring_is_late(&source->ring, rtp->timestamp)) {
		counters_bump(counters, COUNTER_decode_late);
		return false;
	}
	wide->before = wide->decoder;
	codec->decode(&wide->decoder, pcm, rtp->payload, count);
	if (wide_ring_is_there(&wide->ring)) {
		lacked = wide_ring_append(&wide->ring, &source->ring, rtp->timestamp, pcm, count);
	} else {
		source->ring.end = rtp->timestamp + count;
		source->ring.filled = (uint16_t)count;
	}
	wide->unsettled = (uint16_t)(wide->unsettled > count ? wide->unsettled - count : 0);
	return lacked;
}

void wide_take_unvoiced(struct leg *source, uint32_t timestamp, const int16_t *pcm, unsigned count)
{
	struct leg_wide *wide = leg_wide(source);

	if (!source->slow || wide_ring_is_late(&source->ring, timestamp))
		return;
	wide->before = wide->decoder;
	if (wide_ring_is_there(&wide->ring)) {
		wide_ring_append(&wide->ring, &source->ring, timestamp, pcm, count);
	} else {
		source->ring.end = timestamp + count;
		source->ring.filled = (uint16_t)count;
	}
}

/* Before its packets are encoded here, `listener` has had all of them untouched. */
static void note_forwarded(struct leg *listener, const struct leg *source)
{
	leg_wide(listener)->forwards = true;
	leg_wide(listener)->follows = leg_rest(source)->id;
}

void wide_break_off(struct leg *source, uint32_t hearers)
{
	for (unsigned i = 0; i < source->hearer_count; i++) {
		struct leg *listener = &legs_of(source)[source->hearers[i].leg];

		if (!(hearers >> i & 1) || listener->hears != HEARS_ONE)
			continue;
		if (listener->clock != LEG_CLOCK_NONE)
			note_forwarded(listener, source);
		listener->hears = HEARS_WIDE;
	}
}

bool wide_is_next(const struct leg *source, const struct rtp_packet *rtp)
{
	return source->slow && source->ring.filled > 0 &&
	       rtp->timestamp + rtp->payload_length == source->ring.end;
}

void wide_let_go(struct leg *source)
{
	for (unsigned i = 0; i < source->hearer_count; i++)
		if (legs_of(source)[source->hearers[i].leg].hears == HEARS_WIDE)
			return;
	source->slow = wide_ring_is_there(&leg_wide(source)->ring);
}

/* --- what is kept, at either rate --- */

static unsigned read_narrow(
	const struct leg *source, uint32_t timestamp, unsigned count, bool wide, int16_t *pcm)
{
	unsigned before = wide ? RESAMPLE_BEFORE : 0;
	uint8_t coded[CODEC_MAX_SAMPLES + RESAMPLE_BEFORE];
	int16_t narrow[CODEC_MAX_SAMPLES + RESAMPLE_BEFORE];
	uint32_t behind = source->ring.end - timestamp;

	pcm_ring_read(&source->ring, timestamp - before, coded, count + before);
	codec_get(source->codec)->decode(narrow, coded, count + before);
	if (wide)
		resample_double(pcm, narrow + before, count);
	else
		memcpy(pcm, narrow, count * sizeof(*pcm));
	if ((int32_t)behind <= 0 || source->ring.filled == 0)
		return 0;
	return behind < count ? behind : count;
}

static unsigned read_wide(
	const struct leg *source, uint32_t timestamp, unsigned count, bool wide, int16_t *pcm)
{
	int16_t linear[(CODEC_MAX_SAMPLES + RESAMPLE_BEFORE) * CODEC_WIDE];
	const struct wide_ring *ring = &leg_wide(source)->ring;
	unsigned held;

	if (wide)
		return wide_ring_copy(ring, &source->ring, timestamp, pcm, count);
	held = wide_ring_copy(
		ring, &source->ring, timestamp - RESAMPLE_BEFORE, linear, count + RESAMPLE_BEFORE);
	resample_halve(pcm, linear + RESAMPLE_BEFORE * CODEC_WIDE, count);
	return held > RESAMPLE_BEFORE ? held - RESAMPLE_BEFORE : 0;
}

unsigned wide_voice(
	const struct leg *source, uint32_t timestamp, unsigned count, bool wide, int16_t *pcm)
{
	if (codec_is_wide(source->codec))
		return read_wide(source, timestamp, count, wide, pcm);
	return read_narrow(source, timestamp, count, wide, pcm);
}

/* --- from one state of a call to the next --- */

static void swap_rings(struct wide_ring *a, struct wide_ring *b)
{
	struct wide_ring both = *a;

	*a = *b;
	*b = both;
}

void wide_take_over_source(struct leg *leg, struct leg *old)
{
	struct leg_wide *wide, *before;

	if (!call_of(leg)->wide || !codec_is_wide(leg->codec))
		return;
	wide = leg_wide(leg);
	before = call_of(old)->wide ? leg_wide(old) : NULL;
	wide->restarts = leg->source.restarts;
	if (before == NULL || !wide_ring_is_there(&before->ring)) {
		wide->unsettled = leg->source.restarts > 0 ? SETTLE_TICKS : 0;
		return;
	}
	wide->decoder = wide->before = before->decoder;
	wide->unsettled = before->unsettled;
	leg->ring.end = old->ring.end;
	leg->ring.filled = old->ring.filled;
	if (wide_ring_is_there(&wide->ring))
		swap_rings(&wide->ring, &before->ring);
}

void wide_take_over_listener(struct leg *leg, struct leg *old)
{
	struct leg_wide *wide, *before;

	if (!call_of(leg)->wide || !call_of(old)->wide || leg->out_codec != old->out_codec ||
		!codec_is_wide(leg->out_codec))
		return;
	wide = leg_wide(leg);
	before = leg_wide(old);
	wide->encoder = before->encoder;
	wide->encodes = before->encodes;
	wide->forwards = before->forwards;
	wide->follows = before->follows;
	wide->alone = before->alone;
	wide->hush = before->hush;
	if (leg->fading != 0)
		memcpy(wide->fade, before->fade, sizeof(wide->fade));
	if (old->hears == HEARS_ONE && old->clock != LEG_CLOCK_NONE)
		note_forwarded(leg, &legs_of(old)[leg_terms(old)[old->clock].source]);
	/* What was encoded here does not go over into what is untouched from one packet to the
	 * next. */
	if (wide->encodes && leg->hears == HEARS_ONE)
		leg->hears = HEARS_WIDE;
}

void wide_take_over(struct call *call)
{
	for (unsigned i = 0; call->wide && i < call->leg_count; i++) {
		struct leg *leg = &call->legs[i];

		if (!codec_is_wide(leg->codec) || leg->role == ROLE_RECORDER)
			continue;
		leg->slow = 1;
		wide_let_go(leg);
	}
}

uint8_t wide_fade_voice(
	struct leg *listener, const struct leg *source, uint32_t timestamp, uint16_t gain)
{
	bool wide = codec_is_wide(listener->out_codec);
	int16_t pcm[MIX_RAMP_WIDE_SAMPLES];

	if (!wide_has_voice(source) || wide_voice(source, timestamp, RAMP, wide, pcm) == 0)
		return 0;
	if (wide) {
		mix_fade_out_wide(pcm, MIX_RAMP_WIDE_SAMPLES, gain);
		if (listener->fading != 0)
			mix_join(pcm, leg_wide(listener)->fade, MIX_RAMP_WIDE_SAMPLES);
		memcpy(leg_wide(listener)->fade, pcm, sizeof(pcm));
	} else {
		mix_fade_out(pcm, MIX_RAMP_SAMPLES, gain);
		fade_add(listener, pcm);
	}
	return source->ring.taint;
}
