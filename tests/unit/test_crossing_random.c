/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thousands of transactions over a leg that loses, doubles and reorders: caller and server behave
 * as RFC 3261 section 17 says, the crossing between them is ours, every draw comes from a seed.
 * While no more than two messages in a row are lost each way, every transaction completes: the
 * caller gets the very response that the server gave, a refused INVITE is acknowledged, a CANCEL is
 * answered. Beyond that some time out, but nothing is ever made up. Over the reliable leg nothing
 * comes twice, in either case.
 */
#include "tests/unit/crossing_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLS 12u
#define RUNS 500u /* of each kind */
#define EVENTS_MAX 4096u
#define ACK_2XX 2048u /* added to a transaction's number: the branch of that ACK */
#define T1 500u
#define T2 4000u
#define LONG (64 * T1)

enum method { INVITE, ACK, CANCEL, OTHER, N_METHODS };

static const char *const method_names[N_METHODS] = { "INVITE", "ACK", "CANCEL", "MESSAGE" };

/* What may be under way or due. */
enum kind {
	TO_PROXY,       /* a request of the caller */
	TO_CALLER,      /* a response */
	FROM_SERVER,    /* a response, at the proxy */
	TO_SERVER,      /* a request */
	CALLER_BEGINS,  /* and sends @method */
	CALLER_AGAIN,   /* timers A and E */
	CALLER_ENDS,    /* timers B and F */
	SERVER_ANSWERS, /* with @status */
	SERVER_AGAIN    /* timer G, and 2xx until their ACK */
};

struct event {
	uint64_t at_ms;
	uint32_t order;
	uint32_t call;
	enum kind kind;
	enum method method;
	uint16_t status;
	uint32_t interval_ms;
};

/* A client or server transaction of the model. */
struct side {
	bool begun, provisional, acked, timed_out;
	uint16_t final;
	unsigned int n_finals, n_requests; /* that came */
};

struct call {
	bool invite, cancels;
	uint16_t planned; /* the server's final response */
	uint64_t rings_at, answers_at;
	struct side caller, server;               /* of INVITE or MESSAGE */
	struct side cancel_caller, cancel_server; /* of the CANCEL */
	unsigned int lost_in_row[2];
};

static struct crossing_lab lab;
static struct event events[EVENTS_MAX];
static uint32_t n_events, n_ordered;
static struct call calls[CALLS];
static uint64_t state;
static unsigned int loss_percent, most_in_row;

static uint32_t below(uint32_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

static void plan(struct event e, uint64_t in_ms)
{
	cr_assert_lt(n_events, EVENTS_MAX);
	e.at_ms = lab.now_ms + in_ms;
	e.order = n_ordered++;
	events[n_events++] = e;
}

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static struct event *first_event(void)
{
	struct event *first = &events[0];

	for (uint32_t i = 1; i < n_events; i++)
		first = earlier(&events[i], first) ? &events[i] : first;
	return first;
}

/* --- the two legs ------------------------------------------------------------------------- */

static bool is_lost(struct call *c, bool up)
{
	unsigned int *row = &c->lost_in_row[up];

	if (below(100) >= loss_percent || *row == most_in_row) {
		*row = 0;
		return false;
	}
	++*row;
	return true;
}

/* One message over a leg: in order after 5 ms, or as luck has it. */
static void carry(struct event e, enum sip_transport transport)
{
	bool up = e.kind == TO_CALLER || e.kind == FROM_SERVER;

	if (transport != SIP_UDP) {
		plan(e, 5);
	} else if (!is_lost(&calls[e.call], up)) {
		plan(e, 1 + below(300));
		if (below(10) == 0)
			plan(e, 1 + below(600));
	}
}

static void request(uint32_t call, enum method m)
{
	carry((struct event){ .call = call, .kind = TO_PROXY, .method = m }, lab.caller.transport);
}

static void response(uint32_t call, enum method m, uint16_t status)
{
	carry((struct event){ .call = call, .kind = FROM_SERVER, .method = m, .status = status },
	      lab.server.transport);
}

static enum method method_of(const struct sip_msg *m)
{
	return m->method == SIP_M_INVITE   ? INVITE
	       : m->method == SIP_M_ACK    ? ACK
	       : m->method == SIP_M_CANCEL ? CANCEL
					   : OTHER;
}

/* What the crossings send. */
static void hear(void *arg, const struct lab_sent *s)
{
	struct event e = { .call = s->number,
			   .kind = s->up ? TO_CALLER : TO_SERVER,
			   .method = method_of(s->m),
			   .status = s->m->status };

	(void)arg;
	cr_assert_lt(s->number, CALLS);
	carry(e, s->up ? lab.caller.transport : lab.server.transport);
}

/* --- the caller ----------------------------------------------------------------------------- */

static struct side *caller_side(struct call *c, enum method m)
{
	return m == CANCEL ? &c->cancel_caller : &c->caller;
}

static void caller_begins(uint32_t call, enum method m)
{
	struct event again = { .call = call, .kind = CALLER_AGAIN, .method = m, .interval_ms = T1 };

	if (calls[call].caller.final)
		return;
	caller_side(&calls[call], m)->begun = true;
	request(call, m);
	if (lab.caller.transport == SIP_UDP)
		plan(again, T1);
	plan((struct event){ .call = call, .kind = CALLER_ENDS, .method = m }, LONG);
}

static void caller_again(struct event e)
{
	struct side *s = caller_side(&calls[e.call], e.method);
	bool others = e.method != INVITE;

	if (s->final || s->timed_out || (s->provisional && !others))
		return;
	request(e.call, e.method);
	e.interval_ms *= 2;
	if (others && (e.interval_ms > T2 || s->provisional))
		e.interval_ms = T2;
	plan(e, e.interval_ms);
}

static void caller_ends(const struct event *e)
{
	struct side *s = caller_side(&calls[e->call], e->method);

	if (!s->final && !(e->method == INVITE && s->provisional))
		s->timed_out = true;
}

static void to_caller(const struct event *e)
{
	struct call *c = &calls[e->call];
	struct side *s = caller_side(c, e->method);

	cr_assert(s->begun);
	if (s->timed_out)
		return;
	if (e->status < 200) {
		if (!s->provisional && c->cancels && e->method == INVITE)
			plan((struct event){ .call = e->call,
					     .kind = CALLER_BEGINS,
					     .method = CANCEL },
			     1 + below(3000));
		s->provisional = true;
		return;
	}
	s->n_finals++;
	cr_assert(!s->final || s->final == e->status, "call %u: %u after %u", e->call, e->status,
		  s->final);
	s->final = e->status;
	if (e->method != INVITE)
		return;
	/* The ACK to a 2xx has a branch of its own, unless an old client sends it. */
	carry((struct event){ .call = e->status < 300 && (e->call & 1) ? e->call + ACK_2XX
								       : e->call,
			      .kind = TO_PROXY,
			      .method = ACK },
	      SIP_TCP);
}

/* --- the server ------------------------------------------------------------------------------ */

static void server_repeats(uint32_t call, uint32_t ms)
{
	plan(
		(struct event){
			.call = call, .kind = SERVER_AGAIN, .method = INVITE, .interval_ms = ms },
		ms);
}

static void server_answers(uint32_t call, enum method m, uint16_t status)
{
	struct side *s = m == CANCEL ? &calls[call].cancel_server : &calls[call].server;

	if (s->final)
		return;
	if (status < 200) {
		s->provisional = true;
	} else {
		s->final = status;
		if (m == INVITE && (status < 300 || lab.server.transport == SIP_UDP))
			server_repeats(call, T1);
	}
	response(call, m, status);
}

static void server_again(const struct event *e)
{
	struct side *s = &calls[e->call].server;
	uint32_t next = 2 * e->interval_ms < T2 ? 2 * e->interval_ms : T2;

	if (s->acked || e->interval_ms > LONG || lab.now_ms > calls[e->call].answers_at + LONG)
		return;
	response(e->call, INVITE, s->final);
	server_repeats(e->call, next);
}

static void server_begins(struct call *c, uint32_t call, enum method m)
{
	struct event e = { .call = call, .kind = SERVER_ANSWERS, .method = m };
	uint32_t rings = below(400), answers = below(m == INVITE ? 8000 : 500);

	if (m == INVITE) {
		e.status = below(2) ? 180 : 100;
		plan(e, rings);
	}
	e.status = c->planned;
	c->answers_at = lab.now_ms + rings + answers + 1;
	plan(e, rings + answers + 1);
}

static void to_server(const struct event *e)
{
	struct call *c = &calls[e->call];
	struct side *s = e->method == CANCEL ? &c->cancel_server : &c->server;

	if (e->method == ACK) {
		cr_assert(s->final, "an ACK to nothing");
		s->acked = true;
		return;
	}
	if (s->n_requests++ > 0) {
		if (s->final && (e->method != INVITE || s->final >= 300))
			response(e->call, e->method, s->final);
		else if (s->provisional)
			response(e->call, e->method, 180);
		return;
	}
	s->begun = true;
	if (e->method != CANCEL) {
		server_begins(c, e->call, e->method);
		return;
	}
	cr_assert(c->server.begun, "a CANCEL before its INVITE");
	server_answers(e->call, CANCEL, 200);
	if (!c->server.final)
		c->answers_at = lab.now_ms;
	server_answers(e->call, INVITE, 487);
}

/* --- the proxy ----------------------------------------------------------------------------------
 */

static void to_proxy(struct event e)
{
	enum txn_verdict v = crossing_lab_request(&lab, e.call, method_names[e.method], "");

	cr_assert_neq(v, TXN_FULL);
	if (v != TXN_PASS)
		return;
	/* A CANCEL finds no crossing once it is too late for it. */
	if (e.method == CANCEL && most_in_row > 2)
		return;
	cr_assert_eq(e.method, ACK);
	e.call %= ACK_2XX;
	e.kind = TO_SERVER;
	carry(e, lab.server.transport);
}

static void happen(struct event e)
{
	switch (e.kind) {
	case TO_PROXY:
		to_proxy(e);
		break;
	case TO_CALLER:
		to_caller(&e);
		break;
	case FROM_SERVER:
		crossing_lab_response(&lab, e.call, method_names[e.method], e.status);
		break;
	case TO_SERVER:
		to_server(&e);
		break;
	case CALLER_BEGINS:
		caller_begins(e.call, e.method);
		break;
	case CALLER_AGAIN:
		caller_again(e);
		break;
	case CALLER_ENDS:
		caller_ends(&e);
		break;
	case SERVER_ANSWERS:
		server_answers(e.call, e.method, e.status);
		break;
	case SERVER_AGAIN:
		server_again(&e);
		break;
	}
}

/* --- runs
 * -------------------------------------------------------------------------------------------- */

static void begin_calls(void)
{
	static const uint16_t finals[] = { 200, 200, 404, 486, 503, 603 };

	memset(calls, 0, sizeof(calls));
	n_events = 0;
	for (uint32_t i = 0; i < CALLS; i++) {
		struct call *c = &calls[i];

		c->invite = below(3) > 0;
		c->cancels = c->invite && below(3) == 0;
		c->planned = finals[below(6)];
		plan((struct event){ .call = i,
				     .kind = CALLER_BEGINS,
				     .method = c->invite ? INVITE : OTHER },
		     below(5000));
	}
}

/* Nothing comes twice where nothing is lost. */
static void check_reliable(uint32_t i, const struct call *c)
{
	if (lab.server.transport != SIP_UDP) {
		cr_assert_leq(c->server.n_requests, 1, "call %u: the request twice by TCP", i);
		cr_assert_leq(c->cancel_server.n_requests, 1, "call %u: the CANCEL twice", i);
	}
	if (lab.caller.transport != SIP_UDP && (!c->invite || c->caller.final >= 300))
		cr_assert_leq(c->caller.n_finals, 1, "call %u: the response twice by TCP", i);
}

static void check_complete(uint32_t i, const struct call *c)
{
	cr_assert_eq(c->caller.final, c->server.final,
		     "call %u: %u became %u (invite %d, cancels %d, timed out %d, %u requests)", i,
		     c->server.final, c->caller.final, c->invite, c->cancels, c->caller.timed_out,
		     c->server.n_requests);
	cr_assert_neq(c->caller.final, 0, "call %u: no response", i);
	if (c->invite)
		cr_assert(c->server.acked, "call %u: no ACK", i);
	if (c->cancel_caller.begun)
		cr_assert_eq(c->cancel_caller.final, 200, "call %u: CANCEL without 200", i);
}

static void check_honest(uint32_t i, const struct call *c)
{
	if (c->caller.final == 408)
		cr_assert(c->invite, "call %u: 408 to a MESSAGE", i);
	else if (c->caller.final)
		cr_assert_eq(c->caller.final, c->server.final, "call %u: %u became %u", i,
			     c->server.final, c->caller.final);
}

struct kind_of_run {
	enum sip_transport caller, server;
	unsigned int loss_percent, most_in_row;
};

static unsigned int n_completed, n_cancelled, n_408, n_failed;

static void run(const struct kind_of_run *k, uint64_t seed)
{
	crossing_lab_new(&lab, k->caller, k->server, NULL, hear, NULL);
	state = seed;
	loss_percent = k->loss_percent;
	most_in_row = k->most_in_row;
	begin_calls();
	while (n_events > 0) {
		struct event *first = first_event(), e;

		/* What falls due until then may send something that comes before. */
		crossing_lab_run(&lab, first->at_ms);
		first = first_event();
		e = *first;
		*first = events[--n_events];
		lab.now_ms = e.at_ms > lab.now_ms ? e.at_ms : lab.now_ms;
		happen(e);
		if (n_events == 0 && txns_next(lab.t) != UINT64_MAX)
			crossing_lab_run(&lab, txns_next(lab.t));
	}
	crossing_lab_run(&lab, UINT64_MAX);
	for (uint32_t i = 0; i < CALLS; i++) {
		check_reliable(i, &calls[i]);
		check_honest(i, &calls[i]);
		if (most_in_row <= 2)
			check_complete(i, &calls[i]);
		n_completed += calls[i].caller.final == calls[i].server.final;
		n_cancelled += calls[i].cancel_caller.final == 200;
		n_408 += calls[i].caller.final == 408;
		n_failed += !calls[i].caller.final;
	}
	crossing_lab_end(&lab);
}

static void run_all(const struct kind_of_run *kinds, size_t n)
{
	n_completed = n_cancelled = n_408 = n_failed = 0;
	for (size_t k = 0; k < n; k++) {
		for (uint64_t seed = 0; seed < RUNS; seed++)
			run(&kinds[k], 1000 * k + seed);
	}
}

/* R16.1-3 */
Test(crossing_random, every_transaction_completes_over_a_lossy_leg)
{
	static const struct kind_of_run kinds[] = {
		{ SIP_UDP, SIP_TCP, 35, 2 }, { SIP_TCP, SIP_UDP, 35, 2 },
		{ SIP_UDP, SIP_TLS, 10, 2 }, { SIP_TLS, SIP_UDP, 10, 2 },
		{ SIP_UDP, SIP_TCP, 0, 0 },  { SIP_TCP, SIP_UDP, 0, 0 },
	};

	run_all(kinds, sizeof(kinds) / sizeof(kinds[0]));
	cr_expect_eq(n_completed, 6 * RUNS * CALLS);
	cr_expect_gt(n_cancelled, RUNS);
}

Test(crossing_random, nothing_is_made_up_when_nearly_all_is_lost)
{
	static const struct kind_of_run kinds[] = {
		{ SIP_UDP, SIP_TCP, 80, 1000 },
		{ SIP_TCP, SIP_UDP, 80, 1000 },
	};

	run_all(kinds, sizeof(kinds) / sizeof(kinds[0]));
	cr_expect_gt(n_completed, RUNS * CALLS);
	cr_expect_gt(n_408, 20);
	cr_expect_gt(n_failed, 20);
}
