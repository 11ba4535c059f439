/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RECORDER_TRACK_H
#define BRIDGETAP_RECORDER_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the packets of one RTP stream belong on the time axis of a recording: by their timestamps,
 * anchored at the arrival of the first one, and anew when the stream restarts, or lags so far
 * behind that there is no place for it any more. Pure. */

#define TRACK_RATE	  8000
#define TRACK_MAX_SAMPLES 480

struct track {
	bool anchored;
	uint32_t ssrc;
	uint32_t timestamp; /* of the anchor */
	uint64_t position;  /* of the anchor, samples since the recording began */
	uint32_t newest;    /* timestamp */
	bool lagged;
};

/* Parse an RTP packet with a G.711 payload (types 0 and 8) that arrived at `arrival`, in samples
 * since the recording began. Its linear samples go to `pcm` (room for TRACK_MAX_SAMPLES), their
 * place to `position`, which is before `from`, where there is no place any more, only if newer ones
 * have come before. Returns the number of samples, 0 where it is no such packet. */
unsigned track_take(struct track *track, const uint8_t *packet, size_t length, uint64_t arrival,
	uint64_t from, int16_t *pcm, uint64_t *position);

#endif
