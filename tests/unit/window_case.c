/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of a call are made from its INVITE: what they share and what they do not is RFC 3261's
 * (9.1, 17.1.1.3, 12.2).
 */
#include "tests/unit/window_case.h"

#include <criterion/criterion.h>

struct lab_request invite(uint32_t i)
{
	return (struct lab_request){
		.method = "INVITE", .domain = "c.example", .call = i, .branch = i + 1, .user = i
	};
}

struct lab_request cancel_of(struct lab_request r)
{
	r.method = "CANCEL";
	return r;
}

struct lab_request ack_of(struct lab_request r)
{
	r.method = "ACK";
	r.to_tag = true;
	return r;
}

struct lab_request inside(struct lab_request r, const char *method)
{
	r.method = method;
	r.to_tag = true;
	r.branch += 1000000;
	return r;
}

static void add(struct window_lab *l)
{
	l->state[7] = BACKEND_UP;
}

static void take_away(struct window_lab *l)
{
	l->state[3] = BACKEND_NONE;
}

static void drain(struct window_lab *l)
{
	l->state[3] = BACKEND_DRAIN;
}

static void weigh(struct window_lab *l)
{
	l->weight[2] = 4;
}

static void recover(struct window_lab *l)
{
	l->state[6] = BACKEND_UP;
}

static void drain_all(struct window_lab *l)
{
	for (int s = 0; s < LAB_CALLS; s++)
		l->state[s] = BACKEND_DRAIN;
}

static void route(struct window_lab *l)
{
	l->rules = 1;
}

const struct change changes[N_CHANGES] = {
	[ADD] = { "add", add, "c.example", false },
	[TAKE_AWAY] = { "remove", take_away, "c.example", false },
	[DRAIN] = { "drain", drain, "c.example", false },
	[WEIGH] = { "weight", weigh, "c.example", false },
	[RECOVER] = { "recovery", recover, "c.example", true },
	[DRAIN_ALL] = { "drain of a whole pool", drain_all, "c.example", false },
	[ROUTE] = { "route", route, "m.example", false },
	[UNROUTE] = { "route that ends", route, "n.example", false },
};

struct window_lab *changed(const struct change *change, uint16_t *server)
{
	struct window_lab *l = window_lab_new(5);

	if (change->dead) {
		l->state[6] = BACKEND_DOWN;
		window_lab_publish(l);
		l->now_ms += LAB_WINDOW_MS;
		window_lab_refresh(l);
	}
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		r.domain = change->domain;
		server[i] = window_lab_send(l, (int)(i % LAB_WORKERS), &r);
		cr_assert_eq(l->out.window, WINDOW_NONE);
	}
	l->now_ms += 1000;
	change->make(l);
	window_lab_publish(l);
	return l;
}
