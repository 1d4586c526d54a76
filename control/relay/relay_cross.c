/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between UDP and streams: what transactions ask of the relay, and what it asks of them (RFC 3261
 * 16.1, 17).
 *
 * A request that came by UDP and left by a stream for its size alone may go by UDP after all where
 * the stream is refused (18.1.1): then its transaction ends and no state is left. That is only
 * while its caller still repeats it; else it hears 503. Such a server is remembered for a while, so
 * that the next request does not wait for the same refusal.
 */
#include "control/relay/relay_state.h"
#include "dataplane/example.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

/* --- the timer ---------------------------------------------------------------------------- */

void relay_arm(struct relay *r)
{
	uint64_t next = txns_next(r->transactions);
	uint64_t wait = next > r->now_ms ? next - r->now_ms : 0;
	struct timeval delay = { (time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000) };

	if (next >= r->timer_ms)
		return;
	r->timer_ms = next;
	event_add(r->timer, &delay);
}

void relay_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct relay *r = arg;

	(void)fd;
	(void)what;
	r->now_ms = r->env->clock_ms();
	r->timer_ms = UINT64_MAX;
	txns_tick(r->transactions, r->now_ms);
	relay_arm(r);
}

/* --- what transactions ask for ------------------------------------------------------------ */

/* The request could not be sent by a stream: by UDP after all, if that was only for its size. */
static bool fall_back(struct relay *r, struct kept *k)
{
	struct passing p = { .late = true };
	int n;

	if (!k->m.p || !relay_open(r, &p, &k->m))
		return false;
	p.in.no_stream = true;
	relay_rules(r, &p.in);
	if (r->out.verdict != PROXY_FORWARD || r->out.transport != SIP_UDP)
		return false;
	relay_put_refused(r, &k->to);
	if (!txns_forget(r->transactions, k->digits, r->now_ms))
		return false;
	n = edit_copy(&r->out.edits, r->m.p, r->m.len, r->sent, sizeof(r->sent));
	if (n > 0)
		relay_send(r, &p, (uint32_t)n);
	return true;
}

static void crossing_failed(struct relay *r, struct kept *k)
{
	r->now_ms = r->env->clock_ms();
	stat_add(&r->env->stats->c[C_CONNECT_FAILED], 1);
	if (!fall_back(r, k))
		txns_failed(r->transactions, k->digits, r->now_ms);
	relay_arm(r);
	relay_stop_waiting(k);
}

static int send_up(struct relay *r, const struct txn_leg *leg, const uint8_t *b, size_t n)
{
	struct streams *s = r->env->streams;
	const struct stream_target to = { .to = leg->to,
					  .listener = leg->listener,
					  .transport = leg->transport };
	int rc = leg->connection ? streams_send(s, leg->connection, b, n) : -ENOTCONN;

	return rc == -ENOTCONN ? streams_send_to(s, &to, b, n, NULL, NULL, NULL) : rc;
}

/* As on_send(); -EINPROGRESS: it was not sent, and crossing_failed() will see to it. */
static int send_down(struct relay *r, const struct txn_leg *leg, const uint8_t *digits,
		     const uint8_t *b, size_t n)
{
	const struct stream_target to = { .to = leg->to,
					  .listener = leg->listener,
					  .transport = leg->transport,
					  .name = leg->name[0] ? leg->name : NULL,
					  .anybody = !relay_is_server(r, &leg->to) };
	/* Only what just came by UDP may have another way. */
	const struct passing *p = r->passing;
	bool only_large = p && p->from->transport == SIP_UDP;
	struct kept *k;
	int rc = relay_send_to(r, &to, b, n, only_large ? p : NULL, &k);

	if (k) {
		k->later = crossing_failed;
		memcpy(k->digits, digits, sizeof(k->digits));
		k->to = leg->to;
	}
	if (rc == 0)
		return 0;
	if (k && k->m.p) {
		relay_later(k, rc);
		return -EINPROGRESS;
	}
	relay_stop_waiting(k);
	return rc;
}

static int on_send(void *arg, const struct txn_leg *leg, bool caller, const uint8_t *digits,
		   const uint8_t *b, size_t n)
{
	struct relay *r = arg;
	int rc;

	if (leg->transport == SIP_UDP)
		rc = kernel_sockets_send(r->env->sockets, &leg->listener, &leg->to, b, n);
	else
		rc = caller ? send_up(r, leg, b, n) : send_down(r, leg, digits, b, n);
	if (rc == 0) {
		stat_add(&r->env->stats->c[C_TX_OWN], 1);
		relay_left(r, n);
	}
	return rc == -EINPROGRESS ? 0 : rc;
}

static void on_held(void *arg, uint64_t id, bool on)
{
	struct relay *r = arg;

	if (!r->env->held)
		return;
	if (on)
		(void)held_add(r->env->held, id);
	else
		held_remove(r->env->held, id);
}

static uint32_t on_answer(void *arg, const struct sip_msg *m, uint16_t status, const char *phrase,
			  const struct txn_leg *caller, uint8_t *out, size_t room)
{
	struct relay *r = arg;
	const struct relay_env *e = r->env;
	const struct proxy_out *o = &r->aside;

	(void)caller;
	proxy_answer(e->world, e->fib, &r->passing->in, m, status, phrase, &r->aside);
	if (o->verdict != PROXY_ANSWER || o->answer_len > room)
		return 0;
	memcpy(out, o->answer, o->answer_len);
	return o->answer_len;
}

struct txn_owner relay_owner(struct relay *r)
{
	return (struct txn_owner){
		.arg = r, .send = on_send, .held = on_held, .answer = on_answer
	};
}

/* --- what transactions are asked for ------------------------------------------------------- */

/* Where the caller's answers go. A connection that is gone is opened anew to where the caller
 * listens (18.2.2). False: no answer could be addressed. */
static bool caller_leg(struct relay *r, const struct passing *p, struct txn_leg *leg)
{
	const struct relay_env *e = r->env;
	const struct sip_via *via = &r->m.via;
	uint16_t port = p->in.transport == SIP_TLS ? 5061 : 5060;

	proxy_answer(e->world, e->fib, &p->in, &r->m, 100, "Trying", &r->aside);
	if (r->aside.verdict != PROXY_ANSWER)
		return false;
	leg->transport = (enum sip_transport)p->in.transport;
	leg->to = r->aside.dst;
	leg->listener = e->world->listeners[r->aside.listener].addr;
	leg->connection = p->in.connection;
	if (p->in.connection)
		leg->to.port = via->port ? via->port : port;
	return true;
}

static void server_leg(struct relay *r, const struct passing *p, struct txn_leg *leg)
{
	const char *name = r->out.transport == SIP_TLS ? relay_name_of(r, p, &r->out.dst) : NULL;

	leg->transport = (enum sip_transport)r->out.transport;
	leg->to = r->out.dst;
	leg->listener = r->env->world->listeners[r->out.listener].addr;
	snprintf(leg->name, sizeof(leg->name), "%s", name ? name : "");
}

/* The message is the transactions' from now on. What they sent of it is counted there. */
static void crossed(struct relay *r, struct passing *p, uint32_t n)
{
	stat_add(&r->env->stats->c[C_CROSSED], 1);
	relay_account(r, p, n);
}

static void absorbed(struct relay *r, struct passing *p)
{
	stat_add(&r->env->stats->c[C_ABSORBED], 1);
	p->end.verdict = TRACE_ABSORBED;
	p->end.cause = EXAMPLE_OF_REASON(SIP_OK);
}

static enum txn_verdict cross_request(struct relay *r, struct passing *p, uint32_t n)
{
	struct txn_request q = { .m = &r->m, .out = r->sent, .n_out = n };
	struct branch_hash branch;
	enum txn_verdict v;

	if (!caller_leg(r, p, &q.caller))
		return TXN_PASS;
	server_leg(r, p, &q.server);
	branch_hash(&r->env->world->keys, &r->m, &branch);
	q.branch = &branch;
	r->passing = p;
	v = txns_request(r->transactions, &q, r->now_ms);
	r->passing = NULL;
	return v;
}

static enum txn_verdict cross_response(struct relay *r, uint32_t n)
{
	struct hex32 digits;

	memcpy(&digits, r->m.p + r->m.via.branch.off + BRANCH_COOKIE_LEN, sizeof(digits));
	return txns_response(r->transactions, &r->m, &digits, r->sent, n, r->now_ms);
}

void relay_cross(struct relay *r, struct passing *p, uint32_t n)
{
	enum txn_verdict v = r->m.request ? cross_request(r, p, n) : cross_response(r, n);

	relay_arm(r);
	switch (v) {
	case TXN_TAKEN:
		crossed(r, p, n);
		break;
	case TXN_ABSORBED:
		absorbed(r, p);
		break;
	case TXN_PASS:
		relay_send(r, p, n);
		break;
	case TXN_STRAY:
		relay_drop(r, p, SIP_R_STRAY_RESPONSE);
		break;
	case TXN_FULL:
		relay_refuse(r, p, SIP_R_RELAY_BUSY);
		break;
	}
}

bool relay_cross_cancel(struct relay *r, struct passing *p)
{
	if (r->m.via.branch.len != BRANCH_LEN || cross_response(r, 0) == TXN_STRAY)
		return false;
	relay_arm(r);
	absorbed(r, p);
	return true;
}
