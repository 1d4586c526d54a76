/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One Via value (RFC 3261 20.42, 25.1 via-parm; RFC 3581; RFC 5118). Walks from delimiter to
 * delimiter; LWS, folds included, may stand around every one of them.
 *
 * The parameters that routing uses are checked strictly and may stand once (two branches would let
 * two elements disagree about the transaction). Values of others may hold whatever cannot end them.
 */
#include "dataplane/sip/via.h"

#include "dataplane/sip/host.h"

#include <assert.h>

/* The 7 bytes z9hG4bK; the 8th does not count. Only letters are folded. */
#define COOKIE (LEX_WORD("z9hg4bk") | 0xffULL << 56)
#define COOKIE_FOLD 0xff20200020200020ULL

/* As memset(), which the compiler would make a slow string instruction of. */
static inline void clear(struct sip_via *v)
{
	const __m128i zero = _mm_setzero_si128();

	static_assert(sizeof(*v) >= 16, "the last store may overlap the one before");
#pragma GCC unroll 16
	for (size_t i = 0; i + 16 < sizeof(*v); i += 16)
		memcpy((uint8_t *)v + i, &zero, 16);
	memcpy((uint8_t *)v + sizeof(*v) - 16, &zero, 16);
}

/* Skips LWS at @pos; hardly ever there is more than one space. */
static inline uint32_t skip(const uint8_t *p, uint32_t pos, uint32_t end)
{
	return likely(pos >= end || p[pos] > ' ') ? pos : lex_skip(p, pos, end);
}

uint32_t quoted_end(const struct marks *k, uint32_t pos, uint32_t end)
{
	uint32_t at = pos + 1;

	for (;; at++) {
		uint32_t slash;

		at = marks_strong(k, at, end);
		if (at >= end)
			return 0;
		if (k->p[at] != '"')
			continue;
		slash = at;
		while (slash > pos + 1 && k->p[slash - 1] == '\\')
			slash--;
		if ((at - slash) % 2 == 0)
			return at + 1;
	}
}

/* Reads a token and then "/" with LWS around it. Returns the position behind, 0 if malformed. */
static uint32_t token_slash(const struct marks *k, uint32_t pos, uint32_t end, struct span *token)
{
	uint32_t at = marks_token_end(k, pos);

	if (at == pos || at >= end)
		return 0;
	*token = span_of(pos, at);
	at = skip(k->p, at, end);
	if (at >= end || k->p[at] != '/')
		return 0;
	at = skip(k->p, at + 1, end);
	return at < end ? at : 0;
}

/* Reads sent-protocol and the LWS behind it. Returns the position of sent-by, 0 if malformed. */
static uint32_t read_protocol(const struct marks *k, uint32_t pos, uint32_t end, struct sip_via *v)
{
	struct span name;
	uint32_t at = pos + 8;

	if (likely(end - pos > 12 && lex_is8(k->p + pos, 0x202020, LEX_WORD("sip/2.0/")) &&
		   lex_is4(k->p + at, 0x202020, LEX_WORD("udp ")) && k->p[at + 4] > ' ')) {
		v->version = span_of(pos + 4, pos + 7);
		v->transport_text = span_of(at, at + 3);
		v->transport = SIP_UDP;
		return at + 4;
	}
	if (end - pos > 8 && lex_is8(k->p + pos, 0x202020, LEX_WORD("sip/2.0/")) &&
	    char_is(k->p[at], CH_TOKEN)) {
		v->version = span_of(pos + 4, pos + 7);
	} else {
		at = token_slash(k, pos, end, &name);
		if (at == 0)
			return 0;
		at = token_slash(k, at, end, &v->version);
		if (at == 0)
			return 0;
	}
	pos = marks_token_end(k, at);
	if (pos == at || pos >= end || !char_is(k->p[pos], CH_LWS))
		return 0;
	v->transport_text = span_of(at, pos);
	v->transport = transport_decode(k->p, at, pos);
	at = skip(k->p, pos + 1, end);
	return at < end ? at : 0;
}

/* A parameter: where it and its parts are. No value: value == value_end and !equals. */
struct param {
	uint32_t semicolon, end;
	uint32_t name, name_end;
	uint32_t value, value_end;
	bool equals;
	bool token; /* the value is a token */
};

/* The end of the value at @pos, 0 if it is empty or malformed. */
static uint32_t value_end(const struct marks *k, uint32_t pos, uint32_t end, bool *token)
{
	uint32_t at = marks_token_end(k, pos);

	*token = true;
	if (likely(at > pos && (at >= end || k->p[at] == ';' || k->p[at] == ',')))
		return at;
	if (at == pos && k->p[pos] == '"') {
		*token = false;
		return quoted_end(k, pos, end);
	}
	while (at < end && k->p[at] != ';' && k->p[at] != ',' && !char_is(k->p[at], CH_LWS)) {
		uint8_t c = k->p[at];

		if (c < ' ' || c == 0x7f || c == '"' || c == '<' || c == '>')
			return 0;
		*token = false;
		at = marks_token_end(k, at + 1);
	}
	return at > pos ? at : 0;
}

/* Reads the parameter at the semicolon @pos. False if malformed. */
static bool read_param(const struct marks *k, uint32_t pos, uint32_t end, struct param *q)
{
	uint32_t at;

	q->semicolon = pos;
	q->name = skip(k->p, pos + 1, end);
	if (q->name >= end)
		return false;
	q->name_end = marks_token_end(k, q->name);
	q->end = q->value = q->value_end = q->name_end;
	q->equals = q->token = false;
	if (q->name_end == q->name)
		return false;
	at = skip(k->p, q->name_end, end);
	if (at >= end || k->p[at] != '=')
		return true;
	q->equals = true;
	q->value = skip(k->p, at + 1, end);
	if (q->value >= end)
		return false;
	q->value_end = value_end(k, q->value, end, &q->token);
	q->end = q->value_end;
	return q->value_end != 0;
}

static bool note_branch(const uint8_t *p, const struct param *q, struct sip_via *v)
{
	uint32_t n = q->value_end - q->value;

	if (v->has_branch || !q->token)
		return false;
	v->has_branch = true;
	v->branch = span_of(q->value, q->value_end);
	v->cookie = n > 7 && lex_is8(p + q->value, COOKIE_FOLD, COOKIE);
	return true;
}

static bool note_rport(const uint8_t *p, const struct param *q, struct sip_via *v)
{
	uint64_t value = q->equals ? lex_number(p, q->value, q->value_end) : 0;

	if (v->has_rport || value > UINT16_MAX)
		return false;
	v->has_rport = true;
	v->rport = span_of(q->semicolon, q->end);
	v->rport_value = (uint16_t)value;
	return true;
}

static bool note_received(const uint8_t *p, const struct param *q, struct sip_via *v)
{
	if (v->received.len > 0 ||
	    !host_decode(p, q->value, q->value_end, true, &v->received_host) ||
	    v->received_host.kind != HOST_IP)
		return false;
	v->received = span_of(q->value, q->value_end);
	v->received_param = span_of(q->semicolon, q->end);
	return true;
}

static bool note_ttl(const uint8_t *p, const struct param *q, struct sip_via *v)
{
	uint64_t value = lex_number(p, q->value, q->value_end);

	if (value > UINT8_MAX)
		return false;
	v->ttl = (uint8_t)value;
	return true;
}

/* Notes a parameter that the proxy uses. False if it is malformed or stands twice. */
static bool note_param(const uint8_t *p, const struct param *q, struct sip_via *v)
{
	uint64_t key;

	if (q->name_end - q->name > 8)
		return true;
	key = lex_key(p, q->name, q->name_end);
	if (key == LEX_WORD("branch"))
		return note_branch(p, q, v);
	if (key == LEX_WORD("rport"))
		return note_rport(p, q, v);
	if (key == LEX_WORD("received"))
		return note_received(p, q, v);
	if (key == LEX_WORD("maddr"))
		return v->maddr.kind == HOST_NONE &&
		       host_decode(p, q->value, q->value_end, true, &v->maddr);
	if (key == LEX_WORD("ttl"))
		return note_ttl(p, q, v);
	if (key == LEX_WORD("vl")) {
		if (v->listener.len > 0)
			return false;
		v->listener = span_of(q->value, q->value_end);
	}
	if (key == LEX_WORD("vc")) {
		if (v->connection.len > 0)
			return false;
		v->connection = span_of(q->value, q->value_end);
	}
	if (key == LEX_WORD("alias"))
		v->alias = true;
	return true;
}

/* Ends the value at @pos, which is @end or a comma with another value behind it. */
static bool read_rest(const struct marks *k, uint32_t pos, uint32_t end, struct span *rest)
{
	if (likely(pos >= end))
		return true;
	if (k->p[pos] != ',')
		return false;
	pos = skip(k->p, pos + 1, end);
	*rest = span_of(pos, end);
	return pos < end;
}

/* The up to 8 bytes at @at, before @end, which is 8 or more; zeros behind. */
static inline uint64_t word_at(const uint8_t *p, uint32_t at, uint32_t end)
{
	uint32_t from = at < end - 8 ? at : end - 8;
	uint64_t x;

	memcpy(&x, p + from, sizeof(x));
	return x >> 8 * (at - from);
}

/* True if the first bytes of @x are @word, letters of any case. */
#define STARTS(x, word, fold) \
	((((x) | (fold)) << (72 - 8 * sizeof(word))) == LEX_WORD(word) << (72 - 8 * sizeof(word)))

/* The end of the token at @pos that ends its parameter; 0 = something else stands there. */
static inline uint32_t usual_value(const struct marks *k, uint32_t pos, uint32_t end)
{
	uint32_t at = marks_token_end(k, pos);

	return likely(at > pos && (at >= end || k->p[at] == ';')) ? at : 0;
}

/*
 * Reads the parameter at the semicolon @pos as it is written by nearly all: one of ours to know,
 * nothing around its parts. Returns the position behind, 0 if it is another one, seen before or not
 * so simple.
 */
static inline uint32_t usual_param(const struct marks *k, uint32_t pos, uint32_t end,
				   struct sip_via *v)
{
	const uint8_t *p = k->p;
	uint32_t name = pos + 1, at;
	uint64_t x;

	if (unlikely(name >= end))
		return 0;
	x = word_at(p, name, end);
	if (STARTS(x, "branch=", 0x202020202020)) {
		at = usual_value(k, name + 7, end);
		if (unlikely(at == 0 || v->has_branch))
			return 0;
		v->has_branch = true;
		v->branch = span_of(name + 7, at);
		v->cookie = at - name > 14 && lex_is8(p + name + 7, COOKIE_FOLD, COOKIE);
		return at;
	}
	if (STARTS(x, "rport", 0x2020202020)) {
		at = name + 5;
		if (unlikely((at < end && p[at] != ';') || v->has_rport))
			return 0;
		v->has_rport = true;
		v->rport = span_of(pos, at);
		return at;
	}
	if (STARTS(x, "vl=", 0x2020)) {
		at = usual_value(k, name + 3, end);
		if (unlikely(at == 0 || v->listener.len > 0))
			return 0;
		v->listener = span_of(name + 3, at);
		return at;
	}
	return 0;
}

bool via_decode(const struct marks *k, struct span s, struct sip_via *v, struct span *rest)
{
	uint32_t end = span_end(s), pos, last, first;
	struct param q;

	v->value = s;
	v->transport = SIP_TRANSPORT_OTHER;
	*rest = span_of(end, end);
	if (s.len == 0)
		return false;
	pos = read_protocol(k, s.off, end, v);
	if (pos == 0)
		return false;
	last = hostport_decode(k, pos, end, true, &v->host, &v->port);
	if (last == 0) {
		v->host.kind = HOST_NONE;
		return false;
	}
	v->sent_by = span_of(pos, last);
	first = last;
	pos = skip(k->p, last, end);
	if (pos < end && k->p[pos] == ';')
		first = pos;
	while (pos < end && k->p[pos] == ';') {
		uint32_t at = usual_param(k, pos, end, v);

		if (likely(at != 0)) {
			last = pos = at;
			continue;
		}
		if (!read_param(k, pos, end, &q) || !note_param(k->p, &q, v))
			return false;
		last = q.end;
		pos = skip(k->p, last, end);
	}
	v->params = span_of(first, last);
	v->value = span_of(s.off, last);
	return read_rest(k, pos, end, rest);
}

bool via_read(const struct sip_msg *m, struct span s, struct sip_via *out, struct span *rest)
{
	struct marks k = marks_of(m);

	clear(out);
	return via_decode(&k, s, out, rest);
}

bool via_parse(const uint8_t *p, struct span s, struct sip_via *out, struct span *rest)
{
	struct scan_map map;
	struct span value = lex_trim(p, s.off, span_end(s));
	struct span look = marks_first_look(value);
	struct marks k = marks_span(p, look, &map);
	bool ok;

	clear(out);
	ok = via_decode(&k, look, out, rest);
	if (likely(look.len == value.len))
		return ok;
	if (ok && rest->len > 0) {
		*rest = span_of(rest->off, span_end(value));
		return true;
	}
	k = marks_span(p, value, &map);
	clear(out);
	return via_decode(&k, value, out, rest);
}
