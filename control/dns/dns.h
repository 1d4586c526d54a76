/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names to targets by RFC 3263, without ever blocking: c-ares in the event loop of the control
 * thread, behind a bounded cache that honours TTLs, refreshes before they end, remembers failures,
 * and serves what it knew while resolvers are down.
 *
 * A stateless proxy may not draw lots: among equal choices the caller's key, a hash that all
 * messages of a transaction share, decides (RFC 3263 4.4), and an answer that changed stays known
 * for the transaction window beside the one that replaced it (RFC 3261 16.11).
 *
 * Control thread only. Whoever asks is answered exactly once, from the event loop or, if the answer
 * is at hand, before dns_ask() returns.
 */
#pragma once

#include "control/dns/dns_records.h"

#include <jansson.h>

struct config;
struct dns;
struct dns_ticket;
struct dns_watch;
struct event_base;

#define DNS_TARGETS_MAX 64 /* of one name; more are cut, counted */

/* What is asked. */
struct dns_question {
	char host[DNS_NAME_MAX + 1]; /* lower case, no dot at the end; never an address */
	uint16_t port;               /* 0 = none was given */
	enum sip_transport
		transport;   /* that the URI or Via names; SIP_TRANSPORT_NONE: to be found */
	uint32_t transports; /* that may be used if none is named: 1u << enum sip_transport; 0 = all
			      */
	bool sips;           /* only TLS will do (RFC 5630) */
	bool response;       /* RFC 3263 section 5: no NAPTR, the transport is the Via's */
};

/* One place to send to. Of a list: in the order of RFC 3263, priorities first. */
struct dns_target {
	struct endpoint at;
	enum sip_transport transport; /* SIP_UDP, SIP_TCP or SIP_TLS */
	uint16_t priority, weight;    /* of the SRV record; 0 and 1 without */
	bool plain;    /* an address of the host asked for itself, for there are no SRV records */
	uint16_t host; /* targets with the same number are addresses of one host, whose weight they
			  share */
};

/**
 * What becomes of a question: @rc 0 with @n targets, the one to take first; -ENOENT: the name or
 * its records do not exist; -ETIMEDOUT, -EIO: no resolver could say; -ENOMEM; -EBUSY: too many
 * questions at once; -ECANCELED: dns_free(). @targets: valid until it returns.
 */
typedef void (*dns_answer)(void *arg, int rc, const struct dns_target *targets, uint32_t n);

/** Starts. @c: resolvers and bounds; none configured: those of /etc/resolv.conf. NULL without
 * memory. */
struct dns *dns_new(struct event_base *base, const struct config *c);

/** Another configuration is in force: resolvers may be others; what is cached stays. 0 or -ENOMEM
 * with nothing changed. */
int dns_use_config(struct dns *d, const struct config *c);

/** Ends; everybody who waits gets -ECANCELED. */
void dns_free(struct dns *d);

/**
 * Asks @q for the transaction with invariant hash @key. @sent_ms: monotonic time when the
 * transaction began, as far as is known, else 0; if the records changed after it and within the
 * window, the answer of before is given. Returns NULL if @fn was called already.
 */
struct dns_ticket *dns_ask(struct dns *d, const struct dns_question *q, uint64_t key,
			   uint64_t sent_ms, dns_answer fn, void *arg);

/** Whoever asked is not interested any more: its function will not be called. */
void dns_cancel(struct dns *d, struct dns_ticket *t);

/**
 * Watches @q: @fn is called with all targets (not ordered by any key: by priority, then address)
 * when they are first known and whenever the set changes; with a negative rc and no targets when it
 * could not be resolved and nothing is known from before. For backends that are names.
 */
struct dns_watch *dns_watch(struct dns *d, const struct dns_question *q, dns_answer fn, void *arg);

/** Ends a watch. NULL: nothing. */
void dns_unwatch(struct dns *d, struct dns_watch *w);

/* What happened since the start, and what there is. */
struct dns_counts {
	uint64_t questions; /* dns_ask() */
	uint64_t at_hand;   /* answered from what was known */
	uint64_t found;     /* ended with a target */
	uint64_t not_found; /* no such name or records */
	uint64_t failed;    /* no resolver could say, or not in time */
	uint64_t refused;   /* too many at once */
	uint64_t stale;     /* answered with records that had expired */
	uint64_t before;    /* answered with records of before a change */
	uint64_t cut;       /* names with more records or targets than are kept */
	uint64_t changes;   /* of records that were known */
	uint64_t evicted;   /* names that made room for others */
	uint64_t queries, answers, timeouts, errors; /* resolvers, as struct resolver_counts */
	uint32_t entries, waiting, busy, watches;    /* now: names, questions, queries, names */
	uint64_t bytes;                              /* of the cache, now */
};

/** Writes what there is to @out. */
void dns_counts(const struct dns *d, struct dns_counts *out);

/** True if no resolver answers anything. */
bool dns_down(const struct dns *d);

/**
 * Resolvers, counts, and the entries whose name contains @pattern (NULL: all), at most @most. New
 * reference; NULL without memory.
 */
json_t *dns_json(const struct dns *d, const char *pattern, uint32_t most);

/** Has the records of @name and of names below it (NULL: all) asked for anew when they are next
 * needed. Those of before still serve while resolvers are down. Returns how many sets of records
 * that are. */
uint32_t dns_flush(struct dns *d, const char *name);
