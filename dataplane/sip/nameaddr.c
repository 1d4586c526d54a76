/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * name-addr and addr-spec with header parameters (nameaddr.h). The strong bytes (quote, angle
 * brackets) lead to the URI in two or three steps, however many delimiters it holds itself.
 *
 * More liberal than the grammar in one place: an unquoted display name may hold bytes from 0x80
 * on, as many phones send names in UTF-8 so.
 */
#include "dataplane/sip/nameaddr.h"

#include "dataplane/sip/address.h"

/* The next strong byte other than %, or @end. */
static uint32_t next_strong(const struct marks *k, uint32_t pos, uint32_t end)
{
	for (;; pos++) {
		pos = marks_strong(k, pos, end);
		if (likely(pos >= end || k->p[pos] != '%'))
			return pos;
	}
}

/* True if [@pos, @end) is tokens and blanks, or empty. */
static bool display_ok(const struct marks *k, uint32_t pos, uint32_t end)
{
	for (pos = marks_token_end(k, pos); pos < end; pos = marks_token_end(k, pos + 1))
		if (k->p[pos] < 0x80 && k->p[pos] > ' ')
			return false;
	return true;
}

/* Reads [ display-name ] "<" URI ">" where "<" is at @open. Returns the position behind, 0 if
 * malformed. */
static uint32_t read_brackets(const struct marks *k, uint32_t open, uint32_t end,
			      struct sip_nameaddr *out)
{
	uint32_t close = next_strong(k, open + 1, end);

	if (close >= end || k->p[close] != '>' || !address_uri_ok(k, open + 1, close))
		return 0;
	out->uri = span_of(open + 1, close);
	out->brackets = true;
	return close + 1;
}

/* Reads an addr-spec at @pos: it ends at ";", LWS or @end (RFC 3261 20.10). 0 if malformed. */
static uint32_t read_bare(const struct marks *k, uint32_t pos, uint32_t end,
			  struct sip_nameaddr *out)
{
	uint32_t at = marks_token_end(k, pos);

	while (at < end && k->p[at] != ';' && !char_is(k->p[at], CH_LWS)) {
		uint8_t c = k->p[at];

		if (c == ',' || c == '"' || c == '<' || c == '>')
			return 0;
		at = marks_token_end(k, at + 1);
	}
	if (!address_uri_ok(k, pos, at))
		return 0;
	out->uri = span_of(pos, at);
	return at;
}

/* Reads the display name, if any, and the URI at @pos. Returns the position behind, 0 if malformed.
 */
static uint32_t read_address(const struct marks *k, uint32_t pos, uint32_t end,
			     struct sip_nameaddr *out)
{
	uint32_t open;

	if (k->p[pos] == '"') {
		open = quoted_end(k, pos, end);
		if (open == 0)
			return 0;
		open = lex_skip(k->p, open, end);
		if (open >= end || k->p[open] != '<')
			return 0;
		return read_brackets(k, open, end, out);
	}
	open = next_strong(k, pos, end);
	if (open < end && k->p[open] == '<')
		return display_ok(k, pos, open) ? read_brackets(k, open, end, out) : 0;
	return read_bare(k, pos, end, out);
}

/* The end of the parameter value at @pos: a quoted string, or up to ; , or LWS. 0 if malformed. */
static uint32_t value_end(const struct marks *k, uint32_t pos, uint32_t end)
{
	uint32_t at = marks_token_end(k, pos);

	if (at == pos && at < end && k->p[at] == '"')
		return quoted_end(k, pos, end);
	while (at < end && k->p[at] != ';' && k->p[at] != ',' && !char_is(k->p[at], CH_LWS)) {
		uint8_t c = k->p[at];

		if (c < ' ' || c == 0x7f || c == '"' || c == '<' || c == '>')
			return 0;
		at = marks_token_end(k, at + 1);
	}
	return at > pos ? at : 0;
}

/* Reads the parameter behind the semicolon @pos. Returns the position behind, 0 if malformed. */
static uint32_t read_param(const struct marks *k, uint32_t pos, uint32_t end,
			   struct sip_nameaddr *out)
{
	uint32_t name = lex_skip(k->p, pos + 1, end), at, value;
	bool tag;

	if (name >= end)
		return 0;
	at = marks_token_end(k, name);
	if (at == name)
		return 0;
	tag = at - name == 3 && lex_key(k->p, name, at) == LEX_WORD("tag");
	value = lex_skip(k->p, at, end);
	if (value >= end || k->p[value] != '=')
		return tag ? 0 : at;
	value = lex_skip(k->p, value + 1, end);
	if (value >= end)
		return 0;
	at = value_end(k, value, end);
	if (at == 0 || !tag)
		return at;
	if (out->tag.len > 0 || marks_token_end(k, value) != at)
		return 0;
	out->tag = span_of(value, at);
	return at;
}

/*
 * Reads the parameters at @pos, and LWS. Returns the position of what ends the element, @end or
 * something else than ";"; 0 if malformed.
 */
static uint32_t read_params(const struct marks *k, uint32_t pos, uint32_t end,
			    struct sip_nameaddr *out)
{
	uint32_t last = pos, first;

	pos = lex_skip(k->p, pos, end);
	first = pos < end && k->p[pos] == ';' ? pos : last;
	while (pos < end && k->p[pos] == ';') {
		last = read_param(k, pos, end, out);
		if (last == 0)
			return 0;
		pos = lex_skip(k->p, last, end);
	}
	out->params = span_of(first, last);
	out->value = span_of(out->value.off, last);
	return pos;
}

bool address_decode_odd(const struct marks *k, struct span s, struct sip_nameaddr *out)
{
	uint32_t end = span_end(s), pos;

	*out = (struct sip_nameaddr){ .value = s };
	if (s.len == 0)
		return false;
	pos = read_address(k, s.off, end, out);
	if (pos == 0)
		return false;
	return read_params(k, pos, end, out) == end;
}

bool nameaddr_parse(const uint8_t *p, struct span s, struct sip_nameaddr *out)
{
	struct scan_map map;
	struct span value = lex_trim(p, s.off, span_end(s));
	struct marks k = marks_span(p, value, &map);

	return address_decode(&k, value, out);
}

static bool route_decode(const struct marks *k, struct span s, struct sip_nameaddr *out,
			 struct span *rest)
{
	uint32_t end = span_end(s), pos;

	*out = (struct sip_nameaddr){ .value = s };
	*rest = span_of(end, end);
	if (s.len == 0)
		return false;
	pos = read_address(k, s.off, end, out);
	if (pos == 0 || !out->brackets)
		return false;
	pos = read_params(k, pos, end, out);
	if (pos == end)
		return true;
	if (pos == 0 || k->p[pos] != ',')
		return false;
	*rest = span_of(lex_skip(k->p, pos + 1, end), end);
	return rest->len > 0;
}

bool route_parse(const uint8_t *p, struct span s, struct sip_nameaddr *out, struct span *rest)
{
	struct scan_map map;
	struct span value = lex_trim(p, s.off, span_end(s));
	struct span look = marks_first_look(value);
	struct marks k = marks_span(p, look, &map);
	bool ok = route_decode(&k, look, out, rest);

	if (likely(look.len == value.len))
		return ok;
	if (ok && rest->len > 0) {
		*rest = span_of(rest->off, span_end(value));
		return true;
	}
	k = marks_span(p, value, &map);
	return route_decode(&k, value, out, rest);
}
