/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of the oracle of slow_message.h. Written for plainness: it copies, compares and
 * searches bytes.
 */
#include "tests/unit/slow_piece.h"

#include <ctype.h>
#include <stdlib.h>

/* Where the first list element of @p ends: at a comma outside quotes and <>, or at the end. */
static size_t element_end(struct piece p)
{
	bool quoted = false, angle = false;
	size_t i;

	for (i = 0; i < p.n; i++) {
		uint8_t c = p.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"' && !angle)
			quoted = !quoted;
		else if (!quoted && c == '<')
			angle = true;
		else if (!quoted && c == '>')
			angle = false;
		else if (!quoted && !angle && c == ',')
			break;
	}
	return i < p.n ? i : p.n;
}

/* --- pieces of the forwarded message --------------------------------------------------------- */

/* If @p starts with @text, goes behind it. */
static bool eat(struct piece *p, const char *text)
{
	size_t n = strlen(text);

	if (p->n < n || memcmp(p->p, text, n) != 0)
		return false;
	p->p += n;
	p->n -= n;
	return true;
}

static bool eat_hex(struct piece *p, size_t n)
{
	if (p->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit(p->p[i]) && (p->p[i] < 'a' || p->p[i] > 'f'))
			return false;
	}
	p->p += n;
	p->n -= n;
	return true;
}

static bool eat_sent_by(const struct world *w, struct piece *p)
{
	for (uint16_t i = 0; i < w->n_listeners; i++) {
		struct piece rest = *p;

		if (eat(&rest, w->listeners[i].sent_by.s) &&
		    (eat(&(struct piece){ rest.p, rest.n }, ";"))) {
			*p = rest;
			return true;
		}
	}
	return false;
}

static bool own_via(const struct world *w, struct piece p)
{
	if (!eat(&p, "Via: SIP/2.0/UDP ") || !eat_sent_by(w, &p) || !eat(&p, ";branch=z9hG4bK") ||
	    !eat_hex(&p, 32))
		return false;
	if (eat(&p, ";vl=") && !eat_hex(&p, 8))
		return false;
	return piece_is(p, "\r\n");
}

static bool own_record_route(const struct world *w, struct piece p)
{
	return eat(&p, "Record-Route: <sip:") && eat_sent_by(w, &p) && eat(&p, ";lr;vt=") &&
	       eat_hex(&p, 16) && piece_is(p, ">\r\n");
}

/* Copies a Via row without its received parameter and the value of rport: what marking may change
 * in it. */
static size_t unmarked(struct piece row, uint8_t *to)
{
	size_t n = 0, end = element_end(row), i = 0;

	while (i < end) {
		struct piece rest = { row.p + i, end - i };
		size_t from = i;
		bool is_received, is_rport;

		if (row.p[i] == '"') {
			for (i++; i < end && row.p[i] != '"'; i++)
				i += row.p[i] == '\\';
			i = i < end ? i + 1 : end;
			memcpy(to + n, row.p + from, i - from);
			n += i - from;
			continue;
		}
		if (row.p[i] != ';') {
			if (!white(row.p[i]))
				to[n++] = row.p[i];
			i++;
			continue;
		}
		/* A parameter: its name begins behind white space. */
		rest = trim(from_to(rest.p + 1, rest.p + rest.n));
		is_received = rest.n >= 8 &&
			      strncasecmp((const char *)rest.p, "received", 8) == 0 &&
			      (rest.n == 8 || white(rest.p[8]) || rest.p[8] == '=');
		is_rport =
			rest.n >= 5 && strncasecmp((const char *)rest.p, "rport", 5) == 0 &&
			(rest.n == 5 || white(rest.p[5]) || rest.p[5] == '=' || rest.p[5] == ';');
		i++;
		if (!is_received && !is_rport) {
			to[n++] = ';';
			continue;
		}
		if (is_rport) {
			memcpy(to + n, ";rport", 6);
			n += 6;
		}
		while (i < end && row.p[i] != ';')
			i++;
	}
	memcpy(to + n, row.p + end, row.n - end);
	return n + row.n - end;
}

static const char *check_top_via(struct piece in, struct piece out, const struct endpoint *src)
{
	static uint8_t a[70000], b[70000];
	size_t n_a = unmarked(in, a), n_b = unmarked(out, b);
	char received[64] = ";received=";
	struct piece first = { out.p, element_end(out) };

	while (n_a && white(a[n_a - 1]))
		n_a--;
	while (n_b && white(b[n_b - 1]))
		n_b--;
	if (n_a != n_b || memcmp(a, b, n_a) != 0)
		return "the sender's Via was changed beyond received and rport";
	if (same(in, out))
		return NULL;
	received[10 + ip_format(&src->ip, received + 10)] = 0;
	return memmem(first.p, first.n, received, strlen(received))
		       ? NULL
		       : "received is not the source address";
}

static const char *check_number(const struct slow_row *in, const struct slow_row *out,
				unsigned long want)
{
	char digits[24] = "";
	struct piece head_in = from_to(in->whole.p, in->value.p),
		     head_out = from_to(out->whole.p, out->value.p);
	char *end;

	if (!same(head_in, head_out) || out->value.n >= sizeof(digits))
		return "a number's row was changed beyond the number";
	memcpy(digits, out->value.p, out->value.n);
	return strtoul(digits, &end, 10) == want && *end == 0 ? NULL
							      : "a number is not what it should be";
}

static unsigned long number(struct piece p)
{
	unsigned long v = 0;

	for (size_t i = 0; i < p.n && isdigit(p.p[i]); i++)
		v = v > 100000 ? v : v * 10 + (p.p[i] - '0');
	return v;
}

/* --- Request-URI and Route ------------------------------------------------------------------- */

struct values {
	size_t n;
	struct piece v[SLOW_VALUES];
};

static void route_values(const struct slow_message *m, struct values *out)
{
	out->n = 0;
	for (size_t i = slow_find(m, "route", NULL, 0); i < m->n_rows;
	     i = slow_find(m, "route", NULL, i + 1)) {
		struct piece rest = m->row[i].value;

		while (out->n < SLOW_VALUES) {
			size_t end = element_end(rest);

			out->v[out->n++] = trim((struct piece){ rest.p, end });
			if (end == rest.n)
				break;
			rest = from_to(rest.p + end + 1, rest.p + rest.n);
		}
	}
}

/* What stands in the first <> outside quotes. */
static struct piece uri_of(struct piece value)
{
	const uint8_t *close;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"') {
			for (i++; i < value.n && value.p[i] != '"'; i++)
				i += value.p[i] == '\\';
			continue;
		}
		close = value.p[i] == '<' ? memchr(value.p + i, '>', value.n - i) : NULL;
		if (close)
			return from_to(value.p + i + 1, close);
	}
	return value;
}

static bool same_values(const struct values *a, size_t from_a, size_t to_a, const struct values *b,
			size_t n_b)
{
	if (from_a > to_a || to_a - from_a != n_b)
		return false;
	for (size_t i = 0; i < n_b; i++) {
		if (!same(a->v[from_a + i], b->v[i]))
			return false;
	}
	return true;
}

/* The URI of a request line. */
static struct piece request_uri(struct piece start)
{
	const uint8_t *a = memchr(start.p, ' ', start.n), *end = start.p + start.n;
	const uint8_t *b = memrchr(start.p, ' ', start.n);

	return a && b > a ? from_to(a + 1, b) : from_to(end, end);
}

static bool holds(struct piece p, const char *lower)
{
	size_t n = strlen(lower);

	for (size_t i = 0; i + n <= p.n; i++) {
		if (strncasecmp((const char *)p.p + i, lower, n) == 0)
			return true;
	}
	return false;
}

/* True if @b is @a with one or two stretches taken out, for which @a gives a reason. */
static bool shortened(struct piece a, struct piece b)
{
	size_t i = 0;

	if (!holds(a, ";maddr=") && !holds(a, ";method=") && !holds(a, "?"))
		return false;
	for (size_t k = 0; k < a.n && i < b.n; k++)
		i += a.p[k] == b.p[i];
	return i == b.n;
}

/* True if a Route value's URI @a, become Request-URI, may leave as @b (16.6 step 2). */
static bool taken_as(struct piece a, struct piece b)
{
	return same(a, b) || shortened(a, b);
}

static const char *check_routing(const struct slow_message *in, const struct slow_message *out)
{
	static struct values a, b;
	struct piece uri_in = request_uri(in->start), uri_out = request_uri(out->start);

	route_values(in, &a);
	route_values(out, &b);
	for (size_t k = 0; k <= a.n; k++) {
		/* Own values taken off the front, maybe parameters off the Request-URI. */
		if (same_values(&a, k, a.n, &b, b.n) &&
		    (same(uri_in, uri_out) || shortened(uri_in, uri_out)))
			return NULL;
		/* 16.4: a strict router upstream, its last value is the Request-URI. */
		if (a.n > k && same_values(&a, k, a.n - 1, &b, b.n) &&
		    taken_as(uri_of(a.v[a.n - 1]), uri_out))
			return NULL;
		/* 16.6 step 6: a strict next hop, the old Request-URI is the last value. */
		if (a.n > k && b.n > 0 && same_values(&a, k + 1, a.n, &b, b.n - 1) &&
		    taken_as(uri_of(a.v[k]), uri_out) &&
		    (same(uri_of(b.v[b.n - 1]), uri_in) || shortened(uri_in, uri_of(b.v[b.n - 1]))))
			return NULL;
		/* Both at once. */
		if (a.n > k + 1 && b.n > 0 && same_values(&a, k + 1, a.n - 1, &b, b.n - 1) &&
		    taken_as(uri_of(a.v[k]), uri_out) &&
		    taken_as(uri_of(a.v[a.n - 1]), uri_of(b.v[b.n - 1])))
			return NULL;
	}
	return "Route and Request-URI are not what the routing rules make of them";
}

/* --- whole messages -------------------------------------------------------------------------- */

static const char *check_row(const struct world *w, const struct endpoint *src,
			     const struct slow_row *in, const struct slow_row *out, bool top_via)
{
	if (top_via)
		return check_top_via(in->whole, out->whole, src);
	if (named(in, "max-forwards", NULL)) {
		unsigned long v = number(in->value);

		return check_number(in, out, v > 255 ? 70 : v - 1);
	}
	if (named(in, "max-breadth", NULL) && w->max_breadth && number(in->value) > w->max_breadth)
		return check_number(in, out, w->max_breadth);
	return same(in->whole, out->whole) ? NULL : "a row was changed";
}

/* The rows that are ours; returns how many, or SIZE_MAX if they are not right. */
static size_t own_rows(const struct world *w, const struct slow_message *in,
		       const struct slow_message *out)
{
	size_t n = 1;

	if (out->n_rows == 0 || !own_via(w, out->row[0].whole))
		return SIZE_MAX;
	while (n < out->n_rows && n < 3 && own_record_route(w, out->row[n].whole))
		n++;
	if (slow_find(in, "max-forwards", NULL, 0) == in->n_rows) {
		if (n == out->n_rows || !piece_is(out->row[n].whole, "Max-Forwards: 70\r\n"))
			return SIZE_MAX;
		n++;
	}
	if (w->max_breadth && slow_find(in, "max-breadth", NULL, 0) == in->n_rows)
		n++;
	return n;
}

static const char *check_request_rows(const struct world *w, const struct endpoint *src,
				      const struct slow_message *in, const struct slow_message *out)
{
	size_t via = slow_find(in, "via", "v", 0);
	size_t o = own_rows(w, in, out);

	if (o == SIZE_MAX)
		return "our rows on top are not right";
	for (size_t i = 0; i < in->n_rows; i++) {
		const char *e;

		/* Routes are compared by value in check_routing(). */
		if (named(&in->row[i], "route", NULL)) {
			o += o < out->n_rows && named(&out->row[o], "route", NULL);
			continue;
		}
		if (o >= out->n_rows)
			return "a row is missing";
		e = check_row(w, src, &in->row[i], &out->row[o++], i == via);
		if (e)
			return e;
	}
	return o == out->n_rows ? NULL : "there are rows too many";
}

static const char *check_request(const struct world *w, const struct endpoint *src,
				 const struct slow_message *in, const struct slow_message *out)
{
	const uint8_t *space = memchr(in->start.p, ' ', in->start.n);
	const char *e;

	if (!space || out->start.n < 8 ||
	    memcmp(in->start.p, out->start.p, (size_t)(space - in->start.p) + 1) != 0)
		return "the method was changed";
	if (memcmp(out->start.p + out->start.n - 8, " SIP/2.0", 8) != 0)
		return "the request line does not end in SIP/2.0";
	e = check_request_rows(w, src, in, out);
	return e ? e : check_routing(in, out);
}

static const char *check_response(const struct slow_message *in, const struct slow_message *out)
{
	size_t via = slow_find(in, "via", "v", 0), o = 0;

	if (in->start.n != out->start.n || memcmp(out->start.p, "SIP/2.0", 7) != 0 ||
	    memcmp(in->start.p + 7, out->start.p + 7, in->start.n - 7) != 0)
		return "the status line was changed";
	for (size_t i = 0; i < in->n_rows; i++) {
		struct piece rest = in->row[i].value;
		size_t end = element_end(rest);

		if (i == via && end == rest.n)
			continue;
		if (o == out->n_rows)
			return "a row is missing";
		if (i == via) {
			rest = trim(from_to(rest.p + end + 1, rest.p + rest.n));
			if (!same(rest, out->row[o++].value))
				return "the rest of the Via row was changed";
		} else if (!same(in->row[i].whole, out->row[o++].whole)) {
			return "a row was changed";
		}
	}
	return o == out->n_rows ? NULL : "there are rows too many";
}

const char *slow_check_forward(const struct world *w, const struct endpoint *src, struct piece in,
			       struct piece out)
{
	static struct slow_message a, b;
	const char *e;

	if (!slow_read(in.p, in.n, &a))
		return "what came in is no message, and was forwarded";
	if (!slow_read(out.p, out.n, &b))
		return "what goes out is no message";
	e = a.start.n >= 4 && strncasecmp((const char *)a.start.p, "SIP/", 4) == 0
		    ? check_response(&a, &b)
		    : check_request(w, src, &a, &b);
	if (e)
		return e;
	if ((size_t)(b.body.p - out.p) + b.body.n != out.n)
		return "there is something behind the body";
	return same(a.body, b.body) ? NULL : "the body was changed";
}

/* Row @i of @in and the next row of @out with the value that it must have. */
static const char *check_copied(const struct slow_message *in, const struct slow_message *out,
				const char *name, const char *compact, size_t *o)
{
	size_t i = slow_find(in, name, compact, 0);
	struct piece got;

	if (i == in->n_rows || in->row[i].value.n == 0)
		return NULL;
	if (*o == out->n_rows || !named(&out->row[*o], name, NULL))
		return "a copied row is missing or in another place";
	got = out->row[(*o)++].value;
	if (strcmp(name, "to") == 0 && got.n > in->row[i].value.n)
		got.n = in->row[i].value.n; /* a tag may have been added */
	return same(in->row[i].value, got) ? NULL : "a copied row was changed";
}

static bool has_odd_line_end(struct piece p)
{
	for (size_t i = 0; i < p.n; i++) {
		if (p.p[i] == '\r' && i + 1 < p.n && p.p[i + 1] == '\n')
			i++;
		else if (p.p[i] == '\r' || p.p[i] == '\n')
			return true;
	}
	return false;
}

const char *slow_check_answer(struct piece in, struct piece out)
{
	static const char *const copied[][2] = {
		{ "from", "f" }, { "to", "t" }, { "call-id", "i" }, { "cseq", NULL }
	};
	static struct slow_message a, b;
	size_t o = 0, via;
	const char *e = NULL;

	/* A header section that does not end, or a line without a colon, is what the answer may be
	 * about. */
	bool whole = slow_read(in.p, in.n, &a);

	if (!slow_read(out.p, out.n, &b))
		return "the answer is no message";
	if (b.start.n < 13 || memcmp(b.start.p, "SIP/2.0 ", 8) != 0 || b.start.p[8] < '2' ||
	    b.start.p[8] > '6')
		return "the answer's status line is wrong";
	if (b.body.n || b.n_rows == 0 ||
	    !piece_is(b.row[b.n_rows - 1].whole, "Content-Length: 0\r\n"))
		return "the answer does not end in Content-Length: 0";
	/* Likewise CR or LF alone: where rows begin is a matter of opinion then. */
	if (!whole || has_odd_line_end(from_to(in.p, a.body.p)))
		return NULL;
	for (via = slow_find(&a, "via", "v", 0); via < a.n_rows;
	     via = slow_find(&a, "via", "v", via + 1), o++) {
		if (o == b.n_rows || !named(&b.row[o], "via", NULL))
			return "a Via is missing";
		if (o > 0 && !same(a.row[via].value, b.row[o].value))
			return "a Via was changed";
	}
	for (size_t i = 0; i < 4 && !e; i++)
		e = check_copied(&a, &b, copied[i][0], copied[i][1], &o);
	return e;
}
