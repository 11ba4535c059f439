/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTP_SOURCE_H
#define BRIDGETAP_MEDIA_RTP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/rtp.h"

/* One incoming RTP stream as its receiver sees it: RFC 3550 appendices A.1, A.3 and A.8. The first
 * stream needs no probation: its address was checked before, and the first packet must not be lost;
 * another one beside it does. All zero is a source that was never heard. Owned by the worker that
 * owns the call. */
struct rtp_source {
	uint32_t ssrc;
	uint32_t received; /* packets since the stream (re)started */
	uint32_t jitter;   /* RFC 3550 A.8, timestamp units times 16 */
	uint32_t transit;
	uint16_t max_sequence;
	uint16_t restarts; /* times the stream began anew, the first time included; 0: not yet */
};

/* What only few packets touch of it: kept apart, so that the rest is small. Likewise all zero. */
struct rtp_source_past {
	uint32_t cycles;       /* sequence number wraps, in the upper 16 bits */
	uint32_t bad_sequence; /* the one that would confirm a jump; above 65535 while none */
	uint32_t received; /* of this stream, when the newest packet of a jump or of another came */
	uint16_t base_sequence;
	uint16_t counts; /* times that counting began anew: not where the clock alone jumped */
	uint32_t received_before; /* of streams before this one */
	int32_t lost_before;

	/* Another stream from the same sender that may be about to take this one's place. */
	uint32_t next_ssrc;
	uint16_t next_sequence; /* that continues the next one */
	uint8_t in_row;		/* packets of the next one without any of this one between them */
	bool expects_another;	/* whichever stream comes takes the place at once */
};

#define RTP_SOURCE_IN_ROW 3 /* packets that prove another stream while this one goes on */

enum rtp_source_verdict {
	RTP_SOURCE_OK,
	RTP_SOURCE_STARTED,	    /* accepted: the very first packet */
	RTP_SOURCE_SSRC_CHANGED,    /* accepted: another stream from the same sender */
	RTP_SOURCE_SEQUENCE_JUMPED, /* accepted: a jump that the very next packet confirmed */
	RTP_SOURCE_CLOCK_JUMPED,    /* accepted: timestamps that do not go on with the time */
	RTP_SOURCE_IMPLAUSIBLE,	    /* refused: a jump that nothing confirms yet */
	RTP_SOURCE_STRAY,	    /* refused: late, and of another clock than the stream */
	RTP_SOURCE_OTHER_SSRC,	    /* neither: ask rtp_source_change() */
};

#define RTP_SOURCE_MAX_DROPOUT 3000 /* RFC 3550 A.1 */

/* Timestamps that are further than this from where the time of arrival expects them are another
 * clock's: two seconds at 8 kHz. No network holds a packet back for so long and then delivers it.
 */
#define RTP_SOURCE_MAX_STEP 16000u

/* So many packets apart rtp_source_goes_on() says no; a power of two. */
#define RTP_SOURCE_ROUND 64u

/* What most packets are: the next one of the stream, or not far from it. Takes note of it, as
 * rtp_source_update() would. Else returns false, and that one has to. */
static inline bool rtp_source_goes_on(
	struct rtp_source *source, const struct rtp_packet *packet, uint32_t arrival)
{
	uint32_t transit = arrival - packet->timestamp, d = transit - source->transit;
	unsigned ahead = (unsigned)packet->sequence - source->max_sequence;

	d = (int32_t)d < 0 ? -d : d;
	if (packet->ssrc != source->ssrc || ahead >= RTP_SOURCE_MAX_DROPOUT ||
		d > RTP_SOURCE_MAX_STEP || (source->received + 1) % RTP_SOURCE_ROUND == 0 ||
		source->restarts == 0)
		return false;
	source->max_sequence = packet->sequence;
	source->received++;
	source->transit = transit;
	source->jitter += d - ((source->jitter + 8) >> 4);
	return true;
}

/* Take note of a packet that arrived at `arrival`, a clock in units of the RTP timestamp. */
enum rtp_source_verdict rtp_source_update(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival);

/* Whether a packet that is RTP_SOURCE_OTHER_SSRC takes the stream's place, which then begins anew:
 * at once where the stream is `silent` or another one is expected, else when it is one of
 * RTP_SOURCE_IN_ROW in sequence with nothing of the stream between them. So of two that come at the
 * same time the first one stays. */
bool rtp_source_change(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival, bool silent);

/* Packets lost since the stream (re)started; negative where duplicates outnumber losses. */
int32_t rtp_source_lost(const struct rtp_source *source, const struct rtp_source_past *past);

/* The highest sequence number, with its cycles in the upper half (RFC 3550 section 6.4.1). */
static inline uint32_t rtp_source_highest(
	const struct rtp_source *source, const struct rtp_source_past *past)
{
	return past->cycles + source->max_sequence;
}

/* Packets that should have come since the stream (re)started. */
static inline uint32_t rtp_source_expected(
	const struct rtp_source *source, const struct rtp_source_past *past)
{
	return source->restarts == 0 ? 0
				     : rtp_source_highest(source, past) - past->base_sequence + 1;
}

/* Packets received and lost since the source was heard first, over all of its streams. */
static inline uint32_t rtp_source_all_received(
	const struct rtp_source *source, const struct rtp_source_past *past)
{
	return past->received_before + source->received;
}

int32_t rtp_source_all_lost(const struct rtp_source *source, const struct rtp_source_past *past);

/* Interarrival jitter in timestamp units. */
static inline uint32_t rtp_source_jitter(const struct rtp_source *source)
{
	return source->jitter >> 4;
}

#endif
