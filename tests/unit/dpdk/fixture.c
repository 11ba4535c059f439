/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "net/checksum.h"

#define POOL_SIZE 2047
#define QUEUED	  256

struct worker *worker;
struct port_set ports;
struct guard *guard;
struct rte_mempool *pool;
struct leg_plan plans[PARTY_COUNT];
uint64_t now_us;

static struct realm_set realms;
static struct port_table table;
static struct call *live, *other;

/* What each party sends next. */
static struct {
	uint32_t ssrc;
	uint16_t sequence;
	uint32_t timestamp;
} voices[PARTY_COUNT];

/* Where a party's codec has states: those of its phone. */
static struct {
	union codec_state decoder, encoder;
} phones[PARTY_COUNT];

static struct {
	struct reported packets[QUEUED];
	unsigned first, count;
} reports[PARTY_COUNT + 1]; /* the last ones are to addresses that parties have no more */

/* Packets that went out and were not taken yet. */
static struct {
	struct heard packets[QUEUED];
	unsigned first, count;
} queues[PARTY_COUNT];

static void add_realm(const char *name, const char *address, uint16_t port_id, bool recording)
{
	struct realm *realm = &realms.realm[realms.count];
	struct port_slots *slots = &table.realm[realms.count];

	snprintf(realm->name, sizeof(realm->name), "%s", name);
	assert_int_equal(endpoint_parse_address(&realm->address, address), 0);
	realm->first_port = 20000;
	realm->last_port = 20199;
	realm->port_id = port_id;
	realm->recording = recording;
	slots->first_port = realm->first_port;
	slots->count = 100;
	slots->owner = malloc(slots->count);
	memset(slots->owner, PORT_OWNER_NONE, slots->count);
	slots->legs = calloc(slots->count, sizeof(*slots->legs));
	realms.count++;
	realm_set_index(&realms);
}

static struct rte_ring *new_ring(const char *name, unsigned element)
{
	struct rte_ring *ring =
		element ? rte_ring_create_elem(name, element, 1024, SOCKET_ID_ANY, 0)
			: rte_ring_create(name, 1024, SOCKET_ID_ANY, 0);

	assert_non_null(ring);
	return ring;
}

int start_eal(void **state)
{
	static char *args[] = { "test", "--no-huge", "-m", "256", "--no-shconf", "--no-pci",
		"--no-telemetry", "--log-level=error", "-l", "0", NULL };
	static const char *const names[] = { "access", "recording" };
	const char *path = getenv("BRIDGETAP_BPF");
	char guard_path[256];

	(void)state;
	assert_true(rte_eal_init(COUNT_OF(args) - 1, args) >= 0);
	codec_init(UINT_MAX);
	pool = rte_pktmbuf_pool_create("pool", POOL_SIZE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	assert_non_null(pool);
	snprintf(guard_path, sizeof(guard_path), "%s/rec_guard.bpf.o", path ? path : "build/bpf");
	guard = guard_create(guard_path, pool);
	assert_non_null(guard);
	for (unsigned i = 0; i < COUNT_OF(names); i++) {
		snprintf(ports.port[i].name, sizeof(ports.port[i].name), "%s", names[i]);
		snprintf(ports.port[i].devargs, sizeof(ports.port[i].devargs), "net_ring%u", i);
	}
	ports.port[1].recording = true;
	ports.count = 2;
	assert_int_equal(port_set_start(&ports, 1, pool, "", guard), 0);
	add_realm("access", "192.0.2.1", ports.port[0].id, false);
	add_realm("recording", "198.51.100.1", ports.port[1].id, true);

	worker = rte_zmalloc("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE);
	worker->clock = clock_of_tsc();
	worker->ports = &ports;
	worker->realms = &realms;
	worker->table = &table;
	worker->peers = worker;
	worker->pool = pool;
	worker->commands = new_ring("commands", sizeof(struct command));
	worker->replies = new_ring("replies", sizeof(struct reply));
	worker->reporter.chance = 1;
	worker->reporter.media_timeout_ms = 30000;
	worker->events = new_ring("events", sizeof(struct event));
	worker->handover = new_ring("handover", 0);
	for (unsigned i = 0; i < ports.count; i++)
		worker->tx[ports.port[i].id] = (struct tx_batch){
			.port_id = ports.port[i].id,
			.guard = ports.port[i].recording ? &ports.port[i].guard_queues[0] : NULL,
		};
	worker->nexthops[1] = (struct l2_header){ .length = 14,
		.bytes = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 } };
	return 0;
}

int stop_eal(void **state)
{
	(void)state;
	port_set_stop(&ports);
	guard_destroy(guard);
	for (unsigned i = 0; i < realms.count; i++) {
		free(table.realm[i].owner);
		free(table.realm[i].legs);
	}
	rte_ring_free(worker->commands);
	rte_ring_free(worker->replies);
	rte_ring_free(worker->events);
	rte_ring_free(worker->handover);
	rte_free(worker);
	rte_mempool_free(pool);
	return rte_eal_cleanup();
}

static struct leg_plan plan(enum party party, enum role role, const char *remote, uint16_t port)
{
	bool recorder = role == ROLE_RECORDER;
	unsigned realm = recorder ? REALM_RECORDING : REALM_ACCESS;
	struct leg_plan plan = {
		.id = 100 + party,
		.role = role,
		.codec = CODEC_PCMU,
		.payload_type = 0,
		.realm = (uint8_t)realm,
		.local_port = (uint16_t)(20000 + 2 * party),
		.port_id = realms.realm[realm].port_id,
		.nexthop = 1,
		.ssrc = 0x5000 + party,
		.remote.port = port,
	};

	assert_int_equal(endpoint_parse_address(&plan.remote, remote), 0);
	return plan;
}

int new_call(void **state)
{
	(void)state;
	plans[AGENT] = plan(AGENT, ROLE_AGENT, "192.0.2.10", 4000);
	plans[CUSTOMER] = plan(CUSTOMER, ROLE_CUSTOMER, "192.0.2.20", 5000);
	plans[MONITOR] = plan(MONITOR, ROLE_MONITOR, "192.0.2.30", 6000);
	plans[REC_AGENT] = plan(REC_AGENT, ROLE_RECORDER, "198.51.100.2", 7000);
	plans[REC_AGENT].records = 1 << ROLE_AGENT;
	plans[REC_CUSTOMER] = plan(REC_CUSTOMER, ROLE_RECORDER, "198.51.100.2", 7002);
	plans[REC_CUSTOMER].records = 1 << ROLE_CUSTOMER;
	plans[OTHER_AGENT] = plan(OTHER_AGENT, ROLE_AGENT, "192.0.2.40", 8000);
	plans[OTHER_CUSTOMER] = plan(OTHER_CUSTOMER, ROLE_CUSTOMER, "192.0.2.50", 9000);
	for (unsigned i = 0; i < PARTY_COUNT; i++) {
		renew_phone(i);
		voices[i].ssrc = 0xaa00 + i;
		voices[i].sequence = (uint16_t)(65500 + 11 * i);
		voices[i].timestamp = 0xfffff000 + 1000 * i;
	}
	memset(&worker->counters, 0, sizeof(worker->counters));
	memset(queues, 0, sizeof(queues));
	memset(reports, 0, sizeof(reports));
	worker->upkeep = (struct upkeep){ 0 };
	now_us = 1000000;
	return 0;
}

static void collect(void);

static void free_call(struct call *call)
{
	uint8_t *buffers[CALL_BUFFERS_MAX];

	if (call == NULL)
		return;
	for (unsigned i = call_buffers(call, buffers); i > 0; i--)
		free(buffers[i - 1]);
	free(call);
}

static void command(struct command *command)
{
	struct reply reply;
	struct rte_mbuf *mbuf;

	assert_int_equal(rte_ring_enqueue_elem(worker->commands, command, sizeof(*command)), 0);
	/* worker_poll() would receive what lies in the loopback rings: take it out first. */
	for (unsigned i = 0; i < ports.count; i++)
		assert_int_equal(rte_eth_rx_burst(ports.port[i].id, 0, &mbuf, 1), 0);
	/* worker_poll() has a clock of its own; the test's is the one that matters here. */
	worker->clock = clock_make(now_us, rte_rdtsc());
	worker->absence = (struct absence){ 0 };
	worker_poll(worker);
	collect();
	assert_int_equal(rte_ring_dequeue_elem(worker->replies, &reply, sizeof(reply)), 0);
	assert_ptr_equal(reply.released, command->old);
	assert_ptr_equal(reply.token, command->token);
	free_call(reply.released);
}

int end_call(void **state)
{
	struct heard ignored;

	(void)state;
	if (live != NULL)
		remove_call();
	if (other != NULL) {
		struct command remove = { .kind = COMMAND_REMOVE_CALL, .old = other };

		other = NULL;
		command(&remove);
	}
	for (unsigned i = 0; i < PARTY_COUNT; i++)
		while (take(i, &ignored)) {
		}
	while (told(EVENT_FIRST_PACKET, AGENT)) {
	}
	/* Nothing leaks: every packet that came in or was made has been freed. */
	assert_int_equal(rte_mempool_avail_count(pool), POOL_SIZE);
	return 0;
}

static uint8_t *new_buffer(void)
{
	uint8_t *buffer = malloc(PCM_RING_SAMPLES);

	assert_non_null(buffer);
	memset(buffer, 0x33, PCM_RING_SAMPLES);
	return buffer;
}

/* Make `*place` the call of these parties. */
static void put(struct call **place, uint32_t number, unsigned parties)
{
	struct leg_plan chosen[PARTY_COUNT];
	uint8_t *buffers[CALL_BUFFERS_MAX];
	struct command put = { .kind = COMMAND_PUT_CALL, .token = chosen };
	unsigned count = 0;

	for (unsigned i = 0; i < PARTY_COUNT; i++)
		if (parties >> i & 1) {
			struct endpoint local = realms.realm[plans[i].realm].address;

			local.port = plans[i].local_port;
			if (!plans[i].learned)
				plans[i].signalled = plans[i].remote;
			header_template_init(&plans[i].header, &local, &plans[i].remote, 46);
			chosen[count++] = plans[i];
		}
	for (unsigned i = 0; i < call_rings(chosen, count); i++)
		buffers[i] = new_buffer();
	put.call = aligned_alloc(LEG_ALIGN, RTE_ALIGN_CEIL(call_size(chosen, count), LEG_ALIGN));
	call_init(put.call, number, 0, chosen, count, buffers);
	for (unsigned i = 0; i < count; i++)
		port_table_set_owner(&table, chosen[i].realm,
			port_table_slot(&table, chosen[i].realm, chosen[i].local_port), 0);
	put.old = *place;
	*place = put.call;
	command(&put);
}

void put_call(unsigned parties)
{
	put(&live, 1, parties);
}

void put_other_call(void)
{
	put(&other, 2, 1u << OTHER_AGENT | 1u << OTHER_CUSTOMER);
}

void remove_call(void)
{
	struct command remove = { .kind = COMMAND_REMOVE_CALL, .old = live };

	live = NULL;
	command(&remove);
}

struct rte_mbuf *build(enum party party, const uint8_t *payload, unsigned count)
{
	const struct leg_plan *p = &plans[party];
	struct endpoint local = realms.realm[p->realm].address;
	struct rtp_packet rtp = {
		.payload_type = p->payload_type,
		.sequence = voices[party].sequence++,
		.timestamp = voices[party].timestamp,
		.ssrc = voices[party].ssrc,
	};
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct header_template header;
	uint8_t *at;

	assert_non_null(mbuf);
	voices[party].timestamp += count;
	local.port = p->local_port;
	header_template_init(&header, &p->remote, &local, 0);
	at = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)(14u + header.length + 12u + count));
	memcpy(at, worker->nexthops[1].bytes, 14);
	memcpy(at + 14 + header.length + RTP_HEADER_SIZE, payload, count);
	rtp_write_header(at + 14 + header.length, &rtp);
	at += 14 + header.length;
	header_template_write(header.bytes, header.length, at, (uint16_t)(RTP_HEADER_SIZE + count),
		checksum_add(0, at, RTP_HEADER_SIZE + count));
	mbuf->port = p->port_id;
	/* Every other one as from a port that has verified the checksum. */
	if (rtp.sequence & 1)
		mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return mbuf;
}

/* Whatever is sent has right checksums: what they are of and they themselves cancel out. */
static void check_sums(const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(ethernet + 1);

	if (ethernet->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6)) {
		const struct rte_ipv6_hdr *ip6 = (const struct rte_ipv6_hdr *)(ethernet + 1);

		assert_int_equal(rte_ipv6_udptcp_cksum(ip6, ip6 + 1), 0xffff);
		return;
	}
	assert_int_equal(rte_ipv4_cksum(ip), 0);
	assert_int_equal(rte_ipv4_udptcp_cksum(ip, ip + 1), 0xffff);
}

/* What the party's phone makes of it: telephones have decoders that go on from packet to packet. */
static void decode(enum party party, struct heard *heard)
{
	const struct codec *codec = codec_get(plans[party].codec);

	heard->samples = 0;
	if (heard->rtp.payload_type != plans[party].payload_type)
		return;
	if (codec->stateful == NULL) {
		codec->decode(heard->pcm, heard->payload, heard->count);
		heard->samples = heard->count;
	} else {
		codec->stateful->decode(
			&phones[party].decoder, heard->pcm, heard->payload, heard->count);
		heard->samples = heard->count * CODEC_WIDE;
	}
}

/* Whose the address is; the port may be another one of the party's. */
static unsigned party_at(const struct endpoint *destination)
{
	for (unsigned i = 0; i < PARTY_COUNT; i++) {
		const struct endpoint *remote = &plans[i].remote;

		if (memcmp(remote->address, destination->address, 16) == 0 &&
			(destination->port == remote->port ||
				destination->port == remote->port + 1 ||
				destination->port == plans[i].rtcp_port))
			return i;
	}
	return PARTY_COUNT;
}

static void keep_report(const struct rte_mbuf *mbuf, const struct frame *frame)
{
	unsigned i = party_at(&frame->destination);
	struct reported *reported =
		&reports[i].packets[(reports[i].first + reports[i].count++) % QUEUED];

	assert_in_range(frame->payload_length, 8, sizeof(reported->bytes));
	memcpy(reported->bytes, frame->payload, frame->payload_length);
	reported->length = frame->payload_length;
	reported->source = frame->source;
	reported->destination = frame->destination;
	reported->taint = taint_get(mbuf);
}

static void collect(void)
{
	struct rte_mbuf *mbuf;

	for (unsigned p = 0; p < ports.count; p++) {
		tx_batch_flush(&worker->tx[ports.port[p].id], &worker->counters);
		while (rte_eth_rx_burst(ports.port[p].id, 0, &mbuf, 1) == 1) {
			struct rtp_packet rtp;
			struct frame frame;
			unsigned i;

			check_sums(mbuf);
			assert_int_equal(frame_parse(rte_pktmbuf_mtod(mbuf, uint8_t *),
						 rte_pktmbuf_data_len(mbuf), &frame),
				FRAME_OK);
			if (rtp_is_rtcp(frame.payload, frame.payload_length)) {
				keep_report(mbuf, &frame);
				rte_pktmbuf_free(mbuf);
				continue;
			}
			assert_int_equal(
				rtp_parse(frame.payload, frame.payload_length, &rtp), RTP_OK);
			/* No CSRC, extension or padding, whatever came in. */
			assert_int_equal(
				frame.payload_length, RTP_HEADER_SIZE + rtp.payload_length);
			for (i = 0; i < PARTY_COUNT; i++)
				if (endpoint_equal(&plans[i].remote, &frame.destination))
					break;
			assert_in_range(i, 0, PARTY_COUNT - 1);
			assert_in_range(queues[i].count, 0, QUEUED - 1);

			struct heard *heard =
				&queues[i].packets[(queues[i].first + queues[i].count++) % QUEUED];

			heard->rtp = rtp;
			heard->source = frame.source;
			heard->count = rtp.payload_length;
			memcpy(heard->payload, rtp.payload, rtp.payload_length);
			decode(i, heard);
			rte_pktmbuf_free(mbuf);
		}
	}
}

void inject_burst(struct rte_mbuf **mbufs, unsigned count)
{
	worker_burst(worker, mbufs, count, now_us);
	collect();
}

void inject(struct rte_mbuf *mbuf)
{
	inject_burst(&mbuf, 1);
}

void say_payload(enum party party, const uint8_t *payload, unsigned count)
{
	inject(build(party, payload, count));
}

void say_unvoiced(enum party party, uint8_t payload_type, const uint8_t *payload, unsigned count)
{
	uint8_t codec = plans[party].payload_type;
	struct rte_mbuf *mbuf;

	plans[party].payload_type = payload_type;
	mbuf = build(party, payload, count);
	plans[party].payload_type = codec;
	voices[party].timestamp -= count;
	inject(mbuf);
}

void pass(enum party party, unsigned samples)
{
	voices[party].timestamp += samples;
}

void say(enum party party, int16_t level)
{
	int16_t pcm[FRAME * CODEC_WIDE];

	for (unsigned i = 0; i < FRAME * CODEC_WIDE; i++)
		pcm[i] = level;
	say_pcm(party, pcm, FRAME);
}

void say_pcm(enum party party, const int16_t *pcm, unsigned count)
{
	const struct codec *codec = codec_get(plans[party].codec);
	uint8_t payload[CODEC_MAX_SAMPLES];

	if (codec->stateful == NULL)
		codec->encode(payload, pcm, count);
	else
		codec->stateful->encode(&phones[party].encoder, payload, pcm, count);
	say_payload(party, payload, count);
}

void renew_phone(enum party party)
{
	codec_get(CODEC_G722)->stateful->start_decoder(&phones[party].decoder);
	codec_get(CODEC_G722)->stateful->start_encoder(&phones[party].encoder);
}

void lose(enum party party, unsigned packets)
{
	voices[party].sequence = (uint16_t)(voices[party].sequence + packets);
	voices[party].timestamp += packets * FRAME;
}

void new_stream(enum party party, uint32_t ssrc)
{
	voices[party].ssrc = ssrc;
	voices[party].sequence = (uint16_t)(voices[party].sequence * 31 + 7);
	voices[party].timestamp = voices[party].timestamp * 31 + 7;
	codec_get(CODEC_G722)->stateful->start_encoder(&phones[party].encoder);
}

void set_clock(enum party party, uint32_t timestamp)
{
	voices[party].timestamp = timestamp;
}

bool take(enum party party, struct heard *heard)
{
	if (queues[party].count == 0)
		return false;
	*heard = queues[party].packets[queues[party].first];
	heard->rtp.payload = heard->payload;
	queues[party].first = (queues[party].first + 1) % QUEUED;
	queues[party].count--;
	return true;
}

bool take_report(enum party party, struct reported *reported)
{
	if (reports[party].count == 0)
		return false;
	*reported = reports[party].packets[reports[party].first];
	reports[party].first = (reports[party].first + 1) % QUEUED;
	reports[party].count--;
	return true;
}

void keep_up(uint64_t us)
{
	for (uint64_t end_us = now_us + us; now_us < end_us; now_us += 1000) {
		struct forward_env env = {
			.now_us = now_us,
			.now_ms = (uint32_t)(now_us / 1000),
			.counters = &worker->counters,
			.pool = pool,
			.events = worker->events,
			.nexthops = worker->nexthops,
			.tx = worker->tx,
			.reporter = &worker->reporter,
		};

		upkeep_step(&worker->upkeep, &table, 0, &env);
		collect();
	}
}

void inject_datagram_to(enum party party, uint16_t local_port, const struct endpoint *source,
	const uint8_t *bytes, unsigned length)
{
	struct endpoint local = realms.realm[plans[party].realm].address;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct header_template header;
	uint8_t *at;

	assert_non_null(mbuf);
	local.port = local_port;
	header_template_init(&header, source, &local, 0);
	at = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)(14u + header.length + length));
	memcpy(at, worker->nexthops[1].bytes, 14);
	at += 14 + header.length;
	memcpy(at, bytes, length);
	header_template_write(
		header.bytes, header.length, at, (uint16_t)length, checksum_add(0, at, length));
	mbuf->port = plans[party].port_id;
	inject(mbuf);
}

struct leg *leg_of(enum party party)
{
	for (unsigned i = 0; i < live->leg_count; i++)
		if (leg_rest(&live->legs[i])->id == 100u + party)
			return &live->legs[i];
	return NULL;
}

struct heard hear(enum party party)
{
	struct heard heard;

	if (!take(party, &heard))
		fail_msg("party %d heard nothing", party);
	return heard;
}

void hears_nothing(enum party party)
{
	if (queues[party].count > 0)
		fail_msg("party %d heard %u packets", party, queues[party].count);
}

uint64_t counted(enum counter counter)
{
	return counters_get(&worker->counters, counter);
}

bool told(enum event_kind kind, enum party party)
{
	struct event event;
	bool found = false;

	/* Everything else that is in the ring is of no interest to the test that asks. */
	while (rte_ring_dequeue_elem(worker->events, &event, sizeof(event)) == 0)
		if (event.kind == kind && event.leg == 100u + party)
			found = true;
	return found;
}

unsigned told_keys(enum party party, uint8_t *codes, unsigned count)
{
	struct event event;
	unsigned n = 0;

	while (rte_ring_dequeue_elem(worker->events, &event, sizeof(event)) == 0)
		if (event.kind == EVENT_TELEPHONE_EVENT && event.leg == 100u + party && n < count)
			codes[n++] = event.code;
	return n;
}
