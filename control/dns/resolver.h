/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resolvers: one question on the wire, tried at one resolver after the other, by c-ares in the
 * event loop.
 *
 * Each resolver has a c-ares channel of its own, so that which is asked first follows from how they
 * did: one that did not answer is asked last for a while, and a first resolver that is gone costs
 * one question its time-out, not all of them. c-ares does the rest: random numbers, TCP where UDP
 * was cut, answers only from where the question went. Control thread only.
 */
#pragma once

#include "control/dns/dns_records.h"

#include <jansson.h>

struct config;
struct event_base;
struct resolvers;

#define RESOLVERS_MAX 8

/**
 * The end of a question: @rc 0 with the @records, of which there may be none; -ETIMEDOUT: nobody
 * answered; -EIO: who answered could not say, or made no sense; -ECANCELED: resolvers_free().
 * @records: valid until it returns.
 */
typedef void (*resolver_answer)(void *arg, int rc, const struct dns_answer_records *records);

/** What resolvers did since the start. */
struct resolver_counts {
	uint64_t queries;  /* sent, each try by itself */
	uint64_t answers;  /* also negative ones */
	uint64_t timeouts; /* no answer in time, or none can be reached */
	uint64_t errors;   /* SERVFAIL, REFUSED and the like; answers that make no sense */
};

/** Those of @c, or of /etc/resolv.conf if it names none. NULL without memory. */
struct resolvers *resolvers_new(struct event_base *base, const struct config *c);

/** Ends; who waits gets -ECANCELED. Not from within a resolver_answer. */
void resolvers_free(struct resolvers *r);

/** @r takes the place of @before: it goes on with its counts. */
void resolvers_inherit(struct resolvers *r, const struct resolvers *before);

/** Asks for @type of @name. @fn is called once, maybe before this returns. 0, or -ENOMEM: it is
 * not. */
int resolvers_ask(struct resolvers *r, enum dns_type type, const char *name, resolver_answer fn,
		  void *arg);

/** How many questions are under way. */
uint32_t resolvers_busy(const struct resolvers *r);

/** True if none of them answers. */
bool resolvers_down(const struct resolvers *r);

/** What they did. */
const struct resolver_counts *resolvers_counts(const struct resolvers *r);

/** Each of them for people: address, whether it answers, its counts. New reference. */
json_t *resolvers_json(const struct resolvers *r);
