/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_POPULATION_H
#define BRIDGETAP_BENCH_POPULATION_H

#include <stddef.h>

#include "bench/bench.h"
#include "bridgetap/v1/calls.pb-c.h"

/* The calls and people of the benchmark, by number. Of 100,000 calls every group has 1,000, every
 * tag 10,000, and a group and a tag together have 100, half of them inbound. */

#define POPULATION_GROUPS 100
#define POPULATION_TAGS	  10
#define POPULATION_CYCLE  (POPULATION_GROUPS * POPULATION_TAGS)

#define NAME_SIZE 24

void agent_name(const struct bench *bench, unsigned call, char name[static NAME_SIZE]);
void supervisor_name(unsigned number, char name[static NAME_SIZE]);
void call_name(unsigned call, char name[static NAME_SIZE]);
void group_name(unsigned group, char name[static NAME_SIZE]);
void tag_name(unsigned tag, char name[static NAME_SIZE]);
void realm_name(const struct bench *bench, unsigned number, char name[static NAME_SIZE]);

/* The first call that has both; the others follow every POPULATION_CYCLE, by turns inbound (the
 * first) and outbound. */
unsigned call_with(unsigned group, unsigned tag);

/* How many calls have both. */
unsigned calls_with(const struct bench *bench, unsigned group, unsigned tag);

/* A message of LoadCallTable with the calls from `first` on. */
struct packed population_pack(const struct bench *bench, unsigned first, unsigned count);

#endif
