/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_REGISTRY_FIXTURE_H
#define BRIDGETAP_TESTS_REGISTRY_FIXTURE_H

#include "fixture.h"

#include "control/registry.h"

/* The main lcore's book of calls, and two workers that apply what it sends them when the test lets
 * them. The one realm, "access", has 192.0.2.1 and the ports from 20000 on. */

#define WORKERS	    2
#define PARTIES	    3
#define RINGS	    8
#define WORKER_NONE PORT_OWNER_NONE

/* An operation of a batch, and what it is made of. */
struct spoken {
	WireOperation operation;
	WireCall call;
	WireLeg legs[PARTIES], *leg_list[PARTIES];
	WireEndpoint remotes[PARTIES];
	uint8_t addresses[PARTIES][4];
};

extern struct worker *workers;
extern struct registry *registry;
extern struct ring_pool rings;
extern const struct realm_set *access_realm;

/* Between start_eal() and stop_eal(). When it ends, nothing may be left in the port table. */
void start_registry(unsigned calls_max);
void end_registry(void);

/* Operation `i` of the next batch: a call of an agent and a customer at these ports, and of a
 * monitor where `monitor` is not 0; its legs have the numbers 1, 2 and 3, and the addresses
 * 192.0.2.10, 11 and 12. What comes back may be edited. */
struct spoken *put_three(
	unsigned i, const char *id, uint32_t agent, uint32_t customer, uint32_t monitor);
struct spoken *put(unsigned i, const char *id, uint32_t agent, uint32_t customer);
void take_away(unsigned i, const char *id);

/* Say the first `count` operations in one batch. */
int say_batch(unsigned count);

/* The last worker first: what was meant to come after something comes before it, unless both are
 * one worker's. */
void let_workers_work(void);

unsigned owner_of(uint16_t port);

/* The leg at `port`, NULL where there is none. */
struct leg *leg_at(uint16_t port);

/* The worker of its call; WORKER_NONE where there is none. Its owner says the same. */
unsigned worker_at(uint16_t port);

#endif
