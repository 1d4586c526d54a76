/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/reply.h"

#include "dataplane/proxy/forward.h"
#include "dataplane/proxy/target.h"
#include "dataplane/proxy/token.h"

#define CRLF "\r\n"
#define RETRY_AFTER "Retry-After: 10" CRLF /* seconds; a pool that is gone is not back sooner */

static const char capabilities[] = "Accept: */*" CRLF "Accept-Encoding: identity" CRLF
				   "Accept-Language: en" CRLF "Supported:" CRLF;

static void drop(struct proxy_out *out, enum sip_reason reason)
{
	out->verdict = PROXY_DROP;
	out->reason = reason;
}

/* Address, way out and bytes of one answer; a drop if it cannot be sent. */
static void answer(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct answer *a, struct proxy_out *out)
{
	enum sip_reason e = SIP_OK;
	uint8_t tag[TOKEN_LEN];
	struct plan p;
	int n;

	out->target = TARGET_VIA;
	out->transport = in->transport;
	out->connection = in->connection;
	out->dst = in->src;
	out->listener = in->listener;
	if (!in->connection)
		e = target_of_sender(w, &m->via, &in->src, &out->dst);
	if (e == SIP_OK && !in->connection)
		e = target_way_out(w, fib, in->listener, out);
	if (e != SIP_OK) {
		drop(out, e);
		return;
	}
	plan_open(&p, m, out);
	forward_mark_source(&p, &in->src);
	to_tag_make(&w->keys, m, tag);
	a->to_tag = tag;
	a->to_tag_len = TOKEN_LEN;
	if (!plan_close(&p)) {
		drop(out, SIP_R_TOO_LARGE);
		return;
	}
	a->via_edits = &out->edits;
	out->answer = out->text + out->text_used;
	n = answer_write(m, a, out->answer, PROXY_TEXT - out->text_used);
	if (n < 0) {
		drop(out, SIP_R_TOO_LARGE);
		return;
	}
	out->answer_len = (uint32_t)n;
	out->answer_status = a->status;
	out->verdict = PROXY_ANSWER;
}

/* The Warning that RFC 5630 5.3 asks for beside 480. NULL = no room for it. */
static const char *warning_of_sips(const struct world *w, const struct proxy_in *in,
				   struct proxy_out *out, uint16_t *len)
{
	static const char before[] = "Warning: 380 ", after[] = " \"SIPS Not Allowed\"" CRLF;
	const struct world_text *host = &w->listeners[in->listener].sent_by;
	size_t n = sizeof(before) - 1 + host->len + sizeof(after) - 1;
	uint8_t *t = out->text + out->text_used;

	if (n > PROXY_TEXT - out->text_used)
		return NULL;
	memcpy(t, before, sizeof(before) - 1);
	memcpy(t + sizeof(before) - 1, host->s, host->len);
	memcpy(t + sizeof(before) - 1 + host->len, after, sizeof(after) - 1);
	out->text_used += (uint32_t)n;
	*len = (uint16_t)n;
	return (const char *)t;
}

void reply_refuse(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, enum sip_reason reason, const char *extra,
		  uint16_t extra_len, struct proxy_out *out)
{
	const struct sip_reason_info *info = sip_reason_info(reason);
	struct answer a = { .status = info->status,
			    .phrase = info->phrase,
			    .extra = extra,
			    .extra_len = extra_len };

	out->reason = reason;
	if (!info->status || !m->request || !m->via_ok || m->method == SIP_M_ACK ||
	    m->method == SIP_M_CANCEL) {
		drop(out, reason);
		return;
	}
	if (reason == SIP_R_NO_SIPS)
		a.extra = warning_of_sips(w, in, out, &a.extra_len);
	if (info->status == 503 && !extra) {
		a.extra = RETRY_AFTER;
		a.extra_len = sizeof(RETRY_AFTER) - 1;
	}
	answer(w, fib, in, m, &a, out);
}

/* 8.2.6.1: by it the caller measures how far we are. */
static void copy_timestamp(const struct sip_msg *m, struct answer *a)
{
	int i = sip_find_name(m, "timestamp", 9, 0);
	struct span row;

	if (i < 0)
		return;
	row = sip_row_span(m, (unsigned int)i);
	a->extra = (const char *)span_ptr(m->p, row);
	a->extra_len = (uint16_t)row.len;
}

void reply_answer(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, uint16_t status, const char *phrase,
		  struct proxy_out *out)
{
	struct answer a = { .status = status, .phrase = phrase };

	if (status == 100)
		copy_timestamp(m, &a);
	if (m->via_ok)
		answer(w, fib, in, m, &a, out);
	else
		drop(out, SIP_R_BAD_VIA);
}

static bool any_live(const struct world *w)
{
	for (unsigned int i = 0; i < w->n_pools; i++)
		if (w->pools[i].n_live)
			return true;
	return false;
}

void reply_options(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out)
{
	struct answer a = { .status = 200,
			    .phrase = "OK",
			    .extra = capabilities,
			    .extra_len = sizeof(capabilities) - 1 };

	if (!m->via_ok) {
		drop(out, SIP_R_BAD_VIA);
		return;
	}
	if (w->draining || !any_live(w)) {
		reply_refuse(w, fib, in, m, SIP_R_NO_BACKEND, NULL, 0, out);
		return;
	}
	out->reason = SIP_OK;
	answer(w, fib, in, m, &a, out);
}
