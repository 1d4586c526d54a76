/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the certificates of the listeners.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

#define SOON (14 * 86400.0) /* seconds; as the alarm has it by default */

static void cell_expires(struct sheet *s, const json_t *c)
{
	double left = field_number(c, "expires_in_s");
	char span[UNITS_MAX];

	if (left <= 0)
		sheet_cell(s, COLOR_BAD, "expired %s ago", units_span(span, -left));
	else
		sheet_cell(s, left < SOON ? COLOR_WARN : COLOR_GOOD, "in %s",
			   units_span(span, left));
}

void show_certificates(const json_t *r, FILE *to)
{
	const json_t *list = json_object_get(r, "certificates");
	struct sheet s = { 0 };
	json_t *c;
	size_t i;

	if (json_array_size(list) == 0) {
		fputs("no listener has TLS\n", to);
		return;
	}
	sheet_column(&s, "listener", false);
	sheet_column(&s, "names", false);
	sheet_column(&s, "expires", false);
	sheet_column(&s, "clients", false);
	sheet_column(&s, "key", false);
	sheet_column(&s, "serial", false);
	sheet_column(&s, "issuer", false);
	sheet_column(&s, "file", false);
	json_array_foreach((json_t *)list, i, c)
	{
		char names[256];

		sheet_cell(&s, COLOR_NONE, "%s%s", field_text(c, "listener"),
			   field_true(c, "sni") ? " (by name)" : "");
		sheet_cell(&s, COLOR_NONE, "%s",
			   field_join(json_object_get(c, "names"), names, sizeof(names)));
		cell_expires(&s, c);
		sheet_cell(&s, COLOR_NONE, "%s", field_true(c, "mutual") ? "must have one" : "any");
		sheet_cell(&s, COLOR_NONE, "%s", field_text(c, "public_key"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(c, "serial"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(c, "issuer"));
		sheet_cell(&s, COLOR_DIM, "%s", field_text(c, "file"));
	}
	sheet_print(&s, to, 0);
	sheet_free(&s);
}
