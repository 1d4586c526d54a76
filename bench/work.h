/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the micro-benchmarks run over a message: the stages of the core, and reference work on the
 * same bytes to measure them against. One message each; all share one parse tree and one output, as
 * a worker does.
 */
#pragma once

#include "bench/messages.h"

enum work_id {
	WORK_EMPTY,
	WORK_MEMCPY,
	WORK_LINES,
	WORK_HEADERS,
	WORK_PARSE,
	WORK_DECIDE,
	WORK_ALL,
	N_WORKS
};

struct work {
	const char *name, *what;
	/* Returns a number that depends on the work. */
	uint64_t (*run)(const struct message *m);
	bool edits; /* changes the message: it is restored before the next run */
};

extern const struct work works[N_WORKS];

/** The world that messages are decided in from now on; borrowed. Needed before the first one. */
void work_world(const struct lab_world *world);

/** The decision about the message that ran last. */
const struct proxy_out *work_out(void);

/** Ends the program, with the message, unless parser, rules and header split take @m: a bench of
 * messages that are refused would be a fast one. */
void work_check(const struct message *m);
