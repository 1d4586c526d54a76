/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * INVITE, towards the caller: RFC 3261 17.2.1 (figure 7) as RFC 6026 7.1 changed it.
 *
 *   Proceeding --2xx--> Accepted --L--> over
 *       |
 *       +--300-699--> Completed --ACK--> Confirmed --I--> over
 *                         +--H--> over
 *
 * The caller of the machine has taken an ACK in Accepted out: it is for the server (RFC 6026 7.1).
 */
#include "control/transaction/crossing.h"

void invite_server_begin(struct transactions *t, struct crossing *c)
{
	c->server.state = HALF_PROCEEDING;
	half_send_in(t, &c->server, TRYING_MS);
}

/* 100, since the server has not said anything for the caller yet. */
static void trying(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	c->server.send_ms = 0;
	crossing_answer(t, c, 100);
}

/* The INVITE again: the last provisional response again (17.2.1). */
static void remind(struct transactions *t, struct crossing *c, const struct passing *e)
{
	if (c->server.send_ms)
		trying(t, c, e);
	else
		crossing_send_again(t, c, &c->server);
}

static void ring(struct transactions *t, struct crossing *c, const struct passing *e)
{
	c->server.send_ms = 0;
	crossing_respond(t, c, e);
}

static void accepted(struct transactions *t, struct crossing *c, const struct passing *e)
{
	c->server.send_ms = 0;
	crossing_respond(t, c, e);
	half_end_in(t, &c->server, 64 * t->bounds.t1_ms); /* L */
}

static void pass(struct transactions *t, struct crossing *c, const struct passing *e)
{
	crossing_send_up(t, c, e->p, e->n);
}

static void refused(struct transactions *t, struct crossing *c, const struct passing *e)
{
	c->server.send_ms = 0;
	crossing_respond(t, c, e);
	if (!leg_is_reliable(&c->caller_leg))
		half_send_in(t, &c->server, t->bounds.t1_ms); /* G */
	half_end_in(t, &c->server, 64 * t->bounds.t1_ms);     /* H */
}

static void timer_g(struct transactions *t, struct crossing *c, const struct passing *e)
{
	uint32_t twice = 2 * c->server.interval_ms;

	(void)e;
	crossing_send_again(t, c, &c->server);
	half_send_in(t, &c->server, twice < t->bounds.t2_ms ? twice : t->bounds.t2_ms);
}

static void again(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	crossing_send_again(t, c, &c->server);
}

static void confirmed(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	c->server.send_ms = 0;
	kept_drop(t, &c->server.message);
	half_end_in(t, &c->server, leg_is_reliable(&c->caller_leg) ? 0 : t->bounds.t4_ms); /* I */
}

static void timer_h(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)c;
	(void)e;
	t->counts.timeouts++;
}

static arc_table arcs = {
	[HALF_PROCEEDING] = {
		[ON_REQUEST] = { remind, HALF_NONE },
		[ON_SEND] = { trying, HALF_NONE },
		[ON_PROVISIONAL] = { ring, HALF_NONE },
		[ON_SUCCESS] = { accepted, HALF_ACCEPTED },
		[ON_REFUSAL] = { refused, HALF_COMPLETED },
		[ON_SILENCE] = { NULL, HALF_TERMINATED },
	},
	[HALF_ACCEPTED] = {
		[ON_SUCCESS] = { pass, HALF_NONE },
		[ON_END] = { NULL, HALF_TERMINATED },
	},
	[HALF_COMPLETED] = {
		[ON_REQUEST] = { again, HALF_NONE },
		[ON_SEND] = { timer_g, HALF_NONE },
		[ON_ACK] = { confirmed, HALF_CONFIRMED },
		[ON_END] = { timer_h, HALF_TERMINATED },
	},
	[HALF_CONFIRMED] = {
		[ON_END] = { NULL, HALF_TERMINATED },
	},
};

void invite_server(struct transactions *t, struct crossing *c, enum half_event k,
		   const struct passing *e)
{
	half_run(t, c, &c->server, &arcs, k, e);
}
