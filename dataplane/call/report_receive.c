/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <string.h>

#include <rte_mbuf.h>

#include "call/report.h"
#include "media/rtcp.h"

#include "fastpath.h"

#define BELOW_ZERO 66 /* 1 ms in 2^-16 s: clocks are read a little early or late */

/* Each fault of the parser has its own counter. */
static const enum counter fault_counter[] = {
	[RTCP_TRUNCATED] = COUNTER_drop_rtcp_truncated,
	[RTCP_BAD_VERSION] = COUNTER_drop_rtcp_version,
	[RTCP_BAD_FIRST] = COUNTER_drop_rtcp_first,
	[RTCP_BAD_LENGTH] = COUNTER_drop_rtcp_length,
	[RTCP_BAD_PADDING] = COUNTER_drop_rtcp_padding,
	[RTCP_BAD_REPORT] = COUNTER_drop_rtcp_report,
	[RTCP_BAD_SDES] = COUNTER_drop_rtcp_sdes,
	[RTCP_BAD_BYE] = COUNTER_drop_rtcp_bye,
	[RTCP_BAD_APP] = COUNTER_drop_rtcp_app,
};

/* From the address that media comes from, and the port beside that of media or the signalled one.
 * Nothing is learned from RTCP, and where media is still to be learned there is nobody to trust. */
static bool comes_from(const struct leg_rest *rest, const struct endpoint *source)
{
	if (rest->from.port == 0 ||
		memcmp(rest->from.address, source->address, sizeof(source->address)) != 0)
		return false;
	if (rest->report.mux)
		return source->port == rest->from.port;
	if (rest->report.rtcp_port != 0 && source->port == rest->report.rtcp_port)
		return true;
	return source->port == (uint16_t)(rest->from.port + 1);
}

/* RFC 3550 section 6.4.1: now, less when we sent the SR, less how long it lay there. */
static void note_round_trip(
	struct leg_report *report, const struct rtcp_block *block, const struct forward_env *env)
{
	uint64_t offset_us = __atomic_load_n(&env->reporter->unix_offset_us, __ATOMIC_RELAXED);
	uint32_t now = rtcp_ntp_middle(rtcp_ntp_from_us(env->now_us + offset_us));
	int32_t trip = (int32_t)(now - block->last_sr - block->since_last_sr);

	if (block->last_sr == 0 || trip < -BELOW_ZERO ||
		(block->last_sr != report->our_sr[0] && block->last_sr != report->our_sr[1]))
		return;
	report->round_trip = trip < 0 ? 0 : (uint32_t)trip;
	report->round_trip_known = true;
}

/* The far end goes on counting where we have been started anew and our stream goes on. What it has
 * lost when it tells of it first is not of our time if it is more than we have sent in that. */
static void note_lost(struct leg_report *report, const struct rtcp_block *block)
{
	if (!report->far_reported && block->lost > (int32_t)RTE_MIN(report->packets_out, 0x7fffffu))
		report->far_lost_before = block->lost;
	report->far_lost = block->lost - report->far_lost_before;
}

static void note(struct leg *leg, const struct rtcp_summary *summary, struct forward_env *env)
{
	struct leg_report *report = &leg_rest(leg)->report;

	report->far_heard = true;
	/* Where silence is suppressed, it is a sign of life. */
	if (leg_rest(leg)->comfort_noise)
		report->alive_ms = env->now_ms;
	if (summary->has_sender) {
		report->their_ssrc = summary->ssrc;
		report->their_sr = rtcp_ntp_middle(summary->sender.ntp);
		report->their_sr_ms = env->now_ms;
	}
	if (summary->has_block) {
		note_lost(report, &summary->block);
		report->far_reported = true;
		report->far_fraction_lost = summary->block.fraction_lost;
		report->far_jitter = summary->block.jitter;
		note_round_trip(report, &summary->block, env);
	}
	if (summary->says_bye)
		counters_bump(env->counters, COUNTER_rtcp_bye);
	report->said_bye = summary->says_bye;
}

/* What came is counted: as received, or for the reason why not. */
static enum counter receive(struct forward_packet *packet, struct forward_env *env)
{
	struct leg *leg = packet->leg;
	struct leg_rest *rest = leg_rest(leg);
	const struct frame *frame = &packet->frame;
	struct rtcp_summary summary;
	enum rtcp_fault fault;

	if ((frame->destination.port & 1) == rest->report.mux)
		return COUNTER_drop_rtcp_wrong_port;
	if (!comes_from(rest, &frame->source))
		return COUNTER_drop_rtcp_refused_source;
	fault = rtcp_parse(frame->payload, frame->payload_length, leg->stream.ssrc,
		leg->source.ssrc, &summary);
	if (fault != RTCP_OK)
		return fault_counter[fault];
	if (summary.ssrc == leg->stream.ssrc)
		return COUNTER_drop_rtcp_own_ssrc;
	rtcp_timer_received(
		&rest->report.timer, (unsigned)frame->payload_length + leg->header_length);
	note(leg, &summary, env);
	return COUNTER_rtcp_received;
}

void report_receive(struct forward_packet *packet, struct forward_env *env)
{
	counters_bump(env->counters, receive(packet, env));
	rte_pktmbuf_free(packet->mbuf);
}
