/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sip_parse(): the order of the stages, the faults of the header section as a whole, framing.
 *
 *     scan  ->  start line  ->  rows_name  ->  header section  ->  values  ->  framing
 *
 * All stages run whatever the earlier ones found, since an answer copies what can be read (but no
 * message with a line end in doubt is answered, reasons.def). The first fault stays. The bit maps
 * stay with the message.
 */
#include "dataplane/sip/parse.h"

#include "dataplane/sip/lex.h"

#include <stddef.h>

#define SHORTEST 16 /* "SIP/2.0 100 CRLF CRLF"; nothing shorter can be SIP */

#define STUN_COOKIE_OFF 4 /* RFC 8489 5 */

#define BIT(id) (1u << SIP_H_##id)

static const struct fault {
	uint32_t bit;
	enum sip_reason missing;  /* fault of a request without it */
	enum sip_reason repeated; /* fault of a request with two */
} header_faults[] = {
	{ BIT(VIA), SIP_R_NO_VIA, SIP_OK },
	{ BIT(FROM), SIP_R_NO_FROM, SIP_R_DUP_FROM },
	{ BIT(TO), SIP_R_NO_TO, SIP_R_DUP_TO },
	{ BIT(CALL_ID), SIP_R_NO_CALL_ID, SIP_R_DUP_CALL_ID },
	{ BIT(CSEQ), SIP_R_NO_CSEQ, SIP_R_DUP_CSEQ },
	{ BIT(MAX_FORWARDS), SIP_OK, SIP_R_DUP_MAX_FORWARDS },
	{ BIT(CONTENT_LENGTH), SIP_OK, SIP_R_DUP_CONTENT_LENGTH },
	{ BIT(MAX_BREADTH), SIP_OK, SIP_R_DUP_MAX_BREADTH },
};

enum {
	NEEDED = BIT(VIA) | BIT(FROM) | BIT(TO) | BIT(CALL_ID) | BIT(CSEQ),
#define HEADER(id, name, compact, once) ONCE_##id = (once) ? BIT(id) : 0,
#include "dataplane/sip/headers.def"
#undef HEADER
#define HEADER(id, name, compact, once) | ONCE_##id
	ONCE = 0
#include "dataplane/sip/headers.def"
#undef HEADER
	,
	/* What a response is judged by. */
	IN_RESPONSE = BIT(VIA) | BIT(CALL_ID) | BIT(CSEQ) | BIT(CONTENT_LENGTH)
};

/* What a datagram is that does not start with a token. */
static enum sip_reason not_sip(const uint8_t *p, size_t len)
{
	static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };
	size_t i = 0;

	while (i < len && (p[i] == '\r' || p[i] == '\n' || p[i] == 0))
		i++;
	if (i == len)
		return SIP_R_KEEPALIVE;
	if (len >= STUN_COOKIE_OFF + sizeof(cookie) && (p[0] & 0xc0) == 0 &&
	    memcmp(p + STUN_COOKIE_OFF, cookie, sizeof(cookie)) == 0)
		return SIP_R_STUN;
	return SIP_R_NOT_SIP;
}

/* The faults of the header section, in their order. */
static void section_faults(struct sip_msg *m, const struct row_facts *facts)
{
	uint32_t judged = m->request ? UINT32_MAX : IN_RESPONSE;
	uint32_t missing = NEEDED & ~facts->seen & judged;
	uint32_t repeated = ONCE & facts->repeated & judged;

	if (m->lines.bad_line_end)
		parse_fault(m, SIP_R_BAD_LINE_END);
	if (m->lines.unended)
		parse_fault(m, SIP_R_NO_BLANK_LINE);
	if (facts->bad)
		parse_fault(m, SIP_R_BAD_HEADER);
	if (m->lines.too_many)
		parse_fault(m, SIP_R_TOO_MANY_HEADERS);
	for (size_t i = 0; i < sizeof(header_faults) / sizeof(header_faults[0]); i++)
		if (missing & header_faults[i].bit)
			parse_fault(m, header_faults[i].missing);
	for (size_t i = 0; i < sizeof(header_faults) / sizeof(header_faults[0]); i++)
		if (repeated & header_faults[i].bit)
			parse_fault(m, header_faults[i].repeated);
}

/* RFC 3261 18.3: what Content-Length leaves of the datagram. */
static void parse_framing(struct sip_msg *m)
{
	uint32_t body = m->datagram_len - m->head_len;

	if (!m->content_length.has || unlikely(m->lines.unended))
		return;
	if (unlikely(m->content_length.value > body))
		parse_fault(m, SIP_R_SHORT_BODY);
	else
		m->len = m->head_len + m->content_length.value;
}

/* sip_parse_lines() of what cannot be a message. */
static __attribute__((noinline, cold)) void parse_not_sip(const uint8_t *p, size_t len,
							  struct sip_msg *m)
{
	memset(m, 0, offsetof(struct sip_msg, row) + sizeof(m->row[0]));
	memset(m->first, 0xff, sizeof(m->first));
	m->p = p;
	m->len = m->datagram_len = (uint32_t)len;
	m->reason = (uint16_t)not_sip(p, len);
	m->lines.none = true;
}

/* Stages 2 to 5 of a message whose rows are not as nearly all are, or that lacks one. */
static __attribute__((noinline, cold)) void parse_odd(const struct marks *k, struct sip_msg *m)
{
	struct row_facts facts;

	if (m->lines.none)
		return;
	rows_name_odd(m, &facts);
	m->repeated = facts.repeated;
	section_faults(m, &facts);
	parse_values_odd(k, m);
}

void sip_parse_lines(const uint8_t *p, size_t len, enum sip_parse_flags flags, struct sip_msg *m)
{
	const struct scanner *scan = scan_current();
	struct marks k = { p, &m->map };
	uint32_t readable = (uint32_t)len + (flags & SIP_PADDED ? SIP_PAD : 0);
	struct scan_lines lines;
	struct row_facts facts;
	bool sound;

	if (unlikely(len < SHORTEST || len > SIP_MAX_LEN || !char_is(p[0], CH_TOKEN))) {
		parse_not_sip(p, len, m);
		return;
	}
	scan->head(p, (uint32_t)len, flags & SIP_PADDED, m, &m->map, &lines);
	memset(m->first, 0xff, sizeof(m->first));
	m->p = p;
	m->len = m->datagram_len = (uint32_t)len;
	m->n_rows = (uint16_t)lines.n_rows;
	m->head_len = lines.head_len != 0 ? lines.head_len : (uint32_t)len;
	parse_start_line(&k, m);
	sound = scan->rows(readable, m, &facts);
	m->sound = sound && (NEEDED & ~facts.seen) == 0 && (ONCE & facts.repeated) == 0 &&
		   lines.head_len != 0 && !lines.bad_line_end && !lines.too_many;
	m->repeated = facts.repeated;
	m->lines.unended = lines.head_len == 0;
	m->lines.bad_line_end = lines.bad_line_end;
	m->lines.too_many = lines.too_many;
}

enum sip_reason sip_parse_values(struct sip_msg *m)
{
	struct marks k = marks_of(m);

	if (likely(m->sound))
		parse_values(&k, m);
	else
		parse_odd(&k, m);
	parse_framing(m);
	return (enum sip_reason)m->reason;
}

enum sip_reason sip_parse(const uint8_t *p, size_t len, enum sip_parse_flags flags,
			  struct sip_msg *m)
{
	sip_parse_lines(p, len, flags, m);
	return sip_parse_values(m);
}
