/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads messages for the oracle of slow_message.h: lines, folds, colons, and nothing else.
 */
#include "tests/unit/slow_piece.h"

bool piece_is(struct piece p, const char *text)
{
	return p.n == strlen(text) && memcmp(p.p, text, p.n) == 0;
}

/* The line at @at with its CRLF; n 0 if none ends there. */
static struct piece line_at(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *crlf = memmem(at, (size_t)(end - at), "\r\n", 2);

	return from_to(at, crlf ? crlf + 2 : at);
}

static bool read_row(struct slow_row *row)
{
	const uint8_t *colon = memchr(row->whole.p, ':', row->whole.n);

	/* HCOLON has no fold before its colon. */
	if (!colon || memchr(row->whole.p, '\r', (size_t)(colon - row->whole.p)))
		return false;
	row->name = trim(from_to(row->whole.p, colon));
	row->value = trim(from_to(colon + 1, row->whole.p + row->whole.n));
	return true;
}

/* Body by the first Content-Length row, if that is a number that fits. */
static void cut_body(struct slow_message *m)
{
	size_t i = slow_find(m, "content-length", "l", 0), n = 0;

	if (i == m->n_rows || m->row[i].value.n == 0)
		return;
	for (size_t k = 0; k < m->row[i].value.n; k++) {
		uint8_t c = m->row[i].value.p[k];

		if (c < '0' || c > '9' || n > m->body.n)
			return;
		n = n * 10 + (c - '0');
	}
	if (n < m->body.n)
		m->body.n = n;
}

bool slow_read(const uint8_t *p, size_t n, struct slow_message *m)
{
	const uint8_t *end = p + n;
	struct piece line = line_at(p, end);

	m->n_rows = 0;
	if (!line.n)
		return false;
	m->start = from_to(p, line.p + line.n - 2);
	for (p = line.p + line.n;; p = line.p + line.n) {
		line = line_at(p, end);
		if (!line.n)
			return false;
		if (line.n == 2)
			break;
		if (p[0] == ' ' || p[0] == '\t') {
			if (m->n_rows == 0)
				return false; /* a start line is one line */
			m->row[m->n_rows - 1].whole.n += line.n;
			continue;
		}
		if (m->n_rows == SLOW_ROWS)
			return false;
		m->row[m->n_rows++].whole = line;
	}
	m->body = from_to(line.p + 2, end);
	for (size_t i = 0; i < m->n_rows; i++) {
		if (!read_row(&m->row[i]))
			return false;
	}
	cut_body(m);
	return true;
}

size_t slow_find(const struct slow_message *m, const char *name, const char *compact, size_t from)
{
	while (from < m->n_rows && !named(&m->row[from], name, compact))
		from++;
	return from;
}
