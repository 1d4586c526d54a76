/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parser found, and where: it reports a reason, the place follows from the header that the
 * reason is about.
 */
#include "control/explain/explain_parts.h"
#include "dataplane/sip/chars.h"

#define RULE "RFC 3261 7, 16.3 (1)"

/* Header of each reason that is about one; repeated: its second row. */
static const struct {
	enum sip_reason reason;
	enum sip_header header;
	bool repeated;
} places[] = {
	{ SIP_R_BAD_VIA, SIP_H_VIA, false },
	{ SIP_R_BAD_FROM, SIP_H_FROM, false },
	{ SIP_R_BAD_TO, SIP_H_TO, false },
	{ SIP_R_BAD_CALL_ID, SIP_H_CALL_ID, false },
	{ SIP_R_BAD_CSEQ, SIP_H_CSEQ, false },
	{ SIP_R_CSEQ_METHOD, SIP_H_CSEQ, false },
	{ SIP_R_UNKNOWN_METHOD, SIP_H_CSEQ, false },
	{ SIP_R_BAD_MAX_FORWARDS, SIP_H_MAX_FORWARDS, false },
	{ SIP_R_BAD_CONTENT_LENGTH, SIP_H_CONTENT_LENGTH, false },
	{ SIP_R_SHORT_BODY, SIP_H_CONTENT_LENGTH, false },
	{ SIP_R_BAD_MAX_BREADTH, SIP_H_MAX_BREADTH, false },
	{ SIP_R_DUP_FROM, SIP_H_FROM, true },
	{ SIP_R_DUP_TO, SIP_H_TO, true },
	{ SIP_R_DUP_CALL_ID, SIP_H_CALL_ID, true },
	{ SIP_R_DUP_CSEQ, SIP_H_CSEQ, true },
	{ SIP_R_DUP_MAX_FORWARDS, SIP_H_MAX_FORWARDS, true },
	{ SIP_R_DUP_CONTENT_LENGTH, SIP_H_CONTENT_LENGTH, true },
	{ SIP_R_DUP_MAX_BREADTH, SIP_H_MAX_BREADTH, true },
};

/* The first CR or LF of the header section that stands alone. */
static struct span lone_line_end(const struct explain *x)
{
	const uint8_t *p = x->bytes;
	uint32_t end = x->m.head_len;

	for (uint32_t i = 0; i < end; i++) {
		if (p[i] == '\r' && i + 1 < end && p[i + 1] == '\n')
			i++;
		else if (p[i] == '\r' || p[i] == '\n')
			return span_of(i, i + 1);
	}
	return span_of(0, 0);
}

static bool is_header(const uint8_t *p, struct span row)
{
	uint32_t i = row.off, end = span_end(row);

	while (i < end && char_is(p[i], CH_TOKEN))
		i++;
	if (i == row.off)
		return false;
	while (i < end && char_is(p[i], CH_LWS))
		i++;
	return i < end && p[i] == ':';
}

/* The first row that is no header. */
static struct span odd_row(const struct explain *x)
{
	for (unsigned int i = 0; i < x->m.n_rows; i++) {
		struct span row = sip_row_span(&x->m, i);

		if (!is_header(x->bytes, row))
			return row;
	}
	return span_of(0, 0);
}

static struct span start_line(const struct explain *x)
{
	const uint8_t *end = memchr(x->bytes, '\r', x->n);

	return span_of(0, end ? (unsigned int)(end - x->bytes) : x->n);
}

/* What the parser complains of; len 0 = no place in particular. */
static struct span place(const struct explain *x)
{
	const struct sip_msg *m = &x->m;

	switch (m->reason) {
	case SIP_R_BAD_REQUEST_LINE:
	case SIP_R_BAD_REQUEST_URI:
	case SIP_R_BAD_VERSION:
	case SIP_R_BAD_STATUS_LINE:
		return start_line(x);
	case SIP_R_BAD_LINE_END:
		return lone_line_end(x);
	case SIP_R_BAD_HEADER:
		return odd_row(x);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int row;

		if (places[i].reason != m->reason)
			continue;
		row = sip_find(m, places[i].header, 0);
		if (row >= 0 && places[i].repeated)
			row = sip_find(m, places[i].header, (unsigned int)row + 1);
		return row < 0 ? span_of(0, 0) : sip_row_span(m, (unsigned int)row);
	}
	return span_of(0, 0);
}

static unsigned int line_of(const struct explain *x, unsigned int off)
{
	unsigned int line = 1;

	for (unsigned int i = 0; i < off; i++)
		line += x->bytes[i] == '\n';
	return line;
}

static void tell_fault(struct explain *x)
{
	struct span at = place(x);

	while (at.len && char_is(x->bytes[span_end(at) - 1], CH_LWS))
		at.len--;
	if (x->m.reason == SIP_R_BAD_LINE_END)
		explain_stop(x, RULE, x->m.reason, "line %u, byte %u", line_of(x, at.off), at.off);
	else if (at.len)
		explain_stop(x, RULE, x->m.reason, "line %u, byte %u: \"%s\"", line_of(x, at.off),
			     at.off, explain_span(x, at));
	else
		explain_stop(x, RULE, x->m.reason, "%u bytes", x->n);
}

void explain_parse(struct explain *x)
{
	const struct sip_msg *m = &x->m;
	const char *what;

	if (m->reason != SIP_OK) {
		tell_fault(x);
		return;
	}
	what = m->request ? explain_text(x, "request %s", explain_span(x, m->method_text))
			  : explain_text(x, "response %u to %s", m->status,
					 explain_span(x, m->cseq_method));
	explain_step(x, RULE, "%s, %u header rows, body of %u bytes: well formed", what, m->n_rows,
		     m->len - m->head_len);
	if (m->len < m->datagram_len)
		explain_step(x, "RFC 3261 18.3", "%u bytes behind Content-Length do not count",
			     m->datagram_len - m->len);
}
