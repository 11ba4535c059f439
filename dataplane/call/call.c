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

static uint8_t taint_of(enum role role)
{
	switch (role) {
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
static unsigned row_of(const struct leg_plan *plans, unsigned count, unsigned listener,
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
		unsigned length = row_of(plans, count, listener, row);

		for (unsigned i = 1; i < length; i++)
			mixed |= 1u << row[i];
	}
	return mixed;
}

unsigned call_rings(const struct leg_plan *plans, unsigned count)
{
	return (unsigned)__builtin_popcount(mixed_legs(plans, count));
}

size_t call_size(const struct leg_plan *plans, unsigned count)
{
	uint8_t row[CALL_LEGS_MAX];
	size_t terms = 0;

	for (unsigned listener = 0; listener < count; listener++)
		terms += row_of(plans, count, listener, row);
	return sizeof(struct call) + count * sizeof(struct leg) + terms * sizeof(struct term);
}

static void leg_init(struct leg *leg, struct call *call, uint8_t index, const struct leg_plan *plan)
{
	*leg = (struct leg){
		.call = call,
		.id = plan->id,
		.index = index,
		.role = (uint8_t)plan->role,
		.taint = taint_of(plan->role),
		.realm = plan->realm,
		.local_port = plan->local_port,
		.learn = plan->learn,
		.payload_type = plan->payload_type,
		.out_payload_type = plan->payload_type,
		.codec = codec_get(plan->codec),
		.out_codec = codec_get(plan->codec),
		.from = plan->from.port != 0 ? plan->from : plan->remote,
		.port_id = plan->port_id,
		.nexthop = plan->nexthop,
		.clock = LEG_CLOCK_NONE,
		.header = plan->header,
	};
	rtp_stream_init(&leg->stream, plan->ssrc);
}

void call_init(struct call *call, uint32_t number, uint8_t worker, const struct leg_plan *plans,
	unsigned count, struct pcm_ring **rings)
{
	struct term *terms = (struct term *)&call->legs[count];
	unsigned mixed = mixed_legs(plans, count);
	uint8_t row[CALL_LEGS_MAX];

	call->number = number;
	call->worker = worker;
	call->leg_count = (uint8_t)count;
	for (uint8_t i = 0; i < count; i++)
		leg_init(&call->legs[i], call, i, &plans[i]);

	for (uint8_t i = 0; i < count; i++) {
		struct leg *listener = &call->legs[i];

		listener->terms = terms;
		listener->term_count = (uint8_t)row_of(plans, count, i, row);
		for (uint8_t t = 0; t < listener->term_count; t++) {
			struct leg *source = &call->legs[row[t]];

			*terms++ = (struct term){
				.source = row[t],
				.gain = { 0, gain_of(&plans[i], &plans[row[t]]) },
			};
			source->hearers[source->hearer_count++] = (struct hearer){ i, t };
		}
		if (mixed >> i & 1) {
			listener->ring = *rings++;
			pcm_ring_init(listener->ring, listener->taint);
		}
	}
}

static struct leg *find_leg(struct call *call, uint32_t id)
{
	for (unsigned i = 0; i < call->leg_count; i++)
		if (call->legs[i].id == id)
			return &call->legs[i];
	return NULL;
}

/* The term by which `listener` hears the leg `id`, or NULL. */
static struct term *find_term(const struct leg *listener, uint32_t id)
{
	for (unsigned i = 0; i < listener->term_count; i++)
		if (listener->call->legs[listener->terms[i].source].id == id)
			return &listener->terms[i];
	return NULL;
}

/* What comes in from a leg goes on, unless the far end was re-signalled to be another one. */
static void take_over_source(struct leg *leg, struct leg *old)
{
	struct pcm_ring *ring = leg->ring;

	if (leg->codec != old->codec || leg->role != old->role)
		return;
	if (leg->learn && old->learn)
		leg->from = old->from;
	leg->refused = old->refused && endpoint_equal(&leg->from, &old->from);
	leg->heard_us = old->heard_us;
	leg->frame = old->frame;
	leg->source = old->source;
	if (ring != NULL && old->ring != NULL) {
		leg->ring = old->ring;
		old->ring = ring;
	}
}

/* Keep the next few samples of a voice that `leg` has been hearing, on their way to silence. */
static void fade_voice(
	struct leg *leg, const struct call *old, const struct term *term, uint64_t now_us)
{
	const struct pcm_ring *ring = old->legs[term->source].ring;
	int16_t pcm[MIX_RAMP_SAMPLES];

	if (ring == NULL || term->gain.now == 0 || !term->timeline.anchored)
		return;
	if (pcm_ring_read(ring, term->timeline.next, pcm, MIX_RAMP_SAMPLES) == 0)
		return;
	mix_fade_out(pcm, MIX_RAMP_SAMPLES, term->gain.now);
	for (unsigned i = 0; i < MIX_RAMP_SAMPLES; i++) {
		int sum = leg->fade.samples[i] + pcm[i];

		leg->fade.samples[i] = (int16_t)(sum > INT16_MAX   ? INT16_MAX
						 : sum < INT16_MIN ? INT16_MIN
								   : sum);
	}
	leg->fading |= ring->taint;
	leg->fade.end_us = now_us + FADE_VALID_US;
}

/* What goes out to a leg goes on: the stream, its clock, and the voices in it. */
static void take_over_listener(struct leg *leg, struct leg *old, uint64_t now_us)
{
	if (leg->stream.ssrc != old->stream.ssrc)
		return;
	leg->stream = old->stream;
	if (old->fading != 0 && old->fade.end_us > now_us) {
		leg->fade = old->fade;
		leg->fading = old->fading;
	}

	for (unsigned i = 0; i < leg->term_count; i++) {
		struct term *term = &leg->terms[i];
		struct leg *source = &leg->call->legs[term->source];
		const struct term *before = find_term(old, source->id);

		if (before == NULL)
			continue;
		term->gain.now = before->gain.now;
		term->timeline = before->timeline;
		if (old->clock != LEG_CLOCK_NONE && before == &old->terms[old->clock]) {
			leg->clock = (uint8_t)i;
			leg->clock_restarts = old->clock_restarts;
		}
	}
	for (unsigned i = 0; i < old->term_count; i++) {
		const struct term *term = &old->terms[i];

		if (find_term(leg, old->call->legs[term->source].id) == NULL)
			fade_voice(leg, old->call, term, now_us);
	}
}

void call_take_over(struct call *call, struct call *old, uint64_t now_us)
{
	/* Listeners first: a voice that fades is read from the ring of the old call. */
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *before = find_leg(old, call->legs[i].id);

		if (before != NULL)
			take_over_listener(&call->legs[i], before, now_us);
	}
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *before = find_leg(old, call->legs[i].id);

		if (before != NULL)
			take_over_source(&call->legs[i], before);
	}
}

void call_begin(struct call *call, uint64_t now_us)
{
	for (unsigned i = 0; i < call->leg_count; i++)
		if (call->legs[i].heard_us == 0)
			call->legs[i].heard_us = now_us;
}

static uint8_t heard_roles(const struct call *call, const struct leg *leg)
{
	uint8_t roles = 0;

	for (unsigned t = 0; t < leg->term_count; t++)
		roles |= (uint8_t)(1u << call->legs[leg->terms[t].source].role);
	return roles;
}

unsigned call_read_stats(const struct call *call, uint64_t now_us, struct leg_stats *stats)
{
	for (unsigned i = 0; i < call->leg_count; i++) {
		const struct leg *leg = &call->legs[i];

		stats[i] = (struct leg_stats){
			.id = leg->id,
			.role = leg->role,
			.ssrc = leg->source.ssrc,
			.packets = leg->source.received,
			.lost = rtp_source_lost(&leg->source),
			.jitter = rtp_source_jitter(&leg->source),
			.silent_us = now_us - leg->heard_us,
			.hears = heard_roles(call, leg),
		};
	}
	return call->leg_count;
}
