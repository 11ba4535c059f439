/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/unvoiced.h"

#include <string.h>

#include <rte_mbuf.h>

#include "call/event.h"
#include "call/fan_out.h"
#include "call/wide.h"
#include "media/comfort_noise.h"
#include "media/resample.h"
#include "media/telephone_event.h"

#include "fastpath.h"

static bool is_telephone_event(const struct leg *leg, const struct rtp_packet *rtp)
{
	return leg_rest(leg)->telephone_event != 0 &&
	       rtp->payload_type == leg_rest(leg)->telephone_event;
}

static bool is_comfort_noise(const struct leg *leg, const struct rtp_packet *rtp)
{
	return leg_rest(leg)->comfort_noise && rtp->payload_type == COMFORT_NOISE_PAYLOAD_TYPE;
}

bool unvoiced_accept(const struct forward_packet *packet)
{
	const struct leg *leg = packet->leg;
	struct telephone_event event;

	if (is_comfort_noise(leg, &packet->rtp))
		return true;
	return is_telephone_event(leg, &packet->rtp) &&
	       telephone_event_parse(packet->rtp.payload, packet->rtp.payload_length, &event);
}

uint32_t unvoiced_arrival(const struct forward_packet *packet, uint32_t arrival)
{
	const struct leg *leg = packet->leg;

	return is_telephone_event(leg, &packet->rtp) && leg->source.restarts != 0 &&
			       leg->source.ssrc == packet->rtp.ssrc
		       ? packet->rtp.timestamp + leg->source.transit
		       : arrival;
}

/* --- who gets it as it is --- */

static bool takes_events(const struct leg *listener, const struct leg *source)
{
	return leg_rest(listener)->telephone_event != 0 && listener->role != ROLE_MONITOR &&
	       (source->role == ROLE_AGENT || source->role == ROLE_CUSTOMER);
}

/* Noise beside which there may be a voice has to be mixed with it. */
static bool takes_noise(const struct leg *listener)
{
	return leg_rest(listener)->comfort_noise && listener->term_count == 1 &&
	       listener->fading == 0;
}

/* Bits of the source's hearers. */
static uint32_t takers(const struct leg *source, bool event)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < source->hearer_count; i++) {
		const struct leg *listener = &legs_of(source)[source->hearers[i].leg];

		if (event ? takes_events(listener, source) : takes_noise(listener))
			mask |= 1u << i;
	}
	return mask;
}

/* --- what the others get --- */

/* The place in the source's timeline, and the samples, of what stands for the packet. */
struct stand_in {
	uint32_t timestamp;
	unsigned count;				     /* ticks; 0: there is none this time */
	int16_t pcm[CODEC_MAX_SAMPLES * CODEC_WIDE]; /* one or two a tick, as its codec has them */
};

static void tell_event(const struct forward_packet *packet, uint8_t code, struct forward_env *env)
{
	struct event event = {
		.call = call_of(packet->leg)->number,
		.serial = call_of(packet->leg)->serial,
		.leg = leg_rest(packet->leg)->id,
		.ssrc = packet->rtp.ssrc,
		.source = packet->frame.source,
		.kind = EVENT_TELEPHONE_EVENT,
		.code = code,
	};

	event_post(env->events, &event, env->counters);
}

/* Take note of a packet of an event. It may be one of an event before the newest, but not by more
 * than an event can last; one that lasts longer is sent in segments, each of which begins where the
 * one before it has ended (RFC 4733 section 2.5.1.3). */
static void note_event(const struct forward_packet *packet, const struct telephone_event *event,
	struct forward_env *env)
{
	const struct leg *leg = packet->leg;
	struct key_press *press = &leg_rest(leg)->press;
	uint32_t ahead = packet->rtp.timestamp - press->timestamp;
	bool goes_on = press->known && !press->ended && press->code == event->code &&
		       ahead - press->filled < CODEC_MAX_SAMPLES;

	if (!press->known || -ahead > UINT16_MAX) {
		*press = (struct key_press){
			.timestamp = packet->rtp.timestamp,
			.code = event->code,
			.known = 1,
		};
		if (!goes_on && (leg->role == ROLE_AGENT || leg->role == ROLE_CUSTOMER))
			tell_event(packet, event->code, env);
	}
	if (packet->rtp.timestamp == press->timestamp)
		press->ended |= event->end;
}

/* Silence, at the pace at which the event grows: as many packets stand for it as come, however much
 * it has grown from one to the next, and what is left at its end. That end is sent more than once.
 */
static void stand_in_for_event(
	struct stand_in *in, const struct forward_packet *packet, struct forward_env *env)
{
	const struct leg *leg = packet->leg;
	struct key_press *press = &leg_rest(leg)->press;
	struct telephone_event event;
	unsigned grown;

	telephone_event_parse(packet->rtp.payload, packet->rtp.payload_length, &event);
	note_event(packet, &event, env);
	in->count = 0;
	if (packet->rtp.timestamp != press->timestamp || event.duration <= press->filled)
		return;
	grown = event.duration - press->filled;
	if (grown < leg->frame && !event.end)
		return;
	in->timestamp = press->timestamp + press->filled;
	in->count = RTE_MIN(grown, (unsigned)CODEC_MAX_SAMPLES);
	memset(in->pcm, 0, sizeof(in->pcm));
	press->filled = (uint16_t)(press->filled + in->count);
}

/* Of the lower band alone in a wideband codec, too: so it is as loud as it should be for those who
 * hear no more of it. */
static void stand_in_for_noise(struct stand_in *in, const struct forward_packet *packet)
{
	const struct leg *leg = packet->leg;
	unsigned before = codec_is_wide(leg->codec) ? RESAMPLE_BEFORE : 0;
	int16_t pcm[RESAMPLE_BEFORE + CODEC_MAX_SAMPLES];

	in->timestamp = packet->rtp.timestamp;
	in->count = leg->frame;
	comfort_noise_write(pcm, before + in->count, packet->rtp.payload, in->timestamp);
	if (codec_is_wide(leg->codec))
		resample_double(in->pcm, pcm + before, in->count);
	else
		memcpy(in->pcm, pcm, in->count * sizeof(*pcm));
}

/* Others may take over at once the streams that ran by this leg's clock. */
static void fall_silent(struct leg *leg, const struct forward_env *env)
{
	leg->heard_ms = env->now_ms - SILENCE_MS - env->away_ms - 1;
	for (unsigned i = 0; i < leg->siblings; i++)
		legs_of(leg)[i].settled_ms = env->now_ms;
}

/* --- all of it --- */

/* Put it among what the source has said, and, where each sample is coded by itself, coded to
 * `payload`. */
static void keep_stand_in(struct leg *source, struct stand_in *in, uint8_t *payload)
{
	if (codec_is_wide(source->codec)) {
		wide_take_unvoiced(source, in->timestamp, in->pcm, in->count);
		memset(payload, 0, in->count); /* of no meaning to anybody */
		return;
	}
	codec_get(source->codec)->encode(payload, in->pcm, in->count);
	if (source->ring.samples != NULL)
		pcm_ring_write(&source->ring, in->timestamp, payload, in->count);
}

static void send_stand_in(struct delivery *d, struct stand_in *in, uint32_t hearers)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(d->env->pool);
	struct forward_packet voice = *d->packet;
	struct delivery voiced = *d;
	uint8_t payload[CODEC_MAX_SAMPLES];

	keep_stand_in(d->source, in, payload);
	if (mbuf == NULL) {
		counters_bump(d->env->counters, COUNTER_tx_no_mbuf);
		return;
	}
	voice.mbuf = mbuf;
	voice.rtp.payload = memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), payload, in->count);
	voice.rtp.payload_length = (uint16_t)in->count;
	voice.rtp.timestamp = in->timestamp;
	voiced.packet = &voice;
	voiced.count = in->count;
	voiced.pcm = in->pcm;
	if (codec_is_wide(d->source->codec))
		wide_break_off(d->source, hearers);
	fan_out_to(&voiced, hearers);
}

void unvoiced_deliver(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *source = packet->leg;
	bool event = is_telephone_event(source, &packet->rtp);
	uint32_t as_it_is = takers(source, event);
	struct delivery d = { .packet = packet, .env = env, .source = source };
	struct stand_in in;

	if (event)
		stand_in_for_event(&in, packet, env);
	else
		stand_in_for_noise(&in, packet);
	counters_bump(env->counters, event ? COUNTER_telephone_events : COUNTER_comfort_noise);
	d.count = !event ? in.count
		  : packet->rtp.timestamp == leg_rest(source)->press.timestamp
			  ? leg_rest(source)->press.filled
			  : 0;
	fan_out_as_it_is(&d, as_it_is);
	if (in.count > 0)
		send_stand_in(&d, &in, ~as_it_is);
	else
		fan_out_nothing(&d, ~as_it_is);
	rte_pktmbuf_free(packet->mbuf);
	if (!event)
		fall_silent(source, env);
}
