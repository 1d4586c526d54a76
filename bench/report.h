/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a bench program has measured, as JSON: one object of lists of settings, rows, ratios, series
 * and notes. bench/collect.py adds machine, command and date, bench/page.py makes tables and plots
 * of it; what the members mean stands in docs/performance.md, "The files".
 *
 * The lists are written as they come, one item per line, nothing is kept: a list that was ended
 * cannot be opened again.
 */
#pragma once

#include "bench/timing.h"

#include <stdio.h>

struct report {
	FILE *f;
	bool any_list, any_item;
};

/* One number of a table. */
struct report_row {
	const char *name;   /* within the part: letters, digits, ".", "-", "_" */
	const char *label;  /* for people */
	const char *table;  /* rows of one table stand together */
	const char *column; /* NULL = "value" */
	const char *unit;
};

/** Starts the object on @f, which stays the caller's. */
void report_open(struct report *r, FILE *f);

/** Ends the object. */
void report_close(struct report *r);

/** A list of "rows", "ratios" or "series" begins; the one before it ends. */
void report_list(struct report *r, const char *name);

/** A group of names and texts that ends with a NULL name, as the object @name. */
void report_texts(struct report *r, const char *name, const char *const pairs[][2]);

/** A list of sentences that ends with NULL. */
void report_notes(struct report *r, const char *const *notes);

/** A row whose figure is the minimum of @s. */
void report_samples(struct report *r, const struct report_row *row, const struct summary *s);

/** A row whose figure is @value, which is the @stat of the repetitions that @s sums up. */
void report_figure(struct report *r, const struct report_row *row, double value, const char *stat,
		   const struct summary *s);

/** A row with one figure and no spread. */
void report_value(struct report *r, const struct report_row *row, double value);

/** An item of "ratios": @value, and the quartiles of the quotients turn by turn as its spread. */
void report_ratio(struct report *r, const char *name, const char *label, double value,
		  const struct summary *turns);

/* One curve over the x values of its plot. */
struct report_curve {
	const char *name;
	const double *y; /* as many as there are x values */
};

struct report_plot {
	const char *name, *label;
	const char *x_name, *x_unit;
	const char *y_unit;
	bool x_log, y_log;
	unsigned int n; /* x values */
	const double *x;
	const char *const *x_texts; /* bars with names; then x is not read. NULL = a line over x */
	unsigned int n_curves;
	const struct report_curve *curves;
};

/** An item of "series". */
void report_plot(struct report *r, const struct report_plot *plot);
