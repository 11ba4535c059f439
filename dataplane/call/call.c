/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/call.h"

#include <string.h>

#include "bpf/rec_guard.h"
#include "call/fade.h"
#include "call/report.h"
#include "call/wide.h"

#include "fastpath.h"

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

/* What the listener of a row hears. */
static enum hears plan_hears(
	const struct leg_plan *plans, unsigned listener, const uint8_t *row, unsigned length)
{
	bool wide = codec_is_wide(plans[listener].codec);

	if (length == 1 && plans[row[0]].codec == plans[listener].codec)
		return HEARS_ONE;
	for (unsigned i = 0; i < length; i++)
		wide = wide || codec_is_wide(plans[row[i]].codec);
	return wide ? HEARS_WIDE : HEARS_MIX;
}

/* Bits of the legs whose voices need rings: they stand behind another one in some row, or are not
 * at the rate that a listener hears them at, which takes the samples before. */
static unsigned mixed_legs(const struct leg_plan *plans, unsigned count)
{
	uint8_t row[CALL_LEGS_MAX];
	unsigned mixed = 0;

	for (unsigned listener = 0; listener < count; listener++) {
		unsigned length = plan_row(plans, count, listener, row);

		bool wide = plan_hears(plans, listener, row, length) == HEARS_WIDE;

		for (unsigned i = 0; i < length; i++)
			if (i > 0 || (wide && (codec_is_wide(plans[listener].codec) ||
						      codec_is_wide(plans[row[0]].codec))))
				mixed |= 1u << row[i];
	}
	return mixed;
}

unsigned call_rings(const struct leg_plan *plans, unsigned count)
{
	unsigned mixed = mixed_legs(plans, count), rings = 0;

	for (unsigned i = 0; i < count; i++)
		if (mixed >> i & 1)
			rings += codec_is_wide(plans[i].codec) ? WIDE_RING_BUFFERS : 1;
	return rings;
}

unsigned call_buffers(const struct call *call, uint8_t **buffers)
{
	unsigned count = 0;

	for (unsigned i = 0; i < call->leg_count; i++) {
		const struct leg *leg = &call->legs[i];

		if (leg->ring.samples != NULL)
			buffers[count++] = leg->ring.samples;
		for (unsigned n = 0; call->wide && n < WIDE_RING_BUFFERS; n++)
			if (leg_wide(leg)->ring.part[n] != NULL)
				buffers[count++] = (uint8_t *)leg_wide(leg)->ring.part[n];
	}
	return count;
}

static bool any_wide(const struct leg_plan *plans, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (codec_is_wide(plans[i].codec))
			return true;
	return false;
}

static bool any_ipv6(const struct leg_plan *plans, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (plans[i].header.length == HEADER_IPV6_SIZE)
			return true;
	return false;
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
	size_t header6 = any_ipv6(plans, count) ? HEADER_IPV6_SIZE : 0;
	size_t wide = any_wide(plans, count) ? sizeof(struct leg_wide) : 0;

	return sizeof(struct call) +
	       count * (sizeof(struct leg) + row + sizeof(struct leg_rest) + header6 + wide);
}

void leg_set_from(struct leg *leg, const struct endpoint *from)
{
	leg_rest(leg)->from = *from;
	leg->from_tail = endpoint_tail(from);
	leg->from_port = from->port;
	leg->from_ipv6 = !endpoint_is_ipv4(from);
	if (from->port == 0 || leg_rest(leg)->rate.limited)
		leg_close(leg);
}

void leg_close(struct leg *leg)
{
	/* IPv4 does not match, IPv6 does not with port 0 of a source whose port is none. */
	leg->from_tail = UINT32_MAX;
	leg->from_port = 0;
	leg->from_ipv6 = 1;
}

static void source_init(struct leg *leg, const struct leg_plan *plan)
{
	struct learning *learning = &leg_rest(leg)->learning;

	leg_set_from(leg, plan->from.port != 0 ? &plan->from : &plan->remote);
	*leg_far_end(leg) = plan->far_end;
	if (plan->learn) {
		learning->signalled = plan->signalled;
		learning->limit_ms = plan->learn_ms;
		learning->state = plan->learned ? LEARNING_DONE : LEARNING_OPEN;
	}
	if (learning->state == LEARNING_OPEN || plan->role == ROLE_RECORDER)
		leg_close(leg);
}

static void leg_init(struct leg *leg, unsigned index, unsigned siblings, unsigned row,
	const struct leg_plan *plan)
{
	struct leg_rest *rest;

	*leg = (struct leg){
		.payload_type = plan->payload_type & 127,
		.role = (uint8_t)(plan->role & 7),
		.codec = plan->codec & 7,
		.frame = LEG_FRAME,
		.slow = plan->role == ROLE_RECORDER,
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
		.telephone_event = plan->telephone_event,
		.comfort_noise = plan->comfort_noise,
	};
	report_init(leg, plan);
	source_init(leg, plan);
	memcpy(leg->header, plan->header.bytes, sizeof(leg->header));
	if (call_of(leg)->ipv6)
		memcpy(leg_header6(leg), plan->header.bytes, HEADER_IPV6_SIZE);
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
	listener->hears = (uint8_t)plan_hears(plans, index, row, length);
}

/* Give the leg's voice a ring, of the buffers that are next; returns what is behind them. */
static uint8_t **give_ring(struct leg *leg, uint8_t **buffers)
{
	uint8_t silence = codec_get(leg->codec)->silence;

	if (codec_is_wide(leg->codec)) {
		pcm_ring_init(&leg->ring, NULL, leg_taint(leg), silence);
		leg->slow = 1;
		return wide_give_ring(leg, buffers);
	}
	pcm_ring_init(&leg->ring, *buffers, leg_taint(leg), silence);
	return buffers + 1;
}

void call_init(struct call *call, uint32_t number, uint8_t worker, const struct leg_plan *plans,
	unsigned count, uint8_t **buffers)
{
	unsigned mixed = mixed_legs(plans, count), row = longest_row(plans, count);

	call->number = number;
	call->worker = worker;
	call->leg_count = (uint8_t)count;
	call->wide = any_wide(plans, count);
	call->ipv6 = any_ipv6(plans, count);
	call->relayed = false;
	for (uint8_t i = 0; i < count; i++)
		leg_init(&call->legs[i], i, count, row, &plans[i]);
	for (uint8_t i = 0; i < count; i++) {
		struct leg *leg = &call->legs[i];

		row_init(leg, plans, count);
		if (call->wide)
			wide_init(leg);
		if (mixed >> i & 1)
			buffers = give_ring(leg, buffers);
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

/* Whether what comes in from a leg is still the same stream. */
static bool is_same_source(const struct leg *leg, const struct leg *old)
{
	return leg->codec == old->codec && leg->role == old->role;
}

/* Who may send stays as it is, unless signalling has said something else since. */
static void take_over_policy(struct leg *leg, struct leg *old)
{
	struct leg_rest *rest = leg_rest(leg);
	const struct leg_rest *before = leg_rest(old);
	bool same = *leg_far_end(leg) == *leg_far_end(old);
	bool told =
		rest->learning.state == LEARNING_DONE && endpoint_equal(&rest->from, &before->from);

	if (same || before->learning.state == LEARNING_OPEN) {
		rest->learning.last_tail = before->learning.last_tail;
		rest->learning.last_port = before->learning.last_port;
	} else {
		rest->learning.last_tail = endpoint_tail(&before->from);
		rest->learning.last_port = before->from.port;
	}
	if (same && rest->learning.state != LEARNING_NEVER &&
		before->learning.state != LEARNING_NEVER &&
		endpoint_equal(&rest->learning.signalled, &before->learning.signalled)) {
		rest->learning = before->learning;
		leg->untold = old->untold && !told;
		leg_set_from(leg, &before->from);
		if (rest->learning.state == LEARNING_OPEN)
			leg_close(leg);
	}
	if (!endpoint_equal(&rest->from, &before->from))
		return;
	rest->refused = before->refused;
	rest->rate = before->rate;
	if (rest->rate.limited)
		leg_close(leg);
}

/* What comes in from a leg goes on, unless the far end was re-signalled to be another one. */
static void take_over_source(struct leg *leg, struct leg *old)
{
	uint8_t *buffer = leg->ring.samples;

	take_over_policy(leg, old);
	if (!is_same_source(leg, old))
		return;
	leg->heard_ms = old->heard_ms;
	leg->frame = old->frame;
	leg->source = old->source;
	leg_rest(leg)->past = leg_rest(old)->past;
	if (!endpoint_equal(&leg_rest(leg)->from, &leg_rest(old)->from))
		leg_rest(leg)->past.expects_another = true;
	leg_rest(leg)->press = leg_rest(old)->press;
	if (buffer != NULL && old->ring.samples != NULL) {
		leg->ring = old->ring;
		leg_rest(leg)->gap = leg_rest(old)->gap;
		old->ring.samples = buffer;
	}
	wide_take_over_source(leg, old);
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

/* The last of a voice goes to who has heard what came before it, and to nobody else. */
static bool goes_to_the_same(const struct leg *leg, const struct leg *old)
{
	return leg->header_length == old->header_length &&
	       memcmp(leg_header(leg), leg_header(old), leg->header_length) == 0;
}

static void fade_what_left(struct leg *leg, struct leg *old, uint64_t now_us)
{
	for (unsigned i = 0; i < old->term_count; i++) {
		const struct term *term = &leg_terms(old)[i];

		if (find_term(leg, leg_rest(&legs_of(old)[term->source])->id) == NULL)
			fade_voice(leg, call_of(old), term, now_us);
	}
}

/* What goes out to a leg goes on: the stream, its clock, and the voices in it. */
static void take_over_listener(struct leg *leg, struct leg *old, uint64_t now_us)
{
	bool same = goes_to_the_same(leg, old);

	if (leg->stream.ssrc != old->stream.ssrc)
		return;
	leg->stream = old->stream;
	if (same)
		fade_take_over(leg, old, now_us);
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
			leg->clock_restarts = is_same_source(source, &legs_of(old)[before->source])
						      ? old->clock_restarts
						      : 0;
		}
	}
	wide_take_over_listener(leg, old);
	if (same)
		fade_what_left(leg, old, now_us);
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
	wide_take_over(call);
	/* What they have sent depends on whom they have heard. */
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *before = find_leg(old, leg_rest(&call->legs[i])->id);

		if (before != NULL)
			report_take_over(&call->legs[i], before);
	}
}

void call_begin(struct call *call, uint64_t now_us, struct reporter *reporter)
{
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *leg = &call->legs[i];

		if (leg->heard_ms == 0)
			leg->heard_ms = (uint32_t)(now_us / 1000);
		leg->settled_ms = leg->heard_ms;
		report_begin(leg, now_us, reporter);
		if (leg_rest(leg)->learning.begin_ms == 0)
			leg_rest(leg)->learning.begin_ms = (uint32_t)(now_us / 1000);
	}
}

static uint8_t heard_roles(const struct call *call, const struct leg *leg)
{
	uint8_t roles = 0;

	for (unsigned t = 0; t < leg->term_count; t++)
		roles |= (uint8_t)(1u << call->legs[leg_terms(leg)[t].source].role);
	return roles;
}

static uint32_t lifeless_ms(const struct leg *leg, uint32_t now_ms)
{
	uint32_t alive_ms = leg_rest(leg)->report.alive_ms;
	uint32_t silent_ms = now_ms - leg->heard_ms;

	return alive_ms == 0 ? silent_ms : RTE_MIN(silent_ms, now_ms - alive_ms);
}

static void read_stats(struct leg *leg, uint64_t now_us, struct leg_stats *stats)
{
	const struct leg_rest *rest = leg_rest(leg);
	const struct leg_report *report = &rest->report;

	report_count(leg);
	*stats = (struct leg_stats){
		.id = rest->id,
		.role = leg->role,
		.codec = leg->codec,
		.ssrc = leg->source.ssrc,
		.packets = rtp_source_all_received(&leg->source, &rest->past),
		.octets = report->octets_in,
		.lost = rtp_source_all_lost(&leg->source, &rest->past),
		.jitter = rtp_source_jitter(&leg->source),
		.fraction_lost = report->fraction_lost,
		.silent_us = 1000ull * ((uint32_t)(now_us / 1000) - leg->heard_ms),
		.lifeless_ms = lifeless_ms(leg, (uint32_t)(now_us / 1000)),
		.hears = heard_roles(call_of(leg), leg),
		.media = report->media,
		.far_reported = report->far_reported,
		.far_fraction_lost = report->far_fraction_lost,
		.far_lost = report->far_lost,
		.far_jitter = report->far_jitter,
		.round_trip_known = report->round_trip_known,
		.round_trip = report->round_trip,
		.said_bye = report->said_bye,
		.sent_packets = report->packets_out,
		.sent_octets = report->octets_out,
	};
}

unsigned call_read_stats(struct call *call, uint64_t now_us, struct leg_stats *stats)
{
	for (unsigned i = 0; i < call->leg_count; i++)
		read_stats(&call->legs[i], now_us, &stats[i]);
	return call->leg_count;
}
