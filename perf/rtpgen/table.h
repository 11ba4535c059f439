/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_TABLE_H
#define BRIDGETAP_RTPGEN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "rtpgen/options.h"
#include "rtpgen/party.h"
#include "rtpgen/stream.h"
#include "rtpgen/voice.h"

/* All calls and legs of a run. Legs stand in the order in which they send: all customers, all
 * agents, all monitors; then the recorder's. A leg's address and port follow from its number, so
 * that a packet finds its leg without a search. One thread. */

#define TABLE_HEADER  54    /* Ethernet, IPv4, UDP, RTP */
#define TABLE_HEADER6 74    /* the same with IPv6 */
#define TABLE_RTP     12    /* of those */
#define TABLE_SENT    32    /* packets whose time of sending is kept; a power of two */
#define TABLE_PORTS   30000 /* legs that an address has ports for */

#define TABLE_SETTLE_MS 60 /* in which ramps and packets under way end */

struct leg {
	uint8_t header[TABLE_HEADER6 + 2]; /* of what it sends, but for sequence and timestamp */
	const uint8_t *payload;
	uint32_t call;
	uint8_t party; /* enum party */
	uint8_t codec; /* enum voice_codec; of those who send */
	bool silent;
	uint8_t header_length;
	uint16_t spurt; /* packets until it may fall silent, or speak again */
	uint16_t sequence;
	uint32_t timestamp;
	uint64_t due; /* TSC, of its newest packet: later ones do not overtake it */

	uint16_t newest; /* sequence number, of what was sent */
	uint32_t sent;	 /* since the figures began */
	uint32_t left_out;
	uint64_t newest_tsc;
	uint64_t sent_tsc[TABLE_SENT]; /* by sequence number */

	struct stream heard;
} __rte_cache_aligned;

struct call {
	uint8_t mode;
	uint8_t next_mode; /* another one while a switch is on its way */
	uint8_t voice;
	voice_codecs codecs;
	uint32_t monitor;	 /* number of its leg; 0 without one (which is a customer's) */
	uint32_t alignment;	 /* moves on when the streams of the call may be clocked anew */
	uint64_t tolerant_until; /* TSC: a switch has just been, or the call has been silent */

	/* Of the switch to `next_mode` that has shown in no packet yet. */
	uint8_t old_mode;
	uint64_t switch_tsc; /* when it was asked for; 0: there is none */
	uint64_t old_tsc;    /* of the newest packet that was still as before; 0: none since */
};

struct table {
	const struct options *options;
	struct call *calls;
	struct leg *legs;
	unsigned call_count;
	unsigned monitors;
	unsigned senders; /* legs that send: the first ones */
	unsigned count;	  /* legs in all */
	uint8_t payloads[VOICES][PARTY_SENDERS][VOICE_CODECS][480];
};

/* Lay out the calls that `options` asks for, which outlives the table. NULL with errno. */
struct table *table_create(const struct options *options);
void table_destroy(struct table *table);

/* The leg of a call; NULL where it has none such. */
struct leg *table_leg(const struct table *table, unsigned call, enum party party);

/* Where a leg is: address and port. */
struct ip_address table_address(const struct table *table, const struct leg *leg);
uint16_t table_port(const struct table *table, const struct leg *leg);

/* How many addresses are in use, on the media or on the recording port. */
unsigned table_addresses(const struct table *table, bool recording);

/* The leg at an address and port; NULL where there is none. */
struct leg *table_find(
	const struct table *table, bool recording, const struct ip_address *address, uint16_t port);

/* Write the headers of what a leg sends; `remote` is of the same family as its own address. */
void table_set_remote(
	struct table *table, struct leg *leg, const struct ip_address *remote, uint16_t port);
void table_set_macs(
	struct leg *leg, const struct rte_ether_addr *from, const struct rte_ether_addr *to);

/* The RTP payload type of what is sent by a party, and to it. */
uint8_t table_payload_type(const struct table *table, const struct leg *leg);

/* Where a leg sends to. */
struct ip_address table_remote(const struct leg *leg);

#endif
