/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/results.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"

#define ROWS 96

struct row {
	char name[48], note[256];
	double value;
	const char *unit;
};

struct results {
	enum format format;
	unsigned count;
	struct row rows[ROWS];
};

/* --- what the client of the API says --- */

static void say(const char *before, const char *format, va_list args)
{
	fputs(before, stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int report_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("bridgetap-rtpgen: ", format, args);
	va_end(args);
	return -1;
}

void report_progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void report_out_of_memory(void)
{
	report_error("out of memory");
	exit(1);
}

/* --- rows --- */

struct results *results_create(enum format format)
{
	struct results *results = calloc(1, sizeof(*results));

	if (results == NULL)
		report_out_of_memory();
	results->format = format;
	return results;
}

void results_add(struct results *results, const char *name, const char *class, double value,
	const char *unit, const char *note, ...)
{
	const char *place = strstr(name, "%s");
	struct row *row = &results->rows[results->count];
	va_list args;

	if (results->count == ROWS)
		return;
	results->count++;
	if (place == NULL)
		snprintf(row->name, sizeof(row->name), "%s", name);
	else
		snprintf(row->name, sizeof(row->name), "%.*s%s%s", (int)(place - name), name, class,
			place + 2);
	row->value = value;
	row->unit = unit;
	va_start(args, note);
	vsnprintf(row->note, sizeof(row->note), note, args);
	va_end(args);
}

static int decimals_of(const struct row *row)
{
	return row->value == floor(row->value) ? 0 : row->value < 100 ? 3 : 1;
}

static void print_json_text(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar((unsigned char)*text < ' ' ? ' ' : *text);
	}
	putchar('"');
}

static void print_json(const struct row *row, bool last)
{
	printf("  {\"name\": ");
	print_json_text(row->name);
	printf(", \"value\": %.*f, \"unit\": ", decimals_of(row), row->value);
	print_json_text(row->unit);
	printf(", \"note\": ");
	print_json_text(row->note);
	printf("}%s\n", last ? "" : ",");
}

static void print_row(const struct results *results, const struct row *row)
{
	const char *format =
		results->format == FORMAT_TSV ? "%s\t%.*f\t%s\t%s\n" : "  %-26s %14.*f %-8s %s\n";

	if (results->format == FORMAT_JSON)
		print_json(row, row == &results->rows[results->count - 1]);
	else
		printf(format, row->name, decimals_of(row), row->value, row->unit, row->note);
}

void results_print(struct results *results)
{
	if (results->format == FORMAT_JSON)
		puts("[");
	for (unsigned i = 0; i < results->count; i++)
		print_row(results, &results->rows[i]);
	if (results->format == FORMAT_JSON)
		puts("]");
	free(results);
}
