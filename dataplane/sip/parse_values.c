/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header values that every message needs (RFC 3261 16.3 step 1, 16.11). Stage 5 of
 * sip_parse().
 *
 * What a request header says is no fault in a response (7.3.1): there only Via, Call-ID, CSeq and
 * Content-Length are looked into, From and To only found, the rest is left alone.
 */
#include "dataplane/sip/address.h"
#include "dataplane/sip/decode.h"
#include "dataplane/sip/names.h"
#include "dataplane/sip/parse.h"

/*
 * All functions here are compiled twice. @sound, a constant: nothing is wrong with the header
 * section as a whole (parse.c) and rows_name_usual() took it, so the headers that must be there
 * are, every row ends with CRLF, and a known header has its colon right behind the name. A message
 * is nearly always so, and then 100 instructions are not needed.
 */
#define EACH static inline __attribute__((always_inline))

/* sip_row_value() for the first row with header @id, which must be there. */
EACH struct span first_value(const struct marks *k, const struct sip_msg *m, enum sip_header id,
			     bool sound)
{
	const struct sip_row *row = &m->row[m->first[id]];
	const uint8_t *p = k->p;
	uint32_t from = row->off + row->colon + 1u, to = row[1].off - 2u;

	/* A branch, which is nearly always the same way, and not a sum that waits for the load. */
	if (likely(p[from] == ' '))
		from++;
	/* Also catches an empty value: then p[from] is the CR. */
	if (unlikely(p[from] <= ' ' || p[to - 1] <= ' '))
		return sip_row_value(m, m->first[id]);
	if (!sound && (p[to] != '\r' || row->colon == 0))
		return sip_row_value(m, m->first[id]);
	return span_of(from, to);
}

EACH bool has(const struct sip_msg *m, enum sip_header id)
{
	return m->first[id] != UINT16_MAX;
}

EACH void parse_via(const struct marks *k, struct sip_msg *m, bool sound)
{
	bool ok;

	m->via_value = first_value(k, m, SIP_H_VIA, sound);
	ok = via_decode(k, m->via_value, &m->via, &m->via_rest);
	m->via_ok = m->via.host.kind != HOST_NONE && m->via.transport != SIP_TRANSPORT_OTHER;
	if (!ok)
		parse_fault(m, SIP_R_BAD_VIA);
}

/* From and To of a request. */
EACH void parse_address(const struct marks *k, struct sip_msg *m, struct span value,
			struct span *uri, struct span *tag, enum sip_reason fault)
{
	struct sip_nameaddr na;

	if (unlikely(!address_decode(k, value, &na))) {
		parse_fault(m, fault);
		return;
	}
	*uri = na.uri;
	*tag = na.tag;
}

EACH void parse_from_to(const struct marks *k, struct sip_msg *m, bool sound)
{
	if (sound || has(m, SIP_H_FROM)) {
		m->from = first_value(k, m, SIP_H_FROM, sound);
		if (m->request)
			parse_address(k, m, m->from, &m->from_uri, &m->from_tag, SIP_R_BAD_FROM);
	}
	if (sound || has(m, SIP_H_TO)) {
		m->to = first_value(k, m, SIP_H_TO, sound);
		if (m->request)
			parse_address(k, m, m->to, &m->to_uri, &m->to_tag, SIP_R_BAD_TO);
	}
}

EACH void parse_call_id(const struct marks *k, struct sip_msg *m, bool sound)
{
	struct span s = first_value(k, m, SIP_H_CALL_ID, sound);

	m->call_id = s;
	if (unlikely(s.len == 0 || marks_blank(k, s.off, span_end(s)) != span_end(s)))
		parse_fault(m, SIP_R_BAD_CALL_ID);
}

/* True if the bytes [@at, @at + @n) are the method of the request line, which has @n bytes. */
EACH bool same_method(const struct sip_msg *m, uint32_t at, uint32_t n)
{
	unsigned int unused = 64 - 8 * n;
	uint64_t a, b;

	if (unlikely(n > 8 || n == 0 || at + n < 8))
		return memcmp(m->p, m->p + at, n) == 0;
	memcpy(&a, m->p, 8);
	memcpy(&b, m->p + at + n - 8, 8);
	return a << unused == b >> unused << unused;
}

/* Reads the number and the method. False if either is malformed. */
static bool read_cseq(const struct marks *k, struct sip_msg *m)
{
	uint32_t end = span_end(m->cseq), digits, at;
	uint64_t value;

	if (m->cseq.len == 0)
		return false;
	digits = marks_token_end(k, m->cseq.off);
	value = lex_number(k->p, m->cseq.off, digits);
	at = digits + 1;
	if (unlikely(digits >= end || k->p[digits] != ' ' || k->p[at] <= ' '))
		at = lex_skip(k->p, digits, end);
	if (value > UINT32_MAX || at == digits || marks_token_end(k, at) != end)
		return false;
	m->cseq_number = (uint32_t)value;
	m->cseq_digits = span_of(m->cseq.off, digits);
	m->cseq_method = span_of(at, end);
	return true;
}

/* CSeq as nearly all requests have it: number, one space, the method of the request line. */
EACH bool read_usual_cseq(struct sip_msg *m)
{
	uint32_t n = m->method_text.len, from = m->cseq.off, end = span_end(m->cseq);
	uint32_t at = end - n, digits = at - 1;
	uint64_t value;

	if (unlikely(m->cseq.len < n + 2u || digits < 8 || digits - from > 8))
		return false;
	if (unlikely(m->p[digits] != ' ' || !same_method(m, at, n) ||
		     !lex_number_of_8(m->p, from, digits, &value)))
		return false;
	m->cseq_number = (uint32_t)value;
	m->cseq_digits = span_of(from, digits);
	m->cseq_method = span_of(at, end);
	return true;
}

static __attribute__((noinline)) void parse_odd_cseq(const struct marks *k, struct sip_msg *m)
{
	if (!read_cseq(k, m))
		parse_fault(m, SIP_R_BAD_CSEQ);
	else if (m->cseq_method.len != m->method_text.len ||
		 !same_method(m, m->cseq_method.off, m->method_text.len))
		parse_fault(m, m->method == SIP_M_OTHER ? SIP_R_UNKNOWN_METHOD : SIP_R_CSEQ_METHOD);
}

EACH void parse_cseq(const struct marks *k, struct sip_msg *m, bool sound)
{
	m->cseq = first_value(k, m, SIP_H_CSEQ, sound);
	if (m->request) {
		if (unlikely(!read_usual_cseq(m)))
			parse_odd_cseq(k, m);
	} else if (unlikely(!read_cseq(k, m))) {
		parse_fault(m, SIP_R_BAD_CSEQ);
	} else {
		m->method = (uint8_t)method_id(k->p, m->cseq_method.off, m->cseq_method.len);
	}
}

/* Reads a number up to 32 bits, greater ones as UINT32_MAX. False if the value is no number. */
EACH bool parse_number(const struct marks *k, const struct sip_msg *m, enum sip_header id,
		       struct sip_number *out, bool sound)
{
	struct span s = first_value(k, m, id, sound);
	uint64_t value = lex_number(k->p, s.off, span_end(s));

	if (unlikely(value == LEX_NOT_A_NUMBER))
		return false;
	out->has = true;
	out->text = s;
	out->value = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	return true;
}

EACH void parse_request_numbers(const struct marks *k, struct sip_msg *m, bool sound)
{
	if (has(m, SIP_H_MAX_FORWARDS)) {
		if (!parse_number(k, m, SIP_H_MAX_FORWARDS, &m->max_forwards, sound))
			parse_fault(m, SIP_R_BAD_MAX_FORWARDS);
		if (m->max_forwards.value > UINT8_MAX)
			m->max_forwards.value = UINT8_MAX + 1;
	}
	if (unlikely(has(m, SIP_H_MAX_BREADTH)) &&
	    !parse_number(k, m, SIP_H_MAX_BREADTH, &m->max_breadth, sound))
		parse_fault(m, SIP_R_BAD_MAX_BREADTH);
}

EACH void values(const struct marks *k, struct sip_msg *m, bool sound)
{
	if (sound || has(m, SIP_H_VIA))
		parse_via(k, m, sound);
	parse_from_to(k, m, sound);
	if (sound || has(m, SIP_H_CALL_ID))
		parse_call_id(k, m, sound);
	if (sound || has(m, SIP_H_CSEQ))
		parse_cseq(k, m, sound);
	if (m->request)
		parse_request_numbers(k, m, sound);
	if (has(m, SIP_H_CONTENT_LENGTH) &&
	    !parse_number(k, m, SIP_H_CONTENT_LENGTH, &m->content_length, sound))
		parse_fault(m, SIP_R_BAD_CONTENT_LENGTH);
}

void parse_values(const struct marks *k, struct sip_msg *m)
{
	values(k, m, true);
}

void parse_values_odd(const struct marks *k, struct sip_msg *m)
{
	values(k, m, false);
}
