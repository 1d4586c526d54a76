/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start line (RFC 3261 7.1, 7.2). Stage 3 of sip_parse().
 *
 * A request line is read from both ends: the method up to the first SP, the version behind the
 * last. What is left must be a URI, and spaces in it are its fault. A status line without the
 * second SP
 * ("SIP/2.0 200") is accepted: nothing behind the code is ours to judge.
 */
#include "dataplane/sip/decode.h"
#include "dataplane/sip/names.h"
#include "dataplane/sip/parse.h"

#define CODE 8 /* where the code stands in a status line */
#define CODE_END 11

/* The end of the start line without its line end. */
static uint32_t line_end(const uint8_t *p, uint32_t next)
{
	uint32_t end = next;

	if (likely(next >= 2 && p[next - 2] == '\r' && p[next - 1] == '\n'))
		return next - 2;
	if (end > 0 && p[end - 1] == '\n')
		end--;
	if (end > 0 && p[end - 1] == '\r')
		end--;
	return end;
}

/* True if [@from, @to) is SIP/ digits . digits, but not SIP/2.0. */
static bool is_other_version(const uint8_t *p, uint32_t from, uint32_t to)
{
	uint32_t dot = from + 4;

	if (to - from < 7 || !lex_is4(p + from, 0x202020, LEX_WORD("sip/")))
		return false;
	if (to - from == 7 && memcmp(p + dot, "2.0", 3) == 0)
		return false;
	while (dot < to && char_is(p[dot], CH_DIGIT))
		dot++;
	return dot > from + 4 && dot < to && p[dot] == '.' &&
	       lex_number(p, dot + 1, to) != LEX_NOT_A_NUMBER;
}

static void parse_status_line(const struct marks *k, struct sip_msg *m, uint32_t end)
{
	const uint8_t *p = k->p;
	uint32_t space = marks_blank(k, 0, end);
	unsigned int code;

	m->request = false;
	m->version = span_of(0, space);
	if (end < CODE_END || !lex_is8(p, 0x202020, LEX_WORD("sip/2.0 "))) {
		parse_fault(m, is_other_version(p, 0, space) ? SIP_R_BAD_VERSION
							     : SIP_R_BAD_STATUS_LINE);
		return;
	}
	code = (unsigned int)lex_number(p, CODE, CODE_END);
	/* A start line has no fold: 7.2, 25.1. */
	if (code < 100 || code > 699 || (end > CODE_END && p[CODE_END] != ' ') ||
	    memchr(p + CODE_END, '\n', end - CODE_END)) {
		parse_fault(m, SIP_R_BAD_STATUS_LINE);
		return;
	}
	m->status = (uint16_t)code;
}

/* A request line that does not end in " SIP/2.0"; the method ends at @method_end. */
static void odd_request_line(struct sip_msg *m, uint32_t method_end, uint32_t end)
{
	const uint8_t *p = m->p;
	uint32_t space = end;

	while (space > method_end && p[space - 1] != ' ')
		space--;
	if (space <= method_end + 2) {
		parse_fault(m, SIP_R_BAD_REQUEST_LINE);
		return;
	}
	m->version = span_of(space, end);
	m->uri_text = span_of(method_end + 1, space - 1);
	parse_fault(m,
		    is_other_version(p, space, end) ? SIP_R_BAD_VERSION : SIP_R_BAD_REQUEST_LINE);
}

static void parse_request_line(const struct marks *k, struct sip_msg *m, uint32_t method_end,
			       uint32_t end)
{
	const uint8_t *p = k->p;
	uint32_t uri_end = end - 8;

	m->request = true;
	m->method_text = span_of(0, method_end);
	m->method = (uint8_t)method_id_first(p, method_end);
	if (unlikely(method_end >= end || p[method_end] != ' ')) {
		m->method_text.len = 0;
		m->method = SIP_M_OTHER;
		parse_fault(m, SIP_R_BAD_REQUEST_LINE);
		return;
	}
	if (unlikely(end < method_end + 10 ||
		     !lex_is8(p + uri_end, 0x20202000, LEX_WORD(" sip/2.0")))) {
		odd_request_line(m, method_end, end);
		return;
	}
	m->version = span_of(uri_end + 1, end);
	m->uri_text = span_of(method_end + 1, uri_end);
	if (unlikely(!uri_decode(k, m->uri_text, &m->uri))) {
		bool spaces = p[method_end + 1] == ' ' || p[uri_end - 1] == ' ';

		parse_fault(m, spaces ? SIP_R_BAD_REQUEST_LINE : SIP_R_BAD_REQUEST_URI);
	}
	m->sips = m->uri.scheme == URI_SIPS;
}

void parse_start_line(const struct marks *k, struct sip_msg *m)
{
	uint32_t end = line_end(k->p, m->row[0].off);

	/* Which of the two nobody can predict: asked of the bytes, which are there before the maps
	 * are. */
	if (lex_is4(k->p, 0x202020, LEX_WORD("sip/")))
		parse_status_line(k, m, end);
	else
		parse_request_line(k, m, marks_token_end(k, 0), end);
}
