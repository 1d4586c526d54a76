/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the four machines share: running a table, timers of a half, sending on a leg, and the way
 * from the client half up to the server half.
 */
#include "control/transaction/crossing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void half_over(struct transactions *t, struct half *h)
{
	h->state = HALF_TERMINATED;
	h->send_ms = 0;
	h->end_ms = 0;
	kept_drop(t, &h->message);
}

void half_run(struct transactions *t, struct crossing *c, struct half *h, arc_table *arcs,
	      enum half_event k, const struct passing *e)
{
	const struct arc *a = &(*arcs)[h->state][k];

	if (a->next == HALF_TERMINATED)
		half_over(t, h);
	else if (a->next != HALF_NONE)
		h->state = a->next;
	if (a->act)
		a->act(t, c, e);
}

void half_send_in(struct transactions *t, struct half *h, uint32_t ms)
{
	h->interval_ms = ms;
	h->send_ms = t->now_ms + ms;
}

void half_end_in(struct transactions *t, struct half *h, uint32_t ms)
{
	if (ms)
		h->end_ms = t->now_ms + ms;
	else
		half_over(t, h);
}

/* The leg as the owner knows it. */
static const struct txn_leg *long_leg(struct transactions *t, const struct short_leg *l,
				      const struct kept *name)
{
	t->leg.transport = l->transport;
	t->leg.to = l->to;
	t->leg.listener = l->listener;
	t->leg.connection = l->connection;
	t->leg.name[0] = '\0';
	if (name)
		memcpy(t->leg.name, name->p, name->n);
	return &t->leg;
}

void crossing_send_up(struct transactions *t, struct crossing *c, const uint8_t *p, uint32_t n)
{
	const struct txn_leg *leg = long_leg(t, &c->caller_leg, NULL);

	t->went_up = true;
	if (t->owner.send(t->owner.arg, leg, true, c->digits, p, n) < 0)
		t->counts.failures++;
}

bool crossing_send_down(struct transactions *t, struct crossing *c, const uint8_t *p, uint32_t n)
{
	const struct txn_leg *leg = long_leg(t, &c->server_leg, c->name);
	int rc = t->owner.send(t->owner.arg, leg, false, c->digits, p, n);

	if (rc >= 0)
		return true;
	t->counts.failures++;
	/* A full queue is like a message lost on the way: it is sent again. */
	return !leg_is_reliable(&c->server_leg) && (rc == -EAGAIN || rc == -ENOBUFS);
}

bool crossing_send_again(struct transactions *t, struct crossing *c, struct half *h)
{
	const struct kept *k = h->message;

	if (!k)
		return true;
	t->counts.retransmitted++;
	if (h == &c->client)
		return crossing_send_down(t, c, k->p, k->n);
	crossing_send_up(t, c, k->p, k->n);
	return true;
}

void crossing_respond(struct transactions *t, struct crossing *c, const struct passing *e)
{
	kept_drop(t, &c->server.message);
	c->status = e->status;
	if (e->status >= 200)
		kept_drop(t, &c->answer);
	/* Who sent an INVITE gets its 2xx again from the server itself (RFC 6026 7.1). */
	if (!leg_is_reliable(&c->caller_leg) &&
	    !(c->method == SIP_M_INVITE && event_of(e->status) == ON_SUCCESS))
		c->server.message = kept_new(t, e->p, e->n);
	crossing_send_up(t, c, e->p, e->n);
}

void crossing_up(struct transactions *t, struct crossing *c, enum half_event k,
		 const struct passing *e)
{
	if (c->method == SIP_M_INVITE)
		invite_server(t, c, k, e);
	else if (c->method != SIP_M_CANCEL)
		non_invite_server(t, c, k, e);
}

static const char *phrase_of(uint16_t status)
{
	return status == 100 ? "Trying" : status == 408 ? "Request Timeout" : "Service Unavailable";
}

/* The answer that was kept, under another status line. */
static bool write_answer(struct transactions *t, const struct kept *answer, uint16_t status,
			 struct passing *e)
{
	const uint8_t *line = answer ? memchr(answer->p, '\n', answer->n) : NULL;
	size_t rest;
	int n;

	if (!line)
		return false;
	rest = answer->n - (size_t)(line + 1 - answer->p);
	n = snprintf((char *)t->text, sizeof(t->text), "SIP/2.0 %u %s\r\n", status,
		     phrase_of(status));
	if (rest > sizeof(t->text) - (size_t)n)
		return false;
	memcpy(t->text + n, line + 1, rest);
	*e = (struct passing){ t->text, (uint32_t)n + (uint32_t)rest, status, NULL };
	return true;
}

void crossing_answer(struct transactions *t, struct crossing *c, uint16_t status)
{
	struct passing e;

	if (!write_answer(t, c->answer, status, &e)) {
		if (status >= 200)
			crossing_up(t, c, ON_SILENCE, NULL);
	} else if (status < 200) {
		crossing_respond(t, c, &e);
	} else {
		crossing_up(t, c, ON_REFUSAL, &e);
	}
}

static void client_event(struct transactions *t, struct crossing *c, enum half_event k)
{
	if (c->method == SIP_M_INVITE)
		invite_client(t, c, k, NULL);
	else
		non_invite_client(t, c, k, NULL);
}

static void server_event(struct transactions *t, struct crossing *c, enum half_event k)
{
	if (c->method == SIP_M_INVITE)
		invite_server(t, c, k, NULL);
	else
		non_invite_server(t, c, k, NULL);
}

/* Whether @due is over; it is cleared then. */
static bool take(const struct transactions *t, uint64_t *due)
{
	if (!*due || *due > t->now_ms)
		return false;
	*due = 0;
	return true;
}

/* The end first: who is at it sends nothing any more. */
void crossing_tick(struct transactions *t, struct crossing *c)
{
	if (take(t, &c->server.end_ms))
		server_event(t, c, ON_END);
	if (take(t, &c->server.send_ms))
		server_event(t, c, ON_SEND);
	if (take(t, &c->client.end_ms))
		client_event(t, c, ON_END);
	if (take(t, &c->client.send_ms))
		client_event(t, c, ON_SEND);
	if (take(t, &c->long_ms))
		client_event(t, c, ON_LONG);
}

void crossing_settle(struct transactions *t, struct crossing *c)
{
	const uint64_t due[] = { c->server.end_ms, c->server.send_ms, c->client.end_ms,
				 c->client.send_ms, c->long_ms };
	uint64_t first = UINT64_MAX;

	if (half_is_over(&c->server) && half_is_over(&c->client)) {
		crossing_remove(t, c);
		return;
	}
	for (unsigned int i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		if (due[i] && due[i] < first)
			first = due[i];
	}
	if (first == UINT64_MAX)
		wheel_unset(&t->wheel, &c->timer);
	else if (!c->timer.link || c->timer.due_ms != first)
		wheel_set(&t->wheel, &c->timer, first);
}
