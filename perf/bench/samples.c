/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/samples.h"

#include <stdlib.h>

#include "bench/report.h"

void samples_add(struct samples *samples, double value)
{
	if (samples->count == samples->room) {
		size_t room = samples->room ? 2 * samples->room : 1024;
		double *values = realloc(samples->values, room * sizeof(*values));

		if (values == NULL)
			report_out_of_memory();
		samples->values = values;
		samples->room = room;
	}
	samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double samples_quantile(struct samples *samples, double share)
{
	size_t rank = (size_t)(share * (double)samples->count + 0.999999);

	if (samples->count == 0)
		return 0;
	if (samples->sorted != samples->count)
		qsort(samples->values, samples->count, sizeof(*samples->values), compare);
	samples->sorted = samples->count;
	rank = rank > samples->count ? samples->count : rank;
	return samples->values[rank > 0 ? rank - 1 : 0];
}

void samples_free(struct samples *samples)
{
	free(samples->values);
	*samples = (struct samples){ 0 };
}
