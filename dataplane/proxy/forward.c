/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All new rows go in one piece between the start line and the first header: before every Via and
 * Record-Route that is there, and only the start line has to move. The order of what was received
 * never changes.
 */
#include "dataplane/proxy/forward.h"

#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/mark.h"
#include "dataplane/proxy/token.h"

#define HOPS "70" /* Max-Forwards for requests that came without (16.6 step 3) */

/* Appends to a stretch of text whose room was counted before. */
struct writer {
	uint8_t *at;
};

static void put(struct writer *w, const void *text, size_t n)
{
	memcpy(w->at, text, n);
	w->at += n;
}

#define PUT(w, literal) put((w), literal, sizeof(literal) - 1)

static void put_number(struct writer *w, uint32_t v)
{
	uint8_t digits[10];
	unsigned int n = 0;

	do {
		digits[n++] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		*w->at++ = digits[--n];
}

/* True if sent-by is an address and it is the source: then received is not needed (18.2.1). */
static bool sent_by_is_source(const struct sip_via *via, const struct ip *src)
{
	return via->host.kind == HOST_IP && ip_equal(&via->host.ip, src);
}

void forward_mark_source(struct plan *p, const struct endpoint *src)
{
	const struct sip_via *via = &p->m->via;
	struct writer w;
	uint8_t *text;
	uint32_t at = span_end(via->value), del = 0;

	if (!via->has_rport && !via->received_param.len && sent_by_is_source(via, &src->ip))
		return;
	text = plan_text(p, IP_TEXT_MAX + 32);
	if (!text)
		return;
	w.at = text;
	PUT(&w, ";received=");
	w.at += ip_format(&src->ip, (char *)w.at);
	if (via->has_rport) {
		PUT(&w, ";rport=");
		put_number(&w, src->port);
		at = via->rport.off;
		del = via->rport.len;
	}
	if (via->received_param.len) {
		if (via->has_rport)
			plan_cut(p, via->received_param.off, span_end(via->received_param));
		else {
			at = via->received_param.off;
			del = via->received_param.len;
		}
	}
	plan_edit(p, at, del, text, (uint32_t)(w.at - text));
}

void forward_version(struct plan *p)
{
	const struct sip_msg *m = p->m;

	if (memcmp(m->p + m->version.off, "SIP/2.0", 7) != 0)
		plan_edit(p, m->version.off, 7, "SIP/2.0", 7);
}

/* Max-Forwards that is there and in range: one less, in its place. Returns false if a row must be
 * added. */
static bool lower_max_forwards(struct plan *p)
{
	const struct sip_number *mf = &p->m->max_forwards;
	struct writer w;
	uint8_t *text;

	if (!mf->has)
		return false;
	text = plan_text(p, 10);
	if (!text)
		return true;
	w.at = text;
	if (mf->value > 255)
		PUT(&w, HOPS);
	else
		put_number(&w, mf->value - 1);
	plan_edit(p, mf->text.off, mf->text.len, text, (uint32_t)(w.at - text));
	return true;
}

/* Max-Breadth as RFC 5393 5.3.3 asks of every proxy. Returns false if a row must be added. */
static bool lower_max_breadth(struct plan *p, uint8_t bound)
{
	const struct sip_number *mb = &p->m->max_breadth;
	struct writer w;
	uint8_t *text;

	if (!bound)
		return true;
	if (!mb->has)
		return false;
	if (mb->value <= bound)
		return true;
	text = plan_text(p, 10);
	if (!text)
		return true;
	w.at = text;
	put_number(&w, bound);
	plan_edit(p, mb->text.off, mb->text.len, text, (uint32_t)(w.at - text));
	return true;
}

static void put_record_route(struct writer *w, const struct listener *l, const uint8_t *token)
{
	PUT(w, "Record-Route: ");
	put(w, l->rr.s, l->rr.len);
	put(w, token, TOKEN_LEN);
	PUT(w, ">\r\n");
}

/* Our Via: the branch of the transaction, and the arrival listener where it is not this one. */
static void put_via(struct writer *w, const struct plan *p, const struct world *world,
		    const struct listener *out, const struct listener *in)
{
	uint8_t *branch;

	put(w, out->via.s, out->via.len);
	branch = w->at;
	branch_make(&world->keys, p->m, branch);
	w->at += BRANCH_LEN;
	if (in != out) {
		PUT(w, ";vl=");
		mark_make(&world->keys, branch, in->id, w->at);
		w->at += MARK_LEN;
	}
	PUT(w, "\r\n");
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

void forward_headers(struct plan *p, const struct world *world, uint16_t in_listener)
{
	const struct listener *out = &world->listeners[p->out->listener];
	const struct listener *in = &world->listeners[in_listener];
	bool record_route = world->record_route && wants_record_route(p->m);
	size_t room = out->via.len + BRANCH_LEN + 4 + MARK_LEN + 2;
	uint8_t token[TOKEN_LEN];
	uint8_t *text;
	struct writer w;

	if (record_route)
		room += out->rr.len + in->rr.len + 2 * (sizeof("Record-Route: >\r\n") + TOKEN_LEN);
	room += sizeof("Max-Forwards: " HOPS "\r\n") + sizeof("Max-Breadth: 255\r\n");
	text = plan_text(p, (uint32_t)room);
	if (!text)
		return;
	w.at = text;
	put_via(&w, p, world, out, in);
	if (record_route) {
		token_make(&world->keys, p->m, token);
		put_record_route(&w, out, token);
		if (in != out)
			put_record_route(&w, in, token);
	}
	if (!lower_max_forwards(p))
		PUT(&w, "Max-Forwards: " HOPS "\r\n");
	if (!lower_max_breadth(p, world->max_breadth)) {
		PUT(&w, "Max-Breadth: ");
		put_number(&w, world->max_breadth);
		PUT(&w, "\r\n");
	}
	plan_edit(p, p->m->row[0].off, 0, text, (uint32_t)(w.at - text));
}
