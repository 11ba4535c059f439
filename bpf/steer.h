/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BPF_STEER_H
#define BRIDGETAP_BPF_STEER_H

/* The contract between the XDP program that shares an interface with the kernel and the data
 * plane that fills its maps. All maps belong to one loaded program, hence to one interface. */

#include <linux/types.h>

#define STEER_PROGRAM	   "bridgetap_steer"
#define STEER_MAP_REALMS   "realms"
#define STEER_MAP_COUNTERS "steer_counters"

#define STEER_REALMS_MAX 64
#define STEER_QUEUES_MAX 64

/* Where media is expected: an address on a VLAN ... */
struct steer_address {
	__u8 address[16];   /* IPv4 as ::ffff:a.b.c.d */
	__u16 vlan;	    /* 802.1Q, host order; 0 without such a tag */
	__u16 service_vlan; /* of the tag outside of that (802.1ad); 0 without one */
};

/* ... and its UDP ports, first and last included, host order; and the realm's number. */
struct steer_realm {
	__u16 first;
	__u16 last;
	__u32 number;
};

/* Index into the per-CPU counters. */
enum steer_counter {
	STEER_TO_DATAPLANE, /* RTP and RTCP of a realm */
	STEER_TO_KERNEL,    /* everything else: ARP, ICMP, SSH, other addresses and ports */
	STEER_FRAGMENT,	    /* of those to the kernel: IP fragments to a realm's address */
	STEER_RELAYED,	    /* RTP of a realm that was forwarded here (bpf/relay.h) */
	STEER_COUNTER_COUNT,
};

#endif
