/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_WHEEL_H
#define BRIDGETAP_RTPGEN_WHEEL_H

#include <stdint.h>

#include <rte_mbuf.h>

/* Packets that are held back until their time comes. One thread. */

#define WHEEL_SLOTS   2048
#define WHEEL_SLOT_US 250 /* so that it reaches half a second ahead */

struct wheel {
	uint64_t slot_tsc;
	uint64_t now; /* number of the slot that is taken from */
	unsigned held;
	struct {
		struct rte_mbuf *first, *last;
	} slots[WHEEL_SLOTS];
};

/* Empty. */
void wheel_init(struct wheel *wheel, uint64_t tsc);

/* Hold a packet until `tsc`; what is too far ahead comes at the end of the reach. */
void wheel_put(struct wheel *wheel, struct rte_mbuf *mbuf, uint64_t tsc);

/* A packet that is due at `tsc`; NULL where there is none left. */
struct rte_mbuf *wheel_take(struct wheel *wheel, uint64_t tsc);

#endif
