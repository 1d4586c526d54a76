/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * URIs as far as a proxy routes on them (uri.h). Walks from delimiter to delimiter.
 *
 * Strict where a fault could send a request elsewhere than the next hop would read it: host, port,
 * a second '@', a parameter that we use twice, escapes. Characters that the grammar wants escaped
 * but cannot be misread (a '#' in the user part, '=' in a parameter value) pass.
 */
#include "dataplane/sip/uri.h"

#include "dataplane/sip/host.h"

#include <assert.h>

static_assert(URI_SIP == 0, "uri_decode() relies on it");

/* True if all of [@from, @to) may stand in a URI as far as the strong bytes go: no " < >, and, if
 * @escapes, each % with two hex digits behind. */
static bool strong_ok(const struct marks *k, uint32_t from, uint32_t to, bool escapes)
{
	const uint8_t *p = k->p;

	for (;; from++) {
		from = marks_strong(k, from, to);
		if (from >= to)
			return true;
		if (p[from] != '%')
			return false;
		if (escapes && (to - from < 3 || !char_is(p[from + 1], CH_HEX) ||
				!char_is(p[from + 2], CH_HEX)))
			return false;
	}
}

/* Which scheme [@from, @to) is; false if it cannot be one. */
static bool read_scheme(const uint8_t *p, uint32_t from, uint32_t to, enum uri_scheme *scheme)
{
	uint64_t key = to - from <= 8 ? lex_key(p, from, to) : 0;

	*scheme = URI_OTHER;
	if (key == LEX_WORD("sip"))
		*scheme = URI_SIP;
	else if (key == LEX_WORD("sips"))
		*scheme = URI_SIPS;
	else if (key == LEX_WORD("tel"))
		*scheme = URI_TEL;
	if (*scheme != URI_OTHER)
		return true;
	if (!char_is(p[from], CH_ALPHA))
		return false;
	for (; from < to; from++)
		if (!char_is(p[from], CH_ALPHA | CH_DIGIT) && p[from] != '+' && p[from] != '-' &&
		    p[from] != '.')
			return false;
	return true;
}

/* Position of the '@' that ends the user part at @pos; @end if there is none, 0 if it is malformed.
 */
static uint32_t read_user(const struct marks *k, uint32_t pos, uint32_t end)
{
	uint32_t at = marks_token_end(k, pos);
	bool good = true;

	while (at < end && k->p[at] != '@') {
		good &= char_is(k->p[at], CH_USER);
		at = marks_token_end(k, at + 1);
	}
	if (at >= end)
		return end;
	return good && at > pos ? at : 0;
}

/* A parameter ";name=value": positions of the name, and of the value or equal if there is none. */
struct param {
	uint32_t semicolon;
	uint32_t name, name_end;
	uint32_t value, value_end;
};

static bool is_transport(const uint8_t *p, const struct param *q)
{
	return q->name_end - q->name == 9 && (p[q->name] | 0x20) == 't' &&
	       lex_key(p, q->name + 1, q->name_end) == LEX_WORD("ransport");
}

/* Notes a parameter that the proxy uses. False if it is malformed or stands twice. */
static bool note_param(const uint8_t *p, const struct param *q, struct sip_uri *u)
{
	struct span value = span_of(q->value, q->value_end);
	uint64_t key;

	if (is_transport(p, q)) {
		if (u->transport != SIP_TRANSPORT_NONE || value.len == 0)
			return false;
		u->transport = transport_decode(p, q->value, q->value_end);
		return true;
	}
	if (q->name_end - q->name > 8)
		return true;
	key = lex_key(p, q->name, q->name_end);
	if (key == LEX_WORD("lr")) {
		u->lr = true;
	} else if (key == LEX_WORD("maddr")) {
		return u->maddr.kind == HOST_NONE &&
		       host_decode(p, q->value, q->value_end, true, &u->maddr);
	} else if (key == LEX_WORD("method")) {
		if (u->method.len > 0 || value.len == 0)
			return false;
		u->method = span_of(q->semicolon, q->value_end);
	} else if (key == LEX_WORD("vt")) {
		if (u->token.len > 0)
			return false;
		u->token = value;
	}
	return true;
}

/* The end of the parameter name or value at @pos: the next of ; ? and, in a name, =. 0 if a byte in
 * it may not be there. */
static uint32_t param_end(const struct marks *k, uint32_t pos, uint32_t end, bool name)
{
	uint32_t at = marks_token_end(k, pos);

	while (at < end && k->p[at] != ';' && k->p[at] != '?') {
		if (k->p[at] == '=') {
			if (name)
				return at;
		} else if (!char_is(k->p[at], CH_PARAM)) {
			return 0;
		}
		at = marks_token_end(k, at + 1);
	}
	return at;
}

/* Reads *( ";" uri-parameter ) at @pos. Returns the position behind, 0 if malformed. */
static uint32_t read_params(const struct marks *k, uint32_t pos, uint32_t end, struct sip_uri *u)
{
	uint32_t first = pos;

	while (pos < end && k->p[pos] == ';') {
		struct param q = { .semicolon = pos, .name = pos + 1 };

		if (q.name >= end)
			return 0;
		q.name_end = param_end(k, q.name, end, true);
		if (q.name_end <= q.name)
			return 0;
		q.value = q.value_end = q.name_end;
		if (q.value < end && k->p[q.value] == '=') {
			q.value++;
			q.value_end = q.value < end ? param_end(k, q.value, end, false) : end;
			if (q.value_end == 0)
				return 0;
		}
		if (!note_param(k->p, &q, u))
			return 0;
		pos = q.value_end;
	}
	u->params = span_of(first, pos);
	return pos;
}

/* What follows "sip:" or "sips:" at @pos. */
static bool read_sip(const struct marks *k, uint32_t pos, uint32_t end, struct sip_uri *u)
{
	uint32_t at = read_user(k, pos, end);

	if (at == 0)
		return false;
	if (at < end) {
		u->user = span_of(pos, at);
		pos = at + 1;
	}
	if (pos >= end)
		return false;
	pos = hostport_decode(k, pos, end, false, &u->host, &u->port);
	if (pos == 0)
		return false;
	if (pos < end && k->p[pos] == ';') {
		pos = read_params(k, pos, end, u);
		if (pos == 0)
			return false;
	}
	if (pos < end && k->p[pos] == '?') {
		u->headers = span_of(pos, end);
		pos = end;
	}
	return pos == end;
}

bool uri_decode(const struct marks *k, struct span s, struct sip_uri *out)
{
	uint32_t end = span_end(s), colon = s.off + 3u;
	bool sip;

	out->whole = s;
	out->transport = SIP_TRANSPORT_NONE;
	/* URI_SIP is what an all zero @out has. */
	if (unlikely(s.len < 5 || !lex_is4(k->p + s.off, 0x202020, LEX_WORD("sip:")))) {
		if (s.len == 0)
			return false;
		colon = marks_token_end(k, s.off);
		if (colon == s.off || colon + 1 >= end || k->p[colon] != ':' ||
		    !read_scheme(k->p, s.off, colon, &out->scheme))
			return false;
	}
	sip = out->scheme == URI_SIP || out->scheme == URI_SIPS;
	if (unlikely(marks_stop(k, s.off, end) != end) &&
	    (marks_blank(k, s.off, end) != end || !strong_ok(k, s.off, end, sip)))
		return false;
	return !sip || read_sip(k, colon + 1, end, out);
}

bool uri_parse(const uint8_t *p, struct span s, struct sip_uri *out)
{
	struct scan_map map;
	struct marks k = marks_span(p, s, &map);

	memset(out, 0, sizeof(*out));
	return uri_decode(&k, s, out);
}
