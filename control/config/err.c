/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The remark list behind err.h: bounded, sorted by place, owner of its texts.
 */
#include "control/config/err.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512 /* bytes of one remark; longer ones are cut */

void config_errors_file(struct config_errors *e, const char *file)
{
	if (e->file)
		return;
	e->file = arena_copy(&e->arena, file, strlen(file));
	if (!e->file)
		e->no_memory = true;
}

/* Makes room for one more remark. The old array stays in the arena until the list goes. */
static bool make_room(struct config_errors *e)
{
	uint32_t room = e->room ? e->room * 2 : 16;
	struct config_error *v;

	if (e->n < e->room)
		return true;
	v = arena_alloc(&e->arena, room * sizeof(*v));
	if (!v)
		return false;
	if (e->n)
		memcpy(v, e->v, e->n * sizeof(*v));
	e->v = v;
	e->room = room;
	return true;
}

void config_errors_addv(struct config_errors *e, struct config_mark mark, const char *fmt,
			va_list ap)
{
	char text[TEXT_MAX];
	const char *copy;

	if (e->n >= CONFIG_ERRORS_MAX) {
		if (e->left_out++ == 0)
			e->left_mark = mark;
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	copy = make_room(e) ? arena_copy(&e->arena, text, strlen(text)) : NULL;
	if (!copy) {
		e->no_memory = true;
		return;
	}
	e->v[e->n++] = (struct config_error){ mark, copy };
}

void config_errors_add(struct config_errors *e, struct config_mark mark, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	config_errors_addv(e, mark, fmt, ap);
	va_end(ap);
}

static bool later(const struct config_error *a, const struct config_error *b)
{
	if (a->mark.line != b->mark.line)
		return a->mark.line > b->mark.line;
	return a->mark.column > b->mark.column;
}

/* By insertion: stable, needs no memory, and the list arrives nearly sorted and has at most
 * CONFIG_ERRORS_MAX entries. */
void config_errors_sort(struct config_errors *e)
{
	for (uint32_t i = 1; i < e->n; i++) {
		struct config_error x = e->v[i];
		uint32_t k = i;

		for (; k > 0 && later(&e->v[k - 1], &x); k--)
			e->v[k] = e->v[k - 1];
		e->v[k] = x;
	}
}

uint32_t config_errors_lines(const struct config_errors *e)
{
	return e->n + (e->left_out != 0);
}

size_t config_errors_format(const struct config_errors *e, uint32_t i, char *out, size_t size)
{
	struct config_mark at = i < e->n ? e->v[i].mark : e->left_mark;
	const char *file = e->file ? e->file : "-";
	int n;

	if (at.line == 0)
		at = (struct config_mark){ 1, 1 };
	if (i < e->n)
		n = snprintf(out, size, "%s:%u:%u: %s", file, at.line, at.column, e->v[i].text);
	else
		n = snprintf(out, size, "%s:%u:%u: %u more faults left out", file, at.line,
			     at.column, e->left_out);
	return n < 0 ? 0 : (size_t)n;
}

void config_errors_print(const struct config_errors *e, FILE *to)
{
	char line[TEXT_MAX + 4096 + 32];

	for (uint32_t i = 0; i < config_errors_lines(e); i++) {
		config_errors_format(e, i, line, sizeof(line));
		fprintf(to, "%s\n", line);
	}
}

void config_errors_free(struct config_errors *e)
{
	arena_free(&e->arena);
	*e = (struct config_errors){ 0 };
}
