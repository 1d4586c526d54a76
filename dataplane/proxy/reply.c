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
	enum sip_reason e = target_of_via(w, m->p, &m->via, &in->src, &out->dst);
	uint8_t tag[TOKEN_LEN];
	struct plan p;
	int n;

	out->target = TARGET_VIA;
	if (e == SIP_OK)
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
	if (info->status == 503 && !extra) {
		a.extra = RETRY_AFTER;
		a.extra_len = sizeof(RETRY_AFTER) - 1;
	}
	answer(w, fib, in, m, &a, out);
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
