/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BPF_RELAY_H
#define BRIDGETAP_BPF_RELAY_H

#include <linux/types.h>

/* The contract about calls that the XDP program forwards by itself. All of it lies in arrays that
 * the data plane has mapped into its memory: the worker that owns a call writes and reads its
 * relays by plain stores and loads, between two packets of its own. */

#define RELAY_MAP_REALMS "relay_realms" /* by number of the realm: an array of struct relay */
#define RELAY_MAP_HOPS	 "relay_hops"	/* by number of the next hop: struct relay_hop */
#define RELAY_MAP_PORT	 "relay_port"	/* one struct relay_port */

#define RELAY_REALMS_MAX 64
#define RELAY_HOPS_MAX	 8192

/* RFC 3550 A.1: what is further ahead or behind is for the worker to judge. */
#define RELAY_MAX_DROPOUT  3000
#define RELAY_MAX_MISORDER 100

/* Timestamp units from where the time of arrival expects a packet; likewise. */
#define RELAY_MAX_STEP 16000

/* Of one stream, in any second; five times what the shortest ptime, of 10 ms, needs. What is more
 * goes to the worker, which has a rule for it. */
#define RELAY_RATE_MAX 500

#define RELAY_TTL 64

/* Arrival in units of RTP timestamps: (ns >> RELAY_CLOCK_SHIFT) * factor >> 32, modulo 2^32, by
 * factor = RELAY_CLOCK_FACTOR(rate). */
#define RELAY_CLOCK_SHIFT 10
#define RELAY_CLOCK_FACTOR(rate) \
	((__u32)((((__u64)(rate) << (32 + RELAY_CLOCK_SHIFT)) + 500000000) / 1000000000))

/* One direction of a call of two parties: what is accepted at a local port, and what becomes of it.
 * Found by the realm's number and the port's place among the RTP ports of the realm. Addresses,
 * ports and SSRCs are as they are in packets, sums are of 16-bit words as they lie in memory. */
struct relay {
	/* What the worker writes, and the program reads. */
	__u32 active; /* 0 or 1; written last when it begins, and first when it ends */
	__u32 from, ssrc;
	__u16 from_port;
	__u8 payload_type;
	__u8 ipv6;		       /* then the addresses are the last ones below */
	__u16 pseudo_sum;	       /* of what comes in: addresses and protocol; see RFC 768 */
	__u16 payload_max;	       /* bytes */
	__u32 local, remote, out_ssrc; /* what is sent: from local to remote */
	__u16 local_port, remote_port;
	__u8 out_payload_type;
	__u8 traffic_class; /* the DSCP in its upper six bits */
	__u16 hop;
	__u16 ip_sum;  /* of the IPv4 header that is sent, but for its length */
	__u16 udp_sum; /* added to the sum that the UDP checksum is of */
	__u16 sequence_offset;
	__u16 pad;
	__u32 timestamp_offset;
	__u32 clock_factor;

	/* What the program keeps, from where the worker was on; RFC 3550 A.1, A.3 and A.8. All
	 * packets of a stream come by one queue, hence one after the other. */
	__u64 heard_ns __attribute__((aligned(64))); /* CLOCK_MONOTONIC */
	__u64 window_ns;			     /* the second that packets are counted in */
	__u32 window_packets;
	__u32 received; /* since it began, and so is */
	__u64 bytes;	/* what there was of payload */
	__u32 cycles;
	__u32 jitter; /* times 16 */
	__u32 transit;
	__u32 timestamp; /* of the newest packet, */
	__u16 max_sequence;
	__u16 frame; /* and its bytes of payload */

	__u8 from6[16] __attribute__((aligned(64)));
	__u8 local6[16], remote6[16];
};

/* What is written in front of the IP header. */
struct relay_hop {
	__u8 bytes[22] __attribute__((aligned(4)));
	__u8 length; /* 14, 4 more for each VLAN tag; 0 while the next hop is not known */
	__u8 pad[9];
};

/* Of the interface. The main lcore extends the lease all the time: if it dies, nothing goes on for
 * long on behalf of calls that nobody can end. */
struct relay_port {
	__u64 until_ns;	 /* relays hold until this moment of CLOCK_MONOTONIC */
	__u32 redirects; /* 1: packets leave by a redirect to the interface, 0: by XDP_TX */
	__u32 pad;
};

#endif
