/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CANCEL: answered with 200 at once and sent on as our own (RFC 3261 16.10, 9.1, 9.2), after the
 * INVITE had a provisional response. What becomes of the INVITE, its server says, with 487.
 *
 * It is a crossing beside its INVITE's, of the same branch: a server half that only repeats the
 * 200, and a client half. Either may be missing: a final response leaves nothing to cancel, and
 * timer C cancels where no caller did.
 */
#include "control/transaction/crossing.h"

static struct crossing *cancel_of(const struct transactions *t, const struct crossing *invite)
{
	return crossing_find(t, invite->digits, SIP_M_CANCEL);
}

static struct crossing *cancel_new(struct transactions *t, const struct crossing *invite)
{
	struct crossing like = *invite, *c;

	like.method = SIP_M_CANCEL;
	c = crossing_add(t, &like);
	if (c)
		memcpy(c->method_text, "CANCEL", sizeof("CANCEL"));
	return c;
}

/* The CANCEL for @invite, kept in the client half of @c. */
static bool write_cancel(struct transactions *t, const struct crossing *invite, struct crossing *c,
			 const struct sip_msg *reason)
{
	const struct kept *k = invite->client.message;
	uint32_t n = 0;

	if (k && sip_parse(k->p, k->n, SIP_EXACT, &t->m) == SIP_OK)
		n = own_request(&t->m, SIP_M_CANCEL, NULL, reason, t->text, sizeof(t->text));
	if (n == 0)
		return false;
	c->client.message = kept_new(t, t->text, n);
	return c->client.message != NULL;
}

/* From now on @invite has 64*T1 to end (9.1). */
static void send_cancel(struct transactions *t, struct crossing *invite, struct crossing *c)
{
	invite->long_ms = 0;
	half_end_in(t, &invite->client, 64 * t->bounds.t1_ms);
	if (!c || !c->client.message)
		return;
	t->counts.cancels++;
	non_invite_client_begin(t, c, c->client.message->p, c->client.message->n);
}

void cancel_begin(struct transactions *t, struct crossing *invite)
{
	struct crossing *c = cancel_of(t, invite);

	if (!c)
		c = cancel_new(t, invite);
	if (c && c->client.state == HALF_NONE)
		write_cancel(t, invite, c, NULL);
	send_cancel(t, invite, c);
	if (c)
		crossing_settle(t, c);
}

bool cancel_waits(const struct transactions *t, const struct crossing *invite)
{
	const struct crossing *c = cancel_of(t, invite);

	return c && c->client.state == HALF_WAITING;
}

void cancel_release(struct transactions *t, struct crossing *invite)
{
	struct crossing *c = cancel_of(t, invite);

	if (!c || c->client.state != HALF_WAITING)
		return;
	send_cancel(t, invite, c);
	crossing_settle(t, c);
}

void cancel_stop(struct transactions *t, const struct crossing *invite)
{
	struct crossing *c = cancel_of(t, invite);

	if (!c || c->client.state != HALF_WAITING)
		return;
	half_end_in(t, &c->client, 0);
	crossing_settle(t, c);
}

/* The client half, if there is an INVITE to cancel. */
static void forward(struct transactions *t, struct crossing *invite, struct crossing *c,
		    const struct sip_msg *m)
{
	uint8_t state = invite->client.state;

	if (c->client.state != HALF_NONE || (state != HALF_CALLING && state != HALF_PROCEEDING))
		return;
	if (!write_cancel(t, invite, c, m))
		return;
	c->client.state = HALF_WAITING;
	if (state == HALF_PROCEEDING)
		send_cancel(t, invite, c);
	crossing_settle(t, invite);
}

/* The server half: 200. */
static void answer(struct transactions *t, struct crossing *c, const struct txn_request *r)
{
	uint32_t n = t->owner.answer(t->owner.arg, r->m, 200, "OK", &r->caller, t->text,
				     sizeof(t->text));
	const struct passing e = { t->text, n, 200, NULL };

	c->server.state = HALF_TRYING;
	non_invite_server(t, c, n ? ON_SUCCESS : ON_SILENCE, &e);
}

enum txn_verdict cancel_take(struct transactions *t, const struct txn_request *r,
			     const uint8_t *digits)
{
	struct crossing *invite = crossing_find(t, digits, SIP_M_INVITE);
	struct crossing *c = crossing_find(t, digits, SIP_M_CANCEL);

	if (!invite && !c)
		return TXN_PASS;
	if (!c)
		c = cancel_new(t, invite);
	if (!c) {
		t->counts.refused++;
		return TXN_FULL;
	}
	t->counts.absorbed++;
	if (half_is_over(&c->server)) {
		c->caller_leg = leg_shortened(&r->caller);
		answer(t, c, r);
		if (invite)
			forward(t, invite, c, r->m);
	} else {
		non_invite_server(t, c, ON_REQUEST, NULL);
	}
	crossing_settle(t, c);
	return TXN_ABSORBED;
}
