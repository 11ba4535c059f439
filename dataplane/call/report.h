/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_REPORT_H
#define BRIDGETAP_CALL_REPORT_H

#include <stdint.h>

#include "call/forward.h"

/* A leg's RTCP (M31): an SR or RR of our own in every session, with what its far end sends to us
 * and we to it, and with nothing of any other leg. What its far end reports stays with us. All by
 * the worker that owns the call. */

/* What a worker lends to its legs for that. */
struct reporter {
	uint64_t unix_offset_us;   /* wall clock less the worker's; the main lcore sets it now and
				      then */
	uint32_t media_timeout_ms; /* a leg that is silent for this long has fallen silent */
	uint32_t chance;	   /* of the worker's generator of random numbers; not 0 */
	uint8_t epoch; /* silent legs are told again when the main lcore has raised it */
};

/* Take what is still to be learned from a plan. Main lcore, before the worker has the call. */
void report_init(struct leg *leg, const struct leg_plan *plan);

/* Begin, where nothing was taken over. */
void report_begin(struct leg *leg, uint64_t now_us, struct reporter *reporter);

/* Go on from where `old` is, when the streams of the new call go on from those of the old one. */
void report_take_over(struct leg *leg, struct leg *old) __attribute__((cold));

/* The listener's stream runs by another clock from now on: `t`, whose first packet is among those
 * that were received. Before leg_set_clock(). */
void report_clock_changes(struct leg *listener, unsigned t) __attribute__((cold));

/* Nothing has gone to the listener because of one packet of its clock. */
static inline void report_not_sent(struct leg *listener)
{
	leg_rest(listener)->report.counted_out++;
}

/* Count what has come and gone since the last time; more often than it takes 2^32 packets. */
void report_count(struct leg *leg);

/* Send a report if one is due. */
void report_if_due(struct leg *leg, struct forward_env *env);

/* Say good-bye, if ever anything was sent. */
void report_bye(struct leg *leg, struct forward_env *env) __attribute__((cold));

/* Take RTCP that came for the leg, or drop it for a reason that is counted. Takes the mbuf. */
void report_receive(struct forward_packet *packet, struct forward_env *env) __attribute__((cold));

#endif
