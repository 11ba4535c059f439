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
	uint16_t first_sequence; /* what comes in and is older than this has other offsets */
	uint16_t started : 1;
	uint16_t marker : 1; /* the next packet begins a talkspurt (RFC 3551 section 4.1) */
	uint16_t lead : 14;  /* samples by which timestamps have run ahead of the clock */
};

#define RTP_STREAM_FIRST_BEHIND 0x4000 /* packets; a quarter of a cycle */
#define RTP_STREAM_TICK_US	16     /* silence of up to 19 hours is told from a shorter one */

/* A stream that has sent nothing. Its first offsets are a function of `ssrc` alone, so that an
 * appliance that restarts continues where the receiver expects it to. */
void rtp_stream_init(struct rtp_stream *stream, uint32_t ssrc);

/* From `in` on follow the stream `in` belongs to. `samples` is the length of a frame, `rate` the
 * clock rate in Hz. Timestamps advance by the time that has passed, and at least by a frame. */
void rtp_stream_follow(struct rtp_stream *stream, const struct rtp_packet *in, unsigned samples,
	uint32_t rate, uint64_t now_us);

/* Nothing is sent for `in`: those after it move up, so that nobody takes it for lost. What is older
 * than `in` and arrives later is not sent either. */
void rtp_stream_skip(struct rtp_stream *stream, const struct rtp_packet *in);

/* Whether `in` bears the number of the packet that was skipped last, and none has been sent since:
 * it takes the place that it would have had. */
bool rtp_stream_unskip(struct rtp_stream *stream, const struct rtp_packet *in)
	__attribute__((cold));

/* A packet's place in the stream. */
enum rtp_stream_place {
	RTP_STREAM_BEFORE, /* older than the stream that is being followed: it must not be sent */
	RTP_STREAM_NEXT,
	RTP_STREAM_AGAIN, /* the newest once more */
	RTP_STREAM_LATE,  /* before the newest */
};

/* The header to send for `in`: sequence, timestamp, SSRC and marker of `out` are set, unless its
 * place is before the stream. Of every packet, and inline for that. */
static inline enum rtp_stream_place rtp_stream_map(struct rtp_stream *stream,
	const struct rtp_packet *in, unsigned samples, uint64_t now_us, struct rtp_packet *out)
{
	uint16_t since = (uint16_t)(in->sequence - stream->first_sequence), sequence;
	uint32_t timestamp = in->timestamp + stream->timestamp_offset;

	if ((int16_t)since < 0 && !rtp_stream_unskip(stream, in))
		return RTP_STREAM_BEFORE;
	sequence = (uint16_t)(in->sequence + stream->sequence_offset);
	/* Half a cycle on, what is new would count as older than the first one. */
	if ((int16_t)since > RTP_STREAM_FIRST_BEHIND)
		stream->first_sequence =
			(uint16_t)(stream->first_sequence + RTP_STREAM_FIRST_BEHIND / 2);
	out->sequence = sequence;
	out->timestamp = timestamp;
	out->ssrc = stream->ssrc;
	out->marker = in->marker || stream->marker;
	stream->marker = 0;

	if (stream->started && rtp_sequence_after(stream->next_sequence, sequence))
		return (uint16_t)(sequence + 1) == stream->next_sequence ? RTP_STREAM_AGAIN
									 : RTP_STREAM_LATE;
	stream->next_sequence = (uint16_t)(sequence + 1);
	stream->next_timestamp = timestamp + samples;
	stream->sent = (uint32_t)(now_us / RTP_STREAM_TICK_US);
	stream->started = 1;
	return RTP_STREAM_NEXT;
}

/* Somebody else has sent the packets up to `newest`, of `samples` samples, by the same offsets, and
 * that one at `when_us`. It must be newer than what the stream has sent itself, and what comes next
 * not older than it by more than 100 packets. */
void rtp_stream_went_on(struct rtp_stream *stream, const struct rtp_packet *newest,
	unsigned samples, uint64_t when_us);

#endif
