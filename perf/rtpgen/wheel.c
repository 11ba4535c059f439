/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/wheel.h"

#include <rte_cycles.h>

void wheel_init(struct wheel *wheel, uint64_t tsc)
{
	*wheel = (struct wheel){ .slot_tsc = rte_get_tsc_hz() / 1000000 * WHEEL_SLOT_US };
	wheel->now = tsc / wheel->slot_tsc;
}

void wheel_put(struct wheel *wheel, struct rte_mbuf *mbuf, uint64_t tsc)
{
	uint64_t slot = tsc / wheel->slot_tsc;

	slot = RTE_MAX(slot, wheel->now);
	slot = RTE_MIN(slot, wheel->now + WHEEL_SLOTS - 1) % WHEEL_SLOTS;
	mbuf->next = NULL;
	if (wheel->slots[slot].first == NULL)
		wheel->slots[slot].first = mbuf;
	else
		wheel->slots[slot].last->next = mbuf;
	wheel->slots[slot].last = mbuf;
	wheel->held++;
}

struct rte_mbuf *wheel_take(struct wheel *wheel, uint64_t tsc)
{
	uint64_t end = tsc / wheel->slot_tsc;

	if (wheel->held == 0)
		wheel->now = RTE_MAX(wheel->now, end);
	for (;; wheel->now++) {
		struct rte_mbuf *mbuf = wheel->slots[wheel->now % WHEEL_SLOTS].first;

		if (mbuf != NULL) {
			wheel->slots[wheel->now % WHEEL_SLOTS].first = mbuf->next;
			mbuf->next = NULL;
			wheel->held--;
			return mbuf;
		}
		if (wheel->now >= end)
			return NULL;
	}
}
