/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reference of all keys as Markdown, from the key table. docs/ carries what this prints.
 */
#include "control/config/config_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Text of a table cell: a bar would end it. */
static void print_cell(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void print_words(FILE *to, const struct config_key *key)
{
	const char *before = key->type == TYPE_FLAGS ? "list of " : "";

	for (const struct config_word *w = key->words; w->name; w++) {
		fprintf(to, "%s`%s`", before, w->name);
		before = ", ";
	}
}

/* Milliseconds as the file would say them. */
static void print_ms(FILE *to, int64_t ms)
{
	if (ms % 1000)
		fprintf(to, "%" PRId64 "ms", ms);
	else if (ms % 60000 || ms == 0)
		fprintf(to, "%" PRId64 "s", ms / 1000);
	else
		fprintf(to, "%" PRId64 "m", ms / 60000);
}

static void print_value_law(FILE *to, const struct config_key *key)
{
	switch (key->type) {
	case TYPE_ENUM:
	case TYPE_FLAGS:
		print_words(to, key);
		return;
	case TYPE_UINT:
		fprintf(to, "%" PRId64 " to %" PRId64, key->min, key->max);
		return;
	case TYPE_DURATION:
		fputs("time, ", to);
		print_ms(to, key->min);
		fputs(" to ", to);
		print_ms(to, key->max);
		return;
	case TYPE_TEXT:
	case TYPE_NAME:
		print_cell(to, config_type_words(key->type));
		fprintf(to, ", at most %" PRId64 " characters", key->max);
		return;
	default:
		print_cell(to, config_type_words(key->type));
	}
}

static void print_law(FILE *to, const struct config_key *key)
{
	switch (key->shape) {
	case SHAPE_MAP:
		fputs("mapping", to);
		break;
	case SHAPE_MAPS:
		fprintf(to, "list of %" PRId64 " to %" PRId64 " mappings", key->min, key->max);
		break;
	case SHAPE_LIST:
		fprintf(to, "%slist of %" PRId64 " to %" PRId64 ", each ",
			key->flags & KF_SCALAR_TOO ? "one or a " : "", key->min, key->max);
		print_value_law(to, key);
		break;
	case SHAPE_VALUE:
		print_value_law(to, key);
	}
}

static void print_default(FILE *to, const struct config_key *key)
{
	if (key->flags & KF_REQUIRED)
		fputs("required", to);
	else if (!key->dflt)
		fputs("none", to);
	else if (config_key_has_default(key))
		fprintf(to, "`%s`", key->dflt);
	else
		fprintf(to, "%.*s", (int)strlen(key->dflt) - 2, key->dflt + 1);
}

static void print_key(FILE *to, const struct config_key *key)
{
	fprintf(to, "| `%s` | ", key->name);
	print_law(to, key);
	fputs(" | ", to);
	print_default(to, key);
	fprintf(to, " | %s | ", key->flags & KF_RESTART ? "restart" : "reload");
	print_cell(to, key->help);
	fputs(" |\n", to);
}

void config_print_keys(FILE *to)
{
	for (int i = 0; i < SECTION_N; i++) {
		const struct config_section *s = &config_sections[i];

		if (i > 0)
			fputc('\n', to);
		if (s->path[0])
			fprintf(to, "## `%s`\n\n", s->path);
		else
			fputs("## Top of the file\n\n", to);
		fputs("| key | allowed | default | changes by | what it is |\n", to);
		fputs("| --- | --- | --- | --- | --- |\n", to);
		for (uint32_t k = 0; k < s->n_keys; k++)
			print_key(to, &s->keys[k]);
	}
}
