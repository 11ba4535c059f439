/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_RELAY_MAPS_H
#define BRIDGETAP_NET_RELAY_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/relay.h"
#include "net/nexthop.h"

/* The arrays through which the data plane and the XDP program of one interface share what
 * bpf/relay.h describes, mapped into memory. Opened and closed by the main lcore. */
struct relay_maps {
	struct relay_hop *hops;
	struct relay_port *port;
	int realms_fd;
};

_Static_assert(RELAY_HOPS_MAX == NEXTHOP_MAX && RELAY_REALMS_MAX == REALM_MAX,
	"numbers are the same on both sides");
_Static_assert(sizeof(((struct relay_hop *)0)->bytes) == L2_HEADER_MAX, "so are headers");

/* Map those of the program on `ifindex`, which sends as `redirects` says (net/xdp_transmit.h).
 * 0 or -errno, with nothing left open. */
int relay_maps_open(struct relay_maps *maps, unsigned ifindex, bool redirects);
void relay_maps_close(struct relay_maps *maps);

/* Give the realm `number` room for `slots` relays, none of them active, which the program looks at
 * from now on. They are unmapped by relay_maps_drop(). NULL with errno. */
struct relay *relay_maps_add(const struct relay_maps *maps, unsigned number, unsigned slots);
void relay_maps_drop(struct relay *relays, unsigned slots);

/* The next hop `number` is reached by `header` from now on. A packet that is being sent meanwhile
 * goes to the data plane, or goes astray; none after it. */
void relay_maps_set_hop(
	const struct relay_maps *maps, uint16_t number, const struct l2_header *header);

/* Relays hold until `until_ns` of CLOCK_MONOTONIC; 0 ends all of them at once. */
void relay_maps_lease(const struct relay_maps *maps, uint64_t until_ns);

#endif
