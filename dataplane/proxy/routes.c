/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/routes.h"

#include "dataplane/proxy/token.h"
#include "dataplane/sip/chars.h"

#define GUESSES 8 /* listeners whose writing is compared before a value is decoded */

/*
 * A value that is, byte for byte, what listener @l puts into a Record-Route: what nearly every peer
 * sends back. Returns its length, 0 if it is not.
 */
static unsigned int as_written(const struct listener *l, const uint8_t *p, struct span s)
{
	unsigned int n = l->rr.len + TOKEN_LEN + 1u;

	if (s.len < n || (s.len > n && p[s.off + n] != ','))
		return 0;
	if (p[s.off + n - 1] != '>' || memcmp(p + s.off, l->rr.s, l->rr.len) != 0)
		return 0;
	return n;
}

/* The listener that wrote the value at the start of @s: the one the request came to, or one of the
 * first. */
static uint16_t writer_of(const struct world *w, uint16_t in_listener, const uint8_t *p,
			  struct span s, unsigned int *len)
{
	uint16_t n = w->n_listeners < GUESSES ? w->n_listeners : GUESSES;

	*len = as_written(&w->listeners[in_listener], p, s);
	if (*len)
		return in_listener;
	for (uint16_t i = 0; i < n; i++) {
		*len = as_written(&w->listeners[i], p, s);
		if (*len)
			return i;
	}
	return WORLD_NONE;
}

/* Notes our signature for this call, and the listener that a second own value names. */
static void note_own(const struct world *w, const struct sip_msg *m, struct routes *r,
		     struct span token, uint16_t listener)
{
	if (token.len && !r->signed_call)
		r->signed_call = token_check(&w->keys, m, token);
	if (r->next > 0)
		r->listener = listener;
}

/*
 * Takes own values as written by us off the front of a row's @rest. True if that was all of the
 * row.
 */
static bool skip_written(const struct world *w, uint16_t in_listener, const struct sip_msg *m,
			 struct routes *r, unsigned int row, struct span *rest)
{
	while (r->n < ROUTES_MAX) {
		unsigned int len, end;
		uint16_t listener = writer_of(w, in_listener, m->p, *rest, &len);

		if (listener == WORLD_NONE)
			return false;
		end = rest->off + len;
		note_own(w, m, r, span_of(end - 1 - TOKEN_LEN, end - 1), listener);
		r->v[r->n++] = (struct route_value){
			.row = (uint16_t)row,
			.gone = true,
			.value = span_of(rest->off, end),
			.uri = span_of(rest->off + 1u, end - 1),
		};
		r->next = r->n;
		if (end == span_end(*rest))
			return true;
		do
			end++; /* the comma, and white space behind it */
		while (end < span_end(*rest) && char_is(m->p[end], CH_LWS));
		*rest = span_of(end, span_end(*rest));
	}
	return false;
}

/* Decodes the values from r->next on until one is not ours. */
static enum sip_reason skip_own(const struct world *w, const struct sip_msg *m, struct routes *r)
{
	for (; r->next < r->n; r->next++) {
		const struct sip_uri *uri = &r->uri;
		struct endpoint at;

		if (!uri_parse(m->p, r->v[r->next].uri, &r->uri))
			return SIP_R_BAD_ROUTE;
		if (uri->scheme > URI_SIPS || uri->maddr.kind != HOST_NONE ||
		    world_own(w, m->p, &uri->host, uri->port, uri->scheme) == OWN_NOT)
			break;
		at = (struct endpoint){ uri->host.ip, uri->port ? uri->port : 5060 };
		note_own(w, m, r, uri->token,
			 uri->host.kind == HOST_IP ? world_listener_at(w, &at) : WORLD_NONE);
		r->v[r->next].gone = true;
	}
	return SIP_OK;
}

static enum sip_reason read_row(const struct world *w, uint16_t in_listener,
				const struct sip_msg *m, struct routes *r, unsigned int row)
{
	struct span rest = sip_row_value(m, row);
	struct sip_nameaddr na;

	if (r->next == r->n && skip_written(w, in_listener, m, r, row, &rest))
		return SIP_OK;
	do {
		if (r->n == ROUTES_MAX || !route_parse(m->p, rest, &na, &rest))
			return SIP_R_BAD_ROUTE;
		r->v[r->n++] = (struct route_value){
			.row = (uint16_t)row,
			.value = na.value,
			.uri = na.uri,
		};
	} while (rest.len);
	return SIP_OK;
}

enum sip_reason routes_read(const struct world *w, uint16_t in_listener, const struct sip_msg *m,
			    struct routes *r)
{
	r->n = r->next = 0;
	r->signed_call = false;
	r->listener = WORLD_NONE;
	if (m->first[SIP_H_ROUTE] == UINT16_MAX)
		return SIP_OK;
	for (int i = m->first[SIP_H_ROUTE]; i >= 0;
	     i = sip_find(m, SIP_H_ROUTE, (unsigned int)i + 1)) {
		enum sip_reason e = read_row(w, in_listener, m, r, (unsigned int)i);

		if (e != SIP_OK)
			return e;
	}
	return skip_own(w, m, r);
}

struct span routes_take_last(struct routes *r)
{
	struct route_value *last = &r->v[r->n - 1];

	last->gone = true;
	if (r->next == r->n - 1)
		r->next = r->n;
	return last->uri;
}

void routes_take_next(struct routes *r)
{
	r->v[r->next].gone = true;
}

/* Cuts what is gone of values @from to @to - 1, which share a row. Takes the commas along; drops
 * the row if nothing stays. */
static void cut_row(const struct routes *r, struct plan *p, unsigned int from, unsigned int to)
{
	unsigned int i = from;

	while (i < to && r->v[i].gone)
		i++;
	if (i == to) {
		struct span row = sip_row_span(p->m, r->v[from].row);

		plan_cut(p, row.off, span_end(row));
		return;
	}
	if (i > from)
		plan_cut(p, r->v[from].value.off, r->v[i].value.off);
	for (i++; i < to; i++)
		if (r->v[i].gone)
			plan_cut(p, span_end(r->v[i - 1].value), span_end(r->v[i].value));
}

/* The last value that stays, or n. */
static unsigned int last_kept(const struct routes *r)
{
	for (unsigned int i = r->n; i > 0; i--)
		if (!r->v[i - 1].gone)
			return i - 1;
	return r->n;
}

/* Puts the appended value behind the last one that stays, or in place of the last one of all. */
static void put_last(const struct routes *r, struct plan *p, unsigned int kept, const uint8_t *uri,
		     uint32_t len)
{
	uint8_t *t = plan_text(p, len + 4);
	uint32_t n = 0;

	if (!t)
		return;
	if (kept < r->n) {
		t[n++] = ',';
		t[n++] = ' ';
	}
	t[n++] = '<';
	memcpy(t + n, uri, len);
	n += len;
	t[n++] = '>';
	if (kept < r->n)
		plan_edit(p, span_end(r->v[kept].value), 0, t, n);
	else
		plan_edit(p, r->v[r->n - 1].value.off, r->v[r->n - 1].value.len, t, n);
}

void routes_edit(const struct routes *r, struct plan *p, const uint8_t *append, uint32_t append_len)
{
	unsigned int kept = last_kept(r);
	unsigned int n = r->n, to;

	if (n == 0)
		return;
	if (append)
		put_last(r, p, kept, append, append_len);
	if (append && kept == n) {
		/* The last value was replaced: what shares its row before it goes, other rows go
		 * whole. */
		unsigned int from = n - 1;

		while (from > 0 && r->v[from - 1].row == r->v[n - 1].row)
			from--;
		if (from < n - 1)
			plan_cut(p, r->v[from].value.off, r->v[n - 1].value.off);
		n = from;
	}
	for (unsigned int from = 0; from < n; from = to) {
		for (to = from + 1; to < n && r->v[to].row == r->v[from].row;)
			to++;
		cut_row(r, p, from, to);
	}
}
