/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_NEXTHOP_H
#define BRIDGETAP_NET_NEXTHOP_H

#include <stdint.h>

#include "net/realm.h"
#include "net/rtnetlink.h"

/* The Ethernet header towards each peer address. Legs name a next hop by its number; the workers
 * have a copy of the table, so that a neighbour that changes its MAC address costs one update,
 * however many legs lie behind it. */

#define NEXTHOP_MAX  8192
#define NEXTHOP_NONE 0 /* the number of no next hop; its header is never resolved */

#define L2_HEADER_MAX 22 /* with both VLAN tags */

/* What is written in front of the IP header. */
struct l2_header {
	uint8_t length; /* 14, and 4 a VLAN tag; 0 while the MAC address is not known */
	uint8_t bytes[L2_HEADER_MAX];
};

struct nexthop_table;

/* Called for every number whose header is new or has changed. Main lcore. */
typedef void nexthop_publish_fn(void *arg, uint16_t number, const struct l2_header *header);

/* `rtnl` may be NULL where no realm has a kernel interface. Both outlive the table. NULL with
 * errno. Main lcore, as all below. */
struct nexthop_table *nexthop_table_create(const struct realm_set *realms, struct rtnetlink *rtnl,
	nexthop_publish_fn *publish, void *arg);
void nexthop_table_destroy(struct nexthop_table *table);

/* Take a reference to the next hop towards `remote` out of realm number `realm`. Returns its
 * number, or -errno: -ENOSPC when the table is full, -ENETUNREACH where there is no route. */
int nexthop_get(struct nexthop_table *table, unsigned realm, const struct endpoint *remote);
void nexthop_put(struct nexthop_table *table, uint16_t number);

/* Take what the kernel has to say; call when rtnetlink_event_fd() is readable. */
void nexthop_table_read_events(struct nexthop_table *table);

/* Look at the routes again and have the kernel confirm the neighbours, for a slice of the table
 * that moves on with each call; call every second. */
void nexthop_table_refresh(struct nexthop_table *table);

#endif
