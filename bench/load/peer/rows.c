/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plain reader of rows.h: no table, no SIMD, nothing clever, so that it can be trusted to judge
 * code that is all of that. sip_parse() is faster, but would share its mistakes with the proxy.
 */
#include "bench/load/peer/rows.h"

#include <string.h>

static const struct {
	const char *name, *compact;
	enum row_kind kind;
} names[] = {
	{ "via", "v", ROW_VIA },
	{ "record-route", "", ROW_RECORD_ROUTE },
	{ "route", "", ROW_ROUTE },
	{ "max-forwards", "", ROW_MAX_FORWARDS },
	{ "max-breadth", "", ROW_MAX_BREADTH },
	{ "call-id", "i", ROW_CALL_ID },
	{ "cseq", "", ROW_CSEQ },
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool rows_is(const uint8_t *p, struct row_span s, const char *text)
{
	if (strlen(text) != s.len)
		return false;
	for (uint32_t i = 0; i < s.len; i++) {
		if (lower(p[s.off + i]) != (uint8_t)text[i])
			return false;
	}
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct row_span trim(const uint8_t *p, uint32_t from, uint32_t to)
{
	while (from < to && is_blank(p[from]))
		from++;
	while (to > from && is_blank(p[to - 1]))
		to--;
	return (struct row_span){ from, to - from };
}

static enum row_kind kind_of(const uint8_t *p, struct row_span name)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (rows_is(p, name, names[i].name) ||
		    (name.len == 1 && rows_is(p, name, names[i].compact)))
			return names[i].kind;
	}
	return ROW_OTHER;
}

/* One past the LF of the line at @at; 0 = there is none. */
static uint32_t line_end(const struct rows *r, uint32_t at)
{
	const uint8_t *lf = memchr(r->p + at, '\n', r->len - at);

	return lf ? (uint32_t)(lf - r->p) + 1 : 0;
}

static bool row_read(struct rows *r, uint32_t from, uint32_t to)
{
	struct row_one *row = &r->row[r->n];
	const uint8_t *colon = memchr(r->p + from, ':', to - from);

	if (!colon || r->n == ROWS_MAX)
		return false;
	row->whole = (struct row_span){ from, to - from };
	row->value = trim(r->p, (uint32_t)(colon - r->p) + 1, to);
	row->kind = kind_of(r->p, trim(r->p, from, (uint32_t)(colon - r->p)));
	r->n++;
	return true;
}

bool rows_read(const uint8_t *p, uint32_t len, struct rows *r)
{
	uint32_t at, end;

	r->p = p;
	r->len = len;
	r->n = 0;
	at = len ? line_end(r, 0) : 0;
	if (!at)
		return false;
	r->start = trim(p, 0, at);
	for (;;) {
		end = at < len ? line_end(r, at) : 0;
		if (!end)
			return false;
		if (trim(p, at, end).len == 0)
			break;
		while (end < len && (p[end] == ' ' || p[end] == '\t')) {
			end = line_end(r, end);
			if (!end)
				return false;
		}
		if (!row_read(r, at, end))
			return false;
		at = end;
	}
	r->body = (struct row_span){ end, len - end };
	return true;
}

int rows_find(const struct rows *r, enum row_kind kind, unsigned int from)
{
	for (unsigned int i = from; i < r->n; i++) {
		if (r->row[i].kind == kind)
			return (int)i;
	}
	return -1;
}

bool rows_same(const uint8_t *p, struct row_span s, const uint8_t *q, struct row_span t)
{
	return s.len == t.len && memcmp(p + s.off, q + t.off, s.len) == 0;
}

bool rows_param(const uint8_t *p, struct row_span *rest, struct row_span *name,
		struct row_span *value)
{
	uint32_t at = rest->off, end = rest->off + rest->len, from, equals;

	if (rest->len == 0 || p[at] != ';')
		return false;
	from = ++at;
	while (at < end && p[at] != ';' && p[at] != ',' && p[at] != '>')
		at++;
	for (equals = from; equals < at && p[equals] != '=';)
		equals++;
	*name = trim(p, from, equals);
	*value = equals < at ? trim(p, equals + 1, at) : (struct row_span){ at, 0 };
	*rest = (struct row_span){ at, end - at };
	return true;
}

int64_t rows_number(const uint8_t *p, struct row_span s)
{
	int64_t n = 0;

	if (s.len == 0 || s.len > 10)
		return -1;
	for (uint32_t i = 0; i < s.len; i++) {
		if (p[s.off + i] < '0' || p[s.off + i] > '9')
			return -1;
		n = n * 10 + p[s.off + i] - '0';
	}
	return n;
}
