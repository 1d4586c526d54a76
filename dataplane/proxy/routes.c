/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/routes.h"

#include "dataplane/proxy/row.h"
#include "dataplane/proxy/target.h"
#include "dataplane/proxy/token.h"
#include "dataplane/sip/chars.h"

#include <smmintrin.h>

#define GUESSES 8 /* listeners whose writing is compared before a value is decoded */

/* True if the @n bytes at @a and @b are the same: 16 at a time, the last ones twice. */
static inline bool same_bytes(const uint8_t *a, const void *b, unsigned int n)
{
	const uint8_t *q = (const uint8_t *)b;
	__m128i differ = _mm_setzero_si128();

	if (__builtin_expect(n < 16, 0))
		return memcmp(a, b, n) == 0;
	for (unsigned int i = 0; i < n; i += 16) {
		unsigned int at = i + 16 <= n ? i : n - 16;

		differ = _mm_or_si128(differ,
				      _mm_xor_si128(_mm_loadu_si128((const __m128i *)(a + at)),
						    _mm_loadu_si128((const __m128i *)(q + at))));
	}
	return _mm_testz_si128(differ, differ);
}

/*
 * A value that is, byte for byte, a Record-Route as a listener writes it, with @rr before the
 * token: what nearly every peer sends back. Returns its length, 0 if it is not.
 */
static inline unsigned int as_written(const struct world_text *rr, const uint8_t *p, struct span s)
{
	unsigned int n = rr->len + TOKEN_LEN + 1u;

	if (s.len < n || (s.len > n && p[s.off + n] != ','))
		return 0;
	if (p[s.off + n - 1] != '>' || !same_bytes(p + s.off, rr->s, rr->len))
		return 0;
	return n;
}

/* The listener that wrote the value at the start of @s: the one the request came to, or one of the
 * first, for UDP. */
static uint16_t writer_of(const struct world *w, const struct proxy_in *in, const uint8_t *p,
			  struct span s, unsigned int *len)
{
	uint16_t n = w->n_listeners < GUESSES ? w->n_listeners : GUESSES;

	*len = as_written(&w->listeners[in->listener].rr[in->transport], p, s);
	if (*len)
		return in->listener;
	for (uint16_t i = 0; i < n; i++) {
		*len = as_written(&w->listeners[i].rr[SIP_UDP], p, s);
		if (*len)
			return i;
	}
	return WORLD_NONE;
}

/* Notes that the value at @v is ours, with @token, and the listener that a second own value names.
 */
static void note_own(struct routes *r, struct route_value *v, struct span token, uint16_t listener)
{
	v->gone = true;
	v->token = token;
	if (r->next > 0)
		r->listener = listener;
}

/*
 * Takes own values as written by us off the front of a row's @rest. True if that was all of the
 * row.
 */
static bool skip_written(const struct world *w, const struct proxy_in *in, const struct sip_msg *m,
			 struct routes *r, unsigned int row, struct span *rest)
{
	while (r->n < ROUTES_MAX) {
		unsigned int len, end;
		uint16_t listener = writer_of(w, in, m->p, *rest, &len);

		if (listener == WORLD_NONE)
			return false;
		end = rest->off + len;
		r->v[r->n] = (struct route_value){
			.row = (uint16_t)row,
			.value = span_of(rest->off, end),
			.uri = span_of(rest->off + 1u, end - 1),
		};
		note_own(r, &r->v[r->n++], span_of(end - 1 - TOKEN_LEN, end - 1), listener);
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
		enum uri_scheme scheme;
		struct endpoint at;

		if (!uri_parse(m->p, r->v[r->next].uri, &r->uri))
			return SIP_R_BAD_ROUTE;
		scheme = uri_port_scheme(uri);
		if (uri->scheme > URI_SIPS || uri->maddr.kind != HOST_NONE ||
		    world_own_of(w, m, &uri->host, uri->port, scheme) == OWN_NOT)
			break;
		at = (struct endpoint){ uri->host.ip, uri->port            ? uri->port
						      : scheme == URI_SIPS ? 5061
									   : 5060 };
		note_own(r, &r->v[r->next], uri->token,
			 uri->host.kind == HOST_IP ? world_listener_at(w, &at) : WORLD_NONE);
	}
	return SIP_OK;
}

static enum sip_reason read_row(const struct world *w, const struct proxy_in *in,
				const struct sip_msg *m, struct routes *r, unsigned int row)
{
	struct span rest = row_value(m, row);
	struct sip_nameaddr na;

	if (r->next == r->n && skip_written(w, in, m, r, row, &rest))
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

enum sip_reason routes_read(const struct world *w, const struct proxy_in *in,
			    const struct sip_msg *m, struct routes *r)
{
	r->n = r->next = 0;
	r->listener = WORLD_NONE;
	if (m->first[SIP_H_ROUTE] == UINT16_MAX)
		return SIP_OK;
	for (int i = m->first[SIP_H_ROUTE]; i >= 0; i = row_next(m, SIP_H_ROUTE, (unsigned int)i)) {
		enum sip_reason e = read_row(w, in, m, r, (unsigned int)i);

		if (e != SIP_OK)
			return e;
	}
	return skip_own(w, m, r);
}

bool routes_have_token(const struct routes *r)
{
	for (unsigned int i = 0; i < r->n && r->v[i].gone; i++)
		if (r->v[i].token.len)
			return true;
	return false;
}

bool routes_signed(const struct routes *r, const struct sip_msg *m, uint64_t token)
{
	for (unsigned int i = 0; i < r->n && r->v[i].gone; i++)
		if (token_is(m, r->v[i].token, token))
			return true;
	return false;
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

/* Cuts all rows: nothing stays, as for most requests. */
static void cut_all(const struct routes *r, struct plan *p)
{
	for (unsigned int i = 0; i < r->n; i++) {
		struct span row = sip_row_span(p->m, r->v[i].row);

		if (i == 0 || r->v[i].row != r->v[i - 1].row)
			plan_cut(p, row.off, span_end(row));
	}
}

void routes_edit(const struct routes *r, struct plan *p, const uint8_t *append, uint32_t append_len)
{
	unsigned int kept, n = r->n, to;

	if (!append && r->next == n) {
		cut_all(r, p);
		return;
	}
	kept = last_kept(r);
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
