/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "recorder/track.h"

#include <stdlib.h>

#include <spandsp.h>

#define RTP_HEADER 12
#define PCMU	   0
#define PCMA	   8

/* A stream whose timestamps and arrivals disagree by more than this has restarted. */
#define DISAGREEMENT (2 * TRACK_RATE)

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t anchor(struct track *track, uint32_t ssrc, uint32_t timestamp, uint64_t arrival)
{
	track->anchored = true;
	track->ssrc = ssrc;
	track->timestamp = track->newest = timestamp;
	track->position = arrival;
	return arrival;
}

/* A phone that stalled, or whose clock is slow, lags behind for good, so that all that comes would
 * be too late; a packet that was overtaken is too late alone. */
static uint64_t place(
	struct track *track, uint32_t ssrc, uint32_t timestamp, uint64_t arrival, uint64_t from)
{
	int64_t position = (int64_t)track->position + (int32_t)(timestamp - track->timestamp);
	int64_t error = position - (int64_t)arrival;
	bool newer = (int32_t)(timestamp - track->newest) > 0;

	if (!track->anchored || track->ssrc != ssrc || error <= -DISAGREEMENT ||
		error >= DISAGREEMENT || position < 0)
		return anchor(track, ssrc, timestamp, arrival);
	if (newer && (uint64_t)position < from) {
		track->lagged = true;
		return anchor(track, ssrc, timestamp, arrival);
	}
	if (newer)
		track->newest = timestamp;
	return (uint64_t)position;
}

unsigned track_take(struct track *track, const uint8_t *packet, size_t length, uint64_t arrival,
	uint64_t from, int16_t *pcm, uint64_t *position)
{
	unsigned type, count;

	/* The appliance sends neither CSRCs nor extensions nor padding. */
	if (length <= RTP_HEADER || length > RTP_HEADER + TRACK_MAX_SAMPLES || packet[0] != 0x80)
		return 0;
	type = packet[1] & 0x7f;
	if (type != PCMU && type != PCMA)
		return 0;
	count = (unsigned)(length - RTP_HEADER);
	for (unsigned i = 0; i < count; i++)
		pcm[i] = type == PCMU ? ulaw_to_linear(packet[RTP_HEADER + i])
				      : alaw_to_linear(packet[RTP_HEADER + i]);
	*position = place(track, load32(packet + 8), load32(packet + 4), arrival, from);
	return count;
}
