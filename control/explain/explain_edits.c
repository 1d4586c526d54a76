/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The changes to a forwarded message: each edit in words and as an object, and all of them as a
 * difference of lines, which viactl colours and people know.
 */
#include "control/explain/explain_parts.h"

/* Rules by which a header is changed. */
static const char *rule_of(enum sip_header id)
{
	switch (id) {
	case SIP_H_VIA:
		return "RFC 3261 18.2.1, RFC 3581 4";
	case SIP_H_ROUTE:
		return "RFC 3261 16.4, 16.6 (6)";
	case SIP_H_MAX_FORWARDS:
		return "RFC 3261 16.6 (3)";
	case SIP_H_MAX_BREADTH:
		return "RFC 5393 5.3.3";
	default:
		return "RFC 3261 16.6";
	}
}

/* What is put in between the start line and the first header, a step for each row. */
static void tell_rows(struct explain *x, const struct edit *e)
{
	static const struct {
		const char *name, *rule, *text;
	} rows[] = {
		{ "Via:", "RFC 3261 16.6 (8), 16.11",
		  "our Via on top; its branch is a keyed hash of branch and sent-by below, the "
		  "same for each retransmission, the CANCEL and the ACK" },
		{ "Record-Route:", "RFC 3261 16.6 (4), RFC 5658",
		  "our Record-Route; vt signs the call, so that its Route lets later requests "
		  "pass" },
		{ "Max-Forwards:", "RFC 3261 16.6 (3)", "Max-Forwards, which was not there" },
		{ "Max-Breadth:", "RFC 5393 5.3.3", "Max-Breadth, which was not there" },
	};
	const uint8_t *p = e->text, *end = p + e->ins;

	while (p < end) {
		const uint8_t *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			size_t len = strlen(rows[i].name);

			if (n >= len && memcmp(p, rows[i].name, len) == 0)
				explain_step(x, rows[i].rule, "added: %s: %s", rows[i].text,
					     explain_bytes(x, p, n));
		}
		p += n + (eol ? 2 : 0);
	}
}

/* The row that @off lies in, or -1: the start line. */
static int row_at(const struct sip_msg *m, uint32_t off)
{
	int row = -1;

	while (row + 1 < m->n_rows && m->row[row + 1].off <= off)
		row++;
	return row;
}

static void tell_start_line(struct explain *x, const struct edit *e)
{
	if (x->m.request && e->off < x->m.version.off)
		explain_step(
			x, "RFC 3261 16.4, 16.6 (2), 16.6 (6)",
			"Request-URI %s becomes %s: by the route rules, or rid of what may not "
			"stand there",
			explain_bytes(x, x->bytes + e->off, e->del),
			explain_bytes(x, e->text, e->ins));
	else
		explain_step(x, "RFC 3261 7.1", "the version is written in capitals");
}

static void tell_edit(struct explain *x, const struct edit *e)
{
	const struct sip_msg *m = &x->m;
	int row = row_at(m, e->off);
	const char *name, *was = explain_bytes(x, x->bytes + e->off, e->del);
	const char *rule;

	if (row < 0) {
		tell_start_line(x, e);
		return;
	}
	if (row == 0 && e->off == m->row[0].off && e->del == 0) {
		tell_rows(x, e);
		return;
	}
	name = explain_span(x, sip_row_name(m, (unsigned int)row));
	rule = rule_of(m->row[row].id);
	if (!m->request)
		explain_step(x, "RFC 3261 16.7 (3)", "our Via is taken off: %s", was);
	else if (e->ins == 0)
		explain_step(x, rule, "taken out of %s: %s", name, was);
	else if (e->del == 0)
		explain_step(x, rule, "added to %s: %s", name, explain_bytes(x, e->text, e->ins));
	else
		explain_step(x, rule, "%s: \"%s\" becomes \"%s\"", name, was,
			     explain_bytes(x, e->text, e->ins));
}

/* --- the difference of lines ------------------------------------------------------------- */

static void add_line(struct explain *x, json_t *lines, const char *op, const uint8_t *p, size_t n)
{
	json_t *line = json_object();

	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
		n--;
	explain_set(x, line, "op", json_string(op));
	explain_set(x, line, "line", explain_utf8(p, n));
	if (json_array_append_new(lines, line))
		x->no_memory = true;
}

/* Length of the line at @p, its LF included. */
static size_t line_len(const uint8_t *p, size_t n)
{
	const uint8_t *lf = memchr(p, '\n', n);

	return lf ? (size_t)(lf - p) + 1 : n;
}

static void add_lines(struct explain *x, json_t *lines, const char *op, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t len = line_len(p, n);

		add_line(x, lines, op, p, len);
		p += len;
		n -= len;
	}
}

/* Offset of the start of the line that @off lies in. */
static uint32_t line_start(const uint8_t *p, uint32_t off)
{
	while (off > 0 && p[off - 1] != '\n')
		off--;
	return off;
}

/*
 * Whole lines that edits @i to @to - 1 touch: from @start to @end of the message as it came, and
 * what becomes of them.
 */
static void add_change(struct explain *x, json_t *lines, unsigned int i, unsigned int to,
		       uint32_t start, uint32_t end)
{
	struct edit_list few = { .n = to - i };
	uint8_t *made = mem_alloc(SIP_MAX_LEN);
	const uint8_t *was = x->bytes + start;
	uint32_t n_was = end - start;
	size_t n_made, last;
	int n;

	memcpy(few.e, &x->out.edits.e[i], (to - i) * sizeof(few.e[0]));
	n = made ? edit_copy_range(&few, x->bytes, span_of(start, end), made, SIP_MAX_LEN) : -1;
	if (n < 0) {
		x->no_memory = true;
		mem_free(made);
		return;
	}
	n_made = (size_t)n;
	/* New lines before one that stays are edits of that line: it is no change. */
	last = line_start(was, n_was ? n_was - 1 : 0);
	if (n_made >= n_was - last &&
	    memcmp(made + n_made - (n_was - last), was + last, n_was - last) == 0) {
		n_made -= n_was - last;
		n_was = (uint32_t)last;
	}
	add_lines(x, lines, "-", was, n_was);
	add_lines(x, lines, "+", made, n_made);
	add_lines(x, lines, " ", was + n_was, end - start - n_was);
	mem_free(made);
}

static json_t *difference(struct explain *x)
{
	const struct edit_list *l = &x->out.edits;
	json_t *lines = json_array();
	uint32_t at = 0;

	for (unsigned int i = 0, to; i < l->n; i = to) {
		uint32_t start = line_start(x->bytes, l->e[i].off), end = start;

		for (to = i; to < l->n && (to == i || l->e[to].off < end); to++) {
			uint32_t last = l->e[to].off + (l->e[to].del ? l->e[to].del - 1u : 0);

			end = last + (uint32_t)line_len(x->bytes + last, x->m.len - last);
		}
		add_lines(x, lines, " ", x->bytes + at, start - at);
		add_change(x, lines, i, to, start, end);
		at = end;
	}
	add_lines(x, lines, " ", x->bytes + at, x->m.len - at);
	return lines;
}

void explain_edits(struct explain *x)
{
	const struct edit_list *l = &x->out.edits;
	json_t *edits = json_array();

	for (unsigned int i = 0; i < l->n; i++) {
		const struct edit *e = &l->e[i];
		json_t *edit = json_object();

		tell_edit(x, e);
		explain_set(x, edit, "offset", json_integer(e->off));
		explain_set(x, edit, "removed", explain_utf8(x->bytes + e->off, e->del));
		explain_set(x, edit, "inserted", explain_utf8(e->text, e->ins));
		if (json_array_append_new(edits, edit))
			x->no_memory = true;
	}
	explain_set(x, x->result, "edits", edits);
	explain_set(x, x->result, "difference", difference(x));
}
