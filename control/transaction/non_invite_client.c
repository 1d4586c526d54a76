/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All methods but INVITE and ACK, towards the server: RFC 3261 17.1.2 (figure 6).
 *
 *   Trying --1xx--> Proceeding --200-699--> Completed --K--> over
 *      |                |
 *      +----------------+--F, failure--> over
 *
 * A CANCEL may be Waiting before: for a provisional response to its INVITE (9.1). Provisional
 * responses end here (RFC 4320 4.1), and so does a 408, which comes too late to be of use (4.2).
 */
#include "control/transaction/crossing.h"

void non_invite_client_begin(struct transactions *t, struct crossing *c, const uint8_t *p,
			     uint32_t n)
{
	c->client.state = HALF_TRYING;
	if (!leg_is_reliable(&c->server_leg))
		half_send_in(t, &c->client, t->bounds.t1_ms); /* E */
	half_end_in(t, &c->client, 64 * t->bounds.t1_ms);     /* F */
	if (!crossing_send_down(t, c, p, n))
		non_invite_client(t, c, ON_FAILURE, NULL);
}

static void retransmit(struct transactions *t, struct crossing *c, uint32_t next_ms)
{
	half_send_in(t, &c->client, next_ms < t->bounds.t2_ms ? next_ms : t->bounds.t2_ms);
	if (!crossing_send_again(t, c, &c->client))
		non_invite_client(t, c, ON_FAILURE, NULL);
}

static void timer_e(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	retransmit(t, c, 2 * c->client.interval_ms);
}

static void timer_e_slow(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	retransmit(t, c, t->bounds.t2_ms);
}

static void timer_f(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	t->counts.timeouts++;
	crossing_up(t, c, ON_SILENCE, NULL);
}

static void failed(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	crossing_answer(t, c, 503);
}

static void answered(struct transactions *t, struct crossing *c, const struct passing *e)
{
	c->client.send_ms = 0;
	kept_drop(t, &c->client.message);
	half_end_in(t, &c->client, leg_is_reliable(&c->server_leg) ? 0 : t->bounds.t4_ms); /* K */
	crossing_up(t, c, e->status == 408 ? ON_SILENCE : event_of(e->status), e);
}

static arc_table arcs = {
	[HALF_TRYING] = {
		[ON_SEND] = { timer_e, HALF_NONE },
		[ON_END] = { timer_f, HALF_TERMINATED },
		[ON_FAILURE] = { failed, HALF_TERMINATED },
		[ON_PROVISIONAL] = { NULL, HALF_PROCEEDING },
		[ON_SUCCESS] = { answered, HALF_COMPLETED },
		[ON_REFUSAL] = { answered, HALF_COMPLETED },
	},
	[HALF_PROCEEDING] = {
		[ON_SEND] = { timer_e_slow, HALF_NONE },
		[ON_END] = { timer_f, HALF_TERMINATED },
		[ON_FAILURE] = { failed, HALF_TERMINATED },
		[ON_SUCCESS] = { answered, HALF_COMPLETED },
		[ON_REFUSAL] = { answered, HALF_COMPLETED },
	},
	[HALF_COMPLETED] = {
		[ON_END] = { NULL, HALF_TERMINATED },
	},
};

void non_invite_client(struct transactions *t, struct crossing *c, enum half_event k,
		       const struct passing *e)
{
	half_run(t, c, &c->client, &arcs, k, e);
}
