/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FIXTURE_H
#define BRIDGETAP_TESTS_FIXTURE_H

#include "check.h"

#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "call/call.h"
#include "call/event.h"
#include "media/codec.h"
#include "media/rtcp_write.h"
#include "net/guard.h"
#include "worker/worker.h"

/* A worker with a real mempool, real rings and two net_ring ports, driven by hand: packets are
 * put into worker_burst() and taken from the ports' rings. Time is the test's. */

#define FRAME	 160
#define FRAME_US 20000

enum { REALM_ACCESS, REALM_RECORDING };

/* The parties of the one call, in the order of the plans, and of another one beside it. */
enum party {
	AGENT,
	CUSTOMER,
	MONITOR,
	REC_AGENT,
	REC_CUSTOMER,
	OTHER_AGENT,
	OTHER_CUSTOMER,
	PARTY_COUNT,
};

struct heard {
	struct rtp_packet rtp; /* its payload points to the next field */
	uint8_t payload[CODEC_MAX_SAMPLES];
	int16_t pcm[CODEC_MAX_SAMPLES * CODEC_WIDE]; /* what its decoder makes of it */
	struct endpoint source;
	unsigned count;	  /* bytes, or ticks of the RTP clock */
	unsigned samples; /* linear ones: as many, or twice; none of what is no voice */
};

/* RTCP that a party was sent. */
struct reported {
	uint8_t bytes[RTCP_WRITE_MAX];
	unsigned length;
	struct endpoint source, destination;
	uint8_t taint;
};

extern struct worker *worker;
extern struct port_set ports;
extern struct guard *guard;
extern struct rte_mempool *pool;
extern struct leg_plan plans[PARTY_COUNT]; /* edit, then put_call() */
extern uint64_t now_us;

/* cmocka group and test fixtures. */
int start_eal(void **state);
int stop_eal(void **state);
int new_call(void **state); /* fresh counters and plans: agent and customer, recorders, no call */
int end_call(void **state);

/* Send the plans of the parties in `parties` (bits 1 << party) to the worker as the call's next
 * state, and have it applied. */
void put_call(unsigned parties);
void remove_call(void);

/* The call of OTHER_AGENT and OTHER_CUSTOMER, which end_call() ends. */
void put_other_call(void);

/* `party` sends one packet of constant `level` (or of `payload`), `count` samples long. */
void say(enum party party, int16_t level);
void say_payload(enum party party, const uint8_t *payload, unsigned count);
void say_pcm(enum party party, const int16_t *pcm, unsigned count); /* at its codec's rate */
/* Of another payload type; the party's timestamp stays where it is until pass() moves it on. */
void say_unvoiced(enum party party, uint8_t payload_type, const uint8_t *payload, unsigned count);
void pass(enum party party, unsigned samples);
void renew_phone(enum party party);		      /* its codec begins anew, both ways */
void lose(enum party party, unsigned packets);	      /* as many are lost on the way in */
void new_stream(enum party party, uint32_t ssrc);     /* the sender restarts */
void set_clock(enum party party, uint32_t timestamp); /* of the sender's next packet */

/* An RTP packet as `party` would send it, for tests that damage or redirect it first. */
struct rte_mbuf *build(enum party party, const uint8_t *payload, unsigned count);
void inject(struct rte_mbuf *mbuf);
void inject_burst(struct rte_mbuf **mbufs, unsigned count); /* at most WORKER_BURST */

/* The next packet that went out to `party`; false where there is none. */
bool take(enum party party, struct heard *heard);
/* One that must be there. */
struct heard hear(enum party party);
void hears_nothing(enum party party);

/* The next RTCP that went out to `party`, or to where nobody is any more (PARTY_COUNT); false where
 * there is none. */
bool take_report(enum party party, struct reported *reported);
/* Let so many microseconds pass with nothing but the worker's upkeep. */
void keep_up(uint64_t us);
/* Any datagram from anywhere to a port of the realm that `party` is in. */
void inject_datagram_to(enum party party, uint16_t local_port, const struct endpoint *source,
	const uint8_t *bytes, unsigned length);
/* The leg as the worker has it. */
struct leg *leg_of(enum party party);

uint64_t counted(enum counter counter);
/* True once for each event of this kind about `party`. */
bool told(enum event_kind kind, enum party party);
/* The keys that `party` has pressed, into `codes`; how many. Takes all events that are there. */
unsigned told_keys(enum party party, uint8_t *codes, unsigned count);

#endif
