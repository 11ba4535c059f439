/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_BURST_POPULATION_H
#define BRIDGETAP_PERF_BURST_POPULATION_H

#include "call/call.h"
#include "call/port_table.h"
#include "net/realm.h"

/* Any number of calls of one kind, placed straight into a port table: what the control socket would
 * have made of them, without the socket. */

enum scene {
	SCENE_FORWARD, /* agent and customer */
	SCENE_LISTEN,  /* and a monitor who hears both, and a recorder with two streams */
	SCENE_WHISPER, /* agent, customer, and a monitor whom the agent hears */
	SCENE_BARGE,   /* and whom the customer hears, too */
	SCENE_WIDE,    /* the same in G.722 */
	SCENE_COUNT,
};

extern const char *const scene_names[SCENE_COUNT];

/* A leg that sends, as its packets see it. */
struct speaker {
	struct endpoint local, remote;
	uint32_t ssrc;
	uint8_t payload_type;
};

struct population {
	uint8_t worker;
	enum scene scene;
	unsigned calls;
	unsigned speakers_a_call;
	struct speaker *speakers; /* calls * speakers_a_call */
	struct realm_set realms;
	struct port_table table;
	struct call **live;
	uint8_t *rings;
	size_t leg_bytes; /* of all legs, without rings; and of the rings */
	size_t ring_bytes;
	size_t heap_bytes; /* what DPDK's heap gave for all of it, with its own share */
	unsigned legs;
};

/* The worker's clock when the calls begin: long after zero. */
#define POPULATION_BEGIN_US 10000000

/* Whether there are ports for so many calls. */
bool population_fits(enum scene scene, unsigned calls);

/* Build it, owned by worker `worker`. `access` and `recording` are DPDK ports. Ends the program
 * with a sentence where memory is short. */
void population_create(struct population *population, enum scene scene, unsigned calls,
	uint8_t worker, uint16_t access, uint16_t recording);
void population_destroy(struct population *population);

/* The plans of the legs of call `number` (at most CALL_LEGS_MAX); returns how many. */
unsigned population_plan(
	const struct population *population, unsigned number, struct leg_plan *plans);

#endif
