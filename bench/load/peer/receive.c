/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message that came through the proxy: whose it is, whether it is right, what follows from it.
 *
 * The mark at its end leads to call and step. If its bytes are a shape that was learned, it is
 * right; if not, the complete check says what is wrong or teaches a new shape. Nothing is taken for
 * right because it is fast.
 */
#include "bench/load/peer/file.h"
#include "bench/load/peer/state.h"

#include <stdio.h>
#include <stdlib.h>

void fault(struct peer *p, enum load_counter what, uint64_t id, const struct peer_in *in,
	   const char *why)
{
	struct load_counts *counts = p->counts;
	struct load_fault *f = &counts->fault[counts->n_faults];

	count(p, what, 1);
	if (counts->n_faults == LOAD_FIRST_FAULTS)
		return;
	f->id = id;
	f->what = what;
	snprintf(f->why, sizeof(f->why), "%s", why);
	f->len = in->len;
	memcpy(f->message, in->p, in->len < sizeof(f->message) ? in->len : sizeof(f->message));
	counts->n_faults++;
}

static unsigned int endpoint_hash(const struct endpoint *e)
{
	uint64_t low;

	memcpy(&low, e->ip.b + 8, sizeof(low));
	return (unsigned int)(((low ^ e->port) * 0x9e3779b97f4a7c15u) >> 56);
}

static unsigned int server_index(struct peer *p, const struct endpoint *at)
{
	uint8_t *known = &p->server_at[endpoint_hash(at)];
	const struct load_side *s = &p->plan->server;

	if (*known < s->n_local && endpoint_equal(&s->local[*known], at))
		return *known;
	for (unsigned int i = 0; i < s->n_local; i++) {
		if (endpoint_equal(&s->local[i], at))
			return *known = (uint8_t)i;
	}
	return NO_SERVER;
}

/* --- messages without a mark ----------------------------------------------------------------- */

/* The call in whose branch this message's first Via with 16 digits of ours is; NULL = none. */
static struct call *call_by_branch(const struct peer *p, const struct peer_in *in)
{
	static const char cookie[] = "z9hG4bK";
	const size_t n = sizeof(cookie) - 1;
	const uint8_t *at = in->p, *end = in->p + in->len;
	uint64_t key;

	while ((at = memmem(at, (size_t)(end - at), cookie, n)) != NULL) {
		at += n;
		if (end - at > 17 && identity_key(at, &key) && at[16] == '-') {
			struct call *c = call_of(p, key);

			if (c->state != CALL_FREE && c->key == key)
				return c;
		}
	}
	return NULL;
}

/* The proxy's own answer, or something broken. */
static void receive_stray(struct peer *p, const struct peer_in *in)
{
	struct call *c = call_by_branch(p, in);
	bool answer = in->len > 12 && memcmp(in->p, "SIP/2.0 ", 8) == 0;

	if (!c) {
		fault(p, L_UNKNOWN, 0, in, "no mark, and no branch of a call");
		return;
	}
	if (answer && in->side == PEER_CALLER && in->p[8] >= '3')
		fault(p, L_REFUSED, c->key << 8, in, "an answer that no server gave");
	else
		fault(p, L_ALTERED, c->key << 8, in, "the mark at the end is gone");
	if (c->state == CALL_LIVE && p->here[PEER_CALLER])
		count(p, L_CALLS_FAILED, 1);
	call_close(p, c, CALL_FAILED);
}

/* --- which call ------------------------------------------------------------------------------ */

/* A number that this side cannot have given, or one that was forgotten. */
static void receive_foreign(struct peer *p, const struct peer_in *in, uint64_t id)
{
	uint64_t key = id >> 8;
	const struct call *c = call_of(p, key);
	bool ours = p->here[PEER_CALLER]
			    ? key_core(key) == p->core && key_run(key) == p->t->run &&
				      key_call(key) < p->next_call
			    : c->state != CALL_FREE && key >> CALL_BITS == c->key >> CALL_BITS &&
				      key < c->key;

	if (ours)
		count(p, L_LATE, 1);
	else
		fault(p, L_UNKNOWN, id, in, "the mark is of no call");
}

/* A server in a process of its own learns of calls by their first message. */
static bool server_opens(struct peer *p, struct call *c, uint64_t id, uint64_t now)
{
	uint64_t key = id >> 8;

	if (p->here[PEER_CALLER] || (id & 255) != 0)
		return false;
	if (c->state != CALL_FREE && key >> CALL_BITS == c->key >> CALL_BITS && key < c->key)
		return false;
	if (c->state == CALL_LIVE)
		call_expire(p, c);
	call_open(p, c, key, now);
	return true;
}

static bool find_call(struct event *e, struct peer *p, const struct peer_in *in, uint64_t now,
		      struct peer_out *out)
{
	struct call *c;

	if (!mark_get(in->p, in->len, &e->id, &e->time)) {
		receive_stray(p, in);
		return false;
	}
	c = call_of(p, e->id >> 8);
	if ((c->key != e->id >> 8 || c->state == CALL_FREE) && !server_opens(p, c, e->id, now)) {
		receive_foreign(p, in, e->id);
		return false;
	}
	event_open(e, p, c, now, out, PEER_OUT);
	e->in = in;
	e->step = e->id & 255;
	if (e->step >= e->script->n || e->script->step[e->step].side == in->side) {
		fault(p, L_UNKNOWN, e->id, in, "the mark is of no message for this side");
		return false;
	}
	return true;
}

/* --- where it came --------------------------------------------------------------------------- */

static bool right_place(struct event *e)
{
	struct peer *p = e->p;
	struct call *c = e->c;
	unsigned int i;

	if (e->in->side == PEER_CALLER)
		return endpoint_equal(&e->in->to, &p->plan->caller.local[e->tmpl->caller]);
	i = server_index(p, &e->in->to);
	if (i == NO_SERVER)
		return false;
	p->server_proxy[i] = e->in->from;
	if (c->server == NO_SERVER) {
		c->server = (uint8_t)i;
		e->v.v[FIELD_SERVER_URI] = p->server[i].uri;
		e->v.v[FIELD_SERVER_VIA] = p->server[i].via;
	}
	return c->server == i;
}

/* --- whether it is right --------------------------------------------------------------------- */

/* Callers in a process of their own learn from the Contact which server their call has. */
static void take_server(struct event *e, const uint8_t *uri)
{
	struct peer *p = e->p;
	struct endpoint at;
	unsigned int i;

	if (e->c->server != NO_SERVER || !server_name_read(uri, &i, &at))
		return;
	if (!p->server[i].known)
		server_name_make(i, &at, &p->server[i]);
	e->c->server = (uint8_t)i;
	e->v.v[FIELD_SERVER_URI] = p->server[i].uri;
	e->v.v[FIELD_SERVER_VIA] = p->server[i].via;
}

/* Looks for a Contact of a server in a message of no known shape. */
static void find_server(struct event *e)
{
	const uint8_t *at = memmem(e->in->p, e->in->len, "sip:gw", 6);

	if (e->in->side == PEER_CALLER && at && at + SERVER_URI_LEN < e->in->p + e->in->len)
		take_server(e, at);
}

static uint32_t text_index(const struct event *e)
{
	return e->tmpl->text + e->step;
}

static void learn(struct event *e)
{
	struct peer *p = e->p;
	struct shape **chain = &p->shape[text_index(e)], *s;
	unsigned int n = 0;

	for (s = *chain; s; s = s->next)
		n++;
	s = n < SHAPES_MAX ? arena_left(&p->arena, shape_room(e->in->len)) : NULL;
	if (!s || !shape_learn(s, &p->found, &e->v))
		return;
	if (e->script->step[e->step].flags & STEP_PATH)
		s->form = routes_learn(&p->routes, s, &p->found.rows, e->in->side == PEER_CALLER);
	s->next = *chain;
	*chain = s;
	e->shape = s;
}

/* The source that the request of this transaction had, for received and rport. */
static const struct endpoint *source_of(const struct event *e)
{
	const struct step *s = &e->script->step[e->step];
	unsigned int side = s->status ? e->script->step[s->of].side : s->side;

	return side == PEER_CALLER ? &e->p->plan->caller.local[e->tmpl->caller]
				   : &e->p->server[e->c->server].at;
}

/* The complete check; NULL = all is well. */
static const char *check_slowly(struct event *e)
{
	struct peer *p = e->p;
	const char *why;
	uint32_t len;

	find_server(e);
	if (e->c->server == NO_SERVER && e->script->step[e->step].flags & STEP_PATH)
		return "no Contact of a server";
	if (!e->v.v[FIELD_SERVER_URI])
		e->v.v[FIELD_SERVER_URI] = e->v.v[FIELD_SERVER_VIA] = p->scratch[1];
	len = event_expected(e, p->scratch[0], PEER_ROOM);
	why = check_message(p->scratch[0], len, e->in->p, e->in->len, source_of(e), &p->found);
	if (e->c->server == NO_SERVER)
		e->v.v[FIELD_SERVER_URI] = e->v.v[FIELD_SERVER_VIA] = NULL;
	if (!why)
		learn(e);
	return why;
}

static const char *check(struct event *e)
{
	struct peer *p = e->p;

	if (p->here[PEER_CALLER] && p->here[PEER_SERVER] && e->time > e->now)
		return "the mark's time has not come yet";
	for (const struct shape *s = p->shape[text_index(e)]; s; s = s->next) {
		if (e->in->side == PEER_CALLER && s->server && s->len == e->in->len)
			take_server(e, e->in->p + s->server);
		if (shape_match(s, e->in->p, e->in->len, &e->v)) {
			e->shape = s;
			return NULL;
		}
	}
	return check_slowly(e);
}

/* --- branches -------------------------------------------------------------------------------- */

/* Bounded: the branch of another transaction is found again among the last BRANCHES ones. */
static bool branch_is_new(struct peer *p, uint64_t print, uint64_t owner)
{
	struct branch_seen *b = &p->branches[print % BRANCHES];
	bool is_new = b->print != print || b->owner == owner;

	*b = (struct branch_seen){ print, owner };
	return is_new;
}

/* The proxy's branch: the same for all that belongs to one transaction, of no other. */
static bool check_branch(struct event *e, bool copy)
{
	struct peer *p = e->p;
	struct half *h = &e->c->half[e->in->side];
	unsigned int txn = e->facts->txn[e->step];
	uint64_t *known = &h->branch[txn != 0], print;

	if (!e->shape || !e->shape->branch.len)
		return true;
	print = shape_branch(e->shape, e->in->p);
	if (copy || txn != e->step) {
		if ((txn && h->last != txn) || *known == print || !(h->seen >> txn & 1))
			return true;
		fault(p, L_BRANCH_CHANGED, e->id, e->in,
		      "another branch than the message of the same transaction before it");
		return false;
	}
	*known = print;
	h->last = txn ? (uint8_t)txn : h->last;
	if (branch_is_new(p, print, e->c->key << 8 | e->step))
		return true;
	fault(p, L_BRANCH_REUSED, e->id, e->in, "the branch of another transaction");
	return false;
}

/* --- what follows ---------------------------------------------------------------------------- */

static void fail_call(struct event *e)
{
	if (e->c->state == CALL_LIVE && e->p->here[PEER_CALLER])
		count(e->p, L_CALLS_FAILED, 1);
	call_close(e->p, e->c, CALL_FAILED);
}

static void close_if_complete(struct event *e)
{
	if (e->c->state != CALL_LIVE || !call_complete(e->p, e->c))
		return;
	if (e->p->here[PEER_CALLER])
		count(e->p, L_CALLS_DONE, 1);
	call_close(e->p, e->c, CALL_DONE);
}

/* A message that was seen before: allowed where it was sent twice. */
static void receive_copy(struct event *e)
{
	struct peer *p = e->p;
	struct half *h = &e->c->half[e->in->side];
	uint16_t bit = (uint16_t)(1u << e->step);
	bool allowed =
		p->plan->retransmit || (!(h->twice & bit) && !e->script->step[e->step].status &&
					call_repeats(p->t, e->c->key, e->step));
	const char *why;

	if (!allowed) {
		fault(p, L_DUPLICATED, e->id, e->in, "it arrived before");
		return;
	}
	h->twice |= bit;
	why = check(e);
	if (why) {
		fault(p, L_ALTERED, e->id, e->in, why);
		return;
	}
	check_branch(e, true);
	if (p->plan->retransmit && e->shape && e->c->state == CALL_LIVE)
		event_react(e, true);
}

/* A request under retransmission is answered: 17.1.1.2, 17.1.2.2, but an INVITE goes on until its
 * final response, since no server here sends a 200 again by itself. */
static void stop_again(struct event *e)
{
	const struct step *s = &e->script->step[e->step];
	struct half *h = &e->c->half[e->in->side];

	if (s->status >= 200 && h->again_step == s->of)
		h->again_step = NO_STEP;
}

static void accept_first(struct event *e)
{
	struct peer *p = e->p;
	const struct step *s = &e->script->step[e->step];

	count(p, L_RECEIVED, 1);
	count(p, L_RECEIVED_BYTES, e->in->len);
	count_latency(p, e->time, e->now);
	e->c->active = e->now;
	if (e->step == 0 && e->c->server < LOAD_SERVERS)
		p->counts->server[e->c->server]++;
	stop_again(e);
	if (s->flags & STEP_PATH) {
		if (!e->shape || !e->shape->form) {
			fault(p, L_ALTERED, e->id, e->in, "a route set that viaload cannot keep");
			fail_call(e);
			return;
		}
		routes_take(e->shape, e->in->p, &e->c->path[e->in->side]);
	}
	if (e->shape)
		event_react(e, false);
	close_if_complete(e);
}

static void receive_first(struct event *e)
{
	struct peer *p = e->p;
	uint16_t bit = (uint16_t)(1u << e->step);
	const char *why;

	if (e->c->state == CALL_EXPIRED) {
		e->c->half[e->in->side].seen |= bit;
		count(p, L_LATE, 1);
		return;
	}
	why = check(e);
	if (!why && check_branch(e, false)) {
		e->c->half[e->in->side].seen |= bit;
		if (e->c->state == CALL_LIVE)
			accept_first(e);
		return;
	}
	e->c->half[e->in->side].seen |= bit;
	if (why)
		fault(p, L_ALTERED, e->id, e->in, why);
	fail_call(e);
}

unsigned int peer_receive(struct peer *p, const struct peer_in *in, uint64_t now,
			  struct peer_out *out)
{
	struct event e;

	if (p->file)
		return file_receive(p, in, now, out);
	if (!find_call(&e, p, in, now, out))
		return 0;
	if (e.c->half[in->side].seen >> e.step & 1) {
		receive_copy(&e);
	} else if (!right_place(&e)) {
		e.c->half[in->side].seen |= (uint16_t)(1u << e.step);
		fault(p, L_MISROUTED, e.id, in, "not where its call is");
		fail_call(&e);
	} else {
		receive_first(&e);
	}
	return e.n_out;
}
