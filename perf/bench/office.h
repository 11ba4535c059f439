/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_OFFICE_H
#define BRIDGETAP_BENCH_OFFICE_H

#include <stdbool.h>

#include "bench/hub.h"

/* An organisation that may monitor, and its people. */

#define OFFICE_NAME_SIZE 32

struct office_person {
	bool supervisor; /* an agent otherwise */
	char id[OFFICE_NAME_SIZE];
};

/* Make the organisation, which the hub acts for, with these people; consent is accepted, and
 * supervisors may monitor and are logged in. 0, or -1 after one sentence. One thread. */
int office_open(struct hub *hub, const char *organisation, const struct office_person *people,
	unsigned count);

#endif
