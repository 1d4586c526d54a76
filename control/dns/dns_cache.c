/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table with two lists in the order of use (segmented LRU). Those used again may be three
 * quarters of all; beyond, the one longest unused goes back to the first list.
 */
#include "control/dns/dns_cache.h"

#include "control/config/alloc.h"

#include <errno.h>

#define NEGATIVE_MOST_MS 300000u /* a denial is believed no longer (RFC 2308 5: hours at most) */
#define NEGATIVE_BARE_MS 5000u   /* one that does not tell how long */
#define RETRY_FIRST_MS 2000u     /* after a failure (RFC 9520: 1 s to 5 minutes) */
#define RETRY_MOST_MS 60000u
#define SWEEP_PART 16 /* of the buckets, at a time */

/* --- table ------------------------------------------------------------------------------- */

int dns_cache_init(struct dns_cache *c, const struct dns_cache_limits *limits, uint64_t hash_key)
{
	uint32_t n = 64;

	while (n < limits->entries_most && n < 1u << 20)
		n *= 2;
	*c = (struct dns_cache){
		.limits = *limits, .n_buckets = n, .hash_key = hash_key, .turn = 1
	};
	TAILQ_INIT(&c->once);
	TAILQ_INIT(&c->again);
	c->buckets = mem_alloc(n * sizeof(*c->buckets));
	return c->buckets ? 0 : -ENOMEM;
}

static struct dns_bucket *bucket_of(const struct dns_cache *c, enum dns_type type, const char *name)
{
	uint64_t h = c->hash_key + type;

	for (const char *p = name; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x9e3779b97f4a7c15 + (h >> 29);
	return &c->buckets[(h ^ h >> 32) & (c->n_buckets - 1)];
}

static void count(struct dns_cache *c, struct dns_entry *e)
{
	uint32_t bytes = (uint32_t)(sizeof(*e) + strlen(e->name) + 1);

	bytes += e->now ? e->now->bytes : 0;
	for (uint32_t i = 0; i < e->n_old; i++)
		bytes += e->old[i].set->bytes;
	c->bytes += bytes - (uint64_t)e->bytes;
	e->bytes = bytes;
}

static void unlist(struct dns_cache *c, struct dns_entry *e)
{
	TAILQ_REMOVE(e->again ? &c->again : &c->once, e, aged);
	c->n_again -= e->again;
	e->again = false;
}

static void drop(struct dns_cache *c, struct dns_entry *e)
{
	unlist(c, e);
	LIST_REMOVE(e, hashed);
	c->n--;
	c->bytes -= e->bytes;
	for (uint32_t i = 0; i < e->n_old; i++)
		mem_free(e->old[i].set);
	mem_free(e->now);
	mem_free(e);
}

void dns_cache_free(struct dns_cache *c)
{
	struct dns_entry *e;

	while ((e = TAILQ_FIRST(&c->once)) || (e = TAILQ_FIRST(&c->again)))
		drop(c, e);
	mem_free(c->buckets);
	c->buckets = NULL;
}

/* The first of @list that may go. Of those in front only a few are ever being fetched. */
static struct dns_entry *spare(const struct dns_cache *c, struct dns_ages *list)
{
	struct dns_entry *e;

	TAILQ_FOREACH(e, list, aged) {
		if (!e->fetching && e->turn != c->turn && LIST_EMPTY(&e->waits))
			return e;
	}
	return NULL;
}

/* Makes room for @more entries. False if nothing may go. */
static bool make_room(struct dns_cache *c, uint32_t more)
{
	while (c->n + more > c->limits.entries_most || c->bytes > c->limits.bytes_most) {
		struct dns_entry *e = spare(c, &c->once);

		e = e ? e : spare(c, &c->again);
		if (!e)
			return false;
		drop(c, e);
		c->evicted++;
	}
	return true;
}

struct dns_entry *dns_cache_find(struct dns_cache *c, enum dns_type type, const char *name)
{
	struct dns_entry *e;

	LIST_FOREACH(e, bucket_of(c, type, name), hashed) {
		if (e->type == type && strcmp(e->name, name) == 0)
			break;
	}
	if (!e)
		return NULL;
	TAILQ_REMOVE(e->again ? &c->again : &c->once, e, aged);
	TAILQ_INSERT_TAIL(e->again ? &c->again : &c->once, e, aged);
	e->turn = c->turn;
	return e;
}

void dns_cache_again(struct dns_cache *c, struct dns_entry *e)
{
	if (e->again)
		return;
	unlist(c, e);
	e->again = true;
	TAILQ_INSERT_TAIL(&c->again, e, aged);
	c->n_again++;
	if (c->n_again > c->limits.entries_most / 4 * 3) {
		struct dns_entry *first = TAILQ_FIRST(&c->again);

		unlist(c, first);
		TAILQ_INSERT_TAIL(&c->once, first, aged);
	}
}

struct dns_entry *dns_cache_add(struct dns_cache *c, enum dns_type type, const char *name)
{
	size_t n = strlen(name) + 1;
	struct dns_entry *e;

	if (!make_room(c, 1))
		return NULL;
	e = mem_alloc(sizeof(*e) + n);
	if (!e)
		return NULL;
	e->type = type;
	e->turn = c->turn;
	memcpy(e->name, name, n);
	LIST_INIT(&e->waits);
	LIST_INSERT_HEAD(bucket_of(c, type, name), e, hashed);
	TAILQ_INSERT_TAIL(&c->once, e, aged);
	c->n++;
	count(c, e);
	return e;
}

/* --- records ----------------------------------------------------------------------------- */

static void forget_oldest(struct dns_entry *e)
{
	mem_free(e->old[0].set);
	e->n_old--;
	memmove(e->old, e->old + 1, e->n_old * sizeof(e->old[0]));
}

static void forget_old(const struct dns_cache *c, struct dns_entry *e, uint64_t now_ms)
{
	while (e->n_old && e->old[0].until_ms + c->limits.window_ms <= now_ms)
		forget_oldest(e);
}

/* Puts @set in the place of what is known. */
static void replace(const struct dns_cache *c, struct dns_entry *e, struct dns_rrset *set,
		    uint64_t now_ms)
{
	forget_old(c, e, now_ms);
	if (e->now && dns_rrset_same(e->now, set)) {
		mem_free(set);
		return;
	}
	if (e->n_old == DNS_OLDS_MAX)
		forget_oldest(e);
	if (e->now && e->now->rc == 0 && c->limits.window_ms)
		e->old[e->n_old++] = (struct dns_old){ e->now, now_ms };
	else
		mem_free(e->now);
	e->now = set;
}

/* How long @records hold. */
static uint64_t holds_ms(const struct dns_cache *c, const struct dns_answer_records *records)
{
	bool negative = records->n == 0 && !records->alias[0];
	uint64_t ms = records->ttl * 1000ull;

	if (records->ttl == DNS_NO_TTL)
		ms = NEGATIVE_BARE_MS;
	if (negative && ms > NEGATIVE_MOST_MS)
		ms = NEGATIVE_MOST_MS;
	if (ms > c->limits.ttl_max_ms)
		ms = c->limits.ttl_max_ms;
	return ms < c->limits.ttl_min_ms ? c->limits.ttl_min_ms : ms;
}

int dns_cache_learn(struct dns_cache *c, struct dns_entry *e,
		    const struct dns_answer_records *records, uint64_t now_ms)
{
	struct dns_rrset *set = dns_rrset_new(records);
	uint64_t ms = holds_ms(c, records);

	if (!set) {
		dns_cache_fail(e, -ENOMEM, now_ms);
		return -ENOMEM;
	}
	replace(c, e, set, now_ms);
	count(c, e);
	e->fetched_ms = now_ms;
	e->due_ms = now_ms + ms - ms / 10;
	e->expires_ms = now_ms + ms;
	e->stale_until_ms = e->expires_ms + c->limits.stale_ms;
	e->failure = 0;
	e->failures = 0;
	e->retry_ms = 0;
	make_room(c, 0);
	return 0;
}

void dns_cache_fail(struct dns_entry *e, int failure, uint64_t now_ms)
{
	uint64_t wait = RETRY_FIRST_MS << (e->failures < 8 ? e->failures : 8);

	e->failure = failure;
	e->failures++;
	e->retry_ms = now_ms + (wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS);
}

const struct dns_rrset *dns_cache_at(const struct dns_cache *c, const struct dns_entry *e,
				     uint64_t at_ms, uint64_t now_ms, bool *old)
{
	for (uint32_t i = 0; at_ms && i < e->n_old; i++) {
		if (at_ms >= e->old[i].until_ms ||
		    e->old[i].until_ms + c->limits.window_ms <= now_ms)
			continue;
		*old = true;
		return e->old[i].set;
	}
	return e->now;
}

void dns_cache_sweep(struct dns_cache *c, uint64_t now_ms)
{
	for (uint32_t i = 0; i < c->n_buckets / SWEEP_PART; i++) {
		struct dns_entry *e = LIST_FIRST(&c->buckets[c->swept]), *next;

		for (; e; e = next) {
			bool useless = now_ms > e->stale_until_ms && now_ms > e->retry_ms;

			next = LIST_NEXT(e, hashed);
			forget_old(c, e, now_ms);
			count(c, e);
			if (useless && !e->n_old && !e->fetching && LIST_EMPTY(&e->waits))
				drop(c, e);
		}
		c->swept = (c->swept + 1) & (c->n_buckets - 1);
	}
}

/* True if @e is called @name or something below it, such as its services. */
static bool is_below(const struct dns_entry *e, const char *name)
{
	size_t n = strlen(name), len = strlen(e->name);

	return len >= n && strcmp(e->name + len - n, name) == 0 &&
	       (len == n || e->name[len - n - 1] == '.');
}

uint32_t dns_cache_flush(struct dns_cache *c, const char *name)
{
	struct dns_entry *e;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_buckets; i++) {
		LIST_FOREACH(e, &c->buckets[i], hashed) {
			if (name && !is_below(e, name))
				continue;
			e->fetched_ms = e->due_ms = e->expires_ms = e->retry_ms = 0;
			n++;
		}
	}
	return n;
}
