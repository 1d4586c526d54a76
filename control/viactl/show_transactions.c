/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the transactions that are kept between UDP and TCP or TLS.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

static void show_leg(struct sheet *s, const json_t *leg)
{
	sheet_cell(s, COLOR_KEY, "%s", field_text(leg, "address"));
	sheet_cell(s, COLOR_NONE, "%s", field_text(leg, "transport"));
	sheet_cell(s, COLOR_NONE, "%s", field_text(leg, "state"));
}

static void show_one(struct sheet *s, const json_t *t)
{
	json_int_t status = field_int(t, "status");
	char text[UNITS_MAX];

	sheet_cell(s, COLOR_NONE, "%s", field_text(t, "method"));
	sheet_cell(s, COLOR_NONE, "%s", units_span(text, field_number(t, "age_s")));
	show_leg(s, json_object_get(t, "caller"));
	show_leg(s, json_object_get(t, "server"));
	if (status)
		sheet_cell(s, COLOR_NONE, "%d", (int)status);
	else
		sheet_cell(s, COLOR_NONE, "%s", "");
}

static void show_counts(const json_t *counts, FILE *to)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)counts, key, v)
	{
		char text[UNITS_MAX];

		screen_print(to, COLOR_NONE, "  %-14s %12s\n", key,
			     units_exact(text, json_integer_value(v)));
	}
}

void show_transactions(const json_t *result, FILE *to)
{
	const json_t *list = json_object_get(result, "transactions");
	json_int_t more = field_int(result, "matching") - (json_int_t)json_array_size(list);
	struct sheet s = { 0 };
	char bytes[UNITS_MAX];
	json_t *t;
	size_t i;

	sheet_column(&s, "method", false);
	sheet_column(&s, "age", true);
	sheet_column(&s, "caller", false);
	sheet_column(&s, "by", false);
	sheet_column(&s, "state", false);
	sheet_column(&s, "server", false);
	sheet_column(&s, "by", false);
	sheet_column(&s, "state", false);
	sheet_column(&s, "response", true);
	json_array_foreach((json_t *)list, i, t) show_one(&s, t);
	if (json_array_size(list))
		sheet_print(&s, to, 0);
	sheet_free(&s);
	if (more > 0)
		fprintf(to, "%d more\n", (int)more);
	fprintf(to, "%d transactions between UDP and TCP or TLS, %s bytes\n",
		(int)field_int(result, "total"), units_exact(bytes, field_int(result, "bytes")));
	show_counts(json_object_get(result, "counts"), to);
}
