/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>

#define FIRST_PORT 2000
#define TTL	   64

/* --- layout --- */

/* The modes by turns, each as often as its weight says: whoever is furthest behind comes next. */
static void assign_modes(struct table *table)
{
	const unsigned *mix = table->options->mix;
	unsigned given[MODES] = { 0 }, sum = 0;

	for (unsigned mode = 0; mode < MODES; mode++)
		sum += mix[mode];
	for (unsigned i = 0; i < table->call_count; i++) {
		unsigned best = 0;
		int64_t most = INT64_MIN;

		for (unsigned mode = 0; mode < MODES; mode++) {
			int64_t behind = (int64_t)(i + 1) * mix[mode] - (int64_t)given[mode] * sum;

			if (mix[mode] > 0 && behind > most) {
				most = behind;
				best = mode;
			}
		}
		given[best]++;
		table->calls[i].mode = table->calls[i].next_mode = (uint8_t)best;
	}
}

static void assign_codecs(struct table *table, unsigned number)
{
	struct call *call = &table->calls[number];

	call->voice = (uint8_t)(number % VOICES);
	if (table->options->codec == CHOICE_PCMA)
		call->codecs = HEARS_SETS - 1;
	else if (table->options->codec == CHOICE_MIXED)
		call->codecs = (uint8_t)(number / 4 % HEARS_SETS);
}

static void *huge_alloc(size_t size)
{
	void *memory = NULL;

	size = (size + (2 << 20) - 1) & ~(size_t)((2 << 20) - 1);
	if (posix_memalign(&memory, 2 << 20, size) != 0)
		return NULL;
	madvise(memory, size, MADV_HUGEPAGE);
	return memset(memory, 0, size);
}

static void init_leg(struct table *table, struct leg *leg, unsigned call, enum party party)
{
	const struct call *of = &table->calls[call];

	leg->call = call;
	leg->party = (uint8_t)party;
	if (party < PARTY_SENDERS) {
		leg->codec = of->codecs & party_bit(party) ? VOICE_PCMA : VOICE_PCMU;
		leg->payload = table->payloads[of->voice][party][leg->codec];
	}
}

static void init_legs(struct table *table)
{
	unsigned n = table->call_count, monitor = 2 * n;

	for (unsigned i = 0; i < n; i++) {
		init_leg(table, &table->legs[i], i, PARTY_CUSTOMER);
		init_leg(table, &table->legs[n + i], i, PARTY_AGENT);
		if (table->calls[i].mode != MODE_FORWARD) {
			init_leg(table, &table->legs[monitor], i, PARTY_MONITOR);
			table->calls[i].monitor = monitor++;
		}
		if (table->options->record) {
			struct leg *recorded = &table->legs[table->senders + 2 * i];

			init_leg(table, &recorded[0], i, PARTY_RECORDED_CUSTOMER);
			init_leg(table, &recorded[1], i, PARTY_RECORDED_AGENT);
		}
	}
}

static void init_payloads(struct table *table)
{
	for (unsigned voice = 0; voice < VOICES; voice++)
		for (unsigned party = 0; party < PARTY_SENDERS; party++)
			for (unsigned codec = 0; codec < VOICE_CODECS; codec++)
				memset(table->payloads[voice][party][codec],
					voice_code(voice, party_bit(party), codec),
					sizeof(table->payloads[0][0][0]));
}

struct table *table_create(const struct options *options)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->options = options;
	table->call_count = options->calls;
	table->calls = calloc(options->calls, sizeof(*table->calls));
	if (table->calls == NULL)
		goto fail;
	assign_modes(table);
	for (unsigned i = 0; i < options->calls; i++) {
		assign_codecs(table, i);
		table->monitors += table->calls[i].mode != MODE_FORWARD;
	}
	table->senders = 2 * options->calls + table->monitors;
	table->count = table->senders + (options->record ? 2 * options->calls : 0);
	table->legs = huge_alloc(table->count * sizeof(*table->legs));
	if (table->legs == NULL)
		goto fail;
	init_payloads(table);
	init_legs(table);
	return table;

fail:
	table_destroy(table);
	errno = ENOMEM;
	return NULL;
}

void table_destroy(struct table *table)
{
	if (table == NULL)
		return;
	free(table->calls);
	free(table->legs);
	free(table);
}

/* --- legs and their places --- */

struct leg *table_leg(const struct table *table, unsigned call, enum party party)
{
	switch (party) {
	case PARTY_CUSTOMER:
		return &table->legs[call];
	case PARTY_AGENT:
		return &table->legs[table->call_count + call];
	case PARTY_MONITOR:
		return table->calls[call].monitor ? &table->legs[table->calls[call].monitor] : NULL;
	default:
		if (!table->options->record)
			return NULL;
		return &table->legs[table->senders + 2 * call + (party == PARTY_RECORDED_AGENT)];
	}
}

static unsigned number_of(const struct table *table, const struct leg *leg)
{
	unsigned number = (unsigned)(leg - table->legs);

	return number < table->senders ? number : number - table->senders;
}

static const struct ip_address *first_address(const struct table *table, bool recording)
{
	return recording ? &table->options->recording_address : &table->options->address;
}

struct ip_address table_address(const struct table *table, const struct leg *leg)
{
	return ip_plus(first_address(table, leg->party >= PARTY_SENDERS),
		number_of(table, leg) / TABLE_PORTS);
}

uint16_t table_port(const struct table *table, const struct leg *leg)
{
	return (uint16_t)(FIRST_PORT + 2 * (number_of(table, leg) % TABLE_PORTS));
}

static unsigned legs_on(const struct table *table, bool recording)
{
	return recording ? table->count - table->senders : table->senders;
}

unsigned table_addresses(const struct table *table, bool recording)
{
	return (legs_on(table, recording) + TABLE_PORTS - 1) / TABLE_PORTS;
}

struct leg *table_find(
	const struct table *table, bool recording, const struct ip_address *address, uint16_t port)
{
	uint32_t place = ip_minus(address, first_address(table, recording));
	uint32_t slot = (uint32_t)(port - FIRST_PORT) / 2;
	uint64_t number = (uint64_t)place * TABLE_PORTS + slot;

	if (port < FIRST_PORT || (port & 1) || slot >= TABLE_PORTS ||
		number >= legs_on(table, recording))
		return NULL;
	return &table->legs[number + (recording ? table->senders : 0)];
}

/* --- headers --- */

/* Returns where the next header goes. */
static void *write_ipv4(
	struct ip_address from, const struct ip_address *to, uint16_t length, void *at)
{
	struct rte_ipv4_hdr *ip = at;

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + length)),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = TTL,
		.next_proto_id = IPPROTO_UDP,
	};
	memcpy(&ip->src_addr, ip_bytes(&from), sizeof(ip->src_addr));
	memcpy(&ip->dst_addr, ip_bytes(to), sizeof(ip->dst_addr));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return ip + 1;
}

static void *write_ipv6(
	struct ip_address from, const struct ip_address *to, uint16_t length, void *at)
{
	struct rte_ipv6_hdr *ip = at;

	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28),
		.payload_len = rte_cpu_to_be_16(length),
		.proto = IPPROTO_UDP,
		.hop_limits = TTL,
	};
	memcpy(ip->src_addr, from.bytes, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, to->bytes, sizeof(ip->dst_addr));
	return ip + 1;
}

uint8_t table_payload_type(const struct table *table, const struct leg *leg)
{
	if (table->options->codec == CHOICE_G722)
		return 9;
	return leg->codec == VOICE_PCMA ? 8 : 0;
}

void table_set_remote(
	struct table *table, struct leg *leg, const struct ip_address *remote, uint16_t port)
{
	struct rte_ether_hdr *ethernet = (struct rte_ether_hdr *)leg->header;
	uint16_t length = (uint16_t)(sizeof(struct rte_udp_hdr) + TABLE_RTP +
				     options_samples(table->options));
	uint32_t ssrc = rte_cpu_to_be_32(0x52000000u + (uint32_t)(leg - table->legs));
	struct ip_address from = table_address(table, leg);
	struct rte_udp_hdr *udp;
	uint8_t *rtp;

	ethernet->ether_type =
		rte_cpu_to_be_16(remote->six ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	udp = (remote->six ? write_ipv6 : write_ipv4)(from, remote, length, ethernet + 1);
	/* A UDP checksum of 0 is none, which IPv4 allows (RFC 768). */
	*udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16(table_port(table, leg)),
		.dst_port = rte_cpu_to_be_16(port),
		.dgram_len = rte_cpu_to_be_16(length),
	};
	rtp = (uint8_t *)(udp + 1);
	rtp[0] = 0x80;
	rtp[1] = table_payload_type(table, leg);
	memcpy(rtp + 8, &ssrc, sizeof(ssrc));
	leg->header_length = (uint8_t)(rtp + TABLE_RTP - leg->header);
}

void table_set_macs(
	struct leg *leg, const struct rte_ether_addr *from, const struct rte_ether_addr *to)
{
	struct rte_ether_hdr *ethernet = (struct rte_ether_hdr *)leg->header;

	ethernet->src_addr = *from;
	ethernet->dst_addr = *to;
}

struct ip_address table_remote(const struct leg *leg)
{
	const void *ip = leg->header + sizeof(struct rte_ether_hdr);

	return leg->header_length == TABLE_HEADER6
		       ? ip_of(((const struct rte_ipv6_hdr *)ip)->dst_addr, true)
		       : ip_of(&((const struct rte_ipv4_hdr *)ip)->dst_addr, false);
}
