/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/report.h"

#include <string.h>

#include <rte_mbuf.h>

#include "media/rtcp_write.h"
#include "net/checksum.h"
#include "net/guard.h"

#include "fastpath.h"

static struct leg_report *report_of(const struct leg *leg)
{
	return &leg_rest(leg)->report;
}

/* Marsaglia's xorshift: what spreads reports over time need not be more than even. */
static uint32_t draw(struct reporter *reporter)
{
	reporter->chance ^= reporter->chance << 13;
	reporter->chance ^= reporter->chance >> 17;
	reporter->chance ^= reporter->chance << 5;
	return reporter->chance;
}

void report_init(struct leg *leg, const struct leg_plan *plan)
{
	*report_of(leg) = (struct leg_report){
		.rtcp_port = plan->rtcp_port,
		.mux = plan->rtcp_mux,
		.on_hold = plan->on_hold,
	};
}

void report_begin(struct leg *leg, uint64_t now_us, struct reporter *reporter)
{
	if (!report_of(leg)->timer.begun)
		rtcp_timer_begin(&report_of(leg)->timer, (uint32_t)(now_us / 1000), draw(reporter));
}

/* --- counting --- */

static uint32_t received_from(const struct leg *source)
{
	return rtp_source_all_received(&source->source, &leg_rest(source)->past);
}

/* Whose packets clock the stream to the listener; NULL for nobody's. */
static struct leg *clock_of(const struct leg *listener)
{
	return listener->clock == LEG_CLOCK_NONE
		       ? NULL
		       : &legs_of(listener)[leg_terms(listener)[listener->clock].source];
}

static void count_out(struct leg *listener)
{
	struct leg_report *report = report_of(listener);
	const struct leg *clock = clock_of(listener);
	uint32_t received, more;

	if (clock == NULL)
		return;
	received = received_from(clock);
	more = received - report->counted_out;
	report->packets_out += more;
	report->octets_out += more * clock->frame;
	report->counted_out = received;
}

void report_count(struct leg *leg)
{
	struct leg_report *report = report_of(leg);
	uint32_t received = received_from(leg);

	report->octets_in += (received - report->counted_in) * leg->frame;
	report->counted_in = received;
	count_out(leg);
}

void report_clock_changes(struct leg *listener, unsigned t)
{
	const struct leg *source = &legs_of(listener)[leg_terms(listener)[t].source];

	if (listener->clock == t)
		return;
	count_out(listener);
	report_of(listener)->counted_out = received_from(source) - 1;
}

void report_take_over(struct leg *leg, struct leg *old)
{
	struct leg_report *report = report_of(leg), planned = *report;
	const struct leg *clock = clock_of(leg);

	if (leg->stream.ssrc != old->stream.ssrc)
		return;
	report_count(old);
	*report = *report_of(old);
	report->rtcp_port = planned.rtcp_port;
	report->mux = planned.mux;
	report->on_hold = planned.on_hold;
	report->counted_in = received_from(leg);
	report->counted_out = clock != NULL ? received_from(clock) : 0;
	if (leg->source.restarts == 0)
		report->counts_before = 0;
}

/* --- what a report says --- */

static uint64_t unix_us(const struct forward_env *env)
{
	return env->now_us + __atomic_load_n(&env->reporter->unix_offset_us, __ATOMIC_RELAXED);
}

/* The newest frame's end is what was sounding when it was sent; from there the timestamps go on by
 * the clock. */
static uint32_t timestamp_now(const struct leg *leg, uint64_t now_us)
{
	uint32_t ticks = (uint32_t)(now_us / RTP_STREAM_TICK_US) - leg->stream.sent;
	uint32_t rate = codec_get(leg->out_codec)->clock_rate;

	return leg->stream.next_timestamp +
	       (uint32_t)((uint64_t)ticks * RTP_STREAM_TICK_US * rate / 1000000);
}

static void fill_sender(struct leg *leg, const struct forward_env *env, struct rtcp_sender *sender)
{
	struct leg_report *report = report_of(leg);

	*sender = (struct rtcp_sender){
		.ntp = rtcp_ntp_from_us(unix_us(env)),
		.timestamp = timestamp_now(leg, env->now_us),
		.packets = report->packets_out,
		.octets = report->octets_out,
	};
	report->our_sr[1] = report->our_sr[0];
	report->our_sr[0] = rtcp_ntp_middle(sender->ntp);
}

/* RFC 3550 A.3: what was lost between two reports, of what was expected between them. */
static uint8_t fraction_lost(struct leg_report *report, const struct leg *leg)
{
	uint32_t expected = rtp_source_expected(&leg->source, &leg_rest(leg)->past);
	uint32_t received = leg->source.received, expected_now, received_now;

	if (report->counts_before != leg_rest(leg)->past.counts)
		report->expected_before = report->received_before = 0;
	expected_now = expected - report->expected_before;
	received_now = received - report->received_before;
	report->expected_before = expected;
	report->received_before = received;
	report->counts_before = leg_rest(leg)->past.counts;
	if ((int32_t)expected_now <= 0 || expected_now <= received_now)
		return 0;
	return (uint8_t)RTE_MIN(
		255u, ((uint64_t)(expected_now - received_now) << 8) / expected_now);
}

/* Of whom we have heard since the last report alone (RFC 3550 section 6.4.2). */
static bool fill_block(struct leg *leg, const struct forward_env *env, struct rtcp_block *block)
{
	struct leg_report *report = report_of(leg);
	const struct rtp_source_past *past = &leg_rest(leg)->past;

	if (leg->source.restarts == 0 || (report->counts_before == past->counts &&
						 report->received_before == leg->source.received))
		return false;
	report->fraction_lost = fraction_lost(report, leg);
	*block = (struct rtcp_block){
		.ssrc = leg->source.ssrc,
		.fraction_lost = report->fraction_lost,
		.lost = rtp_source_lost(&leg->source, past),
		.highest = rtp_source_highest(&leg->source, past),
		.jitter = rtp_source_jitter(&leg->source),
	};
	if (report->their_sr != 0 && report->their_ssrc == leg->source.ssrc) {
		block->last_sr = report->their_sr;
		block->since_last_sr =
			(uint32_t)(((uint64_t)(env->now_ms - report->their_sr_ms) << 16) / 1000);
	}
	return true;
}

/* Whose voices the stream is of, as the guard of the recording port wants to know. */
static uint8_t taint_of_row(const struct leg *leg)
{
	uint8_t taint = leg->fading;

	for (unsigned t = 0; t < leg->term_count; t++)
		taint |= leg_taint(&legs_of(leg)[leg_terms(leg)[t].source]);
	return taint;
}

/* --- sending --- */

/* The headers of RTCP to the leg; false where there is no way to it, or no port. */
static bool fill_header(
	const struct leg *leg, const struct forward_env *env, uint8_t header[HEADER_IPV6_SIZE])
{
	const struct leg_rest *rest = leg_rest(leg);
	uint16_t remote;

	if (leg->header_length == 0)
		return false;
	if (env->nexthops[leg->nexthop].length == 0) {
		counters_bump(env->counters, COUNTER_tx_no_neighbour);
		return false;
	}
	/* A recorder whose recording rests hears nobody, and its port lets nothing pass. */
	if (leg->role == ROLE_RECORDER && taint_of_row(leg) == 0)
		return false;
	memcpy(header, leg_header(leg), leg->header_length);
	remote = header_template_remote_port(header, leg->header_length);
	if (rest->report.mux)
		return true;
	remote = rest->report.rtcp_port != 0 ? rest->report.rtcp_port : (uint16_t)(remote + 1);
	header_template_set_ports(
		header, leg->header_length, (uint16_t)(rest->local_port + 1), remote);
	return remote != 0;
}

/* Put Ethernet, IP and UDP in front of `length` bytes of RTCP, and queue the packet. */
static void transmit(const struct leg *leg, const uint8_t *header, struct rte_mbuf *mbuf,
	unsigned length, struct forward_env *env)
{
	const struct l2_header *l2 = &env->nexthops[leg->nexthop];
	struct tx_batch *batch = &env->tx[leg->port_id];
	uint8_t *payload = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint8_t *start = header_template_write(header, leg->header_length, payload,
		(uint16_t)length, checksum_add(0, payload, length));

	if (batch->adds_checksums)
		tx_batch_offload(mbuf, start, leg->header_length, l2);
	start -= l2->length;
	memcpy(start, l2->bytes, l2->length);
	mbuf->data_off = (uint16_t)(start - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)(payload + length - start);
	mbuf->pkt_len = mbuf->data_len;
	taint_set(mbuf, taint_of_row(leg));
	tx_batch_add(batch, mbuf, env->counters);
	counters_bump(env->counters, COUNTER_rtcp_sent);
}

/* Whether media has gone to the leg since the report before the last one (RFC 3550 section 6.4). */
static bool we_send(const struct leg_report *report)
{
	return report->sent_before || report->packets_out != report->packets_before;
}

/* The bytes of RTCP that were sent; 0 where it could not be. */
static unsigned send_report(struct leg *leg, struct forward_env *env, bool bye)
{
	struct leg_report *report = report_of(leg);
	struct rtcp_compound compound = { .ssrc = leg->stream.ssrc, .bye = bye };
	uint8_t header[HEADER_IPV6_SIZE];
	struct rtcp_sender sender;
	struct rtcp_block block;
	struct rte_mbuf *mbuf;
	unsigned length;

	if (!fill_header(leg, env, header))
		return 0;
	mbuf = rte_pktmbuf_alloc(env->pool);
	if (mbuf == NULL) {
		counters_bump(env->counters, COUNTER_tx_no_mbuf);
		return 0;
	}
	if (we_send(report)) {
		fill_sender(leg, env, &sender);
		compound.sender = &sender;
	}
	if (fill_block(leg, env, &block))
		compound.block = &block;
	length = rtcp_write(&compound, rte_pktmbuf_mtod(mbuf, uint8_t *));
	transmit(leg, header, mbuf, length, env);
	return length;
}

static unsigned members(const struct leg *leg)
{
	return 1u + (leg->source.restarts > 0 || report_of(leg)->far_heard);
}

static unsigned senders(const struct leg *leg)
{
	const struct leg_report *report = report_of(leg);

	return (unsigned)we_send(report) +
	       (leg->source.received != report->received_before ||
		       leg_rest(leg)->past.counts != report->counts_before);
}

void report_if_due(struct leg *leg, struct forward_env *env)
{
	struct leg_report *report = report_of(leg);
	bool sends = we_send(report);
	unsigned length, all = members(leg), sending = senders(leg);

	if (likely(!rtcp_timer_is_due(&report->timer, env->now_ms)) ||
		!rtcp_timer_expires(
			&report->timer, env->now_ms, all, sending, sends, draw(env->reporter)))
		return;
	length = send_report(leg, env, false);
	if (length == 0)
		return;
	report->sent_before = report->packets_out != report->packets_before;
	report->packets_before = report->packets_out;
	rtcp_timer_sent(&report->timer, env->now_ms, length + leg->header_length, all, sending,
		sends, draw(env->reporter));
}

void report_bye(struct leg *leg, struct forward_env *env)
{
	report_count(leg);
	if (report_of(leg)->timer.sent || report_of(leg)->packets_out > 0)
		send_report(leg, env, true);
}
