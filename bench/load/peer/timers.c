/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What time brings. All hold times are equal, and so are all timeouts: queues do what timer wheels
 * would do. Retransmissions are for labs; they walk the list of live calls now and then.
 */
#include "bench/load/peer/file.h"
#include "bench/load/peer/state.h"

#define WALK_PER_SECOND 100

/* Sends what was put off; false if its call is of another key by now. */
static unsigned int send_later(struct peer *p, const struct later *l, uint64_t now, bool again,
			       struct peer_out *out)
{
	struct call *c = &p->call[l->slot];
	struct event e;

	if (c->key != l->key)
		return 0;
	event_open(&e, p, c, now, out, 1);
	if (!again) {
		c->holds--;
		if (c->state != CALL_LIVE)
			return 0;
		c->active = now;
	}
	event_send(&e, l->side, l->step, l->at, again);
	return e.n_out;
}

static unsigned int send_repeats(struct peer *p, uint64_t now, struct peer_out *out, unsigned int n)
{
	unsigned int done = 0;

	while (done < n && p->repeats.head != p->repeats.tail) {
		const struct later *l = &p->repeats.e[p->repeats.head++ & p->repeats.mask];

		done += send_later(p, l, now, true, out + done);
	}
	return done;
}

static unsigned int send_held(struct peer *p, uint64_t now, struct peer_out *out, unsigned int n)
{
	unsigned int done = 0;

	while (done < n && p->holds.head != p->holds.tail) {
		const struct later *l = &p->holds.e[p->holds.head & p->holds.mask];

		if ((int64_t)(now - l->at) < 0)
			break;
		p->holds.head++;
		done += send_later(p, l, now, false, out + done);
	}
	return done;
}

static unsigned int send_again(struct peer *p, struct call *c, unsigned int side, uint64_t now,
			       struct peer_out *out)
{
	struct again *a = &p->again[c - p->call][side];
	unsigned int step = c->half[side].again_step;
	struct event e;

	if (!p->here[side] || step == NO_STEP || (int64_t)(now - a->at) < 0)
		return 0;
	a->at = now + a->wait;
	/* An INVITE doubles its wait each time, others up to T2, which is 8 times T1. */
	if (step == 0 || a->wait < 8 * p->t1)
		a->wait *= 2;
	event_open(&e, p, c, now, out, 1);
	event_send(&e, side, step, a->due, true);
	return e.n_out;
}

static unsigned int send_unanswered(struct peer *p, uint64_t now, struct peer_out *out,
				    unsigned int n)
{
	unsigned int done = 0;

	if (!p->plan->retransmit)
		return 0;
	if (p->walk == NO_SLOT && (int64_t)(now - p->walk_at) >= 0) {
		p->walk = p->first;
		p->walk_at = now + p->t1 * 2 / WALK_PER_SECOND;
	}
	while (p->walk != NO_SLOT && done + PEER_SIDES <= n) {
		struct call *c = &p->call[p->walk];

		p->walk = c->next;
		for (unsigned int side = 0; side < PEER_SIDES; side++)
			done += send_again(p, c, side, now, out + done);
	}
	return done;
}

unsigned int peer_timers(struct peer *p, uint64_t now, struct peer_out *out, unsigned int n)
{
	unsigned int done;

	if (p->file)
		return file_timers(p, now);
	done = send_repeats(p, now, out, n);
	done += send_held(p, now, out + done, n - done);
	done += send_unanswered(p, now, out + done, n - done);
	calls_look(p, now);
	return done;
}

void peer_finish(struct peer *p, uint64_t now)
{
	if (p->file) {
		file_finish(p, now);
		return;
	}
	while (p->first != NO_SLOT)
		call_expire(p, &p->call[p->first]);
}
