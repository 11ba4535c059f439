/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_GRID_H
#define BRIDGETAP_CTL_GRID_H

#include <stdbool.h>
#include <stddef.h>

/* A table with columns as wide as what is in them. Widths are in characters, not in bytes. */

#define GRID_COLUMNS 12

/* On a terminal, of a whole row. Both may be set. */
enum grid_colour {
	GRID_GREY = 1,
	GRID_ORANGE = 2,
};

struct grid {
	const char *const *titles;
	unsigned columns;
	bool terminal;
	/* Of a table that is drawn over and over: cut lines to this width and clear what was behind
	 * them. 0 for a table that is printed. */
	unsigned screen_width;
	unsigned widths[GRID_COLUMNS];
	struct grid_row *rows;
	size_t n_rows;
};

/* The titles are a list that NULL ends; they stay the caller's. */
void grid_init(struct grid *grid, const char *const *titles);
void grid_fini(struct grid *grid);

/* Begin a row; begin its next cell; add to that cell, after a comma where it is not empty. */
void grid_row(struct grid *grid);
void grid_cell(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));
void grid_more(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add a colour to the row. */
void grid_colour(struct grid *grid, enum grid_colour colour);

/* Print the rows, maybe with the titles above, and forget them. Columns stay as wide as they were,
 * for rows that follow. */
void grid_print(struct grid *grid, bool titles);

#endif
