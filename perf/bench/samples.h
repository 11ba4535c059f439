/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_SAMPLES_H
#define BRIDGETAP_BENCH_SAMPLES_H

#include <stddef.h>

/* Measured numbers, and what is in the middle and at the end of them. */

struct samples {
	double *values;
	size_t count, room;
	size_t sorted; /* how many were there when they were sorted */
};

/* Ends the process where memory is short. */
void samples_add(struct samples *samples, double value);

/* The value that a share (0 to 1) of all does not exceed: the nearest rank, 0 of none. */
double samples_quantile(struct samples *samples, double share);

void samples_free(struct samples *samples);

#endif
