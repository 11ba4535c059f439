/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/format.h"

#define SCREEN_CELL_MAX 28 /* on a screen, no cell may push the others out of sight */
#define GAP		2  /* between columns */

struct grid_row {
	char *cells[GRID_COLUMNS];
	unsigned count;
	unsigned colours;
};

static const char *const colours[] = {
	[GRID_GREY] = "\033[2m",
	[GRID_ORANGE] = "\033[38;5;208m",
	[GRID_GREY | GRID_ORANGE] = "\033[2;38;5;208m",
};

/* --- contents --- */

void grid_init(struct grid *grid, const char *const *titles)
{
	*grid = (struct grid){ .titles = titles, .terminal = isatty(STDOUT_FILENO) };
	while (grid->columns < GRID_COLUMNS && titles[grid->columns] != NULL) {
		grid->widths[grid->columns] = (unsigned)strlen(titles[grid->columns]);
		grid->columns++;
	}
}

static void forget_rows(struct grid *grid)
{
	for (size_t i = 0; i < grid->n_rows; i++)
		for (unsigned c = 0; c < grid->rows[i].count; c++)
			free(grid->rows[i].cells[c]);
	grid->n_rows = 0;
}

void grid_fini(struct grid *grid)
{
	forget_rows(grid);
	free(grid->rows);
	grid->rows = NULL;
}

void grid_row(struct grid *grid)
{
	/* Grows at each power of two. */
	if ((grid->n_rows & (grid->n_rows - 1)) == 0)
		grid->rows = ctl_need(reallocarray(
			grid->rows, grid->n_rows ? 2 * grid->n_rows : 1, sizeof(*grid->rows)));
	grid->rows[grid->n_rows++] = (struct grid_row){ 0 };
}

void grid_colour(struct grid *grid, enum grid_colour colour)
{
	grid->rows[grid->n_rows - 1].colours |= colour;
}

static char *format_cell(const char *before, const char *format, va_list args)
{
	char *text = NULL, *cell = NULL;

	ctl_need(vasprintf(&text, format, args) < 0 ? NULL : text);
	ctl_need(asprintf(&cell, "%s%s%s", before, *before != '\0' ? ", " : "", text) < 0 ? NULL
											  : cell);
	free(text);
	make_printable(cell);
	return cell;
}

void grid_cell(struct grid *grid, const char *format, ...)
{
	struct grid_row *row = &grid->rows[grid->n_rows - 1];
	va_list args;

	if (row->count == grid->columns)
		return;
	va_start(args, format);
	row->cells[row->count++] = format_cell("", format, args);
	va_end(args);
}

void grid_more(struct grid *grid, const char *format, ...)
{
	struct grid_row *row = &grid->rows[grid->n_rows - 1];
	char **cell = &row->cells[row->count - 1], *before = *cell;
	va_list args;

	va_start(args, format);
	*cell = format_cell(before, format, args);
	va_end(args);
	free(before);
}

/* --- printing --- */

/* The first bytes of UTF-8 that make at most `most` characters, and how many those are. */
static size_t measure(const char *text, unsigned most, unsigned *characters)
{
	size_t length = 0;

	for (*characters = 0; text[length] != '\0'; length++)
		if (((unsigned char)text[length] & 0xc0) != 0x80 && (*characters)++ == most) {
			(*characters)--;
			break;
		}
	return length;
}

static const char *cell_of(const struct grid_row *row, unsigned column)
{
	return or_else(column < row->count ? row->cells[column] : "", "-");
}

static void widen(struct grid *grid)
{
	for (size_t i = 0; i < grid->n_rows; i++)
		for (unsigned c = 0; c < grid->columns; c++) {
			unsigned most = grid->screen_width ? SCREEN_CELL_MAX : ~0u, characters;

			measure(cell_of(&grid->rows[i], c), most, &characters);
			if (grid->widths[c] < characters)
				grid->widths[c] = characters;
		}
}

/* One line: what is in the cells, with as many spaces behind as make columns of them. */
static void print_row(
	const struct grid *grid, const char *const *cells, const char *before, const char *after)
{
	unsigned left = grid->screen_width ? grid->screen_width : ~0u;

	fputs(before, stdout);
	for (unsigned c = 0; c < grid->columns && left > 0; c++) {
		unsigned width = grid->widths[c] < left ? grid->widths[c] : left, characters;
		size_t length = measure(cells[c], width, &characters);

		fwrite(cells[c], 1, length, stdout);
		left -= characters;
		if (c + 1 == grid->columns)
			break;
		width = width - characters + GAP;
		width = width < left ? width : left;
		printf("%*s", (int)width, "");
		left -= width;
	}
	puts(after);
}

void grid_print(struct grid *grid, bool titles)
{
	bool screen = grid->screen_width > 0;

	widen(grid);
	if (titles)
		print_row(
			grid, grid->titles, screen ? "\033[7m" : "", screen ? "\033[0m\033[K" : "");
	for (size_t i = 0; i < grid->n_rows; i++) {
		bool coloured = grid->terminal && grid->rows[i].colours != 0;
		const char *cells[GRID_COLUMNS];

		for (unsigned c = 0; c < grid->columns; c++)
			cells[c] = cell_of(&grid->rows[i], c);
		print_row(grid, cells, coloured ? colours[grid->rows[i].colours] : "",
			screen	   ? "\033[0m\033[K"
			: coloured ? "\033[0m"
				   : "");
	}
	forget_rows(grid);
	fflush(stdout);
}
