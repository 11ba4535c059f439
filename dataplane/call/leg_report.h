/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_LEG_REPORT_H
#define BRIDGETAP_CALL_LEG_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "media/rtcp_timer.h"

/* Whether a leg's media arrives. */
enum leg_media {
	LEG_MEDIA_AWAITED, /* none has come, and it is early */
	LEG_MEDIA_FLOWS,
	LEG_MEDIA_SILENT, /* it came, and does so no more */
	LEG_MEDIA_NEVER,  /* none has come, for too long */
};

/* What a leg's RTCP and statistics need, and no packet of media touches. The worker that owns the
 * call. */
struct leg_report {
	struct rtcp_timer timer;
	uint32_t octets_in, octets_out; /* of payload; they wrap, as in an SR */

	/* What we have sent: packets as the clock of the stream has sent them to us. */
	uint32_t packets_out;
	uint32_t counted_in;	 /* received packets that octets_in has */
	uint32_t counted_out;	 /* those of the stream's clock that packets_out has */
	uint32_t packets_before; /* packets_out at the last report */
	uint32_t our_sr[2];	 /* the middle of the NTP time of the last two; 0 for none */

	/* What came in until the last report: RFC 3550 A.3. */
	uint32_t expected_before;
	uint32_t received_before;
	uint16_t counts_before;
	uint8_t fraction_lost;

	/* What the far end has said. */
	uint8_t far_fraction_lost;
	int32_t far_lost;
	uint32_t far_jitter;
	uint32_t round_trip; /* in 2^-16 s */
	uint32_t their_ssrc; /* of their last SR, the middle of its NTP time, and when it came */
	uint32_t their_sr;
	uint32_t their_sr_ms;

	uint32_t alive_ms; /* sign of life other than media, or silence that was signalled */
	uint16_t rtcp_port;
	uint8_t media;	      /* enum leg_media */
	uint8_t told_epoch;   /* reporter.epoch when `media` was told last */
	bool sent_before : 1; /* something between the last report and the one before */
	bool mux : 1;
	bool on_hold : 1;
	bool far_heard : 1;    /* RTCP has come */
	bool far_reported : 1; /* about our stream */
	bool round_trip_known : 1;
	bool said_bye : 1;
	int32_t far_lost_before : 24; /* of what was sent before we were started */
};

#endif
