/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules for requests as request.c runs them, one step each, up to the one that ended it.
 *
 * Where it ended is not worked out again: each reason belongs to one stage, so all stages before it
 * were passed. What is said of them comes from proxy_facts and from what the message holds.
 */
#include "control/explain/explain_parts.h"

enum stage {
	STAGE_URI,
	STAGE_ROUTES,
	STAGE_SCHEME,
	STAGE_HOPS,
	STAGE_BREADTH,
	STAGE_EXTENSIONS,
	STAGE_OPTIONS,
	STAGE_OWN_ACK,
	STAGE_UPSTREAM,
	STAGE_RELAY,
	STAGE_TARGET,
	STAGE_END
};

/* The stage at which a request without a fault of syntax ended. */
static enum stage stage_of(const struct explain *x)
{
	const struct proxy_facts *f = &x->facts;

	if (f->options)
		return STAGE_OPTIONS;
	switch (f->refused) {
	case SIP_R_BAD_REQUEST_URI:
		return f->uri_replaced ? STAGE_UPSTREAM : STAGE_URI;
	case SIP_R_BAD_ROUTE:
		return STAGE_ROUTES;
	case SIP_R_BAD_SCHEME:
		return x->m.uri.scheme == URI_OTHER ? STAGE_SCHEME : STAGE_TARGET;
	case SIP_R_MAX_FORWARDS_ZERO:
		return STAGE_HOPS;
	case SIP_R_MAX_BREADTH_ZERO:
		return STAGE_BREADTH;
	case SIP_R_PROXY_REQUIRE:
	case SIP_R_BAD_PROXY_REQUIRE:
		return STAGE_EXTENSIONS;
	case SIP_R_OWN_ACK:
		return STAGE_OWN_ACK;
	case SIP_R_RELAY_DENIED:
		return STAGE_RELAY;
	case SIP_R_TOO_LARGE:
		return f->target == TARGET_NONE ? STAGE_EXTENSIONS : STAGE_TARGET;
	default:
		return f->refused == SIP_OK ? STAGE_END : STAGE_TARGET;
	}
}

static const char *own_name(enum world_own own)
{
	static const char *const names[] = {
		[OWN_NOT] = "is not this proxy and no domain of it",
		[OWN_DOMAIN] = "is a domain that the proxy answers for",
		[OWN_LISTENER] = "is the proxy itself, by the address of a listener",
	};

	return names[own];
}

static void tell_uri(struct explain *x, bool ends)
{
	const struct sip_uri *uri = &x->m.uri;
	const char *text = explain_span(x, uri->whole);
	enum world_own own = world_own_of(x->in->world, &x->m, &uri->host, uri->port, uri->scheme);

	if (ends)
		explain_stop(x, "RFC 3261 16.3 (1), 19.1.1", x->facts.refused,
			     "Request-URI %s has parts that may not stand there", text);
	else if (uri->scheme == URI_TEL)
		explain_step(x, "RFC 3261 16.3",
			     "Request-URI %s is a number: the routes of the "
			     "file decide",
			     text);
	else if (uri->scheme <= URI_SIPS)
		explain_step(x, "RFC 3261 16.3", "Request-URI %s: the host %s", text,
			     own_name(own));
}

static void tell_scheme(struct explain *x, bool ends)
{
	if (ends)
		explain_stop(x, "RFC 3261 16.3 (2)", x->facts.refused, "scheme of Request-URI %s",
			     explain_span(x, x->m.uri.whole));
}

static void tell_hops(struct explain *x, bool ends)
{
	const struct sip_number *mf = &x->m.max_forwards;

	if (ends)
		explain_stop(x, "RFC 3261 16.3 (3)", x->facts.refused, "Max-Forwards is 0");
	else if (!mf->has)
		explain_step(x, "RFC 3261 16.3 (3)", "no Max-Forwards: allowed");
	else
		explain_step(x, "RFC 3261 16.3 (3)", "Max-Forwards is %s: %s",
			     explain_span(x, mf->text),
			     mf->value ? "not used up" : "used up, but an OPTIONS may end here");
}

static void tell_breadth(struct explain *x, bool ends)
{
	if (ends)
		explain_stop(x, "RFC 5393 5.3", x->facts.refused, "Max-Breadth is 0");
	else if (x->m.max_breadth.has)
		explain_step(x, "RFC 5393 5.3", "Max-Breadth is %s: not used up",
			     explain_span(x, x->m.max_breadth.text));
}

static void tell_extensions(struct explain *x, bool ends)
{
	uint16_t row = x->m.first[SIP_H_PROXY_REQUIRE];

	if (ends)
		explain_stop(x, "RFC 3261 16.3 (5)", x->facts.refused, "Proxy-Require: %s",
			     row == UINT16_MAX ? "" : explain_span(x, sip_row_value(&x->m, row)));
	else
		explain_step(x, "RFC 3261 16.3 (5)",
			     row == UINT16_MAX ? "no Proxy-Require"
					       : "Proxy-Require does not stop it");
}

static void tell_options(struct explain *x, bool ends)
{
	if (!ends)
		return;
	explain_step(
		x, "RFC 3261 11.2",
		"OPTIONS to the proxy itself: 200, or 503 while the node drains or no pool lives");
	x->stopped = true;
}

static void tell_own_ack(struct explain *x, bool ends)
{
	if (x->m.method != SIP_M_ACK)
		return;
	if (ends)
		explain_stop(x, "RFC 3261 8.2.7, 17.1.1.3", x->facts.refused,
			     "the To tag is the one that our own answer to its INVITE had");
	else
		explain_step(x, "RFC 3261 8.2.7", "the ACK is to no answer of our own");
}

/* --- 16.4 -------------------------------------------------------------------------------- */

static void tell_routes(struct explain *x, bool ends)
{
	const struct routes *r = &x->facts.routes;

	if (ends) {
		explain_stop(x, "RFC 3261 16.4, 20.34", x->facts.refused,
			     "a Route value of %u read, of at most %u", r->n, ROUTES_MAX);
		return;
	}
	if (r->n == 0)
		explain_step(x, "RFC 3261 16.4", "no Route");
}

static void tell_upstream(struct explain *x, bool ends)
{
	const struct proxy_facts *f = &x->facts;
	const struct routes *r = &f->routes;

	if (f->strict_upstream)
		explain_step(x, "RFC 3261 16.4",
			     "the Request-URI is our own Record-Route: a strict "
			     "router sent it; the last Route, %s, becomes the "
			     "Request-URI, and %s",
			     explain_span(x, f->uri.whole), own_name(f->own));
	if (ends) {
		explain_stop(x, "RFC 3261 16.4, 19.1.1", f->refused,
			     "Request-URI from the Route set");
		return;
	}
	for (unsigned int i = 0; i < r->next && i < r->n; i++)
		if (!f->strict_upstream || i + 1 < r->n)
			explain_step(x, "RFC 3261 16.4", "Route %u, %s, names the proxy: taken off",
				     i + 1, explain_span(x, r->v[i].uri));
	if (r->next < r->n)
		explain_step(x, "RFC 3261 16.4", "Route %u, %s, is the next hop: %s", r->next + 1,
			     explain_span(x, r->v[r->next].uri),
			     r->uri.lr ? "a loose router" : "a strict router, without lr");
	if (x->m.uri.scheme <= URI_SIPS && x->m.uri.maddr.kind != HOST_NONE)
		explain_step(x, "RFC 3261 16.4",
			     "the Request-URI has a maddr, which counts instead of "
			     "the host: it %s",
			     own_name(f->own));
}

/* --- relay ------------------------------------------------------------------------------- */

static void tell_relay(struct explain *x, bool ends)
{
	static const char rule[] = "RFC 3261 16.3, relay rule";
	const struct proxy_facts *f = &x->facts;
	bool trusted = world_trusts(x->in->world, &x->at.src.ip);
	const char *src = explain_ip(x, &x->at.src.ip);
	const char *target = f->own == OWN_NOT ? "the Request-URI is not ours"
					       : "the next Route is a stranger's";

	if (ends)
		explain_stop(x, rule, f->refused,
			     "%s; %s is neither trusted nor a backend, and no Route carries our "
			     "signature of this call",
			     target, src);
	else if (f->own != OWN_NOT && f->routes.next == f->routes.n)
		explain_step(x, rule, "the Request-URI is ours: anybody may send this");
	else if (trusted)
		explain_step(x, rule, "%s, and %s is trusted, or a backend", target, src);
	else if (f->signed_route || f->signed_uri)
		explain_step(x, rule, "%s, and %s carries our signature of this call", target,
			     f->signed_route ? "a Route of ours" : "the Request-URI");
	else
		explain_step(x, rule,
			     "the Request-URI is ours, and preloaded_route lets a stranger "
			     "name the next Route");
}

/* --- 16.5, 16.6 step 7 ------------------------------------------------------------------- */

static void tell_target(struct explain *x, bool ends)
{
	static const char rule[] = "RFC 3261 16.5, 16.6 (7)";
	const struct proxy_facts *f = &x->facts;
	const char *at = f->dst.port ? explain_at(x, &f->dst) : "an address";

	if (f->target == TARGET_POOL || f->refused == SIP_R_NO_ROUTE_RULE)
		explain_pool(x);
	else if (f->target == TARGET_ROUTE)
		explain_step(x, rule, "target: the next Route, at %s; no pool is asked", at);
	else if (f->target == TARGET_REQUEST_URI)
		explain_step(x, rule, "target: the Request-URI, at %s; no pool is asked", at);
	if (f->target == TARGET_ROUTE && f->strict_next)
		explain_step(x, "RFC 3261 16.6 (6)",
			     "the strict router's URI becomes the Request-URI, "
			     "and the Request-URI the last Route");
	if (!ends || x->stopped)
		return;
	if (f->refused == SIP_R_NEEDS_DNS)
		explain_question(x);
	else if (f->refused == SIP_R_NO_SIPS)
		explain_stop(x, "RFC 5630", f->refused, "sips asks for TLS on every hop");
	else if (f->refused == SIP_R_NO_NETWORK_ROUTE || f->refused == SIP_R_LOOP)
		explain_stop(x, "RFC 3261 16.6 (7)", f->refused, "%s", at);
	else
		explain_stop(x, rule, f->refused, "%s", "");
}

/* What became of a request that was refused. */
static void tell_refusal(struct explain *x)
{
	static const char rule[] = "RFC 3261 8.2.6, 8.2.7";
	const struct sip_reason_info *info = sip_reason_info(x->facts.refused);
	const struct proxy_out *out = &x->out;

	if (out->verdict == PROXY_ANSWER)
		explain_step(x, rule, "answered %u %s, without state", out->answer_status,
			     out->reason == SIP_OK ? "OK" : sip_reason_info(out->reason)->phrase);
	else if (!info->status || x->facts.refused == SIP_OK)
		explain_step(x, rule, "dropped and counted as %s",
			     sip_reason_info(out->reason)->name);
	else if (x->m.method == SIP_M_ACK || x->m.method == SIP_M_CANCEL)
		explain_step(x, rule, "no answer to an ACK or a CANCEL: dropped and counted as %s",
			     sip_reason_info(out->reason)->name);
	else if (!x->m.via_ok)
		explain_step(x, rule,
			     "no answer without a usable top Via: dropped and counted as %s",
			     sip_reason_info(out->reason)->name);
	else
		explain_step(x, rule, "the answer %u cannot be sent: %s; dropped and counted as %s",
			     info->status, sip_reason_info(out->reason)->help,
			     sip_reason_info(out->reason)->name);
}

void explain_request(struct explain *x)
{
	static void (*const tellers[STAGE_END])(struct explain * x, bool ends) = {
		[STAGE_URI] = tell_uri,           [STAGE_ROUTES] = tell_routes,
		[STAGE_SCHEME] = tell_scheme,     [STAGE_HOPS] = tell_hops,
		[STAGE_BREADTH] = tell_breadth,   [STAGE_EXTENSIONS] = tell_extensions,
		[STAGE_OPTIONS] = tell_options,   [STAGE_OWN_ACK] = tell_own_ack,
		[STAGE_UPSTREAM] = tell_upstream, [STAGE_RELAY] = tell_relay,
		[STAGE_TARGET] = tell_target,
	};
	enum stage last = stage_of(x);

	for (enum stage s = 0; !x->stopped && s < STAGE_END && s <= last; s++)
		tellers[s](x, s == last);
	if (x->out.verdict == PROXY_DROP || x->out.verdict == PROXY_ANSWER)
		tell_refusal(x);
}
