/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_BURST_PACKETS_H
#define BRIDGETAP_PERF_BURST_PACKETS_H

#include <rte_mbuf.h>

#include "burst/population.h"

/* What speakers send: 20 ms of G.711 in frames of 214 bytes. */

/* Write the packet that `speaker` sends in `round`, as it comes in on `port`, into a fresh mbuf. */
void packets_fill(
	struct rte_mbuf *mbuf, const struct speaker *speaker, uint32_t round, uint16_t port);

/* The order in which `count` speakers send, the same in each round: any call may be next. Freed
 * with rte_free(); NULL where memory is short. */
unsigned *packets_shuffle(unsigned count);

#endif
