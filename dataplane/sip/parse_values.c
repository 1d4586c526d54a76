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

/* sip_row_value() for the first row with header @id, which must be there. */
static inline struct span first_value(const struct marks *k, const struct sip_msg *m,
				      enum sip_header id)
{
	const struct sip_row *row = &m->row[m->first[id]];
	const uint8_t *p = k->p;
	uint32_t from = row->off + row->colon + 1u, to = row[1].off - 2u;

	if (likely(p[from] == ' '))
		from++;
	/* Also catches an empty value: then p[from] is the CR. */
	if (unlikely(p[to] != '\r' || p[from] <= ' ' || p[to - 1] <= ' ' ||
		     row->colon == UINT8_MAX))
		return sip_row_value(m, m->first[id]);
	return span_of(from, to);
}

static inline bool has(const struct sip_msg *m, enum sip_header id)
{
	return m->first[id] != UINT16_MAX;
}

static void parse_via(const struct marks *k, struct sip_msg *m)
{
	bool ok;

	m->via_value = first_value(k, m, SIP_H_VIA);
	ok = via_decode(k, m->via_value, &m->via, &m->via_rest);
	m->via_ok = m->via.host.kind != HOST_NONE && m->via.transport != SIP_TRANSPORT_OTHER;
	if (!ok)
		parse_fault(m, SIP_R_BAD_VIA);
}

/* From and To of a request. */
static inline void parse_address(const struct marks *k, struct sip_msg *m, struct span value,
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

static void parse_from_to(const struct marks *k, struct sip_msg *m)
{
	if (likely(has(m, SIP_H_FROM))) {
		m->from = first_value(k, m, SIP_H_FROM);
		if (m->request)
			parse_address(k, m, m->from, &m->from_uri, &m->from_tag, SIP_R_BAD_FROM);
	}
	if (likely(has(m, SIP_H_TO))) {
		m->to = first_value(k, m, SIP_H_TO);
		if (m->request)
			parse_address(k, m, m->to, &m->to_uri, &m->to_tag, SIP_R_BAD_TO);
	}
}

static void parse_call_id(const struct marks *k, struct sip_msg *m)
{
	struct span s = first_value(k, m, SIP_H_CALL_ID);

	m->call_id = s;
	if (unlikely(s.len == 0 || marks_blank(k, s.off, span_end(s)) != span_end(s)))
		parse_fault(m, SIP_R_BAD_CALL_ID);
}

/* True if CSeq names the method of the request line. */
static inline bool same_method(const struct sip_msg *m)
{
	uint32_t n = m->method_text.len, end = span_end(m->cseq_method);
	unsigned int unused = 64 - 8 * n;
	uint64_t a, b;

	if (n != m->cseq_method.len)
		return false;
	if (unlikely(n > 8 || n == 0 || end < 8))
		return memcmp(m->p, m->p + m->cseq_method.off, n) == 0;
	memcpy(&a, m->p, 8);
	memcpy(&b, m->p + end - 8, 8);
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

static void parse_cseq(const struct marks *k, struct sip_msg *m)
{
	m->cseq = first_value(k, m, SIP_H_CSEQ);
	if (unlikely(!read_cseq(k, m)))
		parse_fault(m, SIP_R_BAD_CSEQ);
	else if (!m->request)
		m->method = (uint8_t)method_id(k->p, m->cseq_method.off, m->cseq_method.len);
	else if (unlikely(!same_method(m)))
		parse_fault(m, m->method == SIP_M_OTHER ? SIP_R_UNKNOWN_METHOD : SIP_R_CSEQ_METHOD);
}

/* Reads a number up to 32 bits, greater ones as UINT32_MAX. False if the value is no number. */
static inline bool parse_number(const struct marks *k, const struct sip_msg *m, enum sip_header id,
				struct sip_number *out)
{
	struct span s = first_value(k, m, id);
	uint64_t value = lex_number(k->p, s.off, span_end(s));

	if (unlikely(value == LEX_NOT_A_NUMBER))
		return false;
	out->has = true;
	out->text = s;
	out->value = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	return true;
}

static void parse_request_numbers(const struct marks *k, struct sip_msg *m)
{
	if (has(m, SIP_H_MAX_FORWARDS)) {
		if (!parse_number(k, m, SIP_H_MAX_FORWARDS, &m->max_forwards))
			parse_fault(m, SIP_R_BAD_MAX_FORWARDS);
		if (m->max_forwards.value > UINT8_MAX)
			m->max_forwards.value = UINT8_MAX + 1;
	}
	if (unlikely(has(m, SIP_H_MAX_BREADTH)) &&
	    !parse_number(k, m, SIP_H_MAX_BREADTH, &m->max_breadth))
		parse_fault(m, SIP_R_BAD_MAX_BREADTH);
}

void parse_values(const struct marks *k, struct sip_msg *m)
{
	if (likely(has(m, SIP_H_VIA)))
		parse_via(k, m);
	parse_from_to(k, m);
	if (likely(has(m, SIP_H_CALL_ID)))
		parse_call_id(k, m);
	if (likely(has(m, SIP_H_CSEQ)))
		parse_cseq(k, m);
	if (m->request)
		parse_request_numbers(k, m);
	if (has(m, SIP_H_CONTENT_LENGTH) &&
	    !parse_number(k, m, SIP_H_CONTENT_LENGTH, &m->content_length))
		parse_fault(m, SIP_R_BAD_CONTENT_LENGTH);
}
