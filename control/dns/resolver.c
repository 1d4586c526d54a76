/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which resolver is asked, and what its answers mean.
 *
 * A resolver that fails twice in a row is put behind the others for a time that doubles; after that
 * the next question tries it first again, if it comes first in the file. To say that it cannot say
 * (SERVFAIL and the like) is a failure too, but no silence: one broken zone, which anybody may name
 * to us, is not to look like a resolver that is gone. Answers are matched by c-ares (address,
 * random number, question).
 */
#include "control/dns/resolver.h"

#include "control/config/alloc.h"
#include "control/config/config.h"
#include "control/dns/resolver_channel.h"
#include "control/endpoint_text.h"
#include "control/log.h"

#include <errno.h>

#define FAILURES_DOWN 2    /* in a row, until a resolver is asked last, or is silent */
#define DOWN_FIRST_MS 5000 /* for how long, at first */
#define DOWN_MOST_MS 60000

struct resolver {
	struct endpoint at;
	struct channel *channel;
	uint32_t failures; /* in a row */
	uint32_t unheard;  /* of those: without any answer, in a row */
	uint64_t down_until_ms;
	struct resolver_counts counts;
	double rtt_ms; /* smoothed; 0 = none yet */
	struct log_limit log;
};

struct resolvers {
	struct resolver v[RESOLVERS_MAX];
	uint32_t n;
	uint32_t attempts;
	uint32_t busy;
	bool ending;
	struct resolver_counts counts;
};

/* One question under way. */
struct asked {
	struct resolvers *all;
	struct resolver *at;
	resolver_answer fn;
	void *arg;
	uint64_t sent_ms;
	uint32_t tried; /* bit per resolver */
	uint32_t attempt;
	int rc; /* of the tries so far */
	enum dns_type type;
	char name[DNS_NAME_MAX + 1];
};

static void try_next(struct asked *a);

/* --- how they do ------------------------------------------------------------------------- */

static bool is_silent(const struct resolver *r)
{
	return r->unheard >= FAILURES_DOWN;
}

/* It said something. */
static void heard(struct resolver *r)
{
	char text[ENDPOINT_TEXT_MAX];

	if (is_silent(r)) {
		endpoint_text(&r->at, text);
		log_limited(&r->log, LOG_AT_INFO, "resolver %s answers again", text);
	}
	r->unheard = 0;
}

static void not_heard(struct resolver *r, const char *why)
{
	char text[ENDPOINT_TEXT_MAX];

	if (++r->unheard != FAILURES_DOWN)
		return;
	endpoint_text(&r->at, text);
	log_limited(&r->log, LOG_AT_WARNING, "resolver %s does not answer: %s", text, why);
}

static void went_well(struct resolver *r, uint64_t ms)
{
	heard(r);
	r->failures = 0;
	r->down_until_ms = 0;
	r->rtt_ms = r->rtt_ms > 0 ? r->rtt_ms + ((double)ms - r->rtt_ms) / 8 : (double)ms;
}

static void went_wrong(struct resolver *r)
{
	uint64_t wait = DOWN_FIRST_MS;

	r->failures++;
	if (r->failures < FAILURES_DOWN)
		return;
	for (uint32_t i = FAILURES_DOWN; i < r->failures && wait < DOWN_MOST_MS; i++)
		wait *= 2;
	r->down_until_ms = log_clock_ms() + (wait < DOWN_MOST_MS ? wait : DOWN_MOST_MS);
}

/* The resolver to ask next: not tried yet, one that answers before one that does not, the one that
 * is back soonest among those. */
static struct resolver *choose(struct asked *a)
{
	struct resolvers *all = a->all;
	uint64_t now = log_clock_ms();
	struct resolver *best = NULL;

	if (a->tried == (1u << all->n) - 1)
		a->tried = 0;
	for (uint32_t i = 0; i < all->n; i++) {
		struct resolver *r = &all->v[i];

		if (a->tried >> i & 1)
			continue;
		if (!best || (best->down_until_ms > now && r->down_until_ms < best->down_until_ms))
			best = r;
	}
	if (best)
		a->tried |= 1u << (best - all->v);
	return best;
}

/* --- questions --------------------------------------------------------------------------- */

static void finish(struct asked *a, int rc, const struct dns_answer_records *records)
{
	a->all->busy--;
	a->fn(a->arg, rc, records);
	mem_free(a);
}

static void on_failure(struct asked *a, int rc, const char *why)
{
	struct resolver *r = a->at;

	if (a->all->ending) {
		finish(a, -ECANCELED, NULL);
		return;
	}
	if (rc == -ETIMEDOUT) {
		r->counts.timeouts++;
		a->all->counts.timeouts++;
		not_heard(r, why);
	} else {
		r->counts.errors++;
		a->all->counts.errors++;
		heard(r);
	}
	went_wrong(r);
	a->rc = a->rc == -EIO ? -EIO : rc;
	try_next(a);
}

static void on_answer(void *arg, int rc, const char *why, const uint8_t *p, size_t n)
{
	struct asked *a = arg;
	struct dns_answer_records records;

	if (rc) {
		on_failure(a, rc, why);
		return;
	}
	if (dns_records_read(p, n, a->name, a->type, &records)) {
		on_failure(a, -EIO, "its answers make no sense");
		return;
	}
	a->at->counts.answers++;
	a->all->counts.answers++;
	went_well(a->at, log_clock_ms() - a->sent_ms);
	finish(a, 0, &records);
}

static void try_next(struct asked *a)
{
	struct resolver *r = a->attempt < a->all->attempts ? choose(a) : NULL;

	if (!r) {
		finish(a, a->rc ? a->rc : -ETIMEDOUT, NULL);
		return;
	}
	a->attempt++;
	a->at = r;
	a->sent_ms = log_clock_ms();
	r->counts.queries++;
	a->all->counts.queries++;
	channel_ask(r->channel, a->type, a->name, on_answer, a);
}

int resolvers_ask(struct resolvers *r, enum dns_type type, const char *name, resolver_answer fn,
		  void *arg)
{
	struct asked *a = mem_alloc(sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->all = r;
	a->fn = fn;
	a->arg = arg;
	a->type = type;
	dns_name_set(a->name, name);
	r->busy++;
	try_next(a);
	return 0;
}

/* --- all of them ------------------------------------------------------------------------- */

static bool add(struct resolvers *r, struct event_base *base, const struct endpoint *at,
		uint32_t timeout_ms)
{
	struct resolver *new = &r->v[r->n];

	if (r->n == RESOLVERS_MAX)
		return true;
	new->at = *at;
	new->channel = channel_new(base, at, timeout_ms);
	r->n += new->channel != NULL;
	return new->channel != NULL;
}

struct resolvers *resolvers_new(struct event_base *base, const struct config *c)
{
	struct resolvers *r = mem_alloc(sizeof(*r));
	struct endpoint system[RESOLVERS_MAX];
	bool ok = r != NULL;

	for (uint32_t i = 0; ok && i < c->n_resolvers; i++)
		ok = add(r, base, &c->resolvers[i].address, c->dns.timeout);
	if (ok && c->n_resolvers == 0) {
		uint32_t n = channel_system(system, RESOLVERS_MAX);

		for (uint32_t i = 0; ok && i < n; i++)
			ok = add(r, base, &system[i], c->dns.timeout);
	}
	if (!ok) {
		resolvers_free(r);
		return NULL;
	}
	r->attempts = c->dns.attempts;
	return r;
}

void resolvers_inherit(struct resolvers *r, const struct resolvers *before)
{
	r->counts = before->counts;
	for (uint32_t i = 0; i < r->n; i++) {
		for (uint32_t k = 0; k < before->n; k++) {
			if (endpoint_equal(&r->v[i].at, &before->v[k].at))
				r->v[i].counts = before->v[k].counts;
		}
	}
}

void resolvers_free(struct resolvers *r)
{
	if (!r)
		return;
	r->ending = true;
	for (uint32_t i = 0; i < r->n; i++)
		channel_free(r->v[i].channel);
	mem_free(r);
}

uint32_t resolvers_busy(const struct resolvers *r)
{
	return r->busy;
}

bool resolvers_down(const struct resolvers *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		if (!is_silent(&r->v[i]))
			return false;
	}
	return true;
}

const struct resolver_counts *resolvers_counts(const struct resolvers *r)
{
	return &r->counts;
}

json_t *resolvers_json(const struct resolvers *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->n; i++) {
		const struct resolver *one = &r->v[i];

		json_array_append_new(list,
				      json_pack("{s:o, s:b, s:f, s:I, s:I, s:I, s:I}", "address",
						endpoint_json(&one->at), "answers_now",
						(int)!is_silent(one), "latency_ms", one->rtt_ms,
						"queries", (json_int_t)one->counts.queries,
						"answers", (json_int_t)one->counts.answers,
						"timeouts", (json_int_t)one->counts.timeouts,
						"errors", (json_int_t)one->counts.errors));
	}
	return list;
}
