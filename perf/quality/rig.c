/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "quality/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "call/event.h"
#include "net/checksum.h"

#define POOL_SIZE  1023
#define FIRST_PORT 20000
#define SLOTS	   8
#define EVENTS	   64

static const enum role roles[WIRE_PARTIES] = { ROLE_AGENT, ROLE_CUSTOMER, ROLE_MONITOR };

void die(const char *sentence)
{
	fprintf(stderr, "bridgetap-bench-quality: %s\n", sentence);
	exit(EXIT_FAILURE);
}

static void *or_die(void *memory)
{
	if (memory == NULL)
		die("out of memory");
	return memory;
}

static void start_port(struct quality_rig *rig)
{
	struct port *port = &rig->ports.port[rig->ports.count++];

	rig->pool = or_die(rte_pktmbuf_pool_create(
		"pool", POOL_SIZE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY));
	snprintf(port->name, sizeof(port->name), "access");
	snprintf(port->devargs, sizeof(port->devargs), "net_ring0");
	if (port_set_start(&rig->ports, 1, rig->pool, "", NULL) < 0)
		die("the ring does not start");
}

static void start_realm(struct quality_rig *rig)
{
	struct realm *realm = &rig->realms.realm[rig->realms.count++];
	struct port_slots *slots = &rig->table.realm[0];

	endpoint_parse_address(&realm->address, "192.0.2.1");
	realm->first_port = FIRST_PORT;
	realm->last_port = FIRST_PORT + 2 * SLOTS - 1;
	realm->port_id = rig->ports.port[0].id;
	realm_set_index(&rig->realms);
	slots->first_port = FIRST_PORT;
	slots->count = SLOTS;
	slots->owner = or_die(rte_zmalloc(NULL, SLOTS, 0));
	slots->legs = or_die(rte_zmalloc(NULL, SLOTS * sizeof(*slots->legs), 0));
}

static void start_worker(struct quality_rig *rig)
{
	struct worker *worker = or_die(rte_zmalloc("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE));
	uint16_t id = rig->ports.port[0].id;

	worker->clock = clock_of_tsc();
	worker->ports = &rig->ports;
	worker->realms = &rig->realms;
	worker->table = &rig->table;
	worker->peers = worker;
	worker->pool = rig->pool;
	worker->events = or_die(
		rte_ring_create_elem("events", sizeof(struct event), EVENTS, SOCKET_ID_ANY, 0));
	worker->tx[id] = (struct tx_batch){ .port_id = id };
	worker->nexthops[1] = (struct l2_header){ .length = 14,
		.bytes = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 } };
	rig->worker = worker;
}

static void plan_leg(struct quality_rig *rig, unsigned party, enum mode mode)
{
	struct endpoint local = rig->realms.realm[0].address;
	struct leg_plan *plan = &rig->plans[party];

	*plan = (struct leg_plan){
		.id = party + 1,
		.role = roles[party],
		.mode = mode,
		.codec = CODEC_PCMU,
		.local_port = (uint16_t)(FIRST_PORT + 2 * party),
		.port_id = rig->ports.port[0].id,
		.nexthop = 1,
		.ssrc = 0x1000 + party,
	};
	endpoint_parse_address(&plan->remote, "192.0.2.10");
	plan->remote.port = (uint16_t)(4000 + 2 * party);
	local.port = plan->local_port;
	header_template_init(&plan->header, &local, &plan->remote, 46);
}

void rig_start(struct quality_rig *rig, enum mode mode, uint64_t now_us)
{
	unsigned count = mode == MODE_NONE ? 2 : WIRE_PARTIES;
	uint8_t *buffers[WIRE_PARTIES];

	*rig = (struct quality_rig){ 0 };
	start_port(rig);
	start_realm(rig);
	start_worker(rig);
	for (unsigned i = 0; i < count; i++)
		plan_leg(rig, i, mode);
	for (unsigned i = 0; i < call_rings(rig->plans, count); i++)
		buffers[i] = or_die(rte_malloc(NULL, PCM_RING_SAMPLES, RTE_CACHE_LINE_SIZE));
	rig->call = or_die(rte_zmalloc(NULL, call_size(rig->plans, count), LEG_ALIGN));
	call_init(rig->call, 1, 0, rig->plans, count, buffers);
	call_begin(rig->call, now_us, &rig->worker->reporter);
	port_table_insert(&rig->table, rig->call);
}

void rig_put(struct quality_rig *rig, const struct wire *wire, const uint8_t *payload)
{
	const struct leg_plan *plan = &rig->plans[wire->party];
	struct endpoint local = rig->realms.realm[0].address;
	struct rtp_packet rtp = {
		.sequence = wire->sequence,
		.timestamp = wire->timestamp,
		.ssrc = 0x2000u + wire->party,
	};
	struct rte_mbuf *mbuf = or_die(rte_pktmbuf_alloc(rig->pool));
	struct event events[EVENTS];
	struct header_template header;
	uint8_t *at;

	local.port = plan->local_port;
	header_template_init(&header, &plan->remote, &local, 0);
	at = (uint8_t *)rte_pktmbuf_append(
		mbuf, (uint16_t)(14u + header.length + RTP_HEADER_SIZE + wire->length));
	memcpy(at, rig->worker->nexthops[1].bytes, 14);
	at += 14 + header.length;
	memcpy(at + RTP_HEADER_SIZE, payload, wire->length);
	rtp_write_header(at, &rtp);
	header_template_write(header.bytes, header.length, at,
		(uint16_t)(RTP_HEADER_SIZE + wire->length),
		checksum_add(0, at, RTP_HEADER_SIZE + wire->length));
	mbuf->port = plan->port_id;
	worker_burst(rig->worker, &mbuf, 1, wire->us);
	tx_batch_flush(&rig->worker->tx[plan->port_id], &rig->worker->counters);
	rte_ring_sc_dequeue_burst_elem(
		rig->worker->events, events, sizeof(events[0]), EVENTS, NULL);
}

bool rig_take(struct quality_rig *rig, struct wire *wire, uint8_t *payload)
{
	struct rtp_packet rtp;
	struct rte_mbuf *mbuf;
	struct frame frame;

	if (rte_eth_rx_burst(rig->ports.port[0].id, 0, &mbuf, 1) == 0)
		return false;
	if (frame_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *), rte_pktmbuf_data_len(mbuf),
		    &frame) != FRAME_OK ||
		rtp_parse(frame.payload, frame.payload_length, &rtp) != RTP_OK)
		die("what has come out is no RTP");
	wire->timestamp = rtp.timestamp;
	wire->sequence = rtp.sequence;
	wire->length = rtp.payload_length;
	wire->party = (uint8_t)((frame.destination.port - 4000) / 2);
	memcpy(payload, rtp.payload, rtp.payload_length);
	rte_pktmbuf_free(mbuf);
	return true;
}
