/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_QUALITY_WIRE_H
#define BRIDGETAP_PERF_QUALITY_WIRE_H

#include <stdint.h>

/* A packet as perf/bench/speech.py writes it to standard input and reads it from standard output:
 * this, in the machine's own byte order, and `length` bytes of payload behind it. */
struct wire {
	uint64_t us; /* when it arrives at the appliance, or leaves it */
	uint32_t timestamp;
	uint16_t sequence;
	uint16_t length;
	uint8_t party; /* who has sent it, or whom it is for: an index of `roles` in rig.c */
	uint8_t unused[7];
};

#define WIRE_PARTIES 3 /* agent, customer, monitor */

#endif
