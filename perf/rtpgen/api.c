/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/office.h"
#include "bench/report.h"

#define AGENTS 1000 /* at most; each has many calls then */

_Static_assert(API_NAME_SIZE <= OFFICE_NAME_SIZE, "names of people fit");

void api_call_name(unsigned call, char name[static API_NAME_SIZE])
{
	snprintf(name, API_NAME_SIZE, "rtpgen-%u", call);
}

void api_supervisor_name(unsigned call, char name[static API_NAME_SIZE])
{
	snprintf(name, API_NAME_SIZE, "supervisor-%u", call);
}

int api_set_up(struct hub *hub, const struct table *table)
{
	unsigned agents = table->call_count < AGENTS ? table->call_count : AGENTS, count = 0;
	struct office_person *people = calloc(agents + table->monitors, sizeof(*people));
	int ret;

	if (people == NULL)
		report_out_of_memory();
	for (; count < agents; count++)
		snprintf(people[count].id, OFFICE_NAME_SIZE, "agent-%u", count);
	for (unsigned i = 0; i < table->call_count; i++)
		if (table->calls[i].monitor) {
			people[count].supervisor = true;
			api_supervisor_name(i, people[count++].id);
		}
	ret = office_open(hub, table->options->organisation, people, count);
	free(people);
	return ret;
}
