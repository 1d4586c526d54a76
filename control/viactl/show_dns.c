/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the names that the proxy remembers, and its resolvers.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

#include <string.h>

static void show_resolvers(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	char text[UNITS_MAX];
	json_t *r;
	size_t i;

	sheet_column(&s, "resolver", false);
	sheet_column(&s, "state", false);
	sheet_column(&s, "latency", true);
	sheet_column(&s, "questions", true);
	sheet_column(&s, "answers", true);
	sheet_column(&s, "timeouts", true);
	sheet_column(&s, "errors", true);
	json_array_foreach((json_t *)list, i, r)
	{
		bool well = field_true(r, "answers_now");

		sheet_cell(&s, COLOR_KEY, "%s", field_text(r, "address"));
		sheet_cell(&s, well ? COLOR_GOOD : COLOR_BAD, "%s", well ? "answers" : "silent");
		sheet_cell(&s, COLOR_NONE, "%s",
			   units_time_us(text, field_number(r, "latency_ms") * 1000));
		sheet_cell(&s, COLOR_NONE, "%s", units_exact(text, field_int(r, "queries")));
		sheet_cell(&s, COLOR_NONE, "%s", units_exact(text, field_int(r, "answers")));
		sheet_cell(&s, COLOR_NONE, "%s", units_exact(text, field_int(r, "timeouts")));
		sheet_cell(&s, COLOR_NONE, "%s", units_exact(text, field_int(r, "errors")));
	}
	sheet_print(&s, to, 0);
	sheet_free(&s);
}

static void show_counts(const json_t *c, FILE *to)
{
	char a[UNITS_MAX], b[UNITS_MAX], d[UNITS_MAX];

	fprintf(to, "\n%s questions: %s found, %s from what was known",
		units_exact(a, field_int(c, "questions")), units_exact(b, field_int(c, "found")),
		units_exact(d, field_int(c, "at_hand")));
	fprintf(to, "; %s not found, %s failed", units_exact(a, field_int(c, "not_found")),
		units_exact(b, field_int(c, "failed")));
	fprintf(to, ", %s refused; %s answers had expired\n",
		units_exact(a, field_int(c, "refused")), units_exact(b, field_int(c, "stale")));
	fprintf(to, "%s names and types remembered, %s changed so far\n\n",
		units_exact(a, field_int(c, "entries")), units_exact(b, field_int(c, "changes")));
}

static enum color state_color(const char *state)
{
	return strcmp(state, "valid") == 0    ? COLOR_GOOD
	       : strcmp(state, "denied") == 0 ? COLOR_DIM
					      : COLOR_WARN;
}

static void show_entries(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	char text[UNITS_MAX], records[1024];
	json_t *e;
	size_t i;

	sheet_column(&s, "name", false);
	sheet_column(&s, "type", false);
	sheet_column(&s, "state", false);
	sheet_column(&s, "TTL", true);
	sheet_column(&s, "records", false);
	json_array_foreach((json_t *)list, i, e)
	{
		const char *state = field_text(e, "state"), *failure = field_text(e, "failure");

		sheet_cell(&s, COLOR_KEY, "%s", field_text(e, "name"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(e, "type"));
		sheet_cell(&s, state_color(state), "%s", state);
		sheet_cell(&s, COLOR_NONE, "%s", units_span(text, field_number(e, "ttl_s")));
		sheet_cell(&s, COLOR_NONE, "%s%s%s",
			   field_join(json_object_get(e, "records"), records, sizeof(records)),
			   failure[0] ? "; " : "", failure);
	}
	sheet_print(&s, to, 0);
	sheet_free(&s);
}

void show_dns(const json_t *result, FILE *to)
{
	const json_t *entries = json_object_get(result, "entries");

	show_resolvers(json_object_get(result, "resolvers"), to);
	show_counts(json_object_get(result, "counts"), to);
	show_entries(entries, to);
	if (field_int(result, "matching") > (json_int_t)json_array_size(entries))
		fprintf(to, "%d more\n",
			(int)(field_int(result, "matching") -
			      (json_int_t)json_array_size(entries)));
}
