/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints pools, backends and what a change of them did.
 */
#include "control/viactl/show_pools.h"

#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

#include <string.h>

enum color show_state_color(const char *state)
{
	return strcmp(state, "up") == 0      ? COLOR_GOOD
	       : strcmp(state, "drain") == 0 ? COLOR_WARN
					     : COLOR_BAD;
}

/* "by operator, 3 min: why" */
static void cell_cause(struct sheet *s, const json_t *b)
{
	const char *cause = field_text(b, "cause"), *why = field_text(b, "why");
	double age = field_age(b, "since");
	char span[UNITS_MAX];

	if (strcmp(cause, "file") == 0)
		sheet_cell(s, COLOR_DIM, "file");
	else if (age >= 0)
		sheet_cell(s, COLOR_NONE, "%s %s ago%s%s", cause, units_span(span, age),
			   *why ? ": " : "", why);
	else
		sheet_cell(s, COLOR_NONE, "%s%s%s", cause, *why ? ": " : "", why);
}

static void cell_weight(struct sheet *s, const json_t *b)
{
	json_int_t weight = field_int(b, "weight"), file = field_int(b, "weight_file");

	if (weight == file)
		sheet_cell(s, COLOR_NONE, "%d", (int)weight);
	else
		sheet_cell(s, COLOR_WARN, "%d (file %d)", (int)weight, (int)file);
}

static void cell_probe(struct sheet *s, const json_t *probe)
{
	char text[UNITS_MAX];

	if (!json_is_object(probe))
		sheet_cell(s, COLOR_NONE, "%s", "");
	else if (field_true(probe, "ok"))
		sheet_cell(s, COLOR_GOOD, "%d in %s", (int)field_int(probe, "code"),
			   units_time_us(text, field_number(probe, "latency_mean_ms") * 1000));
	else
		sheet_cell(s, COLOR_BAD, "%s", field_text(probe, "reason"));
}

static void cell_drain(struct sheet *s, const json_t *drain)
{
	double silent = field_number(drain, "silent_s");
	char text[UNITS_MAX];

	if (!json_is_object(drain))
		sheet_cell(s, COLOR_NONE, "%s", "");
	else if (field_int(drain, "last_second") > 0)
		sheet_cell(s, COLOR_WARN, "still %s",
			   units_rate(text, field_number(drain, "last_second")));
	else
		sheet_cell(s, COLOR_GOOD, "silent for %s", units_span(text, silent));
}

static void show_members(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	json_t *b;
	size_t i;

	sheet_column(&s, "backend", false);
	sheet_column(&s, "address", false);
	sheet_column(&s, "state", false);
	sheet_column(&s, "share", true);
	sheet_column(&s, "weight", true);
	sheet_column(&s, "tier", true);
	sheet_column(&s, "rate", true);
	sheet_column(&s, "probe", false);
	sheet_column(&s, "drain", false);
	sheet_column(&s, "by", false);
	json_array_foreach((json_t *)list, i, b)
	{
		const char *state = field_text(b, "state");
		char text[UNITS_MAX];

		sheet_cell(&s, COLOR_NONE, "%s%s", field_text(b, "name"),
			   field_true(b, "removed") ? " (removed)"
			   : field_true(b, "added") ? " (added)"
						    : "");
		sheet_cell(&s, COLOR_NONE, "%s", field_text(b, "address"));
		sheet_cell(&s, show_state_color(state), "%s", state);
		sheet_cell(&s, COLOR_NONE, "%s", units_percent(text, field_number(b, "share")));
		cell_weight(&s, b);
		sheet_cell(&s, COLOR_NONE, "%d", (int)field_int(b, "tier"));
		sheet_cell(&s, COLOR_NONE, "%s", units_rate(text, field_number(b, "rate")));
		cell_probe(&s, json_object_get(b, "probe"));
		cell_drain(&s, json_object_get(b, "drain"));
		cell_cause(&s, b);
	}
	sheet_print(&s, to, 2);
	sheet_free(&s);
}

static void show_one(const json_t *pool, FILE *to)
{
	json_int_t live = field_int(pool, "live"), n = field_int(pool, "backends");
	double skew = field_number(pool, "skew");
	char rate[UNITS_MAX];

	screen_print(to, COLOR_HEAD, "pool %s", field_text(pool, "name"));
	screen_print(to, live ? COLOR_NONE : COLOR_BAD, ": %d of %d live", (int)live, (int)n);
	screen_print(to, COLOR_NONE, ", by %s, %s", field_text(pool, "key"),
		     units_rate(rate, field_number(pool, "rate")));
	if (skew > 0)
		fprintf(to, ", busiest at %.2f of the mean", skew);
	if (field_true(pool, "panic"))
		screen_put(to, COLOR_BAD, ", PANIC: too many would be down, so none is taken out");
	fputc('\n', to);
	show_members(json_object_get(pool, "members"), to);
}

void show_pools(const json_t *r, FILE *to)
{
	json_t *pool;
	size_t i;

	json_array_foreach(json_object_get(r, "pools"), i, pool)
	{
		if (i)
			fputc('\n', to);
		show_one(pool, to);
	}
}

void show_pool(const json_t *r, FILE *to)
{
	show_one(json_object_get(r, "pool"), to);
}

static void show_changed(const json_t *b, FILE *to)
{
	char share[UNITS_MAX];

	if (field_true(b, "removed"))
		screen_print(to, COLOR_NONE, "%s: removed", field_text(b, "name"));
	else
		screen_print(to, COLOR_NONE, "%s: %s, weight %d, %s of new calls",
			     field_text(b, "name"), field_text(b, "state"),
			     (int)field_int(b, "weight"),
			     units_percent(share, field_number(b, "share")));
}

void show_backend(const json_t *r, FILE *to)
{
	const json_t *b = json_object_get(r, "backend"), *members = json_object_get(b, "members");
	char moved[UNITS_MAX];
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)members, i, one)
	{
		show_changed(one, to);
		fputc('\n', to);
	}
	if (json_array_size(members) == 0)
		show_changed(b, to);
	else
		screen_print(to, COLOR_NONE, "%s: all %d of them", field_text(b, "name"),
			     (int)json_array_size(members));
	fprintf(to, "; %s of the pool's keys moved\n",
		units_percent(moved, field_number(r, "moved")));
}

static const char *text_of(const json_t *v)
{
	const char *text = json_string_value(v);

	return text ? text : "";
}

void show_reload(const json_t *r, FILE *to)
{
	bool dry = field_true(r, "dry_run");
	json_t *v;
	size_t i;

	if (!field_true(r, "changed"))
		fputs("the file says what is in force\n", to);
	else if (dry)
		fputs("a reload would change:\n", to);
	else
		fprintf(to, "reloaded, generation %d:\n", (int)field_int(r, "generation"));
	json_array_foreach(json_object_get(r, "differences"), i, v)
		screen_print(to, COLOR_NONE, "  %s\n", text_of(v));
	json_array_foreach(json_object_get(r, "pools"), i, v)
	{
		char moved[UNITS_MAX];

		if (field_number(v, "moved") > 0)
			screen_print(to, COLOR_NONE, "  pool %s: %s of its keys %s\n",
				     field_text(v, "name"),
				     units_percent(moved, field_number(v, "moved")),
				     dry ? "would move" : "moved");
	}
	json_array_foreach(json_object_get(r, "warnings"), i, v)
		screen_print(to, COLOR_WARN, "  warning: %s\n", text_of(v));
}
