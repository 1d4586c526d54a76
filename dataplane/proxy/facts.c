/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of request.c once more, with an end that keeps what they found out.
 *
 * That file is included, not called: its work lies in one struct on the stack of the workers, and a
 * pointer to more of it would cost each message an instruction or two for the sake of a person who
 * asks once a day. So this is a second compilation of the same lines, which cannot disagree with
 * the first; telling the story from the verdict alone would need the rules written a second time.
 */
#include "dataplane/proxy/facts.h"

#define REQUEST_FACTS
#include "dataplane/proxy/request.c" /* NOLINT(bugprone-suspicious-include): see above */

/* Whether the route rules took the Request-URI from the end of the Route set. */
static bool took_last(const struct ctx *c)
{
	return c->uri == &c->changed && c->routes.n > 0 &&
	       c->routes.v[c->routes.n - 1].uri.off == c->uri->whole.off;
}

/* The signature that a Route of this call carries. */
static uint64_t token_of_call(const struct ctx *c)
{
	struct call_token token = { .known = false };

	return call_token_of(&c->w->keys, c->m, &token);
}

/* What stands in @out before an answer takes its place. */
static void take_result(const struct proxy_out *out, struct proxy_facts *facts)
{
	facts->target = out->target;
	facts->dst = out->dst;
	facts->has_hop = out->has_hop;
	if (out->has_hop)
		facts->hop = out->hop;
}

static void take_rules(const struct ctx *c, struct proxy_facts *facts)
{
	uint64_t token = token_of_call(c);

	facts->validated = true;
	facts->own = c->own;
	facts->uri = *c->uri;
	facts->uri_replaced = c->uri_bytes != NULL;
	facts->strict_upstream = took_last(c);
	facts->strict_next = facts->target == TARGET_ROUTE && !c->routes.uri.lr;
	facts->signed_uri = token_is(c->m, c->uri_token, token);
	facts->signed_route = routes_signed(&c->routes, c->m, token);
	facts->routes = c->routes;
}

void proxy_request_facts(const struct world *w, const struct fib *fib, const struct proxy_in *in,
			 const struct sip_msg *m, struct proxy_out *out, struct proxy_facts *facts)
{
	struct ctx c = { .w = w, .fib = fib, .in = in, .m = m, .out = out };
	const char *extra = NULL;
	uint16_t extra_len = 0;

	proxy_open(out);
	out->dst = (struct endpoint){ .port = 0 };
	*facts = (struct proxy_facts){ .refused = decide(&c, &extra, &extra_len) };
	facts->options = facts->refused == SIP_OK && out->verdict != PROXY_FORWARD;
	take_result(out, facts);
	if (m->reason == SIP_OK)
		take_rules(&c, facts);
	if (facts->refused != SIP_OK && !hands_over(&c, facts->refused))
		reply_refuse(w, fib, in, m, facts->refused, extra, extra_len, out);
}
