/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A response: ours by sent-by (18.1.2) and by a branch that only we could have made, then our Via
 * off, and on to where the next one says (16.11, 18.2.2, RFC 3581). No state: the message carries
 * all that is needed. Whatever does not fit is dropped and counted; nobody is answered.
 */
#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/forward.h"
#include "dataplane/proxy/mark.h"
#include "dataplane/proxy/request.h"
#include "dataplane/proxy/row.h"
#include "dataplane/proxy/target.h"

/* True if the top Via is one that we insert: UDP, and a sent-by of a listener, as text or by value.
 */
static bool is_our_via(const struct world *w, const struct sip_msg *m, uint16_t arrival)
{
	const struct world_text *t = &w->listeners[arrival].sent_by;
	const struct sip_via *via = &m->via;

	if (via->transport != SIP_UDP || !via->has_branch)
		return false;
	if (via->sent_by.len == t->len && memcmp(m->p + via->sent_by.off, t->s, t->len) == 0)
		return true;
	return world_own_of(w, m, &via->host, via->port, URI_SIP) == OWN_LISTENER;
}

/* The Via below ours, in the same row or in the next one. */
static enum sip_reason next_via(const struct sip_msg *m, struct sip_via *below)
{
	struct span s = m->via_rest, rest;

	if (!s.len) {
		int i = row_next(m, SIP_H_VIA, m->first[SIP_H_VIA]);

		if (i < 0)
			return SIP_R_LAST_VIA;
		s = row_value(m, (unsigned int)i);
	}
	return via_read(m, s, below, &rest) ? SIP_OK : SIP_R_BAD_NEXT_VIA;
}

/* Takes our Via out: its row, or its value and the comma. */
static void cut_our_via(struct plan *p)
{
	const struct sip_msg *m = p->m;

	if (m->via_rest.len) {
		plan_cut(p, m->via.value.off, m->via_rest.off);
	} else {
		struct span row = sip_row_span(m, m->first[SIP_H_VIA]);

		plan_cut(p, row.off, span_end(row));
	}
}

/* Checks 18.1.2 and the branch; finds the listener that the request came in on. */
static enum sip_reason verify(const struct world *w, const struct proxy_in *in,
			      const struct sip_msg *m, struct sip_via *below, uint16_t *listener)
{
	struct hex32 digits;
	enum sip_reason e;

	if (!is_our_via(w, m, in->listener))
		return SIP_R_NOT_OUR_VIA;
	e = next_via(m, below);
	if (e != SIP_OK)
		return e;
	if (!branch_read(&w->keys, m, below, &digits))
		return SIP_R_FORGED_BRANCH;
	*listener = in->listener;
	if (m->via.listener.len) {
		*listener = mark_read(w, m->p, &digits, m->via.listener);
		if (*listener == WORLD_NONE)
			return SIP_R_FORGED_BRANCH;
	}
	return below->transport == SIP_UDP ? SIP_OK : SIP_R_VIA_NEEDS_STREAM;
}

static enum sip_reason respond(const struct world *w, const struct fib *fib,
			       const struct proxy_in *in, const struct sip_msg *m,
			       struct proxy_out *out)
{
	struct sip_via below;
	uint16_t listener;
	struct plan p;
	enum sip_reason e = verify(w, in, m, &below, &listener);

	out->target = TARGET_VIA;
	if (e == SIP_OK)
		e = target_of_via(w, m->p, &below, NULL, &out->dst);
	if (e == SIP_OK)
		e = target_way_out(w, fib, listener, out);
	if (e == SIP_OK && target_is_self(w, out))
		e = SIP_R_BAD_NEXT_VIA;
	if (e != SIP_OK)
		return e;
	plan_open(&p, m, out);
	forward_version(&p);
	cut_our_via(&p);
	if (!plan_close(&p) || !proxy_fits_udp(&out->dst.ip, (int64_t)m->len + out->edits.delta))
		return SIP_R_TOO_LARGE;
	out->verdict = PROXY_FORWARD;
	return SIP_OK;
}

void proxy_response(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		    const struct sip_msg *m, struct proxy_out *out)
{
	enum sip_reason e = m->reason;

	if (e == SIP_OK)
		e = respond(w, fib, in, m, out);
	out->reason = e;
	if (e != SIP_OK)
		out->verdict = PROXY_DROP;
}
