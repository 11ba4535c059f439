/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_HISTOGRAM_H
#define BRIDGETAP_RTPGEN_HISTOGRAM_H

#include <stdint.h>

/* Durations in buckets whose width grows with them: 64 to each doubling, so that a quantile is
 * right to 1.6 per cent from nanoseconds to minutes. All zero is empty. One thread. */

#define HISTOGRAM_STEPS	  64
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * 36)

struct histogram {
	uint64_t count, most;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t nanoseconds);

/* The upper end of the bucket that holds the value which a share (0 to 1) of all does not exceed;
 * never more than the largest. 0 of none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
