/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge. Rows of both messages are walked side by side; what is in one and not in the other
 * must be on the list of check.h.
 */
#include "bench/load/peer/check.h"

#include <string.h>

/* The walk: rows of both, and what of the list was met. */
struct walk {
	struct rows sent;
	struct check_found *found;
	const struct endpoint *source;
	bool request, own_via, max_forwards;
	unsigned int vias; /* rows of the sender met so far */
};

static struct walk walk_state;

static bool starts_with(const uint8_t *p, struct row_span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && memcmp(p + s.off, text, n) == 0;
}

static struct row_span after(struct row_span s, const uint8_t *p, uint8_t c)
{
	const uint8_t *at = memchr(p + s.off, c, s.len);
	uint32_t off = at ? (uint32_t)(at - p) : s.off + s.len;

	return (struct row_span){ off, s.off + s.len - off };
}

static bool add_range(struct check_found *f, struct row_span s, bool record_route)
{
	if (f->n_ranges == CHECK_RANGES)
		return false;
	f->range[f->n_ranges++] =
		(struct check_range){ (uint16_t)s.off, (uint16_t)s.len, record_route };
	return true;
}

/* --- the proxy's own rows -------------------------------------------------------------------- */

static const char *own_via(struct walk *w, struct row_span value)
{
	static const char *const fixed[] = { "received", "rport", "ttl", "maddr", "alias" };
	struct check_found *f = w->found;
	const uint8_t *p = f->rows.p;
	struct row_span rest = after(value, p, ';'), name, v;

	if (!starts_with(p, value, "SIP/2.0/UDP "))
		return "the proxy's Via is not SIP/2.0/UDP";
	w->own_via = true;
	while (rows_param(p, &rest, &name, &v)) {
		bool is_fixed = v.len == 0;

		for (unsigned int i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
			is_fixed |= rows_is(p, name, fixed[i]);
		if (rows_is(p, name, "branch")) {
			if (f->branch.len || !starts_with(p, v, "z9hG4bK") || v.len == 7)
				return "the proxy's Via has no branch of RFC 3261";
			f->branch = (struct check_range){ (uint16_t)v.off, (uint16_t)v.len, false };
		}
		if (!is_fixed && !add_range(f, v, false))
			return "the proxy's Via has too many parameters";
	}
	if (rest.len)
		return "the proxy's Via is not one value";
	return f->branch.len ? NULL : "the proxy's Via has no branch";
}

static const char *record_route(struct walk *w, struct row_span value)
{
	static const char *const fixed[] = { "lr", "transport", "maddr", "r2" };
	const uint8_t *p = w->found->rows.p;
	struct row_span rest = value, name, v;

	if (!memchr(p + value.off, '<', value.len))
		return "a Record-Route value has no angle brackets";
	while (rest.len) {
		rest = after(rest, p, ';');
		while (rows_param(p, &rest, &name, &v)) {
			bool is_fixed = v.len == 0;

			for (unsigned int i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
				is_fixed |= rows_is(p, name, fixed[i]);
			if (!is_fixed && !add_range(w->found, v, true))
				return "Record-Route has too many parameters";
		}
	}
	return NULL;
}

/* --- the sender's Via ------------------------------------------------------------------------ */

static bool is_source_ip(const struct walk *w, const uint8_t *p, struct row_span s)
{
	struct ip ip;

	return ip_parse(p + s.off, s.len, &ip) && ip_equal(&ip, &w->source->ip);
}

/* True if the host of the sent-by in @value is the address that the request came from. */
static bool sent_by_is_source(const struct walk *w, const uint8_t *p, struct row_span value)
{
	struct row_span s = after(value, p, ' '), end = after(s, p, ';');
	const uint8_t *colon;

	s = (struct row_span){ s.off + 1, end.off - s.off - 1 };
	if (s.len && p[s.off] == '[') {
		end = after(s, p, ']');
		s.len = end.off + 1 - s.off;
	} else {
		colon = memchr(p + s.off, ':', s.len);
		s.len = colon ? (uint32_t)(colon - p) - s.off : s.len;
	}
	return is_source_ip(w, p, s);
}

/* The top Via as it was sent in @v, as it came in @u: the same parameters in the same order, but
 * for received and the value of rport. */
static const char *marked_via(const struct walk *w, struct row_span v, struct row_span u)
{
	const uint8_t *p = w->sent.p, *q = w->found->rows.p;
	struct row_span a = after(v, p, ';'), b = after(u, q, ';'), name, value, n, m;
	bool received = false, more;

	if (a.off - v.off != b.off - u.off || memcmp(p + v.off, q + u.off, a.off - v.off) != 0)
		return "protocol or sent-by of the sender's Via changed";
	more = rows_param(p, &a, &name, &value);
	while (rows_param(q, &b, &n, &m)) {
		if (rows_is(q, n, "received")) {
			if (received || !is_source_ip(w, q, m))
				return "received is not the source address";
			received = true;
			continue;
		}
		if (!more || !rows_same(p, name, q, n))
			return "parameters of the sender's Via changed";
		if (rows_is(q, n, "rport") && value.len == 0) {
			if (rows_number(q, m) != w->source->port)
				return "rport is not the source port";
		} else if (!rows_same(p, value, q, m)) {
			return "a parameter of the sender's Via changed";
		}
		more = rows_param(p, &a, &name, &value);
	}
	if (more || b.len)
		return "a parameter of the sender's Via is missing";
	if (!received && !sent_by_is_source(w, p, v))
		return "the sender's Via has no received";
	return NULL;
}

/* --- the walk -------------------------------------------------------------------------------- */

static const char *added_row(struct walk *w, const struct row_one *row)
{
	switch (row->kind) {
	case ROW_VIA:
		return "a Via changed or was added";
	case ROW_RECORD_ROUTE:
		return record_route(w, row->value);
	case ROW_MAX_FORWARDS:
		if (!w->request || w->max_forwards || rows_find(&w->sent, ROW_MAX_FORWARDS, 0) >= 0)
			return "Max-Forwards is not one less";
		w->max_forwards = true;
		return NULL;
	case ROW_MAX_BREADTH:
		return NULL;
	case ROW_ROUTE:
		return "a Route to the proxy is still there";
	default:
		return "a header row changed, moved or was added";
	}
}

/* A row that was sent and the one that came in its place, when they are not equal. NULL if that is
 * as it should be; @why if nothing says more. */
static const char *changed_row(struct walk *w, const struct row_one *sent,
			       const struct row_one *came, const char *why)
{
	const uint8_t *p = w->sent.p, *q = w->found->rows.p;

	if (sent->kind != came->kind)
		return why;
	if (sent->kind == ROW_VIA && w->vias == 0 && (!w->request || w->own_via))
		return marked_via(w, sent->value, came->value);
	if (sent->kind == ROW_MAX_FORWARDS && w->request)
		return rows_number(q, came->value) == rows_number(p, sent->value) - 1
			       ? NULL
			       : "Max-Forwards is not one less";
	return why;
}

static bool must_change(const struct walk *w, const struct row_one *row)
{
	return w->request && row->kind == ROW_MAX_FORWARDS;
}

/* What is wrong with a row that came as it was sent; NULL = nothing. */
static const char *same_row(struct walk *w, const struct row_one *sent, const struct row_one *came)
{
	if (came->kind != ROW_VIA || w->vias > 0)
		return NULL;
	if (w->request && !w->own_via)
		return "the proxy's Via is missing";
	return marked_via(w, sent->value, came->value);
}

/* What is wrong with a row that is not the next one that was sent. @added: it is one more. */
static const char *other_row(struct walk *w, const struct row_one *sent, const struct row_one *came,
			     bool *added)
{
	const char *why;

	if (came->kind == ROW_VIA && w->request && !w->own_via) {
		*added = true;
		return own_via(w, came->value);
	}
	why = added_row(w, came);
	*added = !why;
	return why && sent ? changed_row(w, sent, came, why) : why;
}

/* The row from @i on that @came may be: Routes of a request may have been taken off. */
static unsigned int skip_routes(const struct walk *w, unsigned int i, const struct row_one *came)
{
	const struct rows *a = &w->sent, *b = &w->found->rows;

	while (w->request && i < a->n && a->row[i].kind == ROW_ROUTE &&
	       !(came && rows_same(a->p, a->row[i].whole, b->p, came->whole)))
		i++;
	return i;
}

static const char *walk_rows(struct walk *w)
{
	const struct rows *a = &w->sent, *b = &w->found->rows;
	unsigned int i = 0;

	for (unsigned int k = 0; k < b->n; k++) {
		const struct row_one *came = &b->row[k], *sent;
		bool added = false, same;
		const char *why;

		i = skip_routes(w, i, came);
		sent = i < a->n ? &a->row[i] : NULL;
		same = sent && !must_change(w, sent) &&
		       rows_same(a->p, sent->whole, b->p, came->whole);
		why = same ? same_row(w, sent, came) : other_row(w, sent, came, &added);
		if (why)
			return why;
		if (added)
			continue;
		w->vias += came->kind == ROW_VIA;
		i++;
	}
	return skip_routes(w, i, NULL) == a->n ? NULL : "a header row is missing";
}

const char *check_message(const uint8_t *sent, uint32_t sent_len, const uint8_t *came,
			  uint32_t came_len, const struct endpoint *source,
			  struct check_found *found)
{
	struct walk *w = &walk_state;
	const char *why;

	memset(&found->branch, 0, sizeof(found->branch));
	found->n_ranges = 0;
	*w = (struct walk){ .found = found, .source = source };
	if (!rows_read(sent, sent_len, &w->sent) || !rows_read(came, came_len, &found->rows))
		return "it is no SIP message any more";
	w->request = !starts_with(sent, w->sent.start, "SIP/2.0 ");
	if (!rows_same(sent, w->sent.start, came, found->rows.start))
		return "the start line changed";
	why = walk_rows(w);
	if (why)
		return why;
	if (w->request && !w->own_via)
		return "the proxy's Via is missing";
	if (!rows_same(sent, w->sent.body, came, found->rows.body))
		return "the body changed";
	return NULL;
}
