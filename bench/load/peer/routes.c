/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forms of route sets. Made where a shape is learned, a few times in a run; taken and written for
 * each dialog, which is a copy and a few bytes put into it.
 */
#include "bench/load/peer/routes.h"

#include <string.h>

#define VALUES_MAX 32

/* The values of all Record-Route rows, in the order of the message. Returns how many, -1: too many.
 */
static int list_values(const struct rows *r, struct row_span *value)
{
	int n = 0;

	for (int i = rows_find(r, ROW_RECORD_ROUTE, 0); i >= 0;
	     i = rows_find(r, ROW_RECORD_ROUTE, (unsigned int)i + 1)) {
		struct row_span v = r->row[i].value;
		uint32_t from = v.off, at = v.off, end = v.off + v.len;
		bool inside = false;

		for (; at <= end; at++) {
			if (at < end && r->p[at] == '<')
				inside = true;
			else if (at < end && r->p[at] == '>')
				inside = false;
			if (at < end && (inside || r->p[at] != ','))
				continue;
			while (from < at && r->p[from] == ' ')
				from++;
			if (n == VALUES_MAX)
				return -1;
			value[n++] = (struct row_span){ from, at - from };
			from = at + 1;
		}
	}
	return n;
}

/* The parts of @v that differ from call to call: where they come to lie in the form. */
static void add_vars(struct route_form *f, const struct shape *s, struct row_span v)
{
	unsigned int from = 0;

	for (unsigned int i = 0; i < s->n_route; i++) {
		uint32_t off = s->var[i].off;

		if (off >= v.off && off < v.off + v.len) {
			f->var[f->n].off = (uint16_t)(f->len + off - v.off);
			f->var[f->n].len = (uint8_t)s->var[i].len;
			f->var[f->n++].from = (uint8_t)from;
			memset(f->text + f->len + (off - v.off), '0', s->var[i].len);
		}
		from += s->var[i].len;
	}
}

static bool add_text(struct route_form *f, const void *text, size_t n)
{
	if (f->len + n > ROUTE_TEXT)
		return false;
	memcpy(f->text + f->len, text, n);
	return true;
}

static bool form_make(struct route_form *f, const struct shape *s, const struct rows *r,
		      bool reverse)
{
	struct row_span value[VALUES_MAX];
	int n = list_values(r, value);
	unsigned int bytes = 0;

	for (unsigned int i = 0; i < s->n_route; i++)
		bytes += s->var[i].len;
	if (n < 0 || bytes > ROUTE_VARS)
		return false;
	memset(f, 0, sizeof(*f));
	for (int i = 0; i < n; i++) {
		const char *before = i ? ", " : "Route: ";
		struct row_span v = value[reverse ? n - 1 - i : i];

		if (!add_text(f, before, strlen(before)))
			return false;
		f->len = (uint16_t)(f->len + strlen(before));
		if (!add_text(f, r->p + v.off, v.len))
			return false;
		add_vars(f, s, v);
		f->len = (uint16_t)(f->len + v.len);
	}
	if (n && !add_text(f, "\r\n", 2))
		return false;
	f->len = (uint16_t)(f->len + (n ? 2 : 0));
	return true;
}

uint8_t routes_learn(struct routes_known *k, const struct shape *s, const struct rows *rows,
		     bool reverse)
{
	struct route_form *f = &k->form[k->n];

	if (k->n == ROUTE_FORMS || !form_make(f, s, rows, reverse))
		return 0;
	for (unsigned int i = 0; i < k->n; i++) {
		if (memcmp(&k->form[i], f, sizeof(*f)) == 0)
			return (uint8_t)(i + 1);
	}
	return (uint8_t)++k->n;
}

void routes_take(const struct shape *s, const uint8_t *p, struct path *path)
{
	unsigned int n = 0;

	path->form = s->form;
	for (unsigned int i = 0; i < s->n_route; i++) {
		memcpy(path->vars + n, p + s->var[i].off, s->var[i].len);
		n += s->var[i].len;
	}
	path->len = (uint8_t)n;
}

struct piece routes_row(const struct routes_known *k, const struct path *path, uint8_t *text)
{
	const struct route_form *f;

	if (!path->form)
		return (struct piece){ NULL, 0 };
	f = &k->form[path->form - 1];
	memcpy(text, f->text, f->len);
	for (unsigned int i = 0; i < f->n; i++)
		memcpy(text + f->var[i].off, path->vars + f->var[i].from, f->var[i].len);
	return (struct piece){ text, f->len };
}
