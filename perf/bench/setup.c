/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/office.h"
#include "bench/population.h"
#include "bench/report.h"

_Static_assert(NAME_SIZE <= OFFICE_NAME_SIZE, "names of people fit");

int bench_setup(struct bench *bench)
{
	unsigned count = bench->agents + bench->supervisors;
	struct office_person *people = bench_alloc(count, sizeof(*people));
	int ret;

	for (unsigned i = 0; i < bench->agents; i++)
		agent_name(bench, i, people[i].id);
	for (unsigned i = 0; i < bench->supervisors; i++) {
		people[bench->agents + i].supervisor = true;
		supervisor_name(i, people[bench->agents + i].id);
	}
	report_progress("an organisation with %u agents and %u supervisors", bench->agents,
		bench->supervisors);
	ret = office_open(&bench->hub, BENCH_ORGANISATION, people, count);
	free(people);
	return ret;
}
