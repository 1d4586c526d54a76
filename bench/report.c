/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON of a bench program (report.h). Texts are the program's own: what would have to be escaped in
 * one is a mistake and ends the program.
 */
#include "bench/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void text(const struct report *r, const char *s)
{
	if (strpbrk(s, "\"\\\n")) {
		fprintf(stderr, "report: a text that would have to be escaped: %s\n", s);
		exit(2);
	}
	fprintf(r->f, "\"%s\"", s);
}

static void member(const struct report *r, const char *name, const char *value)
{
	if (!value)
		return;
	fprintf(r->f, "\"%s\": ", name);
	text(r, value);
	fputs(", ", r->f);
}

/* JSON has no infinity and no NaN: what could not be measured is null. */
static void number(const struct report *r, double value)
{
	if (isfinite(value))
		fprintf(r->f, "%.6g", value);
	else
		fputs("null", r->f);
}

static void end_list(struct report *r)
{
	if (r->any_list)
		fputs("\n  ]", r->f);
	r->any_list = false;
}

static void next_item(struct report *r)
{
	fputs(r->any_item ? ",\n    " : "\n    ", r->f);
	r->any_item = true;
}

/* Before every member of the object but the first, "settings". */
static void next_member(struct report *r, const char *name)
{
	end_list(r);
	fprintf(r->f, ",\n  \"%s\": ", name);
}

void report_open(struct report *r, FILE *f)
{
	*r = (struct report){ .f = f };
	fputs("{\n  \"format\": 1", f);
}

void report_close(struct report *r)
{
	end_list(r);
	fputs("\n}\n", r->f);
}

void report_list(struct report *r, const char *name)
{
	next_member(r, name);
	fputs("[", r->f);
	r->any_list = true;
	r->any_item = false;
}

void report_texts(struct report *r, const char *name, const char *const pairs[][2])
{
	next_member(r, name);
	fputs("{", r->f);
	for (unsigned int i = 0; pairs[i][0]; i++) {
		fputs(i ? ",\n    " : "\n    ", r->f);
		text(r, pairs[i][0]);
		fputs(": ", r->f);
		text(r, pairs[i][1]);
	}
	fputs("\n  }", r->f);
}

void report_notes(struct report *r, const char *const *notes)
{
	report_list(r, "notes");
	for (; *notes; notes++) {
		next_item(r);
		text(r, *notes);
	}
}

static void row_head(struct report *r, const struct report_row *row)
{
	next_item(r);
	fputs("{", r->f);
	member(r, "name", row->name);
	member(r, "label", row->label);
	member(r, "table", row->table);
	member(r, "column", row->column);
	member(r, "unit", row->unit);
}

static void spread(const struct report *r, const struct summary *s)
{
	fprintf(r->f,
		"\"min\": %.6g, \"q1\": %.6g, \"median\": %.6g, \"q3\": %.6g, \"max\": %.6g, "
		"\"n\": %u",
		s->min, s->q1, s->median, s->q3, s->max, s->n);
}

void report_figure(struct report *r, const struct report_row *row, double value, const char *stat,
		   const struct summary *s)
{
	row_head(r, row);
	member(r, "stat", stat);
	fputs("\"value\": ", r->f);
	number(r, value);
	fputs(", ", r->f);
	spread(r, s);
	fputs("}", r->f);
}

void report_samples(struct report *r, const struct report_row *row, const struct summary *s)
{
	report_figure(r, row, s->min, "min", s);
}

void report_value(struct report *r, const struct report_row *row, double value)
{
	row_head(r, row);
	fputs("\"value\": ", r->f);
	number(r, value);
	fputs("}", r->f);
}

void report_ratio(struct report *r, const char *name, const char *label, double value,
		  const struct summary *turns)
{
	next_item(r);
	fputs("{", r->f);
	member(r, "name", name);
	member(r, "label", label);
	fprintf(r->f, "\"unit\": \"x\", \"value\": %.6g, \"spread\": [%.6g, %.6g], ", value,
		turns->q1, turns->q3);
	spread(r, turns);
	fputs("}", r->f);
}

static void values(const struct report *r, const double *v, unsigned int n)
{
	fputs("\"values\": [", r->f);
	for (unsigned int i = 0; i < n; i++) {
		fputs(i ? ", " : "", r->f);
		number(r, v[i]);
	}
	fputs("]", r->f);
}

static void texts(const struct report *r, const char *const *t, unsigned int n)
{
	fputs("\"values\": [", r->f);
	for (unsigned int i = 0; i < n; i++) {
		fputs(i ? ", " : "", r->f);
		text(r, t[i]);
	}
	fputs("]", r->f);
}

void report_plot(struct report *r, const struct report_plot *plot)
{
	next_item(r);
	fputs("{", r->f);
	member(r, "name", plot->name);
	member(r, "label", plot->label);
	member(r, "y_scale", plot->y_log ? "log" : "linear");
	member(r, "kind", plot->x_texts ? "bar" : "line");
	fputs("\"x\": {", r->f);
	member(r, "name", plot->x_name);
	member(r, "unit", plot->x_unit);
	member(r, "scale", plot->x_log ? "log" : "linear");
	if (plot->x_texts)
		texts(r, plot->x_texts, plot->n);
	else
		values(r, plot->x, plot->n);
	fputs("},\n     \"y\": [", r->f);
	for (unsigned int i = 0; i < plot->n_curves; i++) {
		fputs(i ? ", {" : "{", r->f);
		member(r, "name", plot->curves[i].name);
		member(r, "unit", plot->y_unit);
		values(r, plot->curves[i].y, plot->n);
		fputs("}", r->f);
	}
	fputs("]}", r->f);
}
