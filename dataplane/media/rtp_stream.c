/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtp_stream.h"

#include <stddef.h>

#include "fastpath.h"

#define LEAD_MAX 0x3fffu

/* A bijection that leaves no visible relation between input and output. */
static uint32_t scramble(uint32_t v)
{
	v ^= v >> 16;
	v *= 0x7feb352d;
	v ^= v >> 15;
	v *= 0x846ca68b;
	return v ^ v >> 16;
}

void rtp_stream_init(struct rtp_stream *stream, uint32_t ssrc)
{
	*stream = (struct rtp_stream){
		.ssrc = ssrc,
		.sequence_offset = (uint16_t)scramble(ssrc),
		.timestamp_offset = scramble(ssrc + 1),
	};
}

void rtp_stream_follow(struct rtp_stream *stream, const struct rtp_packet *in, unsigned samples,
	uint32_t rate, uint64_t now_us)
{
	uint32_t ticks = (uint32_t)(now_us / RTP_STREAM_TICK_US) - stream->sent;
	uint32_t elapsed, due, timestamp, lead;

	stream->first_sequence = in->sequence;
	if (!stream->started)
		return;

	/* next_timestamp already counts the newest frame; what has passed since it was sent,
	 * less what is owed from earlier times, is due on top of its beginning. */
	elapsed = (uint32_t)((uint64_t)ticks * RTP_STREAM_TICK_US * rate / 1000000);
	due = elapsed > stream->lead ? elapsed - stream->lead : 0;
	timestamp = stream->next_timestamp - samples + due;
	if (!rtp_timestamp_after(timestamp, stream->next_timestamp))
		timestamp = stream->next_timestamp;
	lead = timestamp - (stream->next_timestamp - samples) + stream->lead - elapsed;
	stream->lead = (int32_t)lead < 0 ? 0 : lead < LEAD_MAX ? lead & LEAD_MAX : LEAD_MAX;

	stream->timestamp_offset = timestamp - in->timestamp;
	stream->sequence_offset = (uint16_t)(stream->next_sequence - in->sequence);
	stream->marker = 1;
}

void rtp_stream_went_on(struct rtp_stream *stream, const struct rtp_packet *newest,
	unsigned samples, uint64_t when_us)
{
	stream->first_sequence = (uint16_t)(newest->sequence - RTP_STREAM_FIRST_BEHIND / 2);
	stream->next_sequence = (uint16_t)(newest->sequence + stream->sequence_offset + 1);
	stream->next_timestamp = newest->timestamp + stream->timestamp_offset + samples;
	stream->sent = (uint32_t)(when_us / RTP_STREAM_TICK_US);
}

void rtp_stream_skip(struct rtp_stream *stream, const struct rtp_packet *in)
{
	uint16_t sequence = (uint16_t)(in->sequence + stream->sequence_offset);

	/* Its place is among those that have been sent: now it stays open. */
	if (stream->started && rtp_sequence_after(stream->next_sequence, sequence))
		return;
	stream->sequence_offset--;
	stream->first_sequence = (uint16_t)(in->sequence + 1);
	stream->marker = 1;
}

bool rtp_stream_unskip(struct rtp_stream *stream, const struct rtp_packet *in)
{
	if ((uint16_t)(in->sequence + 1) != stream->first_sequence ||
		(uint16_t)(in->sequence + stream->sequence_offset + 1) != stream->next_sequence)
		return false;
	stream->sequence_offset++;
	stream->first_sequence = in->sequence;
	return true;
}
