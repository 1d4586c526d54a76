/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints what the doctor found: by group, worst things in colour, the command that mends each below
 * it. The daemon prints its own report (viaduct --doctor) by this too.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"

#include <string.h>

static enum color color_of(const char *status)
{
	return strcmp(status, "fault") == 0     ? COLOR_BAD
	       : strcmp(status, "warning") == 0 ? COLOR_WARN
	       : strcmp(status, "note") == 0    ? COLOR_KEY
						: COLOR_GOOD;
}

static void show_check(const json_t *c, FILE *to)
{
	const char *status = field_text(c, "status"), *subject = field_text(c, "subject");
	const char *mend = field_text(c, "mend");

	screen_print(to, color_of(status), "  %-8s", status);
	screen_print(to, COLOR_NONE, " %-22s ", field_text(c, "title"));
	screen_print(to, COLOR_NONE, "%s%s%s\n", subject, *subject ? ": " : "",
		     field_text(c, "finding"));
	if (*mend) {
		fprintf(to, "%11s", "");
		screen_put(to, COLOR_HEAD, mend);
		fputc('\n', to);
	}
}

static void show_count(json_int_t n, const char *what, const char *end, FILE *to)
{
	fprintf(to, "%d %s%s%s", (int)n, what, n == 1 ? "" : "s", end);
}

void show_doctor(const json_t *r, FILE *to)
{
	const json_t *checks = json_object_get(r, "checks");
	const char *group = "";
	json_t *c;
	size_t i;

	json_array_foreach((json_t *)checks, i, c)
	{
		const char *next = field_text(c, "group");

		if (strcmp(next, group) != 0) {
			fputs(i ? "\n" : "", to);
			screen_put(to, COLOR_HEAD, next);
			fputc('\n', to);
		}
		group = next;
		show_check(c, to);
	}
	fputc('\n', to);
	show_count(field_int(r, "faults"), "fault", ", ", to);
	show_count(field_int(r, "warnings"), "warning", ", ", to);
	show_count(field_int(r, "notes"), "note", "\n", to);
}
