/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/health_passive.h"

#include "dataplane/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SILENCE_LEAST 4 /* requests of the sample */
#define ERRORS_LEAST 8  /* final responses of the sample */
#define SOON 4          /* ejections within so many times the last one's length double it */

void passive_rebase(struct passive *p)
{
	p->begun = false;
	p->rest_begun = false;
}

/* Counters of a number that another backend had may be smaller. */
static uint64_t gain(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void add(struct passive_counts *to, const struct passive_counts *n)
{
	to->requests += n->requests;
	to->responses += n->responses;
	to->finals += n->finals;
	to->errors += n->errors;
	to->retry_after += n->retry_after;
	to->unreachable += n->unreachable;
}

static void slide(struct passive *p, const struct passive_rule *r, uint64_t now_ms)
{
	uint64_t length = r->window_ms / PASSIVE_SLICES;

	if (now_ms - p->slice_ms >= (uint64_t)r->window_ms + length) {
		memset(p->slice, 0, sizeof(p->slice));
		p->slice_ms = now_ms;
	}
	while (now_ms - p->slice_ms >= length) {
		p->now = (p->now + 1) % PASSIVE_SLICES;
		p->slice[p->now] = (struct passive_counts){ 0 };
		p->slice_ms += length;
	}
}

/* Notes whether @holds makes the backend suspect of @cause; true if so. */
static bool suspect(struct passive *p, enum passive_cause cause, bool holds)
{
	p->suspect = holds ? p->suspect | 1u << cause : p->suspect & ~(1u << cause);
	return holds;
}

static void look(struct passive *p, const struct passive_rule *r)
{
	struct passive_counts w = { 0 };
	uint64_t sent, finals;

	for (unsigned int i = 0; i < PASSIVE_SLICES; i++)
		add(&w, &p->slice[i]);
	sent = w.requests * ACCOUNT_ONE_IN;
	finals = w.finals * ACCOUNT_ONE_IN;
	finals = finals > w.errors ? finals : w.errors;
	if (suspect(p, PASSIVE_ICMP, r->unreachable && w.unreachable >= r->unreachable))
		snprintf(p->why[PASSIVE_ICMP], PASSIVE_TEXT, "%" PRIu64 " times unreachable (ICMP)",
			 w.unreachable);
	if (suspect(p, PASSIVE_SILENCE,
		    r->silence && sent >= r->silence && w.requests >= SILENCE_LEAST &&
			    w.responses == 0))
		snprintf(p->why[PASSIVE_SILENCE], PASSIVE_TEXT,
			 "about %" PRIu64 " requests without a response", sent);
	if (suspect(p, PASSIVE_ERRORS,
		    r->errors && w.finals >= ERRORS_LEAST && w.errors * 100 >= finals * r->errors))
		snprintf(p->why[PASSIVE_ERRORS], PASSIVE_TEXT,
			 "about %" PRIu64 " %% of its responses are 5xx", w.errors * 100 / finals);
}

void passive_count(struct passive *p, const struct passive_rule *r, const struct passive_counts *c,
		   uint64_t now_ms)
{
	const struct passive_counts *l = &p->last;
	struct passive_counts n = { .unreachable = gain(c->unreachable, l->unreachable) };

	if (p->begun)
		n = (struct passive_counts){
			gain(c->requests, l->requests),       gain(c->responses, l->responses),
			gain(c->finals, l->finals),           gain(c->errors, l->errors),
			gain(c->retry_after, l->retry_after), gain(c->unreachable, l->unreachable)
		};
	p->begun = true;
	p->last = *c;
	slide(p, r, now_ms);
	add(&p->slice[p->now], &n);
	add(&p->total, &n);
	look(p, r);
}

static void put_out(struct passive *p, const struct passive_rule *r, struct ejection *e,
		    uint64_t now_ms)
{
	uint64_t length = (uint64_t)r->eject_ms << e->doublings;

	if (e->ended_ms == 0 || now_ms - e->ended_ms > SOON * length)
		e->doublings = 0;
	else if (e->doublings < PASSIVE_BACKOFF_MAX)
		e->doublings++;
	e->out = true;
	e->until_ms = now_ms + ((uint64_t)r->eject_ms << e->doublings);
	/* What put it out shall not count again when it comes back. */
	memset(p->slice, 0, sizeof(p->slice));
}

static void let_in(struct ejection *e, uint64_t now_ms)
{
	e->out = false;
	e->ended_ms = now_ms;
}

uint32_t passive_judge(struct passive *p, const struct passive_rule *r, uint64_t now_ms)
{
	uint32_t out = 0;

	for (unsigned int i = 0; i < PASSIVE_N; i++) {
		struct ejection *e = &p->ejection[i];

		if (e->out && (now_ms >= e->until_ms || !r->eject))
			let_in(e, now_ms);
		if (!e->out && r->eject && (p->suspect >> i & 1))
			put_out(p, r, e, now_ms);
		out |= (uint32_t)e->out << i;
	}
	return out;
}

void passive_is_well(struct passive *p, uint64_t now_ms)
{
	for (unsigned int i = PASSIVE_ICMP; i <= PASSIVE_SILENCE; i++) {
		if (!p->ejection[i].out)
			continue;
		let_in(&p->ejection[i], now_ms);
		memset(p->slice, 0, sizeof(p->slice));
	}
}

bool passive_rest(struct passive *p, const struct passive_rule *r, uint64_t mark, uint64_t left_ms,
		  uint64_t now_ms)
{
	if (p->rest_begun && mark && mark != p->rest_mark && left_ms)
		p->rest_until_ms = now_ms + (left_ms < r->rest_max_ms ? left_ms : r->rest_max_ms);
	p->rest_mark = mark;
	p->rest_begun = true;
	if (!r->rest || now_ms >= p->rest_until_ms)
		p->rest_until_ms = 0;
	return p->rest_until_ms != 0;
}
