/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "burst/population.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "call/report.h"

#define FIRST_PORT	1024
#define PORTS_A_REALM	32256u /* even ports up to 65535 */
#define RECORDING_REALM 0

const char *const scene_names[SCENE_COUNT] = { "forward", "listen", "whisper", "barge", "wide" };

static void *or_die(void *memory)
{
	if (memory != NULL)
		return memory;
	fputs("out of hugepages: more of them, or fewer calls\n", stderr);
	exit(EXIT_FAILURE);
}

static void *new (size_t count, size_t size)
{
	return or_die(rte_zmalloc(NULL, count * size, RTE_CACHE_LINE_SIZE));
}

static void add_realm(struct population *p, uint16_t port_id, bool recording)
{
	unsigned number = p->realms.count++;
	struct realm *realm = &p->realms.realm[number];
	struct port_slots *slots = &p->table.realm[number];
	char text[32];

	snprintf(text, sizeof(text), "198.18.%u.1", number);
	endpoint_parse_address(&realm->address, text);
	realm->first_port = FIRST_PORT;
	realm->last_port = UINT16_MAX;
	realm->port_id = port_id;
	realm->recording = recording;
	slots->first_port = FIRST_PORT;
	slots->count = PORTS_A_REALM;
	slots->owner = new (PORTS_A_REALM, 1);
	memset(slots->owner, p->worker, PORTS_A_REALM);
	slots->legs = new (PORTS_A_REALM, sizeof(*slots->legs));
}

/* The plan of leg number `n` of all legs of its kind. */
static struct leg_plan plan_leg(const struct population *p, unsigned n, uint32_t id, enum role role)
{
	bool recorder = role == ROLE_RECORDER;
	uint8_t codec = p->scene == SCENE_WIDE ? CODEC_G722 : CODEC_PCMU;
	/* Recorders share slots that nothing is ever sent to. */
	unsigned realm = recorder ? RECORDING_REALM : 1 + n / PORTS_A_REALM;
	unsigned slot = n % PORTS_A_REALM;
	struct leg_plan plan = {
		.id = id,
		.role = role,
		.mode = p->scene == SCENE_BARGE || p->scene == SCENE_WIDE ? MODE_BARGE
			: p->scene == SCENE_WHISPER			  ? MODE_WHISPER
									  : MODE_LISTEN,
		.codec = codec,
		.payload_type = codec_get(codec)->payload_type,
		.realm = (uint8_t)realm,
		.local_port = (uint16_t)(FIRST_PORT + 2 * slot),
		.port_id = p->realms.realm[realm].port_id,
		.nexthop = 1,
		.ssrc = n * 2654435761u,
	};
	struct endpoint local = p->realms.realm[realm].address;

	endpoint_parse_address(&plan.remote, "198.19.0.2");
	plan.remote.address[14] = (uint8_t)(n >> 8);
	plan.remote.address[15] = (uint8_t)n;
	plan.remote.port = (uint16_t)(4000 + 2 * (n % 20000));
	local.port = plan.local_port;
	header_template_init(&plan.header, &local, &plan.remote, 46);
	return plan;
}

static unsigned parties_of(enum scene scene)
{
	return scene == SCENE_FORWARD ? 2 : 3;
}

unsigned population_plan(const struct population *p, unsigned number, struct leg_plan *plans)
{
	static const enum role roles[] = { ROLE_AGENT, ROLE_CUSTOMER, ROLE_MONITOR };
	unsigned parties = parties_of(p->scene), count = 0;

	for (; count < parties; count++)
		plans[count] = plan_leg(p, number * parties + count, count + 1, roles[count]);
	for (unsigned r = 0; p->scene == SCENE_LISTEN && r < 2; r++, count++) {
		plans[count] = plan_leg(p, number * 2 + r, count + 1, ROLE_RECORDER);
		plans[count].records = (uint8_t)(1 << roles[r]);
	}
	return count;
}

static void add_call(struct population *p, unsigned number, uint8_t **next_ring)
{
	/* Reports are spread over time. */
	struct reporter reporter = { .chance = (number + 1) * 2654435761u };
	struct leg_plan plans[CALL_LEGS_MAX];
	uint8_t *rings[CALL_BUFFERS_MAX];
	unsigned count = population_plan(p, number, plans);
	size_t size = call_size(plans, count);
	struct call *call = or_die(rte_zmalloc(NULL, size, LEG_ALIGN));

	for (unsigned i = 0; i < call_rings(plans, count); i++, *next_ring += PCM_RING_SAMPLES)
		rings[i] = *next_ring;
	call_init(call, number, p->worker, plans, count, rings);
	call_begin(call, POPULATION_BEGIN_US, &reporter);
	port_table_insert(&p->table, call);
	for (unsigned i = 0; i < p->speakers_a_call; i++) {
		struct speaker *speaker = &p->speakers[number * p->speakers_a_call + i];

		speaker->local = p->realms.realm[plans[i].realm].address;
		speaker->local.port = plans[i].local_port;
		speaker->remote = plans[i].remote;
		speaker->ssrc = ~plans[i].ssrc;
		speaker->payload_type = plans[i].payload_type;
	}
	p->live[number] = call;
	p->leg_bytes += size;
	p->legs += count;
}

/* The realms, but for the first, which is the recorder's. */
static unsigned realms_for(enum scene scene, unsigned calls)
{
	return (unsigned)(1 + (uint64_t)calls * parties_of(scene) / PORTS_A_REALM);
}

bool population_fits(enum scene scene, unsigned calls)
{
	return calls > 0 && realms_for(scene, calls) < REALM_MAX;
}

/* What has been allocated on all sockets. */
static size_t heap_in_use(void)
{
	struct rte_malloc_socket_stats stats;
	size_t bytes = 0;

	for (unsigned i = 0; i < rte_socket_count(); i++)
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	return bytes;
}

void population_create(struct population *p, enum scene scene, unsigned calls, uint8_t worker,
	uint16_t access, uint16_t recording)
{
	struct leg_plan plans[CALL_LEGS_MAX];
	uint8_t *next_ring;
	size_t before;
	unsigned rings;

	*p = (struct population){ .worker = worker, .scene = scene, .calls = calls };
	/* A monitor who listens is muted. */
	p->speakers_a_call = scene == SCENE_LISTEN ? 2 : parties_of(scene);
	p->speakers = new ((size_t)calls * p->speakers_a_call, sizeof(*p->speakers));
	p->live = new (calls, sizeof(struct call *));
	before = heap_in_use();
	add_realm(p, recording, true);
	while (p->realms.count <= realms_for(scene, calls))
		add_realm(p, access, false);
	realm_set_index(&p->realms);
	rings = call_rings(plans, population_plan(p, 0, plans));
	if (rings > 0)
		p->rings = new ((size_t)calls * rings, PCM_RING_SAMPLES);
	p->ring_bytes = (size_t)calls * rings * PCM_RING_SAMPLES;
	next_ring = p->rings;
	for (unsigned i = 0; i < calls; i++)
		add_call(p, i, &next_ring);
	p->heap_bytes = heap_in_use() - before;
}

void population_destroy(struct population *p)
{
	for (unsigned i = 0; i < p->calls; i++)
		rte_free(p->live[i]);
	for (unsigned i = 0; i < p->realms.count; i++) {
		rte_free(p->table.realm[i].owner);
		rte_free(p->table.realm[i].legs);
	}
	rte_free(p->speakers);
	rte_free(p->live);
	rte_free(p->rings);
}
