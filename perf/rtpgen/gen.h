/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_GEN_H
#define BRIDGETAP_RTPGEN_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpgen/api.h"
#include "rtpgen/capture.h"
#include "rtpgen/device.h"
#include "rtpgen/histogram.h"
#include "rtpgen/options.h"
#include "rtpgen/table.h"
#include "rtpgen/turns.h"
#include "rtpgen/wheel.h"

/* All that a run has in its hands, and the one loop that sends and receives. One thread. */

/* Delays are told apart by mode on the path between agent and customer; what the supervisor and the
 * recorder get, which is no part of it, counts by itself. */
enum delay_class {
	DELAY_MONITOR = MODES,
	DELAY_RECORDING,
	DELAY_CLASSES,
};

/* What is measured; cleared when measuring begins. */
struct figures {
	uint64_t begin_tsc, end_tsc, busy_tsc;
	uint64_t turn_tsc, longest_tsc; /* the newest turn, and the longest between two */
	uint64_t settled_tsc;		/* delays count from here on */
	uint64_t sent, left_out, received, reports, strays, unmatched;
	uint64_t refused;		    /* packets that the port did not take in an overload */
	uint64_t judged[MODES][PARTIES][3]; /* by voice_verdict */
	uint64_t excused;	   /* partial ones besides, just after either side was held up */
	uint64_t disturbed_tsc;	   /* the time in which that is so */
	uint64_t last_partial_tsc; /* of either kind; 0: none */
	uint64_t bad_checksums;	   /* of packets that were looked at */
	char partial[256];	   /* likewise, of those not excused */
	char wrong[256];	   /* the first wrong one, in words */
	struct histogram delays[DELAY_CLASSES];
	struct histogram first_new, last_old; /* packets since a switch was asked for */
};

/* Which packets are due: as many as `rate` makes since `begin`. */
struct pace {
	double rate; /* a second; 0 for as many as can be */
	double ramp; /* seconds from `first` to `rate` */
	double first;
	uint64_t begin;
	uint64_t slots; /* turns that legs have had so far */
};

struct gen {
	const struct options *options;
	struct table *table;
	struct hub hub;
	struct rte_mempool *pool;
	struct device media, recorder;
	bool has_recorder;
	bool impaired; /* loss and so on, as the options have it, hold at the moment */
	bool stop;     /* a signal has come; the handler writes, the loop reads */
	bool check;    /* judge what is heard */
	bool overload; /* what the port does not take is dropped */
	bool wrong;    /* somebody heard what they should not before the figures began */

	struct pace pace;
	struct turns turns;
	uint64_t disturbed_until; /* TSC */
	uint32_t random;
	unsigned check_turn;
	struct wheel wheel;
	struct capture *capture;   /* NULL: none */
	struct playback *playback; /* NULL: none */
	struct switches *switches; /* NULL: none */
	uint64_t tsc_hz, origin;
	uint64_t slow_due, progress_due;
	struct figures figures;
};

/* --- send.c --- */

/* Send what is due at `tsc`; returns how many packets, or turns that passed without. */
unsigned gen_send(struct gen *gen, uint64_t tsc);

/* Hand pending packets to the port; returns how many it took. */
unsigned gen_flush(struct gen *gen, struct device *device);

/* Queue a packet of `leg` (NULL: of none); false where there is no room and it has been freed. */
bool gen_queue(struct gen *gen, struct device *device, struct rte_mbuf *mbuf, struct leg *leg);

/* Write what `leg` sends in front of RTP that has `length` bytes in all, from `rtp`. */
void gen_write(struct gen *gen, struct leg *leg, struct rte_mbuf *mbuf, const uint8_t *rtp,
	unsigned length);

/* --- receive.c --- */

/* Take a burst from a port; returns how many packets. */
unsigned gen_receive(struct gen *gen, struct device *device);

/* --- gen.c --- */

/* Send and receive for so long, or until stopped. */
void gen_run(struct gen *gen, double seconds);

/* Receive for so long. */
void gen_wait(struct gen *gen, double seconds);

/* All numbers are to be matched anew by which packets are told from each other. */
void gen_realign(struct gen *gen);

/* Stop sending, and turn until nothing comes any more. */
void gen_drain(struct gen *gen);

/* Seconds in which every source has its turn at least, or it would count as silent. */
#define GEN_TURN_SECONDS 0.08

/* Either side has been held up: for a while sources may have counted as silent, and mixes lack what
 * came late. */
void gen_disturbed(struct gen *gen, uint64_t tsc);

/* Forget all figures; sending goes on at `rate`. */
void gen_begin(struct gen *gen, double rate, double ramp);

/* Sums over all streams. */
struct totals {
	uint64_t expected, received, lost, late, duplicates, other_ssrc, discontinued, resumed;
	double jitter_ms, jitter_most_ms;
};

void gen_total(const struct gen *gen, struct totals *totals);

#endif
