/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All methods but INVITE and ACK, towards the caller: RFC 3261 17.2.2 (figure 8) with RFC 4320.
 *
 *   Trying --100--> Proceeding --200-699--> Completed --J--> over
 *
 * RFC 4320 4.1: the only provisional response is our own 100, when the caller's timer E has come to
 * T2; before, by UDP, it would make him wait longer for what was lost. 4.2: no 408; if nothing came
 * from the server, the caller's own timer F has told him.
 */
#include "control/transaction/crossing.h"

void non_invite_server_begin(struct transactions *t, struct crossing *c)
{
	uint32_t ms = 0;

	for (uint32_t e = t->bounds.t1_ms; e < t->bounds.t2_ms; e *= 2)
		ms += e;
	c->server.state = HALF_TRYING;
	half_send_in(t, &c->server, ms ? ms : t->bounds.t1_ms);
}

static void trying(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	crossing_answer(t, c, 100);
}

static void again(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	crossing_send_again(t, c, &c->server);
}

/* Nothing more is sent, but for the same again. */
static void silent(struct transactions *t, struct crossing *c, const struct passing *e)
{
	(void)e;
	c->server.send_ms = 0;
	kept_drop(t, &c->answer);
	half_end_in(t, &c->server,
		    leg_is_reliable(&c->caller_leg) ? 0 : 64 * t->bounds.t1_ms); /* J */
}

static void unanswered(struct transactions *t, struct crossing *c, const struct passing *e)
{
	kept_drop(t, &c->server.message);
	silent(t, c, e);
}

static void answered(struct transactions *t, struct crossing *c, const struct passing *e)
{
	crossing_respond(t, c, e);
	silent(t, c, e);
}

static arc_table arcs = {
	[HALF_TRYING] = {
		[ON_SEND] = { trying, HALF_PROCEEDING },
		[ON_SUCCESS] = { answered, HALF_COMPLETED },
		[ON_REFUSAL] = { answered, HALF_COMPLETED },
		[ON_SILENCE] = { unanswered, HALF_COMPLETED },
	},
	[HALF_PROCEEDING] = {
		[ON_REQUEST] = { again, HALF_NONE },
		[ON_SUCCESS] = { answered, HALF_COMPLETED },
		[ON_REFUSAL] = { answered, HALF_COMPLETED },
		[ON_SILENCE] = { unanswered, HALF_COMPLETED },
	},
	[HALF_COMPLETED] = {
		[ON_REQUEST] = { again, HALF_NONE },
		[ON_END] = { NULL, HALF_TERMINATED },
	},
};

void non_invite_server(struct transactions *t, struct crossing *c, enum half_event k,
		       const struct passing *e)
{
	half_run(t, c, &c->server, &arcs, k, e);
}
