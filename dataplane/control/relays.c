/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/relays.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "net/log.h"
#include "net/xdp_transmit.h"

/* For so long calls are forwarded on their own when the main lcore is no more. */
#define LEASE_NS 2000000000ull

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The port that a realm is on, as its place in the set. */
static unsigned port_of(const struct relays *relays, unsigned realm)
{
	unsigned i = 0;

	while (i < relays->ports->count &&
		relays->ports->port[i].id != relays->realms->realm[realm].port_id)
		i++;
	return i;
}

static void log_state(const struct port *port, bool transmits)
{
	if (transmits)
		log_info("port %s: the kernel forwards calls of two parties", port->name);
	else
		log_info("port %s: the kernel cannot forward calls of two parties: the other end "
			 "of the veth pair takes none of its frames; switch GRO on there "
			 "(ethtool -K NAME gro on)",
			port->name);
}

static void open_port(struct relays *relays, unsigned i)
{
	const struct port *port = &relays->ports->port[i];
	enum xdp_transmit transmit;
	int ret;

	if (!port->relays || !port->steered || port->recording)
		return;
	transmit = xdp_transmit(port->ifindex);
	ret = relay_maps_open(&relays->port[i].maps, port->ifindex, transmit != XDP_TRANSMIT_TX);
	if (ret < 0) {
		log_warning(
			"port %s: the kernel cannot forward calls: %s", port->name, strerror(-ret));
		return;
	}
	relays->port[i].open = true;
	relays->port[i].transmits = transmit != XDP_TRANSMIT_NONE;
	log_state(port, relays->port[i].transmits);
}

static void open_realm(struct relays *relays, unsigned realm, const struct port_slots *slots)
{
	unsigned i = port_of(relays, realm);

	if (i == relays->ports->count || !relays->port[i].open)
		return;
	relays->table.realm[realm].first_port = slots->first_port;
	relays->table.realm[realm].relays =
		relay_maps_add(&relays->port[i].maps, realm, slots->count);
	relays->slots[realm] = slots->count;
	if (relays->table.realm[realm].relays == NULL)
		log_warning("realm %s: the kernel cannot forward its calls: %s",
			relays->realms->realm[realm].name, strerror(errno));
}

void relays_open(struct relays *relays, const struct port_set *ports,
	const struct realm_set *realms, const struct port_table *table)
{
	memset(relays, 0, sizeof(*relays));
	relays->ports = ports;
	relays->realms = realms;
	relays->clock = clock_of_tsc();
	for (unsigned i = 0; i < ports->count; i++)
		open_port(relays, i);
	for (unsigned r = 0; r < realms->count; r++)
		open_realm(relays, r, &table->realm[r]);
	relays_renew(relays);
}

void relays_close(struct relays *relays)
{
	for (unsigned r = 0; r < REALM_MAX; r++)
		relay_maps_drop(relays->table.realm[r].relays, relays->slots[r]);
	for (unsigned i = 0; i < PORT_MAX; i++)
		if (relays->port[i].open)
			relay_maps_close(&relays->port[i].maps);
	memset(relays, 0, sizeof(*relays));
}

static unsigned tags(const struct realm *realm)
{
	return (realm->vlan != 0) + (realm->service_vlan != 0);
}

bool relays_can(const struct relays *relays, unsigned realm, unsigned other)
{
	const struct realm *a = &relays->realms->realm[realm];
	const struct realm *b = &relays->realms->realm[other];

	/* A packet leaves by the interface it came in by, as long as it was. */
	return relays->table.realm[realm].relays != NULL &&
	       relays->table.realm[other].relays != NULL && a->port_id == b->port_id &&
	       tags(a) == tags(b) && relays->port[port_of(relays, realm)].transmits;
}

void relays_set_hop(struct relays *relays, uint16_t number, const struct l2_header *header)
{
	for (unsigned i = 0; relays->ports != NULL && i < relays->ports->count; i++)
		if (relays->port[i].open)
			relay_maps_set_hop(&relays->port[i].maps, number, header);
}

void relays_renew(struct relays *relays)
{
	uint64_t now_ns = monotonic_ns(), now_us = clock_us(relays->clock, rte_rdtsc());

	__atomic_store_n(
		&relays->table.monotonic_us, (int64_t)(now_ns / 1000 - now_us), __ATOMIC_RELAXED);
	for (unsigned i = 0; i < relays->ports->count; i++)
		if (relays->port[i].open)
			relay_maps_lease(&relays->port[i].maps,
				relays->port[i].transmits ? now_ns + LEASE_NS : 0);
}

void relays_check(struct relays *relays)
{
	for (unsigned i = 0; i < relays->ports->count; i++) {
		const struct port *port = &relays->ports->port[i];
		bool transmits =
			relays->port[i].open && xdp_transmit(port->ifindex) != XDP_TRANSMIT_NONE;

		if (transmits == relays->port[i].transmits)
			continue;
		relays->port[i].transmits = transmits;
		log_state(port, transmits);
	}
}

void relays_stop(struct relays *relays)
{
	for (unsigned i = 0; i < PORT_MAX; i++)
		if (relays->port[i].open)
			relay_maps_lease(&relays->port[i].maps, 0);
}
