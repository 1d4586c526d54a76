/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules for responses as response.c runs them. What ended it is the core's reason; each belongs
 * to one check, so the checks before it were passed.
 */
#include "control/explain/explain_parts.h"

#define RULE_VIA "RFC 3261 16.7 (3), 18.1.2"

/* Checks in their order; the reasons that end at each. */
static const struct check {
	const char *rule;
	const char *passed; /* what to say when it was; NULL = nothing */
	enum sip_reason reason[4];
} checks[] = {
	{ RULE_VIA, "the top Via is ours", { SIP_R_NOT_OUR_VIA } },
	{ "RFC 3261 16.7 (3)", "there is a Via below it", { SIP_R_LAST_VIA } },
	{ "RFC 3261 16.11",
	  "its branch is the one that we make of the Via below: the request went through here",
	  { SIP_R_FORGED_BRANCH } },
	{ "RFC 3261 18.2.2",
	  NULL,
	  { SIP_R_VIA_NEEDS_STREAM, SIP_R_VIA_NEEDS_DNS, SIP_R_BAD_NEXT_VIA,
	    SIP_R_UNUSABLE_TARGET } },
	{ "RFC 3261 18.2.2", NULL, { SIP_R_NO_NETWORK_ROUTE, SIP_R_TOO_LARGE } },
};

#define N_CHECKS (sizeof(checks) / sizeof(checks[0]))

/* The Via below ours; len 0 = none. */
static struct span below(const struct sip_msg *m)
{
	int row;

	if (m->via_rest.len || m->first[SIP_H_VIA] == UINT16_MAX)
		return m->via_rest;
	row = sip_find(m, SIP_H_VIA, m->first[SIP_H_VIA] + 1u);
	return row < 0 ? span_of(0, 0) : sip_row_value(m, (unsigned int)row);
}

static bool ends_at(const struct check *c, enum sip_reason reason)
{
	for (size_t i = 0; i < sizeof(c->reason) / sizeof(c->reason[0]); i++)
		if (c->reason[i] != SIP_OK && c->reason[i] == reason)
			return true;
	return false;
}

/* The check at which the response ended. A next Via that cannot be read is met before its branch
 * is; of a reason that no check knows nothing is claimed. */
static size_t last_check(const struct explain *x, bool readable)
{
	size_t i = 0;

	if (x->out.verdict == PROXY_FORWARD)
		return N_CHECKS;
	if (x->out.reason == SIP_R_BAD_NEXT_VIA && !readable)
		return 1;
	while (i < N_CHECKS && !ends_at(&checks[i], x->out.reason))
		i++;
	return i < N_CHECKS ? i : 0;
}

static void tell_way_back(struct explain *x, const struct sip_via *via)
{
	bool maddr = via->maddr.kind == HOST_IP && ip_equal(&via->maddr.ip, &x->out.dst.ip);

	if (x->out.connection)
		explain_step(x, "RFC 3261 18.2.2",
			     "our Via names the connection that the request came by: down that, if "
			     "it is still there");
	if (x->out.connection && x->out.dst.port == 0)
		return;
	explain_step(x, "RFC 3261 18.2.2, RFC 3581 4", "the Via below, %s, leads to %s: by its %s",
		     explain_span(x, via->value), explain_at(x, &x->out.dst),
		     maddr                                                    ? "maddr"
		     : via->received_host.kind == HOST_IP && via->rport_value ? "received and rport"
		     : via->received_host.kind == HOST_IP                     ? "received and port"
									      : "sent-by");
	if (x->m.via.listener.len)
		explain_step(x, "RFC 3581 4",
			     "our Via names the listener that the request came in by: "
			     "%s",
			     x->in->world->listeners[x->out.listener].name.s);
}

void explain_response(struct explain *x)
{
	struct span value = below(&x->m), rest;
	struct sip_via via = { .ttl = 0 };
	bool readable = value.len && via_read(&x->m, value, &via, &rest);
	size_t last = last_check(x, readable);

	for (size_t i = 0; i < N_CHECKS && i < last; i++)
		if (checks[i].passed)
			explain_step(x, checks[i].rule, "%s", checks[i].passed);
	if (x->out.verdict == PROXY_FORWARD) {
		tell_way_back(x, &via);
		return;
	}
	if (x->out.verdict == PROXY_HAND_OVER) {
		explain_question(x);
		return;
	}
	explain_stop(x, checks[last].rule, x->out.reason, "top Via %s",
		     explain_span(x, x->m.via.value));
	explain_step(x, "RFC 3261 16.7, 18.1.2",
		     "dropped and counted as %s; a response is never "
		     "answered",
		     sip_reason_info(x->out.reason)->name);
}
