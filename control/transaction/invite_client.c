/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * INVITE, towards the server: RFC 3261 17.1.1 (figure 5) as RFC 6026 8.4 changed it, with a proxy's
 * timer C (16.6 step 11, 16.8).
 *
 *   Calling --1xx--> Proceeding --2xx--> Accepted --M--> over
 *      |                 |
 *      +-----------------+--300-699--> Completed --D--> over
 *      +--B, failure--> over   +--64*T1 after a CANCEL--> over
 *
 * Both ways to Accepted and Completed are open from Calling too. The INVITE is kept until then,
 * whatever the transport: the ACK and the CANCEL are made of it.
 */
#include "control/transaction/crossing.h"

void invite_client_begin(struct transactions *t, struct crossing *c, const uint8_t *p, uint32_t n)
{
	c->client.state = HALF_CALLING;
	if (!leg_is_reliable(&c->server_leg))
		half_send_in(t, &c->client, t->bounds.t1_ms); /* A */
	half_end_in(t, &c->client, 64 * t->bounds.t1_ms);     /* B */
	c->long_ms = t->now_ms + t->bounds.timer_c_ms;
	if (!crossing_send_down(t, c, p, n))
		invite_client(t, c, ON_FAILURE, NULL);
}

static void timer_a(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	half_send_in(t, &c->client, 2 * c->client.interval_ms);
	if (!crossing_send_again(t, c, &c->client))
		invite_client(t, c, ON_FAILURE, NULL);
}

/* No response will come, or none will be waited for. */
static void give_up(struct transactions *t, struct crossing *c, uint16_t status)
{
	c->long_ms = 0;
	cancel_stop(t, c);
	crossing_answer(t, c, status);
}

static void timed_out(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	t->counts.timeouts++;
	give_up(t, c, 408);
}

static void failed(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	give_up(t, c, 503);
}

/* 101 to 199 start timer C anew (16.7 step 2), unless a CANCEL has ended it, and go up; 100 was for
 * us. */
static void ring(struct transactions *t, struct crossing *c, const struct passing *e)
{
	if (e->status == 100)
		return;
	if (c->long_ms)
		c->long_ms = t->now_ms + t->bounds.timer_c_ms;
	crossing_up(t, c, ON_PROVISIONAL, e);
}

static void first_ring(struct transactions *t, struct crossing *c, const struct passing *e)
{
	c->client.send_ms = 0;
	c->client.end_ms = 0;
	cancel_release(t, c);
	ring(t, c, e);
}

/* 16.8: the server has said something and then nothing more. */
static void timer_c(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	t->counts.timeouts++;
	cancel_begin(t, c);
}

/* The INVITE is done with. */
static void settled(struct transactions *t, struct crossing *c)
{
	c->long_ms = 0;
	c->client.send_ms = 0;
	cancel_stop(t, c);
}

static void accepted(struct transactions *t, struct crossing *c, const struct passing *e)
{
	settled(t, c);
	kept_drop(t, &c->client.message);
	half_end_in(t, &c->client, 64 * t->bounds.t1_ms); /* M */
	crossing_up(t, c, ON_SUCCESS, e);
}

static void pass(struct transactions *t, struct crossing *c, const struct passing *e)
{
	crossing_up(t, c, ON_SUCCESS, e);
}

/* From now on it is the ACK that is sent again. */
static void acknowledge(struct transactions *t, struct crossing *c, const struct passing *e)
{
	struct kept *invite = c->client.message;
	uint32_t n = 0;

	if (invite && sip_parse(invite->p, invite->n, SIP_EXACT, &t->m) == SIP_OK)
		n = own_request(&t->m, SIP_M_ACK, e->m, NULL, t->text, sizeof(t->text));
	kept_drop(t, &c->client.message);
	if (n == 0)
		return;
	t->counts.acks++;
	if (!leg_is_reliable(&c->server_leg))
		c->client.message = kept_new(t, t->text, n);
	crossing_send_down(t, c, t->text, n);
}

static void refused(struct transactions *t, struct crossing *c, const struct passing *e)
{
	settled(t, c);
	acknowledge(t, c, e);
	half_end_in(t, &c->client,
		    leg_is_reliable(&c->server_leg) ? 0 : 64 * t->bounds.t1_ms); /* D */
	crossing_up(t, c, ON_REFUSAL, e);
}

static void again(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	crossing_send_again(t, c, &c->client);
}

static arc_table arcs = {
	[HALF_CALLING] = {
		[ON_SEND] = { timer_a, HALF_NONE },
		[ON_END] = { timed_out, HALF_TERMINATED },
		[ON_FAILURE] = { failed, HALF_TERMINATED },
		[ON_PROVISIONAL] = { first_ring, HALF_PROCEEDING },
		[ON_SUCCESS] = { accepted, HALF_ACCEPTED },
		[ON_REFUSAL] = { refused, HALF_COMPLETED },
	},
	[HALF_PROCEEDING] = {
		[ON_PROVISIONAL] = { ring, HALF_NONE },
		[ON_LONG] = { timer_c, HALF_NONE },
		[ON_END] = { timed_out, HALF_TERMINATED },
		[ON_SUCCESS] = { accepted, HALF_ACCEPTED },
		[ON_REFUSAL] = { refused, HALF_COMPLETED },
	},
	[HALF_COMPLETED] = {
		[ON_REFUSAL] = { again, HALF_NONE },
		[ON_END] = { NULL, HALF_TERMINATED },
	},
	[HALF_ACCEPTED] = {
		[ON_SUCCESS] = { pass, HALF_NONE },
		[ON_END] = { NULL, HALF_TERMINATED },
	},
};

void invite_client(struct transactions *t, struct crossing *c, enum half_event k,
		   const struct passing *e)
{
	half_run(t, c, &c->client, &arcs, k, e);
}
