/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text on a terminal: colours, and tables whose columns are aligned.
 *
 * What is shown may come from the network, so nothing but printable text reaches the terminal:
 * control characters, also those of C1, become '?'. One column per code point.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum color { COLOR_NONE, COLOR_GOOD, COLOR_WARN, COLOR_BAD, COLOR_DIM, COLOR_HEAD, COLOR_KEY };

/** Says whether colours are used from now on; not before. */
void screen_use_color(bool on);

/** Writes @text to @to in @color, made harmless. */
void screen_put(FILE *to, enum color color, const char *text);

/** As printf() to @to, made harmless. */
__attribute__((format(printf, 3, 4))) void screen_print(FILE *to, enum color color, const char *fmt,
							...);

/** Makes the @n bytes at @text harmless in place; newlines too if @one_line. */
void screen_clean(char *text, size_t n, bool one_line);

/** Columns that the UTF-8 text takes. */
size_t screen_width(const char *text);

#define SHEET_COLUMNS 16

struct sheet_cell {
	char *text;
	enum color color;
};

/* A table. All zero is an empty one. */
struct sheet {
	unsigned int n_columns;
	bool right[SHEET_COLUMNS]; /* numbers stand to the right */
	struct sheet_cell *cells;  /* by row; the first row is the head */
	size_t n_cells, room;
};

/** Adds a column called @name. All columns come before the first cell. */
void sheet_column(struct sheet *s, const char *name, bool right);

/** Adds the next cell of the row. */
__attribute__((format(printf, 3, 4))) void sheet_cell(struct sheet *s, enum color color,
						      const char *fmt, ...);

/** Writes @s to @to, each line after @indent spaces. Columns that are empty in all rows are left
 * out. */
void sheet_print(const struct sheet *s, FILE *to, unsigned int indent);

/** The same without the head. */
void sheet_print_rows(const struct sheet *s, FILE *to, unsigned int indent);

void sheet_free(struct sheet *s);
