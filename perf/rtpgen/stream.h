/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_STREAM_H
#define BRIDGETAP_RTPGEN_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* What one listener receives, by its RTP headers. All zero has received nothing. Pure functions,
 * one thread. */

struct stream {
	bool started;
	bool aligned;	       /* `offset` holds */
	uint8_t hits;	       /* packets in a row that agree with `offset` */
	uint32_t alignment;    /* of the call, when `offset` was learned */
	uint16_t offset;       /* from the sequence numbers sent to those received */
	uint32_t newest;       /* extended sequence number (RFC 3550 appendix A.1) */
	uint64_t window;       /* bit n: number newest - n has been received */
	uint32_t ssrc;	       /* 0: none yet */
	uint32_t transit;      /* RFC 3550 section 6.4.1 */
	uint32_t jitter;       /* likewise: sixteenths of a timestamp unit */
	uint32_t timestamp;    /* of the newest */
	uint32_t first;	       /* extended, since the figures began */
	uint32_t received;     /* different packets */
	uint32_t late;	       /* of those, after one with a higher number */
	uint32_t duplicates;   /* besides them */
	uint32_t other_ssrc;   /* besides all of them */
	uint32_t discontinued; /* steps of timestamp that are not those of the sequence number */
	uint32_t resumed; /* likewise, forward and marked: a talkspurt (RFC 3551 section 4.1) */
};

/* The header of a packet, `samples` long, that came at `arrival` (in units of its timestamp). */
struct stream_packet {
	uint32_t ssrc, timestamp, arrival;
	uint16_t sequence;
	bool marker;
	unsigned samples;
};

/* Take a packet's numbers. Returns whether it is a new one. */
bool stream_take(struct stream *stream, const struct stream_packet *packet);

/* Begin with the figures anew; the stream goes on. */
void stream_clear(struct stream *stream);

/* How many numbers were left out so far. */
uint32_t stream_gaps(const struct stream *stream);

#endif
