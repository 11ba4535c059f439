/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_WIDE_H
#define BRIDGETAP_CALL_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "call/call.h"
#include "media/rtp.h"
#include "media/wide_ring.h"
#include "net/counters.h"

/* Voices in codecs with states (G.722), as calls keep them: decoded once, from packet to packet in
 * order, into rings of linear samples at 16 kHz. What each leg of a call with such a leg has beside
 * the rest of it is one of these, 0.8 KiB; a voice that is mixed or translated takes 4 KiB for its
 * ring besides. Where all is G.711 there is none of it. */
struct leg_wide {
	/* Of what comes from the leg. */
	struct wide_ring ring;	   /* which ticks it holds, or was decoded last, is in leg.ring */
	union codec_state decoder; /* all packets in order have gone through it */
	union codec_state before;  /* the same before the newest of them */
	uint16_t restarts;	   /* of the stream that is decoded */
	uint16_t unsettled; /* ticks until a decoder that began in mid-stream is to be trusted */

	/* Of what goes to the leg. */
	union codec_state encoder;
	uint32_t follows; /* id of the leg whose packets went to it untouched last */
	uint16_t alone;	  /* ticks that were encoded here since there was another voice in them */
	uint16_t hush;	  /* ticks of silence to be encoded before there is a voice again */
	bool encodes;	  /* the newest packet was encoded here: not untouched */
	bool forwards;	  /* it was one of `follows`: neither at first */
	int16_t fade[MIX_RAMP_WIDE_SAMPLES]; /* leg_rest.fade, for a leg that hears 16 kHz */
};

/* What the leg has of that; its call has `wide` set. */
static inline struct leg_wide *leg_wide(const struct leg *leg)
{
	unsigned headers = call_of(leg)->ipv6 ? leg->siblings * HEADER_IPV6_SIZE : 0;

	return (struct leg_wide *)(leg_header6(legs_of(leg)) + headers) + leg->index;
}

/* Whether a codec's voices are kept in wide rings, and its listeners hear 16 kHz. */
static inline bool codec_is_wide(unsigned codec)
{
	return codec_get(codec)->stateful != NULL;
}

/* Begin what the leg's wide side needs. Main lcore. */
void wide_init(struct leg *leg);

/* Give the leg a ring for its voice: WIDE_RING_BUFFERS buffers of PCM_RING_SAMPLES bytes, which it
 * takes from `buffers`; returns what is behind them. Main lcore. */
uint8_t **wide_give_ring(struct leg *leg, uint8_t **buffers);

/* Decode a packet of the stream number `restarts` from `source`, into its ring if it has one. One
 * that comes too late for its turn is counted and not decoded. Returns whether something lacked
 * before it in the ring, which is concealed there. The worker that owns the call. */
bool wide_take(struct leg *source, const struct rtp_packet *rtp, uint16_t restarts,
	struct counters *counters);

/* Put `count` ticks of samples that stand for a packet that is no voice (call/unvoiced.h) behind
 * what has come from `source`. Its decoder has not seen them. The worker that
 * owns the call. */
void wide_take_unvoiced(struct leg *source, uint32_t timestamp, const int16_t *pcm, unsigned count)
	__attribute__((cold));

/* Whom of `hearers` (bits of the source's) its packets go to untouched gets what is encoded here,
 * from now until there is its voice alone again. */
void wide_break_off(struct leg *source, uint32_t hearers) __attribute__((cold));

/* Whether packet `rtp` of `source` was the last to be decoded: what it was decoded from is in
 * `before`. */
bool wide_is_next(const struct leg *source, const struct rtp_packet *rtp);

/* Decode the source no longer, unless somebody needs it. */
void wide_let_go(struct leg *source);

/* Whether a voice is kept, in either kind of ring. */
static inline bool wide_has_voice(const struct leg *source)
{
	return source->ring.samples != NULL ||
	       (codec_is_wide(source->codec) && wide_ring_is_there(&leg_wide(source)->ring));
}

/* `count` ticks (at most CODEC_MAX_SAMPLES) of what is kept of a voice, from `timestamp` on, as a
 * listener of 8 or 16 kHz hears it: `pcm` gets one or two samples a tick; what is not kept is zero.
 * Returns the number of ticks from there to the newest one, at most `count`; 0 for none. */
unsigned wide_voice(
	const struct leg *source, uint32_t timestamp, unsigned count, bool wide, int16_t *pcm);

/* call_take_over() for what is in here; after the same of the rest of the leg. */
void wide_take_over_source(struct leg *leg, struct leg *old);
void wide_take_over_listener(struct leg *leg, struct leg *old);

/* Have the voices decoded, after all of that, that somebody needs. */
void wide_take_over(struct call *call);

/* Keep what `listener` has at `gain` of the next few samples, from `timestamp` on, of a voice that
 * just left its row, on their way to silence. Returns the TAINT_ bits of whose voice that is, 0 for
 * none. */
uint8_t wide_fade_voice(
	struct leg *listener, const struct leg *source, uint32_t timestamp, uint16_t gain);

#endif
