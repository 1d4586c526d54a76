/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way in: which crossing a message belongs to (RFC 3261 17.1.3, 17.2.3), and what it is told.
 */
#include "control/transaction/transaction.h"

#include "control/config/alloc.h"
#include "control/transaction/crossing.h"

#define COUNT_MAX 500000u
#define COUNT_LIMIT (1u << 24)
#define MEMORY_MAX (256ull << 20)

static void set_if_zero(uint32_t *value, uint32_t other)
{
	if (*value == 0)
		*value = other;
}

static struct txn_bounds bounds_of(const struct txn_bounds *given)
{
	struct txn_bounds b = given ? *given : (struct txn_bounds){ 0 };

	set_if_zero(&b.t1_ms, TXN_T1_MS);
	set_if_zero(&b.t2_ms, TXN_T2_MS);
	set_if_zero(&b.t4_ms, TXN_T4_MS);
	set_if_zero(&b.timer_c_ms, TXN_TIMER_C_MS);
	set_if_zero(&b.count_max, COUNT_MAX);
	if (b.count_max > COUNT_LIMIT)
		b.count_max = COUNT_LIMIT;
	if (b.memory_max == 0)
		b.memory_max = MEMORY_MAX;
	return b;
}

struct transactions *txns_new(const struct txn_bounds *bounds, const struct txn_owner *owner)
{
	struct transactions *t = mem_alloc(sizeof(*t));
	uint32_t n = 64;

	if (!t)
		return NULL;
	t->bounds = bounds_of(bounds);
	t->owner = *owner;
	while (n < t->bounds.count_max)
		n *= 2;
	t->mask = n - 1;
	t->bucket = mem_alloc(n * sizeof(t->bucket[0]));
	if (t->bucket)
		return t;
	mem_free(t);
	return NULL;
}

void txns_free(struct transactions *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i <= t->mask; i++) {
		while (t->bucket[i])
			crossing_remove(t, t->bucket[i]);
	}
	mem_free(t->bucket);
	mem_free(t);
}

/* A call begins. */
static void enter(struct transactions *t, uint64_t now_ms)
{
	if (now_ms > t->now_ms)
		t->now_ms = now_ms;
	wheel_advance(&t->wheel, now_ms);
	t->went_up = false;
}

static void set_method_text(struct crossing *c, const struct sip_msg *m)
{
	size_t n = m->method_text.len < sizeof(c->method_text) ? m->method_text.len
							       : sizeof(c->method_text) - 1;

	memcpy(c->method_text, span_ptr(m->p, m->method_text), n);
}

/* The name of a leg as it is kept; false without memory. */
static bool set_name(struct transactions *t, struct crossing *c, const char *name)
{
	size_t n = strnlen(name, sizeof(t->leg.name) - 1);

	if (n == 0)
		return true;
	c->name = kept_new(t, name, n + 1);
	if (c->name)
		c->name->p[n] = '\0';
	return c->name != NULL;
}

/* A crossing with all that it must keep, but not begun. */
static struct crossing *prepare(struct transactions *t, const struct txn_request *r,
				const uint8_t *digits)
{
	struct crossing like = { .id = r->branch->id,
				 .method = r->m->method,
				 .caller_leg = leg_shortened(&r->caller),
				 .server_leg = leg_shortened(&r->server) };
	struct crossing *c = NULL;
	uint32_t n;

	memcpy(like.digits, digits, TXN_DIGITS);
	if (crossing_has_room(t, r->n_out))
		c = crossing_add(t, &like);
	if (!c)
		return NULL;
	set_method_text(c, r->m);
	if (r->m->method == SIP_M_INVITE || !leg_is_reliable(&c->server_leg))
		c->client.message = kept_new(t, r->out, r->n_out);
	if (!set_name(t, c, r->server.name) ||
	    (r->m->method == SIP_M_INVITE && !c->client.message)) {
		crossing_remove(t, c);
		return NULL;
	}
	n = t->owner.answer(t->owner.arg, r->m, 100, "Trying", &r->caller, t->text,
			    sizeof(t->text));
	if (n)
		c->answer = kept_new(t, t->text, n);
	return c;
}

static enum txn_verdict begin(struct transactions *t, const struct txn_request *r,
			      const uint8_t *digits)
{
	struct crossing *c = prepare(t, r, digits);

	if (!c) {
		t->counts.refused++;
		return TXN_FULL;
	}
	if (c->method == SIP_M_INVITE) {
		invite_server_begin(t, c);
		invite_client_begin(t, c, r->out, r->n_out);
	} else {
		non_invite_server_begin(t, c);
		non_invite_client_begin(t, c, r->out, r->n_out);
	}
	crossing_settle(t, c);
	return TXN_TAKEN;
}

static enum txn_verdict absorb(struct transactions *t, struct crossing *c, enum half_event k)
{
	t->counts.absorbed++;
	if (c->method == SIP_M_INVITE)
		invite_server(t, c, k, NULL);
	else
		non_invite_server(t, c, k, NULL);
	crossing_settle(t, c);
	return TXN_ABSORBED;
}

/* The ACK to a 2xx is the server's, whatever its branch. */
static enum txn_verdict take_ack(struct transactions *t, const uint8_t *digits)
{
	struct crossing *c = crossing_find(t, digits, SIP_M_INVITE);

	if (!c || (c->status >= 200 && c->status < 300))
		return TXN_PASS;
	return absorb(t, c, ON_ACK);
}

enum txn_verdict txns_request(struct transactions *t, const struct txn_request *r, uint64_t now_ms)
{
	uint8_t digits[TXN_DIGITS];
	struct crossing *c;

	enter(t, now_ms);
	hex_put32(digits, &r->branch->digits);
	if (r->m->method == SIP_M_ACK)
		return take_ack(t, digits);
	if (r->m->method == SIP_M_CANCEL)
		return cancel_take(t, r, digits);
	c = crossing_find(t, digits, r->m->method);
	return c ? absorb(t, c, ON_REQUEST) : begin(t, r, digits);
}

enum txn_verdict txns_response(struct transactions *t, const struct sip_msg *m,
			       const struct hex32 *branch, const uint8_t *out, uint32_t n_out,
			       uint64_t now_ms)
{
	const struct passing e = { out, n_out, m->status, m };
	uint8_t digits[TXN_DIGITS];
	struct crossing *c;

	enter(t, now_ms);
	hex_put32(digits, branch);
	c = crossing_find(t, digits, m->method);
	if (!c || half_is_over(&c->client) || c->client.state == HALF_WAITING) {
		t->counts.strays++;
		return TXN_STRAY;
	}
	if (c->method == SIP_M_INVITE)
		invite_client(t, c, event_of(m->status), &e);
	else
		non_invite_client(t, c, event_of(m->status), &e);
	crossing_settle(t, c);
	if (t->went_up)
		return TXN_TAKEN;
	t->counts.absorbed++;
	return TXN_ABSORBED;
}

/* The server has not answered and does not have the request for certain. */
static bool is_open(const struct crossing *c)
{
	return c->client.state == HALF_CALLING || c->client.state == HALF_TRYING;
}

/* One after the other from the start, since one that fails may end another. */
void txns_failed(struct transactions *t, const uint8_t *branch, uint64_t now_ms)
{
	struct crossing *c;

	enter(t, now_ms);
	do {
		c = crossing_first(t, branch);
		while (c && !is_open(c))
			c = crossing_next(c);
		if (!c)
			return;
		t->counts.failures++;
		if (c->method == SIP_M_INVITE)
			invite_client(t, c, ON_FAILURE, NULL);
		else
			non_invite_client(t, c, ON_FAILURE, NULL);
		crossing_settle(t, c);
	} while (true);
}

bool txns_forget(struct transactions *t, const uint8_t *branch, uint64_t now_ms)
{
	struct crossing *c;

	enter(t, now_ms);
	c = crossing_first(t, branch);
	while (c && (c->method == SIP_M_CANCEL || !is_open(c)))
		c = crossing_next(c);
	if (!c || cancel_waits(t, c) || (c->method == SIP_M_INVITE && c->status))
		return false;
	crossing_remove(t, c);
	return true;
}

uint64_t txns_next(const struct transactions *t)
{
	return wheel_next(&t->wheel);
}

void txns_tick(struct transactions *t, uint64_t now_ms)
{
	struct wheel_timer *due;

	enter(t, now_ms);
	while ((due = wheel_pop(&t->wheel, now_ms))) {
		struct crossing *c = (struct crossing *)due;

		crossing_tick(t, c);
		crossing_settle(t, c);
	}
}

const struct txn_counts *txns_counts(const struct transactions *t)
{
	return &t->counts;
}

static const char *state_name(const struct half *h)
{
	static const char *const names[HALF_N_STATES] = {
		[HALF_NONE] = "",
		[HALF_WAITING] = "Waiting",
		[HALF_CALLING] = "Calling",
		[HALF_TRYING] = "Trying",
		[HALF_PROCEEDING] = "Proceeding",
		[HALF_COMPLETED] = "Completed",
		[HALF_CONFIRMED] = "Confirmed",
		[HALF_ACCEPTED] = "Accepted",
		[HALF_TERMINATED] = "",
	};

	return names[h->state];
}

static void set_leg(struct txn_leg *to, const struct short_leg *l)
{
	to->transport = l->transport;
	to->to = l->to;
	to->listener = l->listener;
	to->connection = l->connection;
}

void txns_each(const struct transactions *t, uint64_t now_ms,
	       bool (*fn)(void *arg, const struct txn_info *i), void *arg)
{
	for (uint32_t b = 0; b <= t->mask; b++) {
		for (const struct crossing *c = t->bucket[b]; c; c = c->next) {
			struct txn_info i = { .server_state = state_name(&c->server),
					      .client_state = state_name(&c->client),
					      .status = c->status,
					      .age_ms = now_ms - c->begun_ms };

			memcpy(i.method, c->method_text, sizeof(i.method));
			set_leg(&i.caller, &c->caller_leg);
			set_leg(&i.server, &c->server_leg);
			if (c->name)
				memcpy(i.server.name, c->name->p, c->name->n);
			if (!fn(arg, &i))
				return;
		}
	}
}
