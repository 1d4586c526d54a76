/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One message at a time, copied where the workers edit in place: this way is the slow one.
 */
#include "control/config/alloc.h"
#include "control/relay/relay_state.h"
#include "dataplane/account.h"
#include "dataplane/example.h"

#include <rte_cycles.h>

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#define TRANSACTION_MS 32000u /* 64*T1: for the answer to any request but an INVITE (17.1.2.2) */
#define INVITE_MS 181000u     /* beyond timer C (16.6 step 11) */

/* --- verdicts ----------------------------------------------------------------------------- */

static void dropped(struct passing *p, unsigned int example)
{
	p->end.verdict = TRACE_DROPPED;
	p->end.cause = (uint16_t)example;
}

void relay_drop(struct relay *r, struct passing *p, enum sip_reason reason)
{
	if (!p->late)
		stat_add(&r->env->stats->dropped[reason], 1);
	dropped(p, EXAMPLE_OF_REASON(reason));
}

void relay_drop_counted(struct relay *r, struct passing *p, enum counter c)
{
	if (!p->late)
		stat_add(&r->env->stats->c[c], 1);
	dropped(p, EXAMPLE_OF_COUNTER(c));
}

/* One more error answer this second? The same bound as each worker has. */
static bool may_answer(struct relay *r)
{
	if (r->out.reason == SIP_OK)
		return true;
	if (r->second != r->now_ms / 1000) {
		r->second = r->now_ms / 1000;
		r->answers = 0;
	}
	return r->answers++ < r->env->answer_limit;
}

static void answered(struct relay *r, struct passing *p)
{
	struct stats *s = r->env->stats;

	if (p->late) {
		stat_add(&s->c[C_TX_OWN], 1);
	} else {
		stat_add(&s->c[C_ANSWERED], 1);
		stat_add(&s->answered[r->out.reason], 1);
	}
	relay_left(r, r->out.answer_len);
	p->end.verdict = TRACE_ANSWERED;
	p->end.cause = EXAMPLE_OF_REASON(r->out.reason);
	p->sent = r->out.answer;
	p->n_sent = r->out.answer_len;
}

void relay_answer(struct relay *r, struct passing *p)
{
	const struct relay_env *e = r->env;
	const struct proxy_out *o = &r->out;
	int rc;

	if (!may_answer(r)) {
		relay_drop(r, p, SIP_R_ANSWER_LIMIT);
		return;
	}
	if (o->connection)
		rc = streams_send(e->streams, o->connection, o->answer, o->answer_len);
	else
		rc = kernel_sockets_send(e->sockets, &e->world->listeners[o->listener].addr,
					 &o->dst, o->answer, o->answer_len);
	if (rc == 0)
		answered(r, p);
	else if (o->connection && rc == -ENOTCONN)
		relay_drop(r, p, SIP_R_NO_CONNECTION);
	else
		relay_unsent(r, p, rc);
}

void relay_refuse(struct relay *r, struct passing *p, enum sip_reason reason)
{
	if (!r->m.request) {
		relay_drop(r, p, reason);
		return;
	}
	proxy_refuse(r->env->world, r->env->fib, &p->in, &r->m, reason, &r->out);
	if (r->out.verdict == PROXY_ANSWER)
		relay_answer(r, p);
	else
		relay_drop(r, p, r->out.reason);
}

static void forward(struct relay *r, struct passing *p)
{
	int n = edit_copy(&r->out.edits, r->m.p, r->m.len, r->sent, sizeof(r->sent));

	stat_window(r->env->stats, (enum window_choice)r->out.window);
	if (n < 0)
		relay_refuse(r, p, SIP_R_TOO_LARGE);
	else if (r->out.crossing)
		relay_cross(r, p, (uint32_t)n);
	else
		relay_send(r, p, (uint32_t)n);
}

/* --- decisions ---------------------------------------------------------------------------- */

void relay_rules(struct relay *r, const struct proxy_in *in)
{
	const struct relay_env *e = r->env;

	proxy_message(e->world, e->fib, in, &r->m, &r->out);
	if (e->recent)
		recent_settle(e->recent);
}

/* A large request whose server refused a stream a short time ago stays with UDP (18.1.1). */
static void avoid_refused(struct relay *r, struct passing *p)
{
	if (r->out.verdict != PROXY_FORWARD || !r->m.request || p->in.transport != SIP_UDP ||
	    r->out.transport == SIP_UDP || !relay_is_refused(r, &r->out.dst))
		return;
	p->in.no_stream = true;
	relay_rules(r, &p->in);
	if (r->out.verdict == PROXY_FORWARD && r->out.transport == SIP_UDP)
		return;
	p->in.no_stream = false;
	relay_rules(r, &p->in);
}

/* A response to a request of our own, which ends here: a probe, or the CANCEL of a crossing. */
static bool is_own_response(struct relay *r, struct passing *p)
{
	const struct relay_env *e = r->env;

	if (r->out.reason != SIP_R_LAST_VIA)
		return false;
	if (r->m.method == SIP_M_CANCEL)
		return relay_cross_cancel(r, p);
	if (!e->own_response || !e->own_response(e->own_response_arg, &p->in.src, &r->m))
		return false;
	stat_add(&e->stats->c[C_PROBE_ANSWERS], 1);
	p->end.verdict = TRACE_ABSORBED;
	p->end.cause = EXAMPLE_OF_REASON(SIP_OK);
	return true;
}

void relay_decide(struct relay *r, struct passing *p)
{
	relay_rules(r, &p->in);
	avoid_refused(r, p);
	switch (r->out.verdict) {
	case PROXY_DROP:
		if (!is_own_response(r, p))
			relay_drop(r, p, r->out.reason);
		break;
	case PROXY_ANSWER:
		relay_answer(r, p);
		break;
	case PROXY_FORWARD:
		forward(r, p);
		break;
	case PROXY_HAND_OVER:
		if (p->in.found || r->out.reason == SIP_R_NEEDS_STREAM)
			relay_refuse(r, p, r->out.reason);
		else
			relay_ask(r, p);
		break;
	}
}

/* --- one message -------------------------------------------------------------------------- */

bool relay_open(struct relay *r, struct passing *p, const struct relay_message *m)
{
	const struct relay_env *e = r->env;

	p->from = m;
	p->end = (struct trace_end){ .by_linux = true, .bytes = m->p, .len = m->len };
	p->in = (struct proxy_in){ .src = m->src,
				   .listener = world_listener_at(e->world, &m->listener),
				   .transport = (uint8_t)m->transport,
				   .able = true,
				   .connection = m->connection,
				   .held = e->held,
				   .recent = e->recent };
	r->now_ms = e->clock_ms();
	sip_parse(m->p, m->len, SIP_PADDED, &r->m);
	if (p->in.listener == WORLD_NONE)
		relay_drop_counted(r, p, C_DROP_NO_LISTENER);
	else if (m->src.port == 0 || ip_is_unusable(&m->src.ip))
		relay_drop_counted(r, p, C_DROP_BAD_SOURCE);
	else
		return true;
	return false;
}

static void trace(struct relay *r, struct passing *p)
{
	const struct relay_env *e = r->env;
	struct trace_subject subject = {
		.world = e->world,
		.src = &p->in.src,
		.listener = p->in.listener,
		.m = &r->m,
		.out = &r->out,
		.now = rte_rdtsc(),
		.transport = p->in.transport,
	};
	struct trace_item item;

	if (!trace_begin(e->tap, e->trace, &subject, &item))
		return;
	if (p->sent)
		trace_sent(&item, p->sent, p->n_sent);
	trace_finish(e->tap, e->trace, &subject, &item, &p->end);
}

/* The last example of what was dropped, if it is time for another one. */
static void keep_example(struct relay *r, const struct passing *p)
{
	struct examples *examples = r->env->stats->examples;
	struct example x = { .tsc = rte_rdtsc(), .src = p->in.src };

	if (p->end.verdict != TRACE_DROPPED || !example_is_due(examples, p->end.cause, x.tsc))
		return;
	x.len = (uint16_t)(p->from->len < EXAMPLE_BYTES ? p->from->len : EXAMPLE_BYTES);
	memcpy(x.bytes, p->from->p, x.len);
	example_put(examples, p->end.cause, &x, rte_get_tsc_hz());
}

void relay_end(struct relay *r, struct passing *p)
{
	if (p->waits)
		return;
	if (r->env->trace && p->in.listener != WORLD_NONE && !p->late)
		trace(r, p);
	keep_example(r, p);
}

static void count_arrival(struct relay *r, const struct relay_message *m)
{
	struct stats *s = r->env->stats;

	if (m->handed_over) {
		stat_add(&s->c[C_RX_TAKEN_OVER], 1);
		return;
	}
	stat_add(&s->c[m->connection ? C_RX_STREAM_MESSAGES : C_RX_FRAMES], 1);
	stat_add(&s->c[C_RX_BYTES], m->len);
}

/* Name of the host that a Via was sent by, as text. */
static void host_text(const struct sip_msg *m, const struct sip_host *host, char *out, size_t n)
{
	size_t len = host->text.len < n ? host->text.len : n - 1;

	if (host->kind == HOST_IP) {
		out[ip_format(&host->ip, out)] = '\0';
		return;
	}
	memcpy(out, m->p + host->text.off, len);
	out[len] = '\0';
}

/* What a request means for the connection that it came by: it is needed for the answer, and may be
 * offered for the other direction (RFC 5923). A name in sent-by is not looked up: who has a
 * certificate for it may have requests that are for it and would go to his address anyway. */
static void mind_connection(struct relay *r, const struct relay_message *m)
{
	const struct sip_via *via = &r->m.via;
	struct endpoint sent_by = { via->host.kind == HOST_IP ? via->host.ip : m->src.ip,
				    via->port ? via->port : 5061 };
	char host[RELAY_NAME_MAX];

	if (!m->connection || !r->m.request || r->m.reason != SIP_OK || r->m.method == SIP_M_ACK)
		return;
	streams_keep(r->env->streams, m->connection,
		     r->m.method == SIP_M_INVITE ? INVITE_MS : TRANSACTION_MS);
	if (!via->alias || m->transport != SIP_TLS)
		return;
	host_text(&r->m, &via->host, host, sizeof(host));
	(void)streams_alias(r->env->streams, m->connection, host, &sent_by);
}

void relay_take(struct relay *r, const struct relay_message *m)
{
	struct passing p = { 0 };

	count_arrival(r, m);
	if (relay_open(r, &p, m)) {
		if (!m->handed_over)
			account_received(r->env->stats, &r->m);
		mind_connection(r, m);
		if (m->broken)
			relay_refuse(r, &p, m->broken);
		else
			relay_decide(r, &p);
	}
	relay_end(r, &p);
	if (m->broken)
		streams_close(r->env->streams, m->connection);
}

/* --- the relay ---------------------------------------------------------------------------- */

struct relay *relay_new(const struct relay_env *env)
{
	struct relay *r = mem_alloc(sizeof(*r));
	struct txn_bounds bounds = { 0 };
	struct txn_owner owner;

	if (!r)
		return NULL;
	r->env = env;
	r->late_end = &r->late;
	r->timer_ms = UINT64_MAX;
	owner = relay_owner(r);
	r->transactions = txns_new(&bounds, &owner);
	r->later = event_new(env->base, -1, 0, relay_on_later, r);
	r->timer = event_new(env->base, -1, 0, relay_on_timer, r);
	if (r->transactions && r->later && r->timer)
		return r;
	relay_free(r);
	return NULL;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	while (r->late) {
		struct kept *k = r->late;

		r->late = k->next;
		relay_unkeep(k);
	}
	if (r->later)
		event_free(r->later);
	if (r->timer)
		event_free(r->timer);
	txns_free(r->transactions);
	mem_free(r);
}

struct transactions *relay_transactions(const struct relay *r)
{
	return r->transactions;
}

const struct relay_counts *relay_counts(const struct relay *r)
{
	return &r->counts;
}
