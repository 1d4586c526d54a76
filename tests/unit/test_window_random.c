/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transaction window at random: 120,000 transactions with all that follows them, under changes
 * of every kind that overlap, against a model that remembers where each transaction was sent first.
 * Same seed, same run.
 *
 * The model holds: for a window's length after a change, what belongs to a transaction goes to the
 * server that has it, unless that server is dead; so does what belongs to a call, unless there have
 * been more changes than worlds can be kept; what begins follows the present table, exactly. None
 * may be misrouted.
 */
#include "tests/unit/window_lab.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define CALLS 100000u /* some have a second transaction */
#define RATE_MS 20u   /* between two calls, on average */
#define EVENTS_MAX (16 * CALLS)
#define EPOCHS 1024u
#define SEED 4u

enum kind { BEGIN, AGAIN, CANCEL, ACK_REFUSAL, SECOND, SECOND_AGAIN, ACK_2XX, IN_CALL, CHANGE };

struct event {
	uint64_t at_ms;
	uint32_t order; /* of two at one time */
	uint32_t call;
	uint8_t kind;
};

/* Where a transaction was sent, and in which epoch. */
struct place {
	uint16_t server; /* WORLD_NONE: nowhere, no server lives */
	uint32_t epoch;
};

struct call {
	struct lab_request first;
	struct place transaction[2];
	uint8_t n; /* transactions begun; the last is what the call is at */
};

static struct event events[EVENTS_MAX];
static uint32_t n_events;
static struct call calls[CALLS];
static uint64_t state = SEED;
static uint64_t ended_ms[EPOCHS];

static struct tally {
	uint32_t begun, bound, moved, dead, late, refused, changes, windows_ended;
} tally;

static uint32_t below(uint32_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

/* --- what will happen -------------------------------------------------------------------- */

static void plan(uint64_t at_ms, uint32_t call, enum kind kind)
{
	cr_assert_lt(n_events, EVENTS_MAX);
	events[n_events] = (struct event){ at_ms, n_events, call, (uint8_t)kind };
	n_events++;
}

#define TIMER_B_MS 32000u

/* Up to three retransmissions within @most_ms. */
static void plan_again(uint64_t at_ms, uint32_t most_ms, uint32_t call, enum kind kind)
{
	for (uint32_t n = below(4); n > 0; n--)
		plan(at_ms + 1 + below(most_ms), call, kind);
}

/* How an INVITE ends: a third of them is answered. */
enum end { NO_INVITE, CANCELLED, REFUSED, ASKED, ANSWERED, N_ENDS = 6 };

/* Credentials were asked for: a second transaction, while the ACK to the first may come late. */
static void plan_second(uint64_t at_ms, uint64_t end, uint32_t i)
{
	uint64_t second = at_ms + 100 + below(5000);

	plan_again(at_ms, (uint32_t)(second - at_ms), i, AGAIN);
	plan(second, i, SECOND);
	plan_again(second, TIMER_B_MS, i, SECOND_AGAIN);
	plan(second + below(9000), i, ACK_REFUSAL);
	plan(end + 5100, i, ACK_2XX);
	plan(end + 5100 + below(20000), i, IN_CALL);
}

static void plan_call(uint64_t at_ms, uint32_t i)
{
	static const char *const domains[] = { "c.example", "m.example", "n.example", "u.example" };
	uint64_t end = at_ms + 1000 + below(175000);
	uint32_t ends = below(N_ENDS);
	struct lab_request *r = &calls[i].first;

	*r = (struct lab_request){ ends == NO_INVITE ? "REGISTER" : "INVITE",
				   domains[below(4)],
				   i,
				   2 * i + 1,
				   below(5000),
				   false };
	plan(at_ms, i, BEGIN);
	if (ends == ASKED) {
		plan_second(at_ms, end, i);
		return;
	}
	if (below(10) == 0)
		r->branch = 0;
	plan_again(at_ms, TIMER_B_MS, i, AGAIN);
	if (ends == CANCELLED)
		plan(end, i, CANCEL);
	if (ends == CANCELLED || ends == REFUSED)
		plan_again(end, 20000, i, ACK_REFUSAL);
	if (ends < ANSWERED)
		return;
	plan(end, i, ACK_2XX);
	plan(end + below(10000), i, ACK_2XX);
	plan(end + below(60000), i, IN_CALL);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Busy times with a change every 12 s, so that windows overlap and are at times more than there is
 * room for, and quiet ones, so that they end. */
static void plan_all(void)
{
	uint64_t at = 1000, end;

	for (uint32_t i = 0; i < CALLS; i++)
		plan_call(at += below(2 * RATE_MS), i);
	end = at;
	for (at = 5000; at < end; at += 1 + below(24000)) {
		bool quiet = at % 1000000 > 700000;

		plan(at, 0, CHANGE);
		if (quiet)
			at += 300000;
	}
	qsort(events, n_events, sizeof(events[0]), by_time);
}

/* --- changes ----------------------------------------------------------------------------- */

static void change(struct window_lab *l)
{
	static const uint8_t to[] = { BACKEND_UP,   BACKEND_UP,  BACKEND_UP,    BACKEND_UP,
				      BACKEND_UP,   BACKEND_UP,  BACKEND_DRAIN, BACKEND_DRAIN,
				      BACKEND_DOWN, BACKEND_NONE };
	uint32_t n = 1 + below(2);

	tally.changes++;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t s = below(LAB_SERVERS);

		switch (below(8)) {
		case 0:
			l->weight[s] = (uint16_t)(1 + below(4));
			break;
		case 1:
			l->rules = (uint8_t)below(2);
			break;
		case 2: /* seldom a whole pool */
			if (below(6) == 0)
				memset(l->state + LAB_CALLS, BACKEND_DRAIN, LAB_USERS);
			break;
		default:
			l->state[s] = to[below(sizeof(to))];
			break;
		}
	}
	ended_ms[l->world->epoch % EPOCHS] = l->now_ms;
	window_lab_publish(l);
}

/* Control publishes when a window ends, and for other reasons. */
static void keep_up(struct window_lab *l, uint64_t now_ms)
{
	uint32_t n = l->world->n_past;
	bool due = n && now_ms - window_lab_ended(l, l->world->past[n - 1].world->epoch) >=
				LAB_WINDOW_MS;

	l->now_ms = now_ms;
	if (due || below(2000) == 0)
		window_lab_refresh(l);
	tally.windows_ended += n && !l->world->n_past;
}

/* --- what must come of each ------------------------------------------------------------------ */

static const struct {
	const char *method; /* NULL: that of the transaction */
	bool to_tag;
	uint8_t branch; /* 0 and 1: of the first or second transaction, 2: another */
} shapes[] = {
	[BEGIN] = { NULL, false, 0 },      [AGAIN] = { NULL, false, 0 },
	[CANCEL] = { "CANCEL", false, 0 }, [ACK_REFUSAL] = { "ACK", true, 0 },
	[SECOND] = { NULL, false, 1 },     [SECOND_AGAIN] = { NULL, false, 1 },
	[ACK_2XX] = { "ACK", true, 2 },    [IN_CALL] = { "BYE", true, 2 },
};

static struct lab_request request_of(const struct event *e)
{
	struct lab_request r = calls[e->call].first;

	if (shapes[e->kind].method)
		r.method = shapes[e->kind].method;
	r.to_tag = shapes[e->kind].to_tag;
	if (r.branch)
		r.branch += shapes[e->kind].branch == 2 ? 10000000u : shapes[e->kind].branch;
	return r;
}

static bool begins(const struct event *e)
{
	return e->kind <= AGAIN || e->kind == SECOND || e->kind == SECOND_AGAIN;
}

/* Whether what began in @epoch is bound to its server: for a window's length after that epoch. A
 * request in a call is so only while there is room for the epoch's world; others are remembered. */
static bool is_bound(const struct window_lab *l, const struct event *e, uint32_t epoch)
{
	if (epoch == l->world->epoch)
		return true;
	if (e->kind == ACK_2XX || e->kind == IN_CALL)
		return window_lab_ended(l, epoch) != 0;
	return l->now_ms - ended_ms[epoch % EPOCHS] < LAB_WINDOW_MS;
}

static void check_new(struct window_lab *l, const struct event *e, struct place *to)
{
	struct lab_request r = request_of(e);
	uint16_t want = window_lab_table(l, &r);

	to->server = window_lab_send(l, (int)below(LAB_WORKERS), &r);
	to->epoch = l->world->epoch;
	tally.begun++;
	cr_assert_eq(to->server, want, "call %u: a new %s went to %u, the table says %u", e->call,
		     r.method, to->server, want);
}

/* What follows at @at: of a transaction at a dead server a retransmission begins anew. */
static void check_old(struct window_lab *l, const struct event *e, struct place *at)
{
	struct lab_request r = request_of(e);
	bool timely = is_bound(l, e, at->epoch), alive = window_lab_alive(l, at->server);
	uint16_t went;

	if (timely && begins(e) && !alive) {
		tally.dead += at->server != WORLD_NONE;
		check_new(l, e, at);
		return;
	}
	went = window_lab_send(l, (int)below(LAB_WORKERS), &r);
	tally.moved += l->out.window == WINDOW_OLD;
	cr_assert(went == WORLD_NONE || window_lab_alive(l, went), "call %u: %s to a dead server",
		  e->call, r.method);
	if (!timely) {
		tally.late++;
	} else if (!alive) {
		tally.dead += at->server != WORLD_NONE;
		tally.refused += at->server == WORLD_NONE;
	} else {
		tally.bound++;
		cr_assert_eq(went, at->server,
			     "call %u at %llu ms: %s (%u) of epoch %u went to %u instead of %u in "
			     "epoch %u",
			     e->call, (unsigned long long)e->at_ms, r.method, e->kind, at->epoch,
			     went, at->server, l->world->epoch);
	}
}

static void check(struct window_lab *l, const struct event *e)
{
	struct call *c = &calls[e->call];

	switch (e->kind) {
	case BEGIN:
		check_new(l, e, &c->transaction[c->n++]);
		break;
	case SECOND:
		check_new(l, e, &c->transaction[c->n++]);
		break;
	case ACK_2XX:
	case IN_CALL:
		check_old(l, e, &c->transaction[c->n - 1]);
		break;
	default:
		check_old(l, e, &c->transaction[shapes[e->kind].branch]);
		break;
	}
}

/* R16.11-5, LB-4 */
Test(window_random, none_of_120000_transactions_is_misrouted)
{
	struct window_lab *l = window_lab_new(250);

	plan_all();
	for (uint32_t i = 0; i < n_events; i++) {
		const struct event *e = &events[i];

		keep_up(l, e->at_ms);
		if (e->kind == CHANGE)
			change(l);
		else
			check(l, e);
	}
	/* That it was a test: each case came, and often. */
	cr_expect_gt(tally.begun, 115000, "%u began", tally.begun);
	cr_expect_gt(tally.bound, 200000, "%u had a server", tally.bound);
	cr_expect_gt(tally.moved, 30000, "%u were kept by the window", tally.moved);
	cr_expect_gt(tally.dead, 1000, "%u had a dead server", tally.dead);
	cr_expect_gt(tally.refused, 1000, "%u had none", tally.refused);
	cr_expect_gt(tally.changes, 80, "%u changes", tally.changes);
	cr_expect_gt(tally.windows_ended, 1, "%u ends", tally.windows_ended);
	cr_expect_lt(tally.late, tally.bound / 10, "%u out of the window", tally.late);
}
