/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/call.h"

#include <string.h>

#include "bpf/rec_guard.h"

#include "fastpath.h"

#define FADE_VALID_US 100000

/* A listener prefers the clock of the party it talks to; a monitor that of the customer. Lower
 * comes first. */
static unsigned clock_rank(enum role role)
{
	return role == ROLE_CUSTOMER ? 0 : role == ROLE_AGENT ? 1 : 2;
}

uint8_t leg_taint(const struct leg *leg)
{
	switch (leg->role) {
	case ROLE_AGENT:
		return TAINT_AGENT;
	case ROLE_CUSTOMER:
		return TAINT_CUSTOMER;
	case ROLE_MONITOR:
		return TAINT_MONITOR;
	default:
		return 0;
	}
}

static uint16_t gain_of(const struct leg_plan *listener, const struct leg_plan *source)
{
	enum mode mode = listener->role == ROLE_MONITOR ? listener->mode : source->mode;

	if (listener->role == ROLE_RECORDER && !(listener->records >> source->role & 1))
		return 0;
	return matrix_gain(listener->role, source->role, mode);
}

/* The listener's row: indexes of the plans it hears, preferred clock first. */
static unsigned plan_row(const struct leg_plan *plans, unsigned count, unsigned listener,
	uint8_t row[static CALL_LEGS_MAX])
{
	unsigned length = 0;

	for (unsigned rank = 0; rank <= 2; rank++)
		for (unsigned i = 0; i < count; i++)
			if (i != listener && clock_rank(plans[i].role) == rank &&
				gain_of(&plans[listener], &plans[i]) > 0)
				row[length++] = (uint8_t)i;
	return length;
}

/* Bits of the legs that stand behind another one in some row: their voices need rings. */
static unsigned mixed_legs(const struct leg_plan *plans, unsigned count)
{
	uint8_t row[CALL_LEGS_MAX];
	unsigned mixed = 0;

	for (unsigned listener = 0; listener < count; listener++) {
		unsigned length = plan_row(plans, count, listener, row);

		for (unsigned i = 1; i < length; i++)
			mixed |= 1u << row[i];
	}
	return mixed;
}

unsigned call_rings(const struct leg_plan *plans, unsigned count)
{
	return (unsigned)__builtin_popcount(mixed_legs(plans, count));
}

/* Terms in the longest row. */
static unsigned longest_row(const struct leg_plan *plans, unsigned count)
{
	uint8_t row[CALL_LEGS_MAX];
	unsigned longest = 0;

	for (unsigned listener = 0; listener < count; listener++)
		longest = RTE_MAX(longest, plan_row(plans, count, listener, row));
	return longest;
}

size_t call_size(const struct leg_plan *plans, unsigned count)
{
	size_t row = longest_row(plans, count) * sizeof(struct term);

	return sizeof(struct call) + count * (sizeof(struct leg) + row + sizeof(struct leg_rest));
}

void leg_set_from(struct leg *leg, const struct endpoint *from)
{
	leg_rest(leg)->from = *from;
	memcpy(&leg->from_tail, from->address + 12, sizeof(leg->from_tail));
	leg->from_port = from->port;
	leg->from_ipv6 = !endpoint_is_ipv4(from);
}

static void leg_init(struct leg *leg, unsigned index, unsigned siblings, unsigned row,
	const struct leg_plan *plan)
{
	struct leg_rest *rest;

	*leg = (struct leg){
		.payload_type = plan->payload_type & 127,
		.role = (uint8_t)(plan->role & 7),
		.codec = plan->codec & 7,
		.learn = plan->learn,
		.index = index & 15,
		.siblings = siblings & 15,
		.row = row & 15,
		.nexthop = plan->nexthop,
		.port_id = (uint8_t)plan->port_id,
		.clock = LEG_CLOCK_NONE,
		.out_payload_type = plan->payload_type,
		.out_codec = plan->codec,
		.header_length = plan->header.length,
	};
	rest = leg_rest(leg);
	*rest = (struct leg_rest){
		.id = plan->id,
		.realm = plan->realm,
		.local_port = plan->local_port,
	};
	leg_set_from(leg, plan->from.port != 0 ? &plan->from : &plan->remote);
	memcpy(leg->header, plan->header.bytes, sizeof(leg->header));
	memcpy(rest->header6, plan->header.bytes, sizeof(rest->header6));
	rtp_stream_init(&leg->stream, plan->ssrc);
}

/* Fill in the listener's row, and make it known to those it hears. */
static void row_init(struct leg *listener, const struct leg_plan *plans, unsigned count)
{
	uint8_t row[CALL_LEGS_MAX], index = listener->index;
	unsigned length = plan_row(plans, count, index, row);

	for (uint8_t t = 0; t < length; t++) {
		struct leg *source = &legs_of(listener)[row[t]];

		leg_terms(listener)[t] = (struct term){
			.source = row[t],
			.gain = { 0, gain_of(&plans[index], &plans[row[t]]) },
		};
		if (length > 1)
			source->mixers |= 1u << source->hearer_count & 0x7f;
		source->hearers[source->hearer_count++] = (struct hearer){ index & 15, t & 7, 0 };
	}
	listener->term_count = (uint8_t)length;
	listener->untouched = length == 1 && plans[row[0]].codec == plans[index].codec;
}

void call_init(struct call *call, uint32_t number, uint8_t worker, const struct leg_plan *plans,
	unsigned count, uint8_t **buffers)
{
	unsigned mixed = mixed_legs(plans, count), row = longest_row(plans, count);

	call->number = number;
	call->worker = worker;
	call->leg_count = (uint8_t)count;
	for (uint8_t i = 0; i < count; i++)
		leg_init(&call->legs[i], i, count, row, &plans[i]);
	for (uint8_t i = 0; i < count; i++) {
		struct leg *leg = &call->legs[i];

		row_init(leg, plans, count);
		if (mixed >> i & 1)
			pcm_ring_init(&leg->ring, *buffers++, leg_taint(leg),
				codec_get(leg->codec)->silence);
	}
}

static struct leg *find_leg(struct call *call, uint32_t id)
{
	for (unsigned i = 0; i < call->leg_count; i++)
		if (leg_rest(&call->legs[i])->id == id)
			return &call->legs[i];
	return NULL;
}

/* The term by which `listener` hears the leg `id`, or NULL. */
static struct term *find_term(const struct leg *listener, uint32_t id)
{
	for (unsigned i = 0; i < listener->term_count; i++)
		if (leg_rest(&legs_of(listener)[leg_terms(listener)[i].source])->id == id)
			return &leg_terms(listener)[i];
	return NULL;
}

/* What comes in from a leg goes on, unless the far end was re-signalled to be another one. */
static void take_over_source(struct leg *leg, struct leg *old)
{
	uint8_t *buffer = leg->ring.samples;

	if (leg->codec != old->codec || leg->role != old->role)
		return;
	if (leg->learn && old->learn)
		leg_set_from(leg, &leg_rest(old)->from);
	leg->refused = old->refused && endpoint_equal(&leg_rest(leg)->from, &leg_rest(old)->from);
	leg->heard_ms = old->heard_ms;
	leg->frame = old->frame;
	leg->source = old->source;
	leg_rest(leg)->past = leg_rest(old)->past;
	if (buffer != NULL && old->ring.samples != NULL) {
		leg->ring = old->ring;
		old->ring.samples = buffer;
	}
}

/* Keep the next few samples of a voice that `leg` has been hearing, on their way to silence. */
static void fade_voice(
	struct leg *leg, const struct call *old, const struct term *term, uint64_t now_us)
{
	const struct pcm_ring *ring = &old->legs[term->source].ring;
	struct fade *fade = &leg_rest(leg)->fade;
	int16_t pcm[MIX_RAMP_SAMPLES];
	uint8_t coded[MIX_RAMP_SAMPLES];
	uint32_t next; /* of that voice's timestamps: what the stream goes on with */

	if (ring->samples == NULL || term->gain.now == 0 || !term->timeline.anchored)
		return;
	next = leg->stream.next_timestamp - leg->stream.timestamp_offset + term->timeline.offset;
	if (pcm_ring_read(ring, next, coded, MIX_RAMP_SAMPLES) == 0)
		return;
	codec_get(old->legs[term->source].codec)->decode(pcm, coded, MIX_RAMP_SAMPLES);
	mix_fade_out(pcm, MIX_RAMP_SAMPLES, term->gain.now);
	for (unsigned i = 0; i < MIX_RAMP_SAMPLES; i++) {
		int sum = fade->samples[i] + pcm[i];

		fade->samples[i] = (int16_t)(sum > INT16_MAX   ? INT16_MAX
					     : sum < INT16_MIN ? INT16_MIN
							       : sum);
	}
	leg->fading |= ring->taint;
	fade->end_us = now_us + FADE_VALID_US;
}

void leg_set_clock(struct leg *listener, unsigned t)
{
	for (unsigned i = 0; i < listener->term_count; i++) {
		struct leg *source = &legs_of(listener)[leg_terms(listener)[i].source];

		for (unsigned h = 0; h < source->hearer_count; h++)
			if (source->hearers[h].leg == listener->index)
				source->hearers[h].clocked = i == t;
		source->settled_ms = source->heard_ms;
	}
	listener->clock = (uint8_t)t;
}

/* What goes out to a leg goes on: the stream, its clock, and the voices in it. */
static void take_over_listener(struct leg *leg, struct leg *old, uint64_t now_us)
{
	if (leg->stream.ssrc != old->stream.ssrc)
		return;
	leg->stream = old->stream;
	if (old->fading != 0 && leg_rest(old)->fade.end_us > now_us) {
		leg_rest(leg)->fade = leg_rest(old)->fade;
		leg->fading = old->fading;
	}

	for (unsigned i = 0; i < leg->term_count; i++) {
		struct term *term = &leg_terms(leg)[i];
		const struct leg *source = &legs_of(leg)[term->source];
		const struct term *before = find_term(old, leg_rest(source)->id);

		if (before == NULL)
			continue;
		term->gain.now = before->gain.now;
		term->timeline = before->timeline;
		if (old->clock != LEG_CLOCK_NONE && before == &leg_terms(old)[old->clock]) {
			leg_set_clock(leg, i);
			leg->clock_restarts = old->clock_restarts;
		}
	}
	for (unsigned i = 0; i < old->term_count; i++) {
		const struct term *term = &leg_terms(old)[i];

		if (find_term(leg, leg_rest(&legs_of(old)[term->source])->id) == NULL)
			fade_voice(leg, call_of(old), term, now_us);
	}
}

void call_take_over(struct call *call, struct call *old, uint64_t now_us)
{
	/* Listeners first: a voice that fades is read from the ring of the old call. */
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *before = find_leg(old, leg_rest(&call->legs[i])->id);

		if (before != NULL)
			take_over_listener(&call->legs[i], before, now_us);
	}
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *before = find_leg(old, leg_rest(&call->legs[i])->id);

		if (before != NULL)
			take_over_source(&call->legs[i], before);
	}
}

void call_begin(struct call *call, uint64_t now_us)
{
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *leg = &call->legs[i];

		if (leg->heard_ms == 0)
			leg->heard_ms = (uint32_t)(now_us / 1000);
		leg->settled_ms = leg->heard_ms;
	}
}

static uint8_t heard_roles(const struct call *call, const struct leg *leg)
{
	uint8_t roles = 0;

	for (unsigned t = 0; t < leg->term_count; t++)
		roles |= (uint8_t)(1u << call->legs[leg_terms(leg)[t].source].role);
	return roles;
}

unsigned call_read_stats(const struct call *call, uint64_t now_us, struct leg_stats *stats)
{
	for (unsigned i = 0; i < call->leg_count; i++) {
		const struct leg *leg = &call->legs[i];

		stats[i] = (struct leg_stats){
			.id = leg_rest(leg)->id,
			.role = leg->role,
			.ssrc = leg->source.ssrc,
			.packets = leg->source.received,
			.lost = rtp_source_lost(&leg->source, &leg_rest(leg)->past),
			.jitter = rtp_source_jitter(&leg->source),
			.silent_us = 1000ull * ((uint32_t)(now_us / 1000) - leg->heard_ms),
			.hears = heard_roles(call, leg),
		};
	}
	return call->leg_count;
}
