/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/histogram.h"

#define STEP_BITS 6

/* The first HISTOGRAM_STEPS values have buckets of their own; from there on the leading bits of a
 * value are its place within its doubling. */
static unsigned bucket_of(uint64_t value)
{
	unsigned shift, bucket;

	if (value < HISTOGRAM_STEPS)
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
	bucket = (shift + 1) * HISTOGRAM_STEPS + (unsigned)((value >> shift) - HISTOGRAM_STEPS);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t upper_end(unsigned bucket)
{
	unsigned shift = bucket / HISTOGRAM_STEPS;

	if (shift == 0)
		return bucket;
	return ((uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS + 1) << (shift - 1)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
	histogram->count++;
	histogram->most = nanoseconds > histogram->most ? nanoseconds : histogram->most;
	histogram->buckets[bucket_of(nanoseconds)]++;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t rank = (uint64_t)(share * (double)histogram->count + 0.999999), seen = 0;

	rank = rank > 0 ? rank : 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank)
			return upper_end(i) < histogram->most ? upper_end(i) : histogram->most;
	}
	return histogram->most;
}
