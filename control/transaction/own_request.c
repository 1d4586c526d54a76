/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two requests that a client transaction makes itself, out of the INVITE that it sent: the ACK
 * to a non-2xx (RFC 3261 17.1.1.3) and the CANCEL (9.1). Both repeat Request-URI, top Via, Route,
 * From, Call-ID and CSeq number, and nothing that is for the user agents.
 */
#include "control/transaction/crossing.h"

#include <string.h>

/* Bytes written so far; once full, nothing more is put. */
struct writer {
	uint8_t *out;
	uint32_t cap;
	uint32_t n;
	bool full;
};

static void put(struct writer *w, const void *p, size_t n)
{
	if (w->full || n > w->cap - w->n) {
		w->full = true;
		return;
	}
	memcpy(w->out + w->n, p, n);
	w->n += (uint32_t)n;
}

static void put_text(struct writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void put_header(struct writer *w, const char *name, const struct sip_msg *m, struct span s)
{
	put_text(w, name);
	put_text(w, ": ");
	put(w, span_ptr(m->p, s), s.len);
	put_text(w, "\r\n");
}

static void put_request_line(struct writer *w, const struct sip_msg *m, const char *method)
{
	put_text(w, method);
	put_text(w, " ");
	put(w, span_ptr(m->p, m->uri_text), m->uri_text.len);
	put_text(w, " SIP/2.0\r\n");
}

static void put_routes(struct writer *w, const struct sip_msg *m)
{
	for (int i = sip_find(m, SIP_H_ROUTE, 0); i >= 0;
	     i = sip_find(m, SIP_H_ROUTE, (unsigned int)i + 1))
		put_header(w, "Route", m, sip_row_value(m, (unsigned int)i));
}

static void put_cseq(struct writer *w, const struct sip_msg *m, const char *method)
{
	put_text(w, "CSeq: ");
	put(w, span_ptr(m->p, m->cseq_digits), m->cseq_digits.len);
	put_text(w, " ");
	put_text(w, method);
	put_text(w, "\r\n");
}

static void put_reasons(struct writer *w, const struct sip_msg *m)
{
	for (int i = sip_find_name(m, "reason", 6, 0); i >= 0;
	     i = sip_find_name(m, "reason", 6, (unsigned int)i + 1))
		put_header(w, "Reason", m, sip_row_value(m, (unsigned int)i));
}

uint32_t own_request(const struct sip_msg *m, enum sip_method method,
		     const struct sip_msg *response, const struct sip_msg *reason, uint8_t *out,
		     uint32_t room)
{
	const struct sip_msg *to = response ? response : m;
	const char *name = sip_method_name(method);
	struct writer w = { .out = out, .cap = room };

	put_request_line(&w, m, name);
	put_header(&w, "Via", m, m->via.value);
	put_routes(&w, m);
	put_text(&w, "Max-Forwards: 70\r\n");
	put_header(&w, "From", m, m->from);
	put_header(&w, "To", to, to->to);
	put_header(&w, "Call-ID", m, m->call_id);
	put_cseq(&w, m, name);
	if (reason)
		put_reasons(&w, reason);
	put_text(&w, "Content-Length: 0\r\n\r\n");
	return w.full ? 0 : w.n;
}
