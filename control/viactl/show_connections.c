/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints TCP and TLS connections.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

#include <string.h>

static void show_one(struct sheet *s, const json_t *c)
{
	bool open = strcmp(field_text(c, "state"), "open") == 0;
	json_int_t waiting = field_int(c, "waiting");
	char text[UNITS_MAX];

	sheet_cell(s, COLOR_KEY, "%s", field_text(c, "peer"));
	sheet_cell(s, COLOR_NONE, "%s", field_text(c, "direction"));
	sheet_cell(s, COLOR_NONE, "%s", field_text(c, "listener"));
	sheet_cell(s, open ? COLOR_NONE : COLOR_WARN, "%s%s", field_text(c, "transport"),
		   open ? "" : " (opening)");
	sheet_cell(s, COLOR_NONE, "%s", units_span(text, field_number(c, "age_s")));
	sheet_cell(s, COLOR_NONE, "%s", units_span(text, field_number(c, "idle_s")));
	sheet_cell(s, COLOR_NONE, "%s", units_exact(text, field_int(c, "messages_in")));
	sheet_cell(s, COLOR_NONE, "%s", units_exact(text, field_int(c, "messages_out")));
	sheet_cell(s, COLOR_WARN, "%s", waiting ? units_exact(text, waiting) : "");
	sheet_cell(s, COLOR_NONE, "%s", field_text(c, "cipher"));
	sheet_cell(s, COLOR_NONE, "%s", field_text(c, "peer_name"));
}

void show_connections(const json_t *result, FILE *to)
{
	const json_t *list = json_object_get(result, "connections");
	json_int_t more = field_int(result, "matching") - (json_int_t)json_array_size(list);
	struct sheet s = { 0 };
	json_t *c;
	size_t i;

	sheet_column(&s, "peer", false);
	sheet_column(&s, "way", false);
	sheet_column(&s, "listener", false);
	sheet_column(&s, "transport", false);
	sheet_column(&s, "age", true);
	sheet_column(&s, "idle", true);
	sheet_column(&s, "got", true);
	sheet_column(&s, "sent", true);
	sheet_column(&s, "bytes waiting", true);
	sheet_column(&s, "cipher", false);
	sheet_column(&s, "certificate", false);
	json_array_foreach((json_t *)list, i, c) show_one(&s, c);
	sheet_print(&s, to, 0);
	sheet_free(&s);
	if (more > 0)
		fprintf(to, "%d more\n", (int)more);
	fprintf(to, "%d connections in all\n", (int)field_int(result, "total"));
}
