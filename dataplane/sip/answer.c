/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes our own answers into a second buffer; the request stays as it is, since what is copied
 * lies all over it. Workers call this for refused requests and for OPTIONS to ourselves; pure.
 *
 * Header names are written in their full form and values as they came, so that a row that ended
 * badly or had a space before its colon still gives a clean answer. The parser offers no value that
 * holds a CR or LF alone.
 */
#include "dataplane/sip/answer.h"

/* Bytes written so far; once full, nothing more is put. */
struct writer {
	uint8_t *out;
	uint32_t cap;
	uint32_t n;
	bool full;
};

static void put(struct writer *w, const void *p, size_t n)
{
	if (n > w->cap - w->n) {
		w->full = true;
		w->cap = w->n;
		return;
	}
	if (n > 0)
		memcpy(w->out + w->n, p, n);
	w->n += (uint32_t)n;
}

static void put_text(struct writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void put_span(struct writer *w, const struct sip_msg *m, struct span s)
{
	put(w, span_ptr(m->p, s), s.len);
}

static void put_status_line(struct writer *w, const struct answer *a)
{
	char code[3] = { (char)('0' + a->status / 100), (char)('0' + a->status / 10 % 10),
			 (char)('0' + a->status % 10) };

	put_text(w, "SIP/2.0 ");
	put(w, code, sizeof(code));
	put_text(w, " ");
	put_text(w, a->phrase);
	put_text(w, "\r\n");
}

/* The value of the first Via row, with received and rport filled in (RFC 3261 18.2.1, RFC 3581 4).
 */
static void put_top_via(struct writer *w, const struct sip_msg *m, const struct answer *a,
			struct span value)
{
	int n;

	if (!a->via_edits) {
		put_span(w, m, value);
		return;
	}
	n = edit_copy_range(a->via_edits, m->p, value, w->out + w->n, w->cap - w->n);
	if (n < 0) {
		w->full = true;
		w->cap = w->n;
		return;
	}
	w->n += (uint32_t)n;
}

static void put_vias(struct writer *w, const struct sip_msg *m, const struct answer *a)
{
	int top = sip_find(m, SIP_H_VIA, 0);

	for (int i = top; i >= 0; i = sip_find(m, SIP_H_VIA, (unsigned int)i + 1)) {
		put_text(w, "Via: ");
		if (i == top)
			put_top_via(w, m, a, sip_row_value(m, (unsigned int)i));
		else
			put_span(w, m, sip_row_value(m, (unsigned int)i));
		put_text(w, "\r\n");
	}
}

/* "@name: value", with the To tag of @tag unless NULL. Nothing for a header that is absent. */
static void put_header(struct writer *w, const struct sip_msg *m, const char *name,
		       struct span value, const struct answer *tag)
{
	if (value.len == 0)
		return;
	put_text(w, name);
	put_text(w, ": ");
	put_span(w, m, value);
	if (tag) {
		put_text(w, ";tag=");
		put(w, tag->to_tag, tag->to_tag_len);
	}
	put_text(w, "\r\n");
}

int answer_write(const struct sip_msg *m, const struct answer *a, uint8_t *out, uint32_t cap)
{
	bool add_tag = m->to_tag.len == 0 && a->to_tag_len > 0;
	struct writer w = { .out = out, .cap = cap };

	put_status_line(&w, a);
	put_vias(&w, m, a);
	put_header(&w, m, "From", m->from, NULL);
	put_header(&w, m, "To", m->to, add_tag ? a : NULL);
	put_header(&w, m, "Call-ID", m->call_id, NULL);
	put_header(&w, m, "CSeq", m->cseq, NULL);
	put(&w, a->extra, a->extra_len);
	put_text(&w, "Content-Length: 0\r\n\r\n");
	return w.full ? -1 : (int)w.n;
}
