/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_REALM_H
#define BRIDGETAP_NET_REALM_H

#include <stdbool.h>
#include <stdint.h>

#include <net/if.h>
#include <rte_ether.h>

#include "net/endpoint.h"
#include "net/frame.h"

#define REALM_MAX	64
#define REALM_NAME_SIZE 32

/* A network the appliance has a foot in: an address and a range of UDP ports on a DPDK port.
 * Filled before the workers start, read-only from then on; any thread may read. */
struct realm {
	char name[REALM_NAME_SIZE];
	struct endpoint address; /* its port is 0 */
	uint16_t first_port;	 /* even; RTP on even ports, RTCP on the odd port above */
	uint16_t last_port;	 /* odd */
	uint16_t port_id;	 /* DPDK port */
	uint16_t vlan;		 /* 802.1Q; 0 for no such tag */
	uint16_t service_vlan;	 /* the tag outside of it (802.1ad); 0 for none */
	uint16_t service_tpid;	 /* the outer tag's EtherType in what is sent */
	uint32_t tags;		 /* both, as VLAN_TAGS() has it; set by realm_set_index() */
	uint8_t dscp;		 /* of what is sent */
	bool recording;		 /* leads to the recorder and to nothing else */
	unsigned
		ifindex; /* kernel interface whose neighbours are asked, at the start; 0 for none */
	char interface[IF_NAMESIZE]; /* its name where one was given, "" for the port's own */
	bool has_next_hop;	     /* a fixed next hop instead of the kernel's neighbours */
	struct rte_ether_addr next_hop;
};

struct realm_set {
	unsigned count;
	struct realm realm[REALM_MAX];
	/* From the last byte of an address to the first realm, and from each realm to the next,
	 * with that last byte: numbers plus one, 0 for none. Set by realm_set_index(). */
	uint8_t first[256];
	uint8_t next[REALM_MAX];
};

/* Make realm_find() find the realms; call when they are all there. */
void realm_set_index(struct realm_set *set);

/* The realm a frame that came in on `port_id` is addressed to (its port is not looked at), as an
 * index, or -1. */
int realm_find(const struct realm_set *set, uint16_t port_id, const struct frame *frame);

/* Whether an address (16 bytes, as in struct endpoint) is one of the realms', on whatever port. */
bool realm_is_local(const struct realm_set *set, const uint8_t *address);

#endif
