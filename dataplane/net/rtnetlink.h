/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_RTNETLINK_H
#define BRIDGETAP_NET_RTNETLINK_H

#include <stdbool.h>

#include <rte_ether.h>

#include "net/endpoint.h"

/* What the kernel knows of the way to a peer: its routes and its neighbour table (ARP and IPv6
 * neighbour discovery), by rtnetlink(7). The data plane keeps no ARP of its own where the kernel
 * shares the interface. Main lcore only; requests wait for the kernel's answer. */

struct rtnetlink;

struct rtnetlink *rtnetlink_create(void); /* NULL with errno */
void rtnetlink_destroy(struct rtnetlink *rtnl);

/* The next hop towards `to` out of interface `ifindex` into `via`: a gateway, which may be of the
 * other address family, or `to` itself where it is on the link. 0, or -errno (-ENETUNREACH: no
 * route). Ports are not used. */
int rtnetlink_route(
	struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *to, struct endpoint *via);

/* The MAC address of neighbour `via`. -ENOENT where the kernel has none at the moment. `fixed` says
 * that an administrator has set the entry, or that the link has no ARP: it is not to be probed. */
int rtnetlink_neighbour(struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *via,
	struct rte_ether_addr *mac, bool *fixed);

/* Ask the kernel to resolve, or to confirm, a neighbour; the answer comes as an event. From Linux
 * 5.16 on a fixed one would be forgotten by that, and asked for. */
int rtnetlink_probe(struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *via);

/* A descriptor that is readable when neighbours, routes or interfaces have changed. */
int rtnetlink_event_fd(const struct rtnetlink *rtnl);

/* Who is told of changes: of each neighbour that has a MAC address now, of each network, the first
 * `bits` of the address, to which a route has come or gone, and of each interface by the name that
 * it has, or had at that time. */
struct rtnetlink_watcher {
	void (*neighbour)(void *arg, unsigned ifindex, const struct endpoint *via,
		const struct rte_ether_addr *mac);
	void (*route)(void *arg, const struct endpoint *network, unsigned bits);
	void (*interface)(void *arg, const char *name);
	void *arg;
};

/* Take pending changes: all, or as many as may be taken at a time; then the descriptor stays
 * readable. Returns 0, or -ENOBUFS when the kernel dropped some, after which all neighbours, routes
 * and interfaces must be asked again. */
int rtnetlink_read_events(struct rtnetlink *rtnl, const struct rtnetlink_watcher *watcher);

#endif
