/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_REPORT_H
#define BRIDGETAP_BENCH_REPORT_H

#include <stddef.h>

/* What the benchmark prints, a line each, for bench.py to read:
 *
 *     row <TAB> name <TAB> value <TAB> unit <TAB> note
 *     error: why a figure cannot be taken
 *     anything else is progress
 */

__attribute__((format(printf, 4, 5))) void report_row(
	const char *name, double value, const char *unit, const char *note, ...);

/* Returns -1. */
__attribute__((format(printf, 1, 2))) int report_error(const char *format, ...);

__attribute__((format(printf, 1, 2))) void report_progress(const char *format, ...);

/* snprintf() which may cut. Returns `out`. */
__attribute__((format(printf, 3, 4))) char *report_format(
	char *out, size_t size, const char *format, ...);

/* A benchmark without memory has nothing to tell. */
__attribute__((noreturn)) void report_out_of_memory(void);

#endif
