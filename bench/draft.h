/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages under construction, for messages.c: header values by name, filled at random by kind, not
 * yet in an order. Private to bench.
 */
#pragma once

#include "bench/messages.h"

#define OUTSIDE 0 /* listeners of messages_world() */
#define INSIDE 1

/* A string under construction; too long a one ends the program. */
struct str {
	unsigned int n;
	char s[1200];
};

enum row {
	R_VIA,
	R_VIA2,
	R_VIA3,
	R_RECORD_ROUTE,
	R_ROUTE,
	R_MAX_FORWARDS,
	R_FROM,
	R_TO,
	R_CALL_ID,
	R_CSEQ,
	R_CONTACT,
	R_USER_AGENT,
	R_ALLOW,
	R_SUPPORTED,
	R_REQUIRE,
	R_EXPIRES,
	R_SESSION,
	R_IDENTITY,
	R_CHARGING,
	R_AUTH,
	R_EVENT,
	R_STATE,
	R_ACCEPT,
	R_REASON,
	R_TYPE,
	R_LENGTH,
	N_ROWS
};

/* A message before it is written. */
struct draft {
	enum message_kind kind;
	bool request, dialog, from_inside;
	const char *method;
	unsigned int cseq;
	struct str start, caller, call_id, body;
	struct str row[N_ROWS]; /* values; n 0 = no such row */
};

/** Starts the random numbers: splitmix64, nothing of libc, the same on every machine. */
void draft_seed(uint64_t seed);

/** A random number less than @n. */
unsigned int draft_below(unsigned int n);

/** True in @percent of all cases. */
bool draft_chance(unsigned int percent);

/** Appends to @t; a text that gets too long ends the program. */
__attribute__((format(printf, 2, 3))) void draft_add(struct str *t, const char *format, ...);

/** Fills @d with a message of @kind, all but the length of its body and, for responses, our Via. */
void draft_fill(struct draft *d, enum message_kind kind);

/** Writes @d to @p in one of the orders 0 to 3, with compact names or long ones; returns the
 * length. The caller has room for all of it. */
unsigned int draft_write(const struct draft *d, uint8_t *p, unsigned int order, bool compact);
