/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request, from validation to the edits that send it on: the file a SIP person reads first.
 *
 * The order is the RFC's: validate (16.3), preprocess the route (16.4), find the one target
 * (16.5, 16.11), make the changes (16.6). No verdict depends on what came before: the same bytes
 * from the same source leave as the same bytes to the same place, so retransmissions, CANCEL and
 * the ACK to a non-2xx follow their INVITE by themselves. Only when the pools have changed, what
 * began before is told from what is new: window.h.
 */
#include "dataplane/proxy/request.h"

#include "dataplane/proxy/ahead.h"
#include "dataplane/proxy/forward.h"
#include "dataplane/proxy/reply.h"
#include "dataplane/proxy/request_uri.h"
#include "dataplane/proxy/require.h"
#include "dataplane/proxy/routes.h"
#include "dataplane/proxy/target.h"
#include "dataplane/proxy/token.h"
#include "dataplane/proxy/transport.h"
#include "dataplane/sip/chars.h"

/* One request on its way through the rules. */
struct ctx {
	const struct world *w;
	const struct fib *fib;
	const struct proxy_in *in;
	const struct sip_msg *m;
	struct proxy_out *out;
	struct plan plan;
	struct routes routes;
	const struct sip_uri *uri; /* Request-URI as the rules have it by now */
	struct sip_uri changed;    /* what uri points to when that is not the message's */
	const uint8_t *uri_bytes;  /* its bytes, if they are not those of the message any more */
	uint32_t uri_len;
	enum world_own own; /* whether uri names us */
	struct forwarding forwarding;
	struct proxy_ahead ahead;
	struct span uri_token; /* a signature in the Request-URI that we once wrote */
	bool stream; /* large for UDP, or of a transaction that is held: by a stream (18.1.1) */
};

static bool is_cancel_or_ack(const struct sip_msg *m)
{
	return m->method == SIP_M_ACK || m->method == SIP_M_CANCEL;
}

/* --- 16.3: validation -------------------------------------------------------------------- */

/* Check 1 beyond the parser: parts of the Request-URI that may not be there. */
static enum sip_reason check_uri(const struct sip_uri *uri)
{
	if (uri->scheme > URI_SIPS)
		return SIP_OK;
	if (uri->headers.len)
		return SIP_R_BAD_REQUEST_URI;
	if (uri->scheme == URI_SIPS && uri->transport == SIP_UDP)
		return SIP_R_BAD_REQUEST_URI;
	return SIP_OK;
}

/* Check 5: every extension is unknown to us. */
static enum sip_reason check_proxy_require(struct ctx *c, const char **extra, uint16_t *extra_len)
{
	if (c->m->first[SIP_H_PROXY_REQUIRE] == UINT16_MAX || is_cancel_or_ack(c->m))
		return SIP_OK;
	plan_open(&c->plan, c->m, c->out);
	return require_check(&c->plan, extra, extra_len);
}

/* True for a Request-URI that is the proxy itself: the host of a listener and no user. A domain
 * that it answers for is no such thing: the servers behind it are. */
static bool names_the_proxy(const struct ctx *c)
{
	return c->own == OWN_LISTENER && c->uri->scheme <= URI_SIPS && c->uri->user.len == 0;
}

static enum world_own own_uri(const struct ctx *c, const struct sip_uri *uri)
{
	if (uri->scheme == URI_TEL)
		return OWN_DOMAIN; /* a number has no host: the rules decide where numbers go */
	return world_own_of(c->w, c->m, &uri->host, uri->port, uri_port_scheme(uri));
}

/* Makes @uri of the message the Request-URI. */
static void take_as_request_uri(struct ctx *c, const struct sip_uri *uri)
{
	c->uri_bytes = request_uri_bare(&c->plan, uri, &c->uri_len);
}

/* --- 16.4: route preprocessing ----------------------------------------------------------- */

/*
 * A strict router upstream put our Record-Route URI into the Request-URI and the Request-URI at the
 * end of the Route set: undo that.
 */
static enum sip_reason undo_strict_upstream(struct ctx *c)
{
	const struct sip_msg *m = c->m;
	struct span last;

	if (c->own != OWN_LISTENER || c->uri->user.len || !(c->uri->lr || c->uri->token.len))
		return SIP_OK;
	c->uri_token = c->uri->token;
	if (c->routes.n == 0)
		return SIP_OK;
	last = routes_take_last(&c->routes);
	if (!uri_parse(m->p, last, &c->changed))
		return SIP_R_BAD_ROUTE;
	c->uri = &c->changed;
	take_as_request_uri(c, c->uri);
	c->own = own_uri(c, c->uri);
	return check_uri(c->uri);
}

/* Whether the Request-URI's port and transport are those the request came in by. */
static bool came_in_by(const struct ctx *c, const struct sip_uri *uri)
{
	const struct listener *l = &c->w->listeners[c->in->listener];
	uint16_t port = uri_port_scheme(uri) == URI_SIPS ? 5061 : 5060;

	return (uri->port ? uri->port : port) == l->addr.port &&
	       (uri->transport == SIP_TRANSPORT_NONE || uri_transport(uri) == c->in->transport);
}

/* The Request-URI without its maddr. */
static void strip_maddr(struct ctx *c)
{
	struct sip_uri changed;
	const uint8_t *t = request_uri_without_maddr(&c->plan, c->uri, &changed, &c->uri_len);

	if (!t)
		return;
	c->uri_bytes = t;
	c->changed = changed;
	c->uri = &c->changed;
	c->own = own_uri(c, c->uri);
}

/* A maddr decides instead of the host: ours is taken off or leads to another port of ours, any
 * other is a foreign target. */
static void preprocess_maddr(struct ctx *c)
{
	const struct sip_uri *u = c->uri;

	if (u->scheme > URI_SIPS || u->maddr.kind == HOST_NONE)
		return;
	if (world_own_of(c->w, c->m, &u->maddr, u->port, uri_port_scheme(u)) != OWN_NOT &&
	    came_in_by(c, u))
		strip_maddr(c);
	else
		c->own = OWN_NOT;
}

/* --- 16.5, 16.6 step 7: the one target --------------------------------------------------- */

/*
 * Which pool would serve the request, by the first matching rule, and where in its table the key
 * points. Depends on nothing that the route rules change, and is asked for early: the slot comes
 * from far away, and all other work may go on meanwhile.
 */
static void look_ahead(struct ctx *c)
{
	static const uint16_t nobody = WORLD_NONE;
	const struct proxy_in *in = c->in;

	c->ahead = (struct proxy_ahead){ .slot = &nobody };
	c->ahead.pool = world_route(c->w, c->m, &in->src.ip);
	if (c->ahead.pool == WORLD_NONE)
		return;
	c->ahead.key = key_hash(&c->w->keys, &c->w->pools[c->ahead.pool].key, c->m, &in->src.ip);
	ahead_ask(c->w, &c->ahead);
}

/* Who decides in a transaction window: the present table need not. */
static void choose_in_window(struct ctx *c)
{
	struct window_answer a = window_choose(&(struct window_request){
		.w = c->w,
		.m = c->m,
		.src = &c->in->src.ip,
		.transaction = c->forwarding.branch.id,
		.key = c->ahead.key,
		.pool = c->ahead.pool,
		.backend = *c->ahead.slot,
		.recent = c->in->recent,
	});

	c->out->backend = a.backend;
	c->out->window = (uint8_t)a.choice;
	c->out->epoch = a.epoch;
}

/* A backend of the pool that the first matching rule names, by the pool's key and table. */
static enum sip_reason target_pool(struct ctx *c)
{
	struct proxy_out *out = c->out;
	const struct backend *b;

	if (!c->ahead.slot)
		look_ahead(c);
	forward_prepare(&c->plan, &c->in->src, &c->forwarding);
	out->pool = c->ahead.pool;
	out->key = c->ahead.key;
	out->backend = *c->ahead.slot;
	if (__builtin_expect(c->w->n_past, 0))
		choose_in_window(c);
	else if (c->in->recent && window_begins(c->m))
		recent_add(c->in->recent, c->forwarding.branch.id, out->backend, c->w->epoch);
	if (out->backend == WORLD_NONE && c->ahead.pool == WORLD_NONE)
		return SIP_R_NO_ROUTE_RULE;
	out->target = TARGET_POOL;
	if (out->backend == WORLD_NONE)
		return SIP_R_NO_BACKEND;
	b = &c->w->backends[out->backend];
	out->dst = b->addr;
	out->transport =
		(uint8_t)transport_choose(c->in->transport, b->transports, c->forwarding.sips);
	if (__builtin_expect(out->transport == SIP_UDP, 1))
		return SIP_OK;
	if (out->transport == SIP_TLS)
		out->dst.port = b->tls_port;
	return out->transport == SIP_TRANSPORT_NONE ? SIP_R_NO_SIPS : SIP_OK;
}

/* The first Route that is not ours. One without lr is a strict router: it gets the Request-URI's
 * place (16.6 step 6). */
static enum sip_reason target_route(struct ctx *c)
{
	const struct sip_uri *next = &c->routes.uri;
	const uint8_t *old = c->uri_bytes ? c->uri_bytes : c->m->p + c->uri->whole.off;
	uint32_t old_len = c->uri_bytes ? c->uri_len : c->uri->whole.len;

	c->out->target = TARGET_ROUTE;
	if (next->lr) {
		routes_edit(&c->routes, &c->plan, NULL, 0);
	} else {
		routes_take_next(&c->routes);
		routes_edit(&c->routes, &c->plan, old, old_len);
		take_as_request_uri(c, next);
	}
	c->forwarding.sips |= next->scheme == URI_SIPS;
	return target_of_uri(c->w, c->m->p, next, c->forwarding.sips, c->in->found, c->out);
}

static enum sip_reason find_target(struct ctx *c)
{
	/* RFC 5630: TLS on every hop, whatever the Route says. */
	c->forwarding.sips = c->uri->scheme == URI_SIPS;
	if (c->routes.next < c->routes.n)
		return target_route(c);
	routes_edit(&c->routes, &c->plan, NULL, 0);
	if (c->own == OWN_NOT) {
		c->out->target = TARGET_REQUEST_URI;
		return target_of_uri(c->w, c->m->p, c->uri, c->forwarding.sips, c->in->found,
				     c->out);
	}
	/* A URI of our own Record-Route that leads nowhere further. */
	if (names_the_proxy(c) && (c->uri->lr || c->uri->token.len))
		return SIP_R_NOT_HERE;
	return target_pool(c);
}

/* --- 16.6: the changes ------------------------------------------------------------------- */

/* The Request-URI as it leaves: replaced by the route rules, or rid of a method parameter (16.6
 * step 2, 19.1.1). */
static void edit_request_uri(struct ctx *c)
{
	const struct sip_msg *m = c->m;

	if (c->uri_bytes)
		plan_edit(&c->plan, m->uri_text.off, m->uri_text.len, c->uri_bytes, c->uri_len);
	else if (c->uri->scheme <= URI_SIPS && c->uri->method.len)
		plan_cut(&c->plan, c->uri->method.off, span_end(c->uri->method));
}

/* True if the request, which would leave by UDP, belongs to a transaction that is at home with a
 * stream. */
static bool is_held(const struct ctx *c)
{
	const struct held *held = c->in->held;

	return held && is_cancel_or_ack(c->m) && c->out->transport == SIP_UDP && !c->stream &&
	       held_has(held, c->forwarding.branch.id) && transport_has_stream(c->w, c->out);
}

/* What can be said before the edits about how the request leaves. */
static enum sip_reason prepare_transport(struct ctx *c)
{
	struct proxy_out *out = c->out;

	if (__builtin_expect(c->stream, 0))
		transport_take_stream(c->w, out);
	out->crossing = proxy_is_stream(out->transport) != proxy_is_stream(c->in->transport);
	if (proxy_is_stream(out->transport) && !c->in->able)
		return SIP_R_NEEDS_STREAM;
	return is_held(c) ? SIP_R_NEEDS_STREAM : SIP_OK;
}

static enum sip_reason forward(struct ctx *c)
{
	struct proxy_out *out = c->out;
	uint16_t preferred =
		c->routes.listener != WORLD_NONE ? c->routes.listener : c->in->listener;
	enum sip_reason e = prepare_transport(c);

	if (e == SIP_OK)
		e = target_way_out(c->w, c->fib, preferred, out);
	if (e == SIP_R_UNUSABLE_TARGET && c->forwarding.sips)
		e = SIP_R_NO_SIPS; /* no listener for TLS */
	if (e == SIP_OK && target_is_self(c->w, out))
		e = SIP_R_LOOP;
	if (e != SIP_OK)
		return e;
	edit_request_uri(c);
	forward_prepare(&c->plan, &c->in->src, &c->forwarding);
	forward_headers(&c->plan, c->w, c->in, &c->forwarding);
	if (!plan_close(&c->plan))
		return SIP_R_TOO_LARGE;
	if (transport_is_too_large(c->w, c->in, c->m, out))
		return SIP_R_NEEDS_STREAM;
	if (!proxy_fits(out, c->m->len))
		return SIP_R_TOO_LARGE;
	out->verdict = PROXY_FORWARD;
	return SIP_OK;
}

/* Whether the request would make a relay of us if anybody could send it. */
static bool needs_trust(const struct ctx *c)
{
	bool stranger = c->routes.next < c->routes.n;

	return c->own == OWN_NOT || (stranger && !c->w->preloaded_route);
}

/*
 * Whether the request may go where only signed calls and friends may send. Its source is looked up
 * first: that takes a probe or two, the signature 20 ns, and most peers that send such requests are
 * known.
 */
static bool may_relay(struct ctx *c)
{
	uint64_t token;

	if (world_trusts(c->w, &c->in->src.ip))
		return true;
	if (!c->uri_token.len && !routes_have_token(&c->routes))
		return false;
	token = call_token_of(&c->w->keys, c->m, &c->forwarding.token);
	return token_is(c->m, c->uri_token, token) || routes_signed(&c->routes, c->m, token);
}

/* Everything between the syntax checks and the changes; on SIP_OK the request is on its way. */
static enum sip_reason route_and_forward(struct ctx *c)
{
	enum sip_reason e;

	plan_open(&c->plan, c->m, c->out);
	e = undo_strict_upstream(c);
	if (e != SIP_OK)
		return e;
	preprocess_maddr(c);
	if (needs_trust(c) && !may_relay(c))
		return SIP_R_RELAY_DENIED;
	e = find_target(c);
	return e == SIP_OK ? forward(c) : e;
}

/* Checks 1 to 5 of 16.3, in order. */
static enum sip_reason validate(struct ctx *c, const char **extra, uint16_t *extra_len)
{
	const struct sip_msg *m = c->m;
	enum sip_reason e = check_uri(c->uri);

	if (e == SIP_OK)
		e = routes_read(c->w, c->in, m, &c->routes);
	if (e != SIP_OK)
		return e;
	if (m->uri.scheme == URI_OTHER)
		return SIP_R_BAD_SCHEME;
	if (m->max_forwards.has && m->max_forwards.value == 0)
		return SIP_R_MAX_FORWARDS_ZERO;
	if (m->max_breadth.has && m->max_breadth.value == 0)
		return SIP_R_MAX_BREADTH_ZERO;
	return check_proxy_require(c, extra, extra_len);
}

/* True for an OPTIONS that the proxy answers for itself (11, 11.2): also the last hop of one that
 * may go no further. */
static bool is_options_to_us(const struct ctx *c, enum sip_reason e)
{
	if (c->m->method != SIP_M_OPTIONS || !names_the_proxy(c))
		return false;
	return e == SIP_R_MAX_FORWARDS_ZERO || (e == SIP_OK && c->routes.next == c->routes.n);
}

/*
 * All the rules for c->m. Returns what the request is refused for, with header lines for the answer
 * in @extra; SIP_OK if it was forwarded, or is an OPTIONS to the proxy and was answered.
 */
static enum sip_reason handle(struct ctx *c, const char **extra, uint16_t *extra_len)
{
	const struct sip_msg *m = c->m;
	enum sip_reason e = m->reason;

	c->uri_bytes = NULL;
	c->uri_len = 0;
	c->own = OWN_NOT;
	c->forwarding.marked = false;
	c->forwarding.sips = false;
	c->forwarding.token.known = false;
	c->uri_token = span_of(0, 0);
	if (e == SIP_OK) {
		c->ahead = c->in->ahead;
		/* Without a Route most requests go to a pool. */
		if (!c->ahead.slot && m->first[SIP_H_ROUTE] == UINT16_MAX)
			look_ahead(c);
		forward_hash(c->w, m, &c->forwarding);
		c->uri = &m->uri;
		c->own = own_uri(c, c->uri);
		e = validate(c, extra, extra_len);
	}
	if (is_options_to_us(c, e)) {
		reply_options(c->w, c->fib, c->in, m, c->out);
		return SIP_OK;
	}
	if (e == SIP_OK && m->method == SIP_M_ACK && to_tag_check(&c->w->keys, m))
		e = SIP_R_OWN_ACK;
	return e == SIP_OK ? route_and_forward(c) : e;
}

/*
 * All the rules, a second time where the first showed that the request needs a stream in place of
 * UDP and this thread has one: our Via and Record-Route say how it leaves, and length decides that.
 */
static enum sip_reason decide(struct ctx *c, const char **extra, uint16_t *extra_len)
{
	enum sip_reason e;

	for (c->stream = false;; c->stream = true) {
		e = handle(c, extra, extra_len);
		if (__builtin_expect(e != SIP_R_NEEDS_STREAM, 1) || !c->in->able || c->stream)
			return e;
		proxy_open(c->out);
	}
}

/* True if somebody who can do more has to look at it. */
static bool hands_over(struct ctx *c, enum sip_reason e)
{
	if (e != SIP_R_NEEDS_STREAM && e != SIP_R_NEEDS_DNS)
		return false;
	c->out->verdict = PROXY_HAND_OVER;
	c->out->reason = e;
	c->out->transaction = c->forwarding.branch.id;
	return true;
}

#ifndef REQUEST_FACTS /* facts.c has another function in this place */
void proxy_request(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out)
{
	struct ctx c; /* 3 KiB: set field by field, not cleared */
	const char *extra = NULL;
	uint16_t extra_len = 0;
	enum sip_reason e;

	c.w = w;
	c.fib = fib;
	c.in = in;
	c.m = m;
	c.out = out;
	e = decide(&c, &extra, &extra_len);
	if (__builtin_expect(e != SIP_OK, 0) && !hands_over(&c, e))
		reply_refuse(w, fib, in, m, e, extra, extra_len, out);
}
#endif
