/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what people paste to what would have been on the wire.
 *
 * Editors and terminals make LF of CRLF, drop the blank line at the end and add some at the top: a
 * message taken as it stands would only teach that. What is repaired is said, as the first step.
 * Text that has CRLF anywhere is taken for bytes of a capture, with whatever is wrong in them.
 */
#include "control/explain/explain_parts.h"

#define HERE "pasted text"

/* Where bytes are put. */
struct put {
	uint8_t *p;
	uint32_t n;
	bool full;
};

static void put_byte(struct put *to, uint8_t c)
{
	if (to->n == SIP_MAX_LEN)
		to->full = true;
	else
		to->p[to->n++] = c;
}

static void put_crlf(struct put *to)
{
	put_byte(to, '\r');
	put_byte(to, '\n');
}

/* Each LF as CRLF if @lines, else the bytes as they are. */
static void put_text(struct put *to, const uint8_t *p, size_t n, bool lines)
{
	for (size_t i = 0; i < n; i++) {
		if (lines && p[i] == '\n')
			put_byte(to, '\r');
		put_byte(to, p[i]);
	}
}

static size_t count_lf(const uint8_t *p, size_t n)
{
	size_t lf = 0;

	for (size_t i = 0; i < n; i++)
		lf += p[i] == '\n';
	return lf;
}

/* True if the first line that is not blank speaks of SIP: nothing else is repaired. */
static bool looks_like_sip(const uint8_t *p, size_t n)
{
	size_t from = 0, end;

	while (from < n && (p[from] == '\r' || p[from] == '\n' || p[from] == ' '))
		from++;
	for (end = from; end < n && p[end] != '\r' && p[end] != '\n';)
		end++;
	for (size_t i = from; i + 4 <= end; i++)
		if (strncasecmp((const char *)p + i, "SIP/", 4) == 0)
			return true;
	return false;
}

/* The body of text with LF: Content-Length tells which line ends it had. */
static void put_body(struct explain *x, struct put *to, const uint8_t *p, size_t n)
{
	size_t lines = n + count_lf(p, n), head = to->n;
	size_t length = SIZE_MAX;

	memset(to->p + to->n, 0, SIP_PAD);
	sip_parse(to->p, to->n, SIP_PADDED, &x->m);
	if (x->m.content_length.has)
		length = x->m.content_length.value;
	put_text(to, p, n, length != n);
	if (length == lines + 2 && n > 0 && p[n - 1] != '\n')
		put_crlf(to);
	if (n > 0)
		explain_step(x, HERE, "body of %zu bytes as %zu: %s", n, to->n - head,
			     length == n ? "Content-Length says so" : "its lines end in CRLF");
}

/* Text whose lines end in LF. */
static void take_lines(struct explain *x, struct put *to, const uint8_t *p, size_t n)
{
	const uint8_t *blank;
	size_t blanks = 0, head;

	while (blanks < n && (p[blanks] == '\n' || p[blanks] == ' '))
		blanks++;
	if (blanks)
		explain_step(x, HERE, "%zu blank bytes before the start line are left out", blanks);
	p += blanks;
	n -= blanks;
	blank = memmem(p, n, "\n\n", 2);
	head = blank ? (size_t)(blank - p) + 2 : n;
	explain_step(x, HERE, "its lines end in LF: taken as CRLF, as they are on the wire");
	put_text(to, p, head, true);
	if (blank)
		put_body(x, to, p + head, n - head);
}

static void end_head(struct explain *x, struct put *to)
{
	if (memmem(to->p, to->n, "\r\n\r\n", 4))
		return;
	if (to->n < 2 || memcmp(to->p + to->n - 2, "\r\n", 2) != 0)
		put_crlf(to);
	put_crlf(to);
	explain_step(x, HERE,
		     "the blank line that ends the header section is missing: it is added");
}

void explain_take_text(struct explain *x)
{
	const uint8_t *p = x->in->text;
	size_t n = x->in->n;
	struct put to = { x->bytes, 0, false };
	bool sip = looks_like_sip(p, n) && memchr(p, '\n', n);

	if (sip && !memmem(p, n, "\r\n", 2))
		take_lines(x, &to, p, n);
	else
		put_text(&to, p, n, false);
	if (sip)
		end_head(x, &to);
	if (to.full)
		explain_step(x, HERE, "cut at %u bytes, the most that a datagram can have",
			     SIP_MAX_LEN);
	x->n = to.n;
	memset(x->bytes + x->n, 0, SIP_PAD);
}

/* --- whence it comes --------------------------------------------------------------------- */

uint16_t explain_listener(const struct world *w, const char *name, enum sip_transport transport,
			  const struct ip *src)
{
	uint16_t first = WORLD_NONE;
	struct sip_host host;
	struct endpoint at;

	for (uint16_t i = 0; i < w->n_listeners; i++) {
		const struct listener *l = &w->listeners[i];

		if (name && strcmp(l->name.s, name) == 0)
			return i;
		if (!(l->transports & 1u << transport))
			continue;
		if (src && ip_is_v4(src) != ip_is_v4(&l->addr.ip))
			continue;
		first = first == WORLD_NONE ? i : first;
	}
	if (!name)
		return first;
	if (!hostport_parse((const uint8_t *)name,
			    span_of(0, (unsigned int)strnlen(name, UINT16_MAX)), &host, &at.port) ||
	    host.kind != HOST_IP)
		return WORLD_NONE;
	at = (struct endpoint){ host.ip, at.port ? at.port : 5060 };
	return world_listener_at(w, &at);
}

struct endpoint explain_stranger(const struct listener *l)
{
	static const uint8_t v4[4] = { 203, 0, 113, 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

	return (struct endpoint){ ip_is_v4(&l->addr.ip) ? ip_from_v4(v4) : ip_from_v6(v6), 5060 };
}

void explain_arrival(struct explain *x)
{
	const struct listener *l = &x->in->world->listeners[x->at.listener];
	const struct sip_via *via = &x->m.via;
	const char *hint = "";
	struct endpoint said = { via->host.ip, via->port ? via->port : 5060 };

	if (x->m.request && x->m.via_ok && via->host.kind == HOST_IP &&
	    !endpoint_equal(&said, &x->at.src) && !x->in->src_given)
		hint = explain_text(x,
				    "; its top Via says %s: --source %s explains it as sent "
				    "from there",
				    explain_at(x, &said), explain_at(x, &said));
	explain_step(x, "RFC 3261 18.2.1", "by %s from %s to listener %s at %s%s%s",
		     explain_transport(x->at.transport), explain_at(x, &x->at.src), l->name.s,
		     explain_at(x, &l->addr),
		     x->in->src_given ? "" : "; no source was given, so that is a stranger's",
		     hint);
}
