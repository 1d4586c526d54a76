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

/* True if the top Via is one that we insert: the transport that the response came by, and a sent-by
 * of a listener, as text or by value. */
static bool is_our_via(const struct world *w, const struct sip_msg *m, const struct proxy_in *in)
{
	const struct world_text *t = &w->listeners[in->listener].sent_by;
	const struct sip_via *via = &m->via;

	if (via->transport != in->transport || !via->has_branch)
		return false;
	if (via->sent_by.len == t->len && memcmp(m->p + via->sent_by.off, t->s, t->len) == 0)
		return true;
	return world_own_of(w, m, &via->host, via->port,
			    via->transport == SIP_TLS ? URI_SIPS : URI_SIP) == OWN_LISTENER;
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

/* True if @m, whose only Via is ours, may answer a CANCEL that the control thread made for a
 * request that came by a stream (16.10), and this is another thread. Whether it made one, it knows.
 */
static bool may_end_cancel(const struct proxy_in *in, const struct sip_msg *m)
{
	return !in->able && m->method == SIP_M_CANCEL && m->via.connection.len &&
	       m->via.branch.len == BRANCH_LEN;
}

/* Checks 18.1.2 and the branch; finds the listener that the request came in on, and the connection,
 * if it came by one. */
static enum sip_reason verify(const struct world *w, const struct proxy_in *in,
			      const struct sip_msg *m, struct sip_via *below, uint16_t *listener,
			      struct proxy_out *out)
{
	struct hex32 digits;
	enum sip_reason e;

	if (!is_our_via(w, m, in))
		return SIP_R_NOT_OUR_VIA;
	e = next_via(m, below);
	if (e == SIP_R_LAST_VIA && may_end_cancel(in, m))
		return SIP_R_NEEDS_STREAM;
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
	if (__builtin_expect(m->via.connection.len != 0, 0)) {
		out->connection = mark_read_connection(&w->keys, m->p, &digits, m->via.connection);
		if (!out->connection)
			return SIP_R_FORGED_BRANCH;
	}
	if (below->transport > SIP_TLS)
		return SIP_R_VIA_NEEDS_STREAM;
	out->transport = (uint8_t)below->transport;
	out->crossing = proxy_is_stream(in->transport) != (out->connection != 0);
	return SIP_OK;
}

/* The way out. A response that follows its connection needs no other, but it is good to have one:
 * the connection may be gone (18.2.2). */
static enum sip_reason find_way(const struct world *w, const struct fib *fib,
				const struct proxy_in *in, const struct sip_msg *m,
				const struct sip_via *below, uint16_t listener,
				struct proxy_out *out)
{
	enum sip_reason e = target_of_via(w, m->p, below, in->found, out);

	if (e == SIP_OK)
		e = target_way_out(w, fib, listener, out);
	if (e == SIP_OK && target_is_self(w, out))
		e = SIP_R_BAD_NEXT_VIA;
	if (e == SIP_OK || !out->connection)
		return e;
	out->dst.port = 0;
	out->listener = listener;
	out->has_hop = false;
	return SIP_OK;
}

/* Whether only the control thread can send it, and this is another one. */
static bool is_for_control(const struct proxy_in *in, const struct proxy_out *out)
{
	return !in->able && (out->connection || out->crossing || proxy_is_stream(out->transport));
}

static enum sip_reason respond(const struct world *w, const struct fib *fib,
			       const struct proxy_in *in, const struct sip_msg *m,
			       struct proxy_out *out)
{
	struct sip_via below;
	uint16_t listener;
	struct plan p;
	enum sip_reason e = verify(w, in, m, &below, &listener, out);

	out->target = TARGET_VIA;
	if (e == SIP_OK && __builtin_expect(is_for_control(in, out), 0))
		return SIP_R_NEEDS_STREAM;
	if (e == SIP_OK)
		e = find_way(w, fib, in, m, &below, listener, out);
	if (e != SIP_OK)
		return e;
	plan_open(&p, m, out);
	forward_version(&p);
	cut_our_via(&p);
	forward_length(&p);
	if (!plan_close(&p) || !proxy_fits(out, m->len))
		return SIP_R_TOO_LARGE;
	out->verdict = PROXY_FORWARD;
	return SIP_OK;
}

static void hand_over(const struct sip_msg *m, struct proxy_out *out)
{
	out->verdict = PROXY_HAND_OVER;
	memcpy(&out->transaction, m->p + m->via.branch.off + BRANCH_COOKIE_LEN,
	       sizeof(out->transaction));
}

void proxy_response(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		    const struct sip_msg *m, struct proxy_out *out)
{
	enum sip_reason e = m->reason;

	if (e == SIP_OK)
		e = respond(w, fib, in, m, out);
	out->reason = e;
	if (e == SIP_R_NEEDS_STREAM || e == SIP_R_VIA_NEEDS_DNS)
		hand_over(m, out);
	else if (e != SIP_OK)
		out->verdict = PROXY_DROP;
}
