/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/fade.h"

#include "call/wide.h"
#include "media/codec.h"

#include "fastpath.h"

#define FADE_VALID_US 100000

void fade_add(struct leg *leg, int16_t pcm[static MIX_RAMP_SAMPLES])
{
	const struct codec *codec = codec_get(leg->out_codec);
	struct fade *fade = &leg_rest(leg)->fade;
	int16_t before[MIX_RAMP_SAMPLES];

	if (leg->fading != 0) {
		codec->decode(before, fade->coded, MIX_RAMP_SAMPLES);
		mix_join(pcm, before, MIX_RAMP_SAMPLES);
	}
	codec->encode(fade->coded, pcm, MIX_RAMP_SAMPLES);
}

/* The taint of what was kept; 0 for nothing. */
static uint8_t keep(struct leg *leg, const struct leg *source, uint32_t timestamp, uint16_t gain)
{
	int16_t pcm[MIX_RAMP_SAMPLES];
	uint8_t coded[MIX_RAMP_SAMPLES];

	if (codec_is_wide(leg->out_codec) || codec_is_wide(source->codec))
		return wide_fade_voice(leg, source, timestamp, gain);
	if (source->ring.samples == NULL ||
		pcm_ring_read(&source->ring, timestamp, coded, MIX_RAMP_SAMPLES) == 0)
		return 0;
	codec_get(source->codec)->decode(pcm, coded, MIX_RAMP_SAMPLES);
	mix_fade_out(pcm, MIX_RAMP_SAMPLES, gain);
	fade_add(leg, pcm);
	return source->ring.taint;
}

void fade_voice(struct leg *leg, const struct call *old, const struct term *term, uint64_t now_us)
{
	uint32_t next; /* of that voice's timestamps: what the stream goes on with */

	if (term->gain.now == 0 || term->timeline.state == TIMELINE_NONE)
		return;
	next = leg->stream.next_timestamp - leg->stream.timestamp_offset + term->timeline.offset;
	leg->fading |= keep(leg, &old->legs[term->source], next, term->gain.now);
	leg_rest(leg)->fade.end_us = now_us + FADE_VALID_US;
}

bool fade_take(struct leg *leg, uint64_t now_us, int16_t pcm[static MIX_RAMP_SAMPLES])
{
	const struct fade *fade = &leg_rest(leg)->fade;
	bool in_time = leg->fading != 0 && now_us < fade->end_us;

	leg->fading = 0;
	if (in_time && !codec_is_wide(leg->out_codec))
		codec_get(leg->out_codec)->decode(pcm, fade->coded, MIX_RAMP_SAMPLES);
	return in_time;
}

void fade_take_over(struct leg *leg, const struct leg *old, uint64_t now_us)
{
	if (old->fading == 0 || leg_rest(old)->fade.end_us <= now_us ||
		leg->out_codec != old->out_codec)
		return;
	leg_rest(leg)->fade = leg_rest(old)->fade;
	leg->fading = old->fading;
}
