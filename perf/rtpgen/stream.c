/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/stream.h"

#define WINDOW 64

static void start(struct stream *stream, const struct stream_packet *packet)
{
	stream->started = true;
	/* Room below, for a packet that comes late. */
	stream->newest = stream->first = 0x10000u + packet->sequence;
	stream->window = 1;
	stream->received = 1;
	stream->timestamp = packet->timestamp;
	stream->transit = packet->arrival - packet->timestamp;
}

static void take_jitter(struct stream *stream, uint32_t transit)
{
	int32_t difference = (int32_t)(transit - stream->transit);

	difference = difference < 0 ? -difference : difference;
	stream->transit = transit;
	stream->jitter += (uint32_t)difference - ((stream->jitter + 8) >> 4);
}

static bool take_late(struct stream *stream, uint32_t behind)
{
	if (behind >= WINDOW || (stream->window >> behind & 1)) {
		stream->duplicates++;
		return false;
	}
	stream->window |= UINT64_C(1) << behind;
	stream->received++;
	stream->late++;
	return true;
}

/* A stream that was silent goes on at a later timestamp than its sequence number says, and marks
 * that. */
static void take_step(struct stream *stream, const struct stream_packet *packet, uint16_t ahead)
{
	uint32_t step = packet->timestamp - stream->timestamp, due = ahead * packet->samples;

	if (step == due)
		return;
	if (packet->marker && (int32_t)(step - due) > 0)
		stream->resumed++;
	else
		stream->discontinued++;
}

bool stream_take(struct stream *stream, const struct stream_packet *packet)
{
	int16_t ahead = (int16_t)(packet->sequence - (uint16_t)stream->newest);

	if (stream->ssrc == 0)
		stream->ssrc = packet->ssrc;
	if (packet->ssrc != stream->ssrc) {
		stream->other_ssrc++;
		return false;
	}
	if (!stream->started) {
		start(stream, packet);
		return true;
	}
	take_jitter(stream, packet->arrival - packet->timestamp);
	if (ahead <= 0)
		return take_late(stream, (uint32_t)-ahead);
	take_step(stream, packet, (uint16_t)ahead);
	stream->newest += (uint32_t)ahead;
	stream->window = ahead < WINDOW ? stream->window << ahead | 1 : 1;
	stream->timestamp = packet->timestamp;
	stream->received++;
	return true;
}

void stream_clear(struct stream *stream)
{
	stream->first = stream->newest + 1;
	stream->jitter = 0;
	stream->received = stream->late = stream->duplicates = 0;
	stream->other_ssrc = stream->discontinued = stream->resumed = 0;
}

uint32_t stream_gaps(const struct stream *stream)
{
	uint32_t span = stream->started ? stream->newest + 1 - stream->first : 0;

	return span > stream->received ? span - stream->received : 0;
}
