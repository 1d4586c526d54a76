/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search for the highest rate that a proxy forwards without losing more than a bound allows:
 * throughput as RFC 1242 3.17 and RFC 2544 26.1 define it, but with a bound in place of "no frame"
 * - on a shared machine one stall in an hour would else be the result. With the scenario call the
 * rate of calls there is the Session Establishment Rate, with register the Registration Rate of
 * RFC 7501 3.4, found by trials as RFC 7502 asks.
 *
 * Pure: it names the next trial and is told what came out, so it is tested with proxies that are
 * a few lines of code. It
 *  1. doubles the rate from the lowest until a trial fails,
 *  2. halves what is between the highest that passed and the lowest that failed, down to the
 *     precision,
 *  3. confirms the result by a longer trial; where that fails, it steps down 1, 2, 4... precisions
 *     and halves again, by longer trials only,
 *  4. tries the lowest rate that failed once more, by a longer trial, unless that is how it failed;
 *     where it passes, a stall of the machine had ended the search too early: back to 1 from there.
 * Machines are shared and stall: a trial that fails is repeated, and a rate has failed when all its
 * tries (two, unless told otherwise) have. That favours the proxy where its rate is just above the
 * limit; the confirmation, which is longer, works against it.
 */
#pragma once

#include <stdbool.h>

struct search_bounds {
	double min, max;    /* rates to begin and to end with */
	double precision;   /* share of the rate; 0.01 = 1 per cent */
	unsigned int tries; /* trials at a rate that must fail before the rate has */
};

/* What came out of a trial. */
enum search_outcome {
	SEARCH_PASSED,
	SEARCH_FAILED,   /* the proxy lost too much, or something was wrong */
	SEARCH_GENERATOR /* the generator was at its own ceiling: says nothing about the proxy */
};

enum search_step { SEARCH_DOUBLE, SEARCH_HALVE, SEARCH_CONFIRM, SEARCH_DONE };

/* All zero but for what search_start() sets; read only for others. */
struct search {
	struct search_bounds bounds;
	enum search_step step;
	unsigned int failures; /* trials that failed before the one at hand, at the same rate */
	double rate;           /* of the trial at hand; of the result if done, 0 = none passed */
	double passed;         /* highest rate that passed, 0 = none */
	double failed;         /* lowest that failed, 0 = none */
	bool by_generator;     /* failed is that because of the generator */
	bool failed_long;      /* failed failed in a longer trial */
	double confirmed;      /* highest that a longer trial passed, 0 = none */
	double back;           /* share of the rate to step down next */
	unsigned int trials;   /* done so far */
};

/** Begins a search; @s->rate is the first trial's. */
void search_start(struct search *s, const struct search_bounds *bounds);

/** Takes the outcome of the trial at hand and names the next one. Returns false if there is none:
 * @s->rate is the result then. */
bool search_told(struct search *s, enum search_outcome outcome);

/** True if the trial at hand is to be a long one. */
static inline bool search_is_long(const struct search *s)
{
	return s->step == SEARCH_CONFIRM;
}

/** What ended a search at @s->rate: "proxy", "generator" (it could not offer more), "bounds"
 * (the highest rate asked for passed) or "none" (nothing passed). */
const char *search_limit(const struct search *s);

/** The name of a step, for people: "double", "halve", "confirm". */
const char *search_step_name(enum search_step step);
