/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints what the proxy would do with a message: steps, way, and the message as it would be sent,
 * with what came out and what came in marked.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"

#include <string.h>

static void show_steps(const json_t *steps, FILE *to)
{
	struct sheet s = { 0 };
	json_t *step;
	size_t i;

	sheet_column(&s, "rule", false);
	sheet_column(&s, "what", false);
	json_array_foreach((json_t *)steps, i, step)
	{
		sheet_cell(&s, COLOR_DIM, "%s", field_text(step, "rule"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(step, "text"));
	}
	sheet_print_rows(&s, to, 2);
	sheet_free(&s);
}

/* The message as it would leave, with what came out of it and what came in. */
static void show_difference(const json_t *lines, FILE *to)
{
	json_t *line;
	size_t i;

	json_array_foreach((json_t *)lines, i, line)
	{
		const char *op = field_text(line, "op");
		enum color color = *op == '+' ? COLOR_GOOD : *op == '-' ? COLOR_BAD : COLOR_NONE;

		screen_print(to, color, "%s %s\n", op, field_text(line, "line"));
	}
}

/* The lines of @text, indented. */
static void show_message(const char *text, FILE *to)
{
	while (*text) {
		size_t n = strcspn(text, "\r\n");

		screen_print(to, COLOR_NONE, "  %.*s\n", (int)n, text);
		text += n;
		text += *text == '\r';
		text += *text == '\n';
	}
}

static void fact(FILE *to, const char *name, const char *text)
{
	if (*text)
		screen_print(to, COLOR_NONE, "  %-10s %s\n", name, text);
}

static void show_key(const json_t *key, FILE *to)
{
	if (json_is_object(key))
		screen_print(to, COLOR_NONE, "  %-10s %s \"%s\", slot %d\n", "key",
			     field_text(key, "kind"), field_text(key, "value"),
			     (int)field_int(key, "slot"));
}

void show_explain(const json_t *r, FILE *to)
{
	const char *verdict = field_text(r, "verdict"), *reason = field_text(r, "reason");
	enum color color = strcmp(verdict, "forward") == 0 ? COLOR_GOOD
			   : strcmp(verdict, "answer") == 0 || strcmp(verdict, "resolve") == 0
				   ? COLOR_WARN
				   : COLOR_BAD;
	const char *message = field_text(r, "message");
	const json_t *difference = json_object_get(r, "difference");

	screen_print(to, color, "%s%s%s\n", verdict, *reason ? ": " : "", reason);
	show_steps(json_object_get(r, "steps"), to);
	fact(to, "pool", field_text(r, "pool"));
	fact(to, "backend", field_text(r, "backend"));
	show_key(json_object_get(r, "key"), to);
	fact(to, "window", field_text(r, "window"));
	fact(to, "from", field_text(r, "from"));
	fact(to, "to", field_text(r, "to"));
	fact(to, "by", field_text(r, "transport"));
	if (*message)
		fputc('\n', to);
	if (json_array_size(difference))
		show_difference(difference, to);
	else
		show_message(message, to);
}
