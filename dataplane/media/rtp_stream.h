/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTP_STREAM_H
#define BRIDGETAP_MEDIA_RTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "media/rtp.h"

/* One outgoing RTP stream. It follows an incoming one by constant offsets of sequence number and
 * timestamp, so that loss and reordering pass through as they are; when it must follow another
 * stream, or the one it followed starts anew, it goes on without a gap (M26).
 * Owned by the worker that owns the call. */
struct rtp_stream {
	uint32_t ssrc;
	uint32_t timestamp_offset;
	uint32_t next_timestamp; /* just past the newest frame sent */
	uint32_t sent;		 /* when that was, in units of RTP_STREAM_TICK_US */
	uint16_t sequence_offset;
	uint16_t next_sequence;
	uint16_t first_sequence; /* incoming one since which the offsets hold */
	uint16_t started : 1;
	uint16_t marker : 1; /* the next packet begins a talkspurt (RFC 3551 section 4.1) */
	uint16_t lead : 14;  /* samples by which timestamps have run ahead of the clock */
};

#define RTP_STREAM_TICK_US 16 /* silence of up to 19 hours is told from a shorter one */

/* A stream that has sent nothing. Its first offsets are a function of `ssrc` alone, so that an
 * appliance that restarts continues where the receiver expects it to. */
void rtp_stream_init(struct rtp_stream *stream, uint32_t ssrc);

/* From `in` on follow the stream `in` belongs to. `samples` is the length of a frame, `rate` the
 * clock rate in Hz. Timestamps advance by the time that has passed, and at least by a frame. */
void rtp_stream_follow(struct rtp_stream *stream, const struct rtp_packet *in, unsigned samples,
	uint32_t rate, uint64_t now_us);

/* The header to send for `in`: sequence, timestamp, SSRC and marker of `out` are set. Returns
 * false where `in` is older than the stream that is being followed: it must not be sent. */
bool rtp_stream_map(struct rtp_stream *stream, const struct rtp_packet *in, unsigned samples,
	uint64_t now_us, struct rtp_packet *out);

#endif
