/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of names: records by type and name, bounded in number and bytes.
 *
 *   fetched ------------ due ---- expires ------------------- stale until
 *      | as the TTL says  | likewise, |  only while nobody can say   |
 *      |                  | asked anew| (RFC 8767)                   |
 *
 * Of records that changed, those of before stay for the transaction window. Entries that were used
 * once give way before those that were used again, so that a flood of names nobody asks for twice
 * does not wash out the others. Knows no resolvers and no clock. Control thread only.
 */
#pragma once

#include "control/dns/dns_rrset.h"

#include <sys/queue.h>

#define DNS_OLDS_MAX 4 /* sets of before, of one entry */

struct dns_wait;

LIST_HEAD(dns_waits, dns_wait);

/* Records of before. */
struct dns_old {
	struct dns_rrset *set;
	uint64_t until_ms; /* when others took their place */
};

/* Times: monotonic ms. */
struct dns_entry {
	LIST_ENTRY(dns_entry) hashed;
	TAILQ_ENTRY(dns_entry) aged;
	struct dns_rrset *now;            /* NULL = nothing was ever learned */
	struct dns_old old[DNS_OLDS_MAX]; /* oldest first */
	uint32_t n_old;
	enum dns_type type;
	bool again;                                              /* used again since it came */
	bool fetching;                                           /* asked for; not to be freed */
	uint64_t fetched_ms, due_ms, expires_ms, stale_until_ms; /* of now */
	int failure;            /* of the last question, negative errno; 0 = it was answered */
	uint32_t failures;      /* in a row */
	uint64_t retry_ms;      /* after a failure nobody is asked before */
	uint32_t bytes;         /* all together */
	uint64_t turn;          /* in which it was last used */
	struct dns_waits waits; /* who waits for the records */
	char name[];
};

TAILQ_HEAD(dns_ages, dns_entry);
LIST_HEAD(dns_bucket, dns_entry);

struct dns_cache_limits {
	uint32_t entries_most;
	uint64_t bytes_most;
	uint32_t ttl_min_ms, ttl_max_ms, stale_ms, window_ms;
};

struct dns_cache {
	struct dns_bucket *buckets;
	uint32_t n_buckets;          /* a power of two */
	struct dns_ages once, again; /* the next to give way first */
	uint32_t n, n_again;
	uint64_t bytes;
	uint64_t evicted;
	uint64_t hash_key;
	uint64_t turn;  /* entries used in this one stay: somebody reads their records */
	uint32_t swept; /* bucket */
	struct dns_cache_limits limits;
};

/** Makes @c empty. @hash_key: random, against names chosen to meet in one bucket. 0 or -ENOMEM. */
int dns_cache_init(struct dns_cache *c, const struct dns_cache_limits *limits, uint64_t hash_key);

/** Frees all entries; nobody may wait for one. */
void dns_cache_free(struct dns_cache *c);

/** The entry of @type and @name, for use; NULL if there is none. */
struct dns_entry *dns_cache_find(struct dns_cache *c, enum dns_type type, const char *name);

/** @e served a question other than the one for which it came. */
void dns_cache_again(struct dns_cache *c, struct dns_entry *e);

/** A new entry with nothing known, room made for it if need be. NULL without memory, or if all
 * others are being fetched. */
struct dns_entry *dns_cache_add(struct dns_cache *c, enum dns_type type, const char *name);

/** A resolver answered @e at @now_ms. 0, or -ENOMEM: noted as a failure. */
int dns_cache_learn(struct dns_cache *c, struct dns_entry *e,
		    const struct dns_answer_records *records, uint64_t now_ms);

/** No resolver could say: @failure. */
void dns_cache_fail(struct dns_entry *e, int failure, uint64_t now_ms);

/** The records of @e as they were at @at_ms, if they changed since; 0 = as they are now. @old is
 * set if they are others. */
const struct dns_rrset *dns_cache_at(const struct dns_cache *c, const struct dns_entry *e,
				     uint64_t at_ms, uint64_t now_ms, bool *old);

/** Drops what nobody may use any more, of a part of the table. */
void dns_cache_sweep(struct dns_cache *c, uint64_t now_ms);

/** Makes entries called @name and below (NULL: all) expire, and lets failures be tried again.
 * Returns how many. */
uint32_t dns_cache_flush(struct dns_cache *c, const char *name);
