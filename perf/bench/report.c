/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void report_row(const char *name, double value, const char *unit, const char *note, ...)
{
	va_list args;

	printf("row\t%s\t%.*f\t%s\t", name, value < 100 ? 3 : 0, value, unit);
	va_start(args, note);
	vprintf(note, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

int report_error(const char *format, ...)
{
	va_list args;

	printf("error: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return -1;
}

void report_progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void report_out_of_memory(void)
{
	report_error("the benchmark itself is out of memory or descriptors");
	exit(1);
}
