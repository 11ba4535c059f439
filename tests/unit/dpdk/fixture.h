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
#include "net/guard.h"
#include "worker/worker.h"

/* A worker with a real mempool, real rings and two net_ring ports, driven by hand: packets are
 * put into worker_burst() and taken from the ports' rings. Time is the test's. */

#define FRAME	 160
#define FRAME_US 20000

enum { REALM_ACCESS, REALM_RECORDING };

/* The parties of the one call, in the order of the plans. */
enum party { AGENT, CUSTOMER, MONITOR, REC_AGENT, REC_CUSTOMER, PARTY_COUNT };

struct heard {
	struct rtp_packet rtp; /* its payload points to the next field */
	uint8_t payload[CODEC_MAX_SAMPLES];
	int16_t pcm[CODEC_MAX_SAMPLES];
	struct endpoint source;
	unsigned count;
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

/* `party` sends one packet of constant `level` (or of `payload`), `count` samples long. */
void say(enum party party, int16_t level);
void say_payload(enum party party, const uint8_t *payload, unsigned count);
void lose(enum party party, unsigned packets);	  /* as many are lost on the way in */
void new_stream(enum party party, uint32_t ssrc); /* the sender restarts */

/* An RTP packet as `party` would send it, for tests that damage or redirect it first. */
struct rte_mbuf *build(enum party party, const uint8_t *payload, unsigned count);
void inject(struct rte_mbuf *mbuf);

/* The next packet that went out to `party`; false where there is none. */
bool take(enum party party, struct heard *heard);
/* One that must be there. */
struct heard hear(enum party party);
void hears_nothing(enum party party);

uint64_t counted(enum counter counter);
/* True once for each event of this kind about `party`. */
bool told(enum event_kind kind, enum party party);

#endif
