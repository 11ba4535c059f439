/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_RESULTS_H
#define BRIDGETAP_RTPGEN_RESULTS_H

#include "rtpgen/options.h"

/* The rows that a run prints at its end: a name, a value, its unit and a note, as a table for
 * people, as lines with tabs in between, or as JSON. One thread. */

struct results;

/* Ends the process where memory is short, as results_add() does. */
struct results *results_create(enum format format);

/* `name` is a format of its own, with `class` in it where there is a %s. */
__attribute__((format(printf, 6, 7))) void results_add(struct results *results, const char *name,
	const char *class, double value, const char *unit, const char *note, ...);

/* Print all of them on standard output, and free. */
void results_print(struct results *results);

#endif
