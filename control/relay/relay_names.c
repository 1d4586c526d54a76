/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that wait for a name (RFC 3263): asked for once, then decided about again from the
 * start, in the world that is in force by then.
 */
#include "control/relay/relay_state.h"
#include "dataplane/sip/chars.h"

#include <errno.h>
#include <string.h>

/* Transports that some listener has. */
static uint32_t transports_here(const struct world *w)
{
	uint32_t all = 0;

	for (uint16_t i = 0; i < w->n_listeners; i++)
		all |= w->listeners[i].transports;
	return all;
}

/* The name that r->out asks for, as DNS wants it. False: no such name can be. */
static bool read_name(struct relay *r)
{
	struct span host = r->out.question.host;
	uint32_t len = host.len;

	if (len > 1 && r->m.p[host.off + len - 1] == '.')
		len--;
	if (len == 0 || len > DNS_NAME_MAX)
		return false;
	for (uint32_t i = 0; i < len; i++)
		r->name[i] = (char)char_lower(r->m.p[host.off + i]);
	r->name[len] = '\0';
	return true;
}

/* The first target that we have a listener for. */
static int choose(const struct relay *r, const struct kept *k, const struct dns_target *targets,
		  uint32_t n, struct proxy_found *found)
{
	const struct world *w = r->env->world;
	uint16_t from = world_listener_at(w, &k->m.listener);

	for (uint32_t i = 0; i < n; i++) {
		const struct dns_target *t = &targets[i];

		if (world_listener_for(w, from, FIB_NO_IFACE, 1u << t->transport, &t->at.ip) ==
		    WORLD_NONE)
			continue;
		*found = (struct proxy_found){ t->at, (uint8_t)t->transport };
		return 0;
	}
	return -EAFNOSUPPORT;
}

static void on_answer(void *arg, int rc, const struct dns_target *targets, uint32_t n)
{
	struct kept *k = arg;

	if (rc == 0)
		rc = choose(k->relay, k, targets, n, &k->found);
	k->rc = rc;
	if (k->asking) {
		k->asking = false;
		return;
	}
	relay_later(k, rc);
}

/* Goes on with the message in r->m, about whose name @k tells. */
static void go_on(struct relay *r, struct passing *p, const struct kept *k)
{
	enum sip_reason unknown = r->m.request ? SIP_R_NEEDS_DNS : SIP_R_VIA_NEEDS_DNS;

	if (k->rc == -EBUSY || k->rc == -ENOMEM) {
		r->counts.refused++;
		relay_refuse(r, p, r->m.request ? SIP_R_RELAY_BUSY : unknown);
	} else if (k->rc == -EAFNOSUPPORT && r->m.request) {
		relay_refuse(r, p, SIP_R_UNUSABLE_TARGET);
	} else if (k->rc) {
		relay_refuse(r, p, unknown);
	} else {
		p->in.found = &k->found;
		p->name = r->name;
		relay_decide(r, p);
	}
}

static void name_found(struct relay *r, struct kept *k)
{
	struct stats *s = r->env->stats;
	struct passing p = { 0 };

	r->counts.names--;
	stat_add(&s->held, (uint64_t)-1);
	if (relay_open(r, &p, &k->m)) {
		memcpy(r->name, k->name, sizeof(r->name));
		go_on(r, &p, k);
	}
	relay_end(r, &p);
	relay_unkeep(k);
}

static struct dns_question question_of(const struct relay *r)
{
	const struct proxy_question *given = &r->out.question;
	struct dns_question q = {
		.port = given->port,
		.transport = (enum sip_transport)given->transport,
		.transports = transports_here(r->env->world),
		.sips = given->sips,
		.response = given->response,
	};

	memcpy(q.host, r->name, sizeof(q.host));
	return q;
}

void relay_ask(struct relay *r, struct passing *p)
{
	enum sip_reason unknown = r->out.reason;
	struct dns_question q;
	struct kept *k;

	if (!read_name(r)) {
		relay_refuse(r, p, unknown);
		return;
	}
	q = question_of(r);
	if (q.sips && !(q.transports & WORLD_TLS)) {
		relay_refuse(r, p, SIP_R_NO_SIPS);
		return;
	}
	k = relay_keep(r, p->from);
	if (!k) {
		r->counts.refused++;
		relay_refuse(r, p, r->m.request ? SIP_R_RELAY_BUSY : unknown);
		return;
	}
	memcpy(k->name, r->name, sizeof(k->name));
	k->later = name_found;
	k->asking = true;
	(void)dns_ask(r->env->dns, &q, r->out.transaction, 0, on_answer, k);
	if (!k->asking) {
		go_on(r, p, k);
		p->in.found = NULL;
		relay_unkeep(k);
		return;
	}
	k->asking = false;
	p->waits = true;
	r->counts.names++;
	stat_add(&r->env->stats->held, 1);
}
