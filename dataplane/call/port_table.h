/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_PORT_TABLE_H
#define BRIDGETAP_CALL_PORT_TABLE_H

#include <stdint.h>

#include "call/call.h"
#include "net/realm.h"

/* Local address and port to leg: an array per realm, no hashing. One slot covers an even RTP port
 * and the odd RTCP port above it. */

#define PORT_OWNER_NONE 0xff

struct port_slots {
	uint16_t first_port; /* even */
	uint16_t count;	     /* slots */
	uint8_t *owner;	     /* worker of each slot; the main lcore writes, all workers read */
	struct leg **legs;   /* the owner of the slot alone reads and writes */
};

struct port_table {
	struct port_slots realm[REALM_MAX];
};

/* The slot of `port`, or -1 outside of the realm's range. Any thread. */
static inline int port_table_slot(const struct port_table *table, unsigned realm, uint16_t port)
{
	const struct port_slots *slots = &table->realm[realm];
	unsigned slot = (unsigned)(port - slots->first_port) >> 1;

	return port >= slots->first_port && slot < slots->count ? (int)slot : -1;
}

static inline uint8_t port_table_owner(const struct port_table *table, unsigned realm, int slot)
{
	return __atomic_load_n(&table->realm[realm].owner[slot], __ATOMIC_RELAXED);
}

/* Main lcore, before the worker is told of the call. */
static inline void port_table_set_owner(
	struct port_table *table, unsigned realm, int slot, uint8_t worker)
{
	__atomic_store_n(&table->realm[realm].owner[slot], worker, __ATOMIC_RELAXED);
}

/* Put all legs of a call into their slots, or take them out. The worker that owns them. */
void port_table_insert(struct port_table *table, struct call *call);
void port_table_remove(struct port_table *table, const struct call *call);

#endif
