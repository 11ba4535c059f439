/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_RELAYS_H
#define BRIDGETAP_CONTROL_RELAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "call/port_table.h"
#include "call/relay.h"
#include "net/clock.h"
#include "net/port.h"

/* What the data plane shares with the XDP programs of its ports so that they may forward calls:
 * opened at the start, and kept alive from then on. Which calls are forwarded is another matter
 * (control/relay_walk.h). Main lcore only, but for `table`. */
struct relays {
	struct relay_table table; /* the workers read it */
	const struct port_set *ports;
	const struct realm_set *realms;
	struct {
		struct relay_maps maps;
		bool open;	   /* the program can be asked to forward */
		bool transmits;	   /* and what it forwards leaves */
	} port[PORT_MAX];	   /* as in `ports` */
	unsigned slots[REALM_MAX]; /* of table.realm[].relays */
	struct clock clock;	   /* the workers' */
};

/* Open what there is to share with the programs of those ports that are configured for it; of ports
 * that cannot do it, the log says why, and calls are forwarded by the workers there as ever. All
 * arguments outlive the relays. Before the workers start. */
void relays_open(struct relays *relays, const struct port_set *ports,
	const struct realm_set *realms, const struct port_table *table);
void relays_close(struct relays *relays);

/* Whether calls between legs in these realms, by number, can be forwarded. */
bool relays_can(const struct relays *relays, unsigned realm, unsigned other);

/* The next hop `number` is reached by `header` from now on. */
void relays_set_hop(struct relays *relays, uint16_t number, const struct l2_header *header);

/* Extend the leases, and tell the workers the time; many times a second. */
void relays_renew(struct relays *relays);

/* Look again at which ports can send; every second. */
void relays_check(struct relays *relays);

/* End all leases: what was forwarded goes to the data plane, or to the kernel once that is gone. */
void relays_stop(struct relays *relays);

#endif
