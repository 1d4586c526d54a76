/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All new rows go in one piece between the start line and the first header: before every Via and
 * Record-Route that is there, and only the start line has to move. The order of what was received
 * never changes.
 */
#include "dataplane/proxy/forward.h"

#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/decimal.h"
#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/mark.h"

#include <assert.h>

#define HOPS "70" /* Max-Forwards for requests that came without (16.6 step 3) */

#define LENGTH_ROW "Content-Length: 65535\r\n"

/* Texts of up to this length are copied whole, without a branch for how long they are. */
#define WHOLE 64

static_assert(WHOLE <= PLAN_SLACK, "a copy may write as much behind its text");
static_assert(sizeof(((struct world_text *)0)->s) >= WHOLE, "and may read it");

/* Copies the text that a listener has ready. Returns the byte behind it. */
static inline uint8_t *put(uint8_t *at, const struct world_text *t)
{
	if (__builtin_expect(t->len > WHOLE, 0))
		memcpy(at, t->s, t->len);
	else
		memcpy(at, t->s, WHOLE);
	return at + t->len;
}

/* Puts a string constant at @at and moves it on. */
#define PUT(at, literal) (memcpy((at), literal, sizeof(literal) - 1), (at) += sizeof(literal) - 1)

/* True if sent-by is an address and it is the source: then received is not needed (18.2.1). */
static bool sent_by_is_source(const struct sip_via *via, const struct ip *src)
{
	return via->host.kind == HOST_IP && ip_equal(&via->host.ip, src);
}

static inline uint8_t *put_ip(uint8_t *at, const struct ip *ip)
{
	if (__builtin_expect(ip_is_v4(ip), 1))
		return decimal_put_v4(at, ip);
	return at + ip_format(ip, (char *)at);
}

void forward_mark_source(struct plan *p, const struct endpoint *src)
{
	const struct sip_via *via = &p->m->via;
	uint8_t *text, *w;
	uint32_t at = span_end(via->value), del = 0;

	if (!via->has_rport && !via->received_param.len && sent_by_is_source(via, &src->ip))
		return;
	text = plan_text(p, IP_TEXT_MAX + 32);
	if (!text)
		return;
	w = text;
	PUT(w, ";received=");
	w = put_ip(w, &src->ip);
	if (via->has_rport) {
		PUT(w, ";rport=");
		w = decimal_put16(w, src->port);
		at = via->rport.off;
		del = via->rport.len;
	}
	if (__builtin_expect(via->received_param.len, 0)) {
		if (via->has_rport)
			plan_cut(p, via->received_param.off, span_end(via->received_param));
		else {
			at = via->received_param.off;
			del = via->received_param.len;
		}
	}
	plan_edit(p, at, del, text, (uint32_t)(w - text));
}

void forward_version(struct plan *p)
{
	static const char version[PLAN_SLACK] = "SIP/2.0";
	const struct sip_msg *m = p->m;

	if (__builtin_expect(memcmp(m->p + m->version.off, version, 7) != 0, 0))
		plan_edit(p, m->version.off, 7, version, 7);
}

/* Max-Forwards that is there and in range: one less, in its place. Returns false if a row must be
 * added. */
static bool lower_max_forwards(struct plan *p)
{
	static_assert(sizeof(HOPS) == 3, "70");
	const struct sip_number *mf = &p->m->max_forwards;
	uint32_t hops = mf->value > 255 ? 70 : mf->value - 1;

	if (!mf->has)
		return false;
	plan_edit(p, mf->text.off, mf->text.len, decimals[hops].digits, decimals[hops].len);
	return true;
}

/* Max-Breadth as RFC 5393 5.3.3 asks of every proxy. Returns false if a row must be added. */
static bool lower_max_breadth(struct plan *p, uint8_t bound)
{
	const struct sip_number *mb = &p->m->max_breadth;

	if (!bound)
		return true;
	if (!mb->has)
		return false;
	if (mb->value > bound)
		plan_edit(p, mb->text.off, mb->text.len, decimals[bound].digits,
			  decimals[bound].len);
	return true;
}

static uint8_t *put_record_route(uint8_t *at, const struct world_text *rr, uint64_t token)
{
	PUT(at, "Record-Route: ");
	at = put(at, rr);
	hex_write64(token, at);
	at += TOKEN_LEN;
	PUT(at, ">\r\n");
	return at;
}

/* Our Via: the branch of the transaction, the arrival listener where it is not this one, and the
 * connection. */
static uint8_t *put_via(uint8_t *at, struct proxy_out *o, const struct world *w,
			const struct hex32 *branch, const struct proxy_in *in)
{
	at = put(at, &w->listeners[o->listener].via[o->transport]);
	o->branch = at;
	at = branch_put(at, branch);
	if (in->listener != o->listener) {
		PUT(at, ";vl=");
		mark_put(&w->keys, branch, w->listeners[in->listener].id, at);
		at += MARK_LEN;
	}
	if (__builtin_expect(in->connection != 0, 0)) {
		PUT(at, ";vc=");
		mark_put_connection(&w->keys, branch, in->connection, at);
		at += MARK_CONNECTION_LEN;
	}
	PUT(at, "\r\n");
	return at;
}

/* True if the length has to be said, and nobody has said it. */
static inline bool lacks_length(const struct plan *p)
{
	const struct proxy_out *o = p->out;

	return __builtin_expect(o->connection || proxy_is_stream(o->transport), 0) &&
	       !p->m->content_length.has;
}

static uint8_t *put_length(uint8_t *at, const struct sip_msg *m)
{
	PUT(at, "Content-Length: ");
	at = decimal_put16(at, (uint16_t)(m->len - m->head_len));
	PUT(at, "\r\n");
	return at;
}

void forward_length(struct plan *p)
{
	uint8_t *text = lacks_length(p) ? plan_text(p, sizeof(LENGTH_ROW)) : NULL;

	if (text)
		plan_edit(p, p->m->row[0].off, 0, text, (uint32_t)(put_length(text, p->m) - text));
}

/* Whether this method can start or refresh a dialog that we want to stay in. */
static bool wants_record_route(const struct sip_msg *m)
{
	static const bool wants[SIP_N_METHODS] = {
		[SIP_M_OTHER] = true,
#define METHOD(id, name, rr) [SIP_M_##id] = (rr),
#include "dataplane/sip/methods.def"
#undef METHOD
	};

	return wants[m->method];
}

void forward_hash(const struct world *w, const struct sip_msg *m, struct forwarding *f)
{
	branch_hash(&w->keys, m, &f->branch);
	if (w->record_route && wants_record_route(m))
		call_token_of(&w->keys, m, &f->token);
}

void forward_prepare(struct plan *p, const struct endpoint *src, struct forwarding *f)
{
	if (f->marked)
		return;
	f->marked = true;
	forward_version(p);
	forward_mark_source(p, src);
}

/* What Record-Route says of the side by which a request comes or goes. */
static inline const struct world_text *record_route_of(const struct world *w, uint16_t listener,
						       unsigned int transport, bool sips)
{
	return &w->listeners[listener].rr[sips ? WORLD_RR_SIPS : transport];
}

void forward_headers(struct plan *p, const struct world *world, const struct proxy_in *in,
		     const struct forwarding *f)
{
	const struct proxy_out *o = p->out;
	const struct world_text *rr_out =
		record_route_of(world, o->listener, o->transport, f->sips);
	const struct world_text *rr_in = record_route_of(world, in->listener, in->transport,
							 f->sips && in->transport == SIP_TLS);
	uint32_t rr = sizeof("Record-Route: >\r\n") + TOKEN_LEN;
	uint32_t room = world->listeners[o->listener].via[o->transport].len + BRANCH_LEN + 4u +
			MARK_LEN + 4u + MARK_CONNECTION_LEN + 2u + 2 * rr + rr_out->len +
			rr_in->len + sizeof("Max-Forwards: " HOPS "\r\n") +
			sizeof("Max-Breadth: 255\r\n") + sizeof(LENGTH_ROW);
	uint8_t *text = plan_text(p, room), *at;

	if (!text)
		return;
	at = put_via(text, p->out, world, &f->branch.digits, in);
	if (world->record_route && wants_record_route(p->m)) {
		at = put_record_route(at, rr_out, f->token.value);
		if (rr_in != rr_out)
			at = put_record_route(at, rr_in, f->token.value);
	}
	if (!lower_max_forwards(p))
		PUT(at, "Max-Forwards: " HOPS "\r\n");
	if (!lower_max_breadth(p, world->max_breadth)) {
		PUT(at, "Max-Breadth: ");
		at = decimal_put8(at, world->max_breadth);
		PUT(at, "\r\n");
	}
	if (lacks_length(p))
		at = put_length(at, p->m);
	plan_edit(p, p->m->row[0].off, 0, text, (uint32_t)(at - text));
}
