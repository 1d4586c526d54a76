/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions: answered from the cache, at once or when what is missing has come.
 *
 * Who waits gets records that have expired after a short while (RFC 8767 5), so that slow resolvers
 * do not slow down what was known; and an end after `dns.wait`, whatever resolvers do.
 */
#include "control/config/alloc.h"
#include "control/dns/dns_state.h"
#include "control/log.h"

#include <errno.h>
#include <sys/random.h>

#define ROUNDS_MOST 16    /* runs of one ticket */
#define STALE_WAIT_MS 400 /* for resolvers, while there are records that have expired */
#define HOSTS_MOST 4      /* of SRV records, for one message: it takes the first */
#define SWEEP_MS 1000

/* --- the cache as one ticket sees it ----------------------------------------------------- */

/* What stands for records about which nobody could say anything. */
static const struct dns_rrset *nobody_knows(int rc)
{
	static const struct dns_rrset timed_out = { .rc = -ETIMEDOUT }, failed = { .rc = -EIO };

	return rc == -ETIMEDOUT ? &timed_out : &failed;
}

/* True if the records of @e need not be asked for before @t may use them. */
static bool fresh(const struct dns_ticket *t, const struct dns_entry *e, uint64_t now)
{
	if (!e->now)
		return false;
	if (e->fetched_ms >= t->began_ms)
		return true;
	return now < (t->watches ? e->due_ms : e->expires_ms);
}

/* True if @t makes do with records of @e that are due, or have expired. */
static bool stale_will_do(const struct dns_ticket *t, const struct dns_entry *e, uint64_t now)
{
	return e->now && now < e->stale_until_ms &&
	       (e->retry_ms > now || t->stale_ok || t->refusal);
}

static void wait_for(struct dns_ticket *t, struct dns_entry *e)
{
	struct dns_wait *w;

	LIST_FOREACH(w, &e->waits, of_entry) {
		if (w->ticket == t)
			return;
	}
	w = mem_alloc(sizeof(*w));
	if (!w) {
		t->refusal = -ENOMEM;
		return;
	}
	w->ticket = t;
	LIST_INSERT_HEAD(&e->waits, w, of_entry);
	LIST_INSERT_HEAD(&t->waits, w, of_ticket);
}

static const struct dns_rrset *use(struct dns_ticket *t, struct dns_entry *e, uint64_t now)
{
	uint64_t next = e->failure ? e->retry_ms : e->due_ms;

	if (e->now && e->fetched_ms < t->began_ms)
		dns_cache_again(&t->d->cache, e);
	t->next_ms = next < t->next_ms ? next : t->next_ms;
	return dns_cache_at(&t->d->cache, e, t->at_ms, now, &t->used_old);
}

/* The same for those that will do for want of others. */
static const struct dns_rrset *use_stale(struct dns_ticket *t, struct dns_entry *e, uint64_t now)
{
	t->used_stale = t->used_stale || now >= e->expires_ms;
	return use(t, e, now);
}

/* Asks for the records of @e and waits for them; those that have expired if that cannot be. */
static const struct dns_rrset *ask(struct dns_ticket *t, struct dns_entry *e, uint64_t now)
{
	int rc;

	t->missed = true;
	wait_for(t, e);
	rc = dns_fetch(t->d, e, t->watches);
	if (rc == 0)
		return NULL;
	t->refusal = rc;
	dns_ticket_stop_waiting(t);
	return stale_will_do(t, e, now) ? use_stale(t, e, now) : NULL;
}

const struct dns_rrset *dns_ticket_find(void *arg, enum dns_type type, const char *name)
{
	struct dns_ticket *t = arg;
	struct dns *d = t->d;
	struct dns_entry *e = dns_cache_find(&d->cache, type, name);
	uint64_t now = d->clock();

	if (t->refusal && !e)
		return NULL;
	e = e ? e : dns_cache_add(&d->cache, type, name);
	if (!e) {
		t->refusal = -EBUSY;
		return NULL;
	}
	if (fresh(t, e, now)) {
		if (now >= e->due_ms && !t->watches && e->retry_ms <= now)
			dns_fetch(d, e, true); /* ahead of its end, for those that come later */
		return use(t, e, now);
	}
	if (stale_will_do(t, e, now))
		return use_stale(t, e, now);
	if (e->retry_ms > now) {
		use(t, e, now);
		return nobody_knows(e->failure);
	}
	return t->refusal ? NULL : ask(t, e, now);
}

/* --- tickets ----------------------------------------------------------------------------- */

void dns_ticket_stop_waiting(struct dns_ticket *t)
{
	struct dns_wait *w;

	while ((w = LIST_FIRST(&t->waits))) {
		LIST_REMOVE(w, of_entry);
		LIST_REMOVE(w, of_ticket);
		mem_free(w);
	}
}

bool dns_ticket_run(struct dns_ticket *t, struct rfc3263_result *out)
{
	const struct rfc3263_store store = { dns_ticket_find, t };
	const struct rfc3263_query query = { &t->q, t->watches ? NULL : &t->key,
					     t->watches ? DNS_RECORDS_MAX : HOSTS_MOST };

	do {
		t->d->cache.turn++;
		t->used_stale = t->used_old = false;
		t->next_ms = UINT64_MAX;
		t->running = true;
		rfc3263_targets(&query, &store, out);
		t->running = false;
		if (!out->waits)
			break;
		if (t->refusal || ++t->rounds > ROUNDS_MOST) {
			out->waits = false;
			out->n = 0;
			out->rc = t->refusal ? t->refusal : -EIO;
			break;
		}
		if (!LIST_EMPTY(&t->waits))
			return false;
	} while (true);
	dns_ticket_stop_waiting(t);
	return true;
}

static void count_end(struct dns *d, const struct dns_ticket *t, const struct rfc3263_result *out)
{
	struct dns_counts *c = &d->counts;

	c->at_hand += !t->missed;
	c->stale += t->used_stale && out->rc == 0;
	c->before += t->used_old && out->rc == 0;
	c->cut += out->cut;
	if (out->rc == 0)
		c->found++;
	else if (out->rc == -ENOENT)
		c->not_found++;
	else if (out->rc == -EBUSY || out->rc == -ENOMEM)
		c->refused++;
	else
		c->failed++;
}

/* What is remembered of a transaction: also which of its names is asked for. */
static uint64_t memory_key(const struct dns_ticket *t)
{
	uint64_t h = t->key ^ t->q.response ^ (uint64_t)t->q.port << 8;

	for (const char *p = t->q.host; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x9e3779b97f4a7c15 + (h >> 31);
	return h ? h : 1;
}

/* Start of the time in which the answers of before count; 1 in the first while of the clock. */
static uint64_t window_start(const struct dns *d)
{
	uint64_t now = d->clock();

	return now > d->window_ms ? now - d->window_ms : 1;
}

static void finish(struct dns_ticket *t, const struct rfc3263_result *out)
{
	struct dns *d = t->d;

	if (out->rc == 0)
		dns_asked_note(d->asked, memory_key(t), window_start(d), d->clock());
	count_end(d, t, out);
	t->fn(t->arg, out->rc, out->v, out->n);
}

static void drop(struct dns_ticket *t)
{
	dns_ticket_stop_waiting(t);
	LIST_REMOVE(t, link);
	t->d->n_waiting--;
	event_free(t->timer);
	mem_free(t);
}

/* Ends a ticket that waited. */
static void end(struct dns_ticket *t, const struct rfc3263_result *out)
{
	dns_ticket_stop_waiting(t);
	event_del(t->timer);
	LIST_REMOVE(t, link);
	t->d->n_waiting--;
	finish(t, out);
	event_free(t->timer);
	mem_free(t);
}

void dns_ticket_resume(struct dns_ticket *t)
{
	struct rfc3263_result out;

	if (t->d->ending || !dns_ticket_run(t, &out))
		return;
	if (t->watches)
		dns_watch_found(
			(struct dns_watch *)((char *)t - offsetof(struct dns_watch, ticket)), &out);
	else
		end(t, &out);
}

static void set_timer(struct event *timer, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	event_add(timer, &tv);
}

/* First what has expired will do, then nothing more is waited for. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct rfc3263_result late = { .rc = -ETIMEDOUT };
	struct dns_ticket *t = arg;

	(void)fd;
	(void)what;
	if (t->stale_ok) {
		end(t, &late);
		return;
	}
	t->stale_ok = true;
	set_timer(t->timer, t->d->wait_ms - STALE_WAIT_MS);
	dns_ticket_resume(t);
}

/* Makes a ticket that waits of @now, which lives on the stack. NULL without memory. */
static struct dns_ticket *keep(struct dns *d, const struct dns_ticket *now)
{
	struct dns_ticket *t = mem_alloc(sizeof(*t));
	struct dns_wait *w;

	if (!t)
		return NULL;
	*t = *now;
	t->timer = event_new(d->base, -1, 0, on_timer, t);
	if (!t->timer) {
		mem_free(t);
		return NULL;
	}
	t->waits.lh_first->of_ticket.le_prev = &t->waits.lh_first;
	LIST_FOREACH(w, &t->waits, of_ticket) {
		w->ticket = t;
	}
	set_timer(t->timer, STALE_WAIT_MS);
	LIST_INSERT_HEAD(&d->tickets, t, link);
	d->n_waiting++;
	return t;
}

struct dns_ticket *dns_ask(struct dns *d, const struct dns_question *q, uint64_t key,
			   uint64_t sent_ms, dns_answer fn, void *arg)
{
	struct dns_ticket now = { .d = d,
				  .q = *q,
				  .key = key,
				  .began_ms = d->clock(),
				  .fn = fn,
				  .arg = arg },
			  *t;
	struct rfc3263_result out;

	d->counts.questions++;
	LIST_INIT(&now.waits);
	now.at_ms = dns_asked_at(d->asked, memory_key(&now), window_start(d));
	now.at_ms = now.at_ms ? now.at_ms : sent_ms;
	if (!dns_name_copy(q->host, strnlen(q->host, sizeof(q->host)), now.q.host)) {
		out = (struct rfc3263_result){ .rc = -ENOENT };
		finish(&now, &out);
		return NULL;
	}
	if (!dns_ticket_run(&now, &out)) {
		t = d->n_waiting < DNS_WAITING_MOST ? keep(d, &now) : NULL;
		if (t)
			return t;
		dns_ticket_stop_waiting(&now);
		out = (struct rfc3263_result){ .rc = -EBUSY };
	}
	finish(&now, &out);
	return NULL;
}

void dns_cancel(struct dns *d, struct dns_ticket *t)
{
	(void)d;
	if (t)
		drop(t);
}

/* --- all --------------------------------------------------------------------------------- */

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct dns *d = arg;

	(void)fd;
	(void)what;
	dns_cache_sweep(&d->cache, d->clock());
}

static struct dns_cache_limits limits_of(const struct config *c)
{
	return (struct dns_cache_limits){
		.entries_most = c->dns.cache_entries,
		.bytes_most = (uint64_t)c->dns.cache_memory_mb << 20,
		.ttl_min_ms = c->dns.ttl_min,
		.ttl_max_ms = c->dns.ttl_max,
		.stale_ms = c->dns.stale,
		.window_ms = c->transaction_window,
	};
}

static void take_limits(struct dns *d, const struct config *c)
{
	d->cache.limits = limits_of(c);
	d->wait_ms = c->dns.wait;
	d->queries_most = c->dns.queries;
	d->stale_ms = c->dns.stale;
	d->window_ms = c->transaction_window;
}

struct dns *dns_new(struct event_base *base, const struct config *c)
{
	const struct dns_cache_limits limits = limits_of(c);
	struct dns *d = mem_alloc(sizeof(*d));
	uint64_t hash_key = 0;

	if (!d)
		return NULL;
	d->base = base;
	d->clock = log_clock_ms;
	LIST_INIT(&d->tickets);
	LIST_INIT(&d->watches);
	if (getrandom(&hash_key, sizeof(hash_key), GRND_NONBLOCK) != sizeof(hash_key))
		hash_key = d->clock();
	d->asked = mem_alloc(sizeof(*d->asked));
	d->resolvers = resolvers_new(base, c);
	d->sweep = event_new(base, -1, EV_PERSIST, on_sweep, d);
	if (!d->asked || !d->resolvers || !d->sweep ||
	    dns_cache_init(&d->cache, &limits, hash_key)) {
		dns_free(d);
		return NULL;
	}
	take_limits(d, c);
	set_timer(d->sweep, SWEEP_MS);
	return d;
}

int dns_use_config(struct dns *d, const struct config *c)
{
	struct resolvers *next = resolvers_new(d->base, c), *before = d->resolvers;

	if (!next)
		return -ENOMEM;
	resolvers_inherit(next, before);
	d->resolvers = next;
	take_limits(d, c);
	resolvers_free(before); /* its questions are asked again, at the new ones */
	dns_watches_look(d);
	return 0;
}

uint32_t dns_flush(struct dns *d, const char *name)
{
	uint32_t n = dns_cache_flush(&d->cache, name);

	dns_watches_look(d);
	return n;
}

void dns_free(struct dns *d)
{
	static const struct rfc3263_result ended = { .rc = -ECANCELED };
	struct dns_ticket *t;

	if (!d)
		return;
	d->ending = true;
	resolvers_free(d->resolvers);
	while ((t = LIST_FIRST(&d->tickets)))
		end(t, &ended);
	while (!LIST_EMPTY(&d->watches))
		dns_unwatch(d, LIST_FIRST(&d->watches));
	if (d->sweep)
		event_free(d->sweep);
	if (d->cache.buckets)
		dns_cache_free(&d->cache);
	mem_free(d->asked);
	mem_free(d);
}
