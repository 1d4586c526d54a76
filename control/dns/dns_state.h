/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of names, for the files that make it up: dns.c (questions), dns_fetch.c (what must be
 * asked on the wire), dns_watch.c (names that are followed), dns_view.c (what people are shown).
 *
 * A question (ticket) is answered by one run of rfc3263_targets() over the cache. What the run
 * misses is fetched; the ticket waits, and runs again when the last of it has come. A ticket thus
 * has no state of its own but the time at which it began.
 */
#pragma once

#include "control/config/config.h"
#include "control/dns/dns.h"
#include "control/dns/dns_asked.h"
#include "control/dns/dns_cache.h"
#include "control/dns/resolver.h"
#include "control/dns/rfc3263.h"

#include <event2/event.h>

#define DNS_WAITING_MOST 8192u /* questions that wait */
#define DNS_ZONES 64u          /* classes of names, by their last two labels */

/* A ticket waits for an entry. */
struct dns_wait {
	LIST_ENTRY(dns_wait) of_entry;
	LIST_ENTRY(dns_wait) of_ticket;
	struct dns_ticket *ticket;
};

struct dns_ticket {
	LIST_ENTRY(dns_ticket) link;
	struct dns *d;
	struct dns_question q;
	uint64_t key, at_ms; /* see dns_ask(); of the memory, if it knows */
	uint64_t began_ms;
	uint64_t next_ms; /* when the first of the records that were used is due */
	struct dns_waits waits;
	uint32_t rounds;
	int refusal;   /* something could not be asked for: negative errno */
	bool watches;  /* is part of a watch */
	bool running;  /* rfc3263_targets() */
	bool stale_ok; /* it waited long enough */
	bool used_stale, used_old, missed;
	struct event *timer;
	dns_answer fn;
	void *arg;
};

LIST_HEAD(dns_tickets, dns_ticket);

struct dns_watch {
	LIST_ENTRY(dns_watch) link;
	struct dns_ticket ticket;
	struct event *timer; /* for the next look */
	dns_answer fn;
	void *arg;
	bool told; /* fn was called at all */
	int rc;    /* as told */
	uint32_t failures;
	uint64_t good_ms;     /* when targets were last found in records that hold */
	struct dns_target *v; /* as told */
	uint32_t n;
};

LIST_HEAD(dns_watch_list, dns_watch);

struct dns {
	struct event_base *base;
	struct resolvers *resolvers;
	struct dns_cache cache;
	struct dns_asked *asked;
	struct dns_tickets tickets;
	struct dns_watch_list watches;
	struct event *sweep;
	uint32_t n_waiting, n_watches;
	uint32_t wait_ms, queries_most, stale_ms, window_ms;
	uint16_t zone_busy[DNS_ZONES]; /* questions on the wire, by class of name */
	bool ending;
	struct dns_counts counts; /* but for what others count */
	uint64_t (*clock)(void);  /* monotonic, ms */
};

/** The store of @t for rfc3263_targets(). */
const struct dns_rrset *dns_ticket_find(void *arg, enum dns_type type, const char *name);

/**
 * Runs @t until it has an answer, in @out, or waits: false. It has then no timer and waits for
 * nothing.
 */
bool dns_ticket_run(struct dns_ticket *t, struct rfc3263_result *out);

/** All that @t waited for has come. */
void dns_ticket_resume(struct dns_ticket *t);

/** @t waits for nothing any more. */
void dns_ticket_stop_waiting(struct dns_ticket *t);

/** The ticket of @w is answered. */
void dns_watch_found(struct dns_watch *w, const struct rfc3263_result *out);

/** Has every watch look again soon. */
void dns_watches_look(struct dns *d);

/** Asks a resolver for the records of @e, unless that is under way. 0, -EBUSY or -ENOMEM. */
int dns_fetch(struct dns *d, struct dns_entry *e, bool urgent);
