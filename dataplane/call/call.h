/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_CALL_H
#define BRIDGETAP_CALL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

#include "call/leg_report.h"
#include "media/codec.h"
#include "media/gap.h"
#include "media/matrix.h"
#include "media/mix.h"
#include "media/pcm_ring.h"
#include "media/rtp_source.h"
#include "media/rtp_stream.h"
#include "media/timeline.h"
#include "media/wide_ring.h"
#include "net/endpoint.h"
#include "net/frame.h"

/* A call as the data plane knows it: legs, roles, who hears whom, addresses; nothing of users or
 * rights. The main lcore builds a call whole, hands it to the worker that owns its ports, and
 * gets it back to free when another one replaced it. In between only that worker touches it. */

#define CALL_SEATS_MAX	   7 /* agent, customer and monitors; the configured cap is lower */
#define CALL_RECORDERS_MAX 2
#define CALL_LEGS_MAX	   (CALL_SEATS_MAX + CALL_RECORDERS_MAX)
#define CALL_BUFFERS_MAX   (CALL_SEATS_MAX * WIDE_RING_BUFFERS)

#define LEG_CLOCK_NONE 0xff
#define LEG_FRAME      160 /* ticks of the RTP clock: 20 ms, as most phones send */

struct reporter;

/* What goes out to a leg, as call_init() sees it. */
enum hears {
	HEARS_MIX,  /* several voices, or one in another codec; all of G.711 */
	HEARS_ONE,  /* one voice, in the codec it comes in */
	HEARS_WIDE, /* call/hear_wide.h */
};

/* What is asked of one leg; the input of call_init(). */
struct leg_plan {
	uint32_t id; /* unique within the call, stable as long as it is the same leg */
	enum role role;
	enum mode mode;		 /* of a monitor */
	uint8_t records;	 /* of a recorder: bits (1 << role) of whom this stream holds */
	bool learn;		 /* the source may be another one than `remote`: learn it */
	bool learned;		 /* it has been learned: it is `remote` */
	uint32_t learn_ms;	 /* for so long */
	uint32_t far_end;	 /* what was learned of one holds for no other */
	uint8_t codec;		 /* enum codec_id */
	uint8_t payload_type;	 /* RTP payload type of that codec, both directions */
	uint8_t telephone_event; /* payload type of telephone events, both directions; 0 for none */
	bool comfort_noise;	 /* it sends and understands comfort noise, payload type 13 */
	uint8_t realm;		 /* index */
	uint16_t local_port;	 /* even */
	uint16_t port_id;	 /* DPDK port of the realm */
	uint16_t nexthop;	 /* towards `remote`; NEXTHOP_NONE while it is not known */
	uint32_t ssrc;		 /* of what is sent to the leg */
	struct endpoint remote;	 /* where media is sent to; port 0 while it is to be learned */
	struct endpoint
		signalled;    /* `remote` as signalling had it, where `learn`; port 0 for none */
	struct endpoint from; /* where it comes from, if not from `remote`; port 0 otherwise */
	uint16_t rtcp_port;   /* of the far end; 0 for the one above that of RTP */
	bool rtcp_mux;	      /* RTCP is on the ports of RTP, both ways (RFC 5761) */
	bool on_hold;	      /* it sends nothing for now, and that is right */
	struct header_template header;
};

/* One source in a listener's row of the matrix, with a gain above zero. Four are a cache line. */
struct term {
	struct timeline timeline;
	struct gain gain;
	uint8_t source; /* index of the leg in the call */
};

/* The last of the voices that just left a listener's row (call/fade.h). */
struct fade {
	uint8_t coded[MIX_RAMP_SAMPLES]; /* as the listener's codec has it */
	uint64_t end_us;		 /* too late to be used from then on */
};

/* Who hears a source: a leg of the call, and the term of that leg's row. */
struct hearer {
	uint8_t leg : 4;
	uint8_t term : 3;
	uint8_t clocked : 1; /* its stream runs by the source's clock */
};

_Static_assert(CALL_LEGS_MAX <= 1 << 4 && CALL_SEATS_MAX <= 1 << 3, "a hearer in a byte");

/* Caches fetch lines in pairs: a pair that lies across two legs would bring what nobody wants. */
#define LEG_ALIGN (2 * RTE_CACHE_LINE_SIZE)

/* A leg. What every packet from it touches is in the first of its two cache lines, what every
 * packet to it touches in the second; the rest is apart. */
struct leg {
	struct pcm_ring ring; /* there is one where some listener mixes this voice with another */
	struct rtp_source source;
	uint32_t heard_ms;   /* when the newest packet was accepted; at first, when the leg began */
	uint32_t settled_ms; /* until then no listener will change to this leg's clock */
	uint32_t from_tail;  /* endpoint_tail() of leg_rest.from */
	uint16_t from_port;  /* 0: nobody's packets are taken without a closer look */
	uint16_t frame : 9;  /* ticks in the newest packet of voice; LEG_FRAME before the first */
	uint16_t mixers : 7; /* bits of those among the first hearers who hear others, too */
	uint8_t payload_type : 7;
	uint8_t untold : 1; /* it has learned a source that the call's state does not have yet */
	uint8_t role : 3;   /* enum role */
	uint8_t codec : 3;
	uint8_t slow : 1; /* a recorder, or its voice goes through a decoder (call/wide.h) */
	uint8_t from_ipv6 : 1;
	uint8_t index : 4;
	uint8_t siblings : 4; /* legs of the call, this one included: so that nobody has to look */
	uint8_t hearer_count : 4;
	uint8_t row : 4; /* terms in the longest row of the call: above 1 somebody mixes */
	struct hearer hearers[CALL_LEGS_MAX - 1];

	struct rtp_stream stream __rte_cache_aligned;
	uint16_t nexthop;
	uint16_t clock_restarts; /* of the clock's source, when the stream began to follow it */
	uint8_t port_id;
	uint8_t term_count;
	uint8_t clock; /* the term whose packets clock the stream, or LEG_CLOCK_NONE */
	uint8_t out_payload_type;
	uint8_t out_codec;
	uint8_t hears;	       /* enum hears */
	uint8_t fading;	       /* taint of the voices in leg_rest.fade; 0 while there are none */
	uint8_t header_length; /* of the template, 0 for none; IPv6's is at leg_header6() */
	uint8_t header[HEADER_IPV4_SIZE];
} __rte_aligned(LEG_ALIGN);

_Static_assert(offsetof(struct leg, stream) == 64 && sizeof(struct leg) == 128,
	"the hot state of a leg is two cache lines");
_Static_assert(sizeof(struct term) == 16, "four terms are a cache line");

/* The newest telephone event of which packets have come in. */
struct key_press {
	uint32_t timestamp; /* when it began */
	uint16_t filled;    /* ticks of silence that have stood for it so far */
	uint8_t code;
	uint8_t known : 1; /* there was one */
	uint8_t ended : 1;
};

/* How a leg learns its source, once (call/admit.h). */
enum learning_state {
	LEARNING_NEVER, /* the signalled source is the only one */
	LEARNING_OPEN,
	LEARNING_PROVISIONAL, /* another than the signalled source is learned; that one may yet come
			       */
	LEARNING_DONE,
};

struct learning {
	struct endpoint signalled; /* port 0 for none */
	struct endpoint candidate; /* that sends what may be media */
	uint16_t last_port;	   /* where the far end before sent from; 0 for none */
	uint16_t sequence;	   /* of the candidate's newest packet */
	uint32_t last_tail;	   /* endpoint_tail() of the same */
	uint32_t begin_ms;	   /* 0: not yet */
	uint32_t limit_ms;
	uint32_t first_ms, newest_ms; /* of the candidate's packets in sequence */
	uint32_t ssrc;		      /* theirs */
	uint8_t packets : 2;
	uint8_t ptime : 6; /* ms in a packet of the candidate's */
	uint8_t state;
};

/* How fast a leg sends. */
struct rate {
	uint32_t since_ms; /* packets are counted since */
	uint32_t newest_ms;
	uint32_t credit; /* ms of packets that will be taken, while limited */
	uint8_t counted;
	bool limited;
	bool told; /* EVENT_RATE_LIMITED */
};

/* What few packets touch. */
struct leg_rest {
	uint32_t id;
	uint16_t local_port;
	uint8_t realm;
	uint8_t telephone_event; /* payload type; 0 for none */
	struct rate rate;	 /* together with what else the first packet of a stream touches */
	struct rtp_source_past past;
	struct endpoint from; /* media is accepted from here alone; port 0: still to be learned */
	bool refused;	      /* EVENT_SOURCE_REFUSED has been told */
	bool comfort_noise;
	struct learning learning;
	uint32_t relay_received; /* packets that its relay has told of */
	struct key_press press;
	struct gap gap; /* in the leg's ring */
	struct leg_report report;
	struct fade fade;
};

_Static_assert(sizeof(struct leg_rest) % 8 == 0 && HEADER_IPV6_SIZE % 8 == 0,
	"what lies behind is aligned");

struct call {
	void *record;	 /* the main lcore's own note, not for the worker */
	uint32_t number; /* the main lcore's handle, which another call may have later ... */
	uint32_t serial; /* ... but not together with this; both stay through the call's changes */
	uint8_t worker;
	uint8_t leg_count;
	bool wide;	     /* some leg's codec has states */
	bool ipv6;	     /* some leg is at an IPv6 address */
	bool relayed;	     /* by the XDP program, see call/relay.h ... */
	uint32_t relayed_ms; /* ... and since when */
	/* Of each leg: leg_plan.far_end. Here is room that costs no leg any. */
	uint32_t far_ends[CALL_LEGS_MAX];
	/* Followed in memory by a row of terms for each, by the rest of each, by a header of each
	 * where `ipv6`, and by the wide side of each where `wide` (call/wide.h). */
	struct leg legs[];
};

_Static_assert(offsetof(struct call, legs) == LEG_ALIGN, "legs begin at once");

/* All legs of the call that `leg` is in, and the call itself. */
static inline struct leg *legs_of(const struct leg *leg)
{
	return (struct leg *)(uintptr_t)leg - leg->index;
}

static inline struct call *call_of(const struct leg *leg)
{
	return (struct call *)((uintptr_t)legs_of(leg) - offsetof(struct call, legs));
}

static inline uint32_t *leg_far_end(const struct leg *leg)
{
	return &call_of(leg)->far_ends[leg->index];
}

/* The row of leg `index` in the call that `leg` is in. */
static inline struct term *row_of(const struct leg *leg, unsigned index)
{
	return (struct term *)&legs_of(leg)[leg->siblings] + index * leg->row;
}

/* The row of a leg; where another one of its call is at hand, of which alone the first line is
 * looked at, sibling_terms() spares the memory a line. */
static inline struct term *leg_terms(const struct leg *leg)
{
	return row_of(leg, leg->index);
}

static inline struct term *sibling_terms(const struct leg *leg, const struct leg *sibling)
{
	return row_of(leg, (unsigned)(sibling - legs_of(leg)));
}

static inline struct leg_rest *leg_rest(const struct leg *leg)
{
	return (struct leg_rest *)row_of(leg, leg->siblings) + leg->index;
}

/* Behind the rest of all; of a call that has `ipv6` set. */
static inline uint8_t *leg_header6(const struct leg *leg)
{
	return (uint8_t *)(leg_rest(legs_of(leg)) + leg->siblings) + leg->index * HEADER_IPV6_SIZE;
}

/* IP and UDP, of leg.header_length bytes, as the template has them. */
static inline const uint8_t *leg_header(const struct leg *leg)
{
	return leg->header_length == HEADER_IPV6_SIZE ? leg_header6(leg) : leg->header;
}

/* Accept media from `from` alone; from nobody where its port is 0. While the leg is held to its
 * rate (call/admit.h), each packet is looked at for that. Main lcore, before the worker has the
 * call; the owning worker from then on. */
void leg_set_from(struct leg *leg, const struct endpoint *from);

/* Let every packet be looked at closely (call/admit.h) before it is accepted, until the next
 * leg_set_from(). Likewise. */
void leg_close(struct leg *leg);

/* The TAINT_ bit of a leg's voice; 0 for a recorder. */
uint8_t leg_taint(const struct leg *leg);

/* Let the listener's stream run by the clock of its row's term `t` from now on. The owning worker.
 */
void leg_set_clock(struct leg *listener, unsigned t);

/* Bytes of memory for a call of these legs, aligned to LEG_ALIGN by the caller. */
size_t call_size(const struct leg_plan *plans, unsigned count);

/* How many buffers call_init() takes for the voices of these legs that are mixed with others: one
 * each, or WIDE_RING_BUFFERS where the voice is decoded (G.722); CALL_BUFFERS_MAX at most. */
unsigned call_rings(const struct leg_plan *plans, unsigned count);

/* Put all buffers that a call owns (CALL_BUFFERS_MAX at most) into `buffers`; returns their number.
 * Whoever has the call. */
unsigned call_buffers(const struct call *call, uint8_t **buffers);

/* Build a call of `count` legs (at most CALL_LEGS_MAX) in `call`, with the rows of the matrix as
 * the roles and modes of the plans give them. `buffers`, of PCM_RING_SAMPLES bytes each, are as
 * many as call_rings() said and belong to the call from now on. Main lcore. */
void call_init(struct call *call, uint32_t number, uint8_t worker, const struct leg_plan *plans,
	unsigned count, uint8_t **buffers);

/* Let `call` go on from where `old`, which it replaces, is: the streams of legs that stay, what
 * they learned, and the voices that are being mixed. A voice that is heard no more fades. Buffers
 * may change hands; each call still owns as many as before. The owning worker, between bursts. */
void call_take_over(struct call *call, struct call *old, uint64_t now_us);

/* Begin the legs that call_take_over() has not: from now on they are given a moment to speak before
 * they count as silent. The owning worker, before the first packet. */
void call_begin(struct call *call, uint64_t now_us, struct reporter *reporter);

/* How a leg's sender fares. */
struct leg_stats {
	uint32_t id;
	uint32_t ssrc;
	uint64_t packets, octets; /* that came from it, since the leg began */
	uint64_t silent_us;	  /* since the newest packet, or since the leg began */
	uint32_t lifeless_ms;	  /* since the newest sign of life, silence on hold included */
	int32_t lost;
	uint32_t jitter;       /* timestamp units */
	uint8_t fraction_lost; /* in 1/256, between our last two reports */
	uint8_t role;
	uint8_t hears; /* bits (1 << role) of whom its row of the matrix has */
	uint8_t codec;
	uint8_t media;	   /* enum leg_media */
	bool far_reported; /* the far_ ones are known, from the far end's reports of what we sent */
	bool round_trip_known;
	bool said_bye;
	uint8_t far_fraction_lost;
	int32_t far_lost;
	uint32_t far_jitter; /* timestamp units */
	uint32_t round_trip; /* in 2^-16 s */
	uint32_t sent_packets;
	uint64_t sent_octets;
};

/* Fill in one entry per leg (at most CALL_LEGS_MAX); returns their number. The owning worker, or
 * the main lcore when that has let go of the call. */
unsigned call_read_stats(struct call *call, uint64_t now_us, struct leg_stats *stats);

#endif
