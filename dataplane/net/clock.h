/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_CLOCK_H
#define BRIDGETAP_NET_CLOCK_H

#include <stdint.h>

#include <rte_cycles.h>

/* From cycles of the TSC to microseconds. With a whole number of cycles in a microsecond, the clock
 * would be fast by up to a second and a half an hour. Pure functions. */

#define CLOCK_SHIFT 44

struct clock {
	uint64_t us_per_cycle; /* times 2^CLOCK_SHIFT */
};

/* The clock that says `us` after so many cycles, of which there are some. */
static inline struct clock clock_make(uint64_t us, uint64_t cycles)
{
	return (struct clock){ (uint64_t)(((unsigned __int128)us << CLOCK_SHIFT) / cycles) };
}

static inline struct clock clock_of_tsc(void)
{
	return clock_make(1000000, rte_get_tsc_hz());
}

static inline uint64_t clock_us(struct clock clock, uint64_t cycles)
{
	return (uint64_t)((unsigned __int128)cycles * clock.us_per_cycle >> CLOCK_SHIFT);
}

#endif
