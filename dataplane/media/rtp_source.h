/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTP_SOURCE_H
#define BRIDGETAP_MEDIA_RTP_SOURCE_H

#include <stdint.h>

#include "media/rtp.h"

/* One incoming RTP stream as its receiver sees it: RFC 3550 appendices A.1, A.3 and A.8. There is
 * no probation: the source's address was checked before, and the first packet must not be lost.
 * All zero is a source that was never heard. Owned by the worker that owns the call. */
struct rtp_source {
	uint32_t ssrc;
	uint32_t received; /* packets since the stream (re)started */
	uint32_t jitter;   /* RFC 3550 A.8, timestamp units times 16 */
	uint32_t transit;
	uint16_t max_sequence;
	uint16_t restarts; /* times the stream began anew, the first time included */
};

/* What only few packets touch of it: kept apart, so that the rest is small. Likewise all zero. */
struct rtp_source_past {
	uint32_t cycles;       /* sequence number wraps, in the upper 16 bits */
	uint32_t bad_sequence; /* the one that would confirm a jump; above 65535 while none */
	uint16_t base_sequence;
};

enum rtp_source_verdict {
	RTP_SOURCE_OK,
	RTP_SOURCE_STARTED,	    /* accepted: the very first packet */
	RTP_SOURCE_SSRC_CHANGED,    /* accepted: another stream from the same sender */
	RTP_SOURCE_SEQUENCE_JUMPED, /* accepted: a jump that a second packet confirmed */
	RTP_SOURCE_IMPLAUSIBLE,	    /* refused: a jump that nothing confirms yet */
};

/* Take note of a packet that arrived at `arrival`, a clock in units of the RTP timestamp. */
enum rtp_source_verdict rtp_source_update(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival);

/* Packets lost since the stream (re)started; negative where duplicates outnumber losses. */
int32_t rtp_source_lost(const struct rtp_source *source, const struct rtp_source_past *past);

/* Interarrival jitter in timestamp units. */
static inline uint32_t rtp_source_jitter(const struct rtp_source *source)
{
	return source->jitter >> 4;
}

#endif
