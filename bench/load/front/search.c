/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doubling, bisection and confirmation (search.h). A way not taken is the binary search from the
 * line rate down that RFC 2544 describes: a proxy far beyond its limit fills every queue on the
 * way, which disturbs the trial after it.
 */
#include "bench/load/front/search.h"

#define TRIALS_MAX 200 /* no proxy, however noisy, keeps a search going for ever */

void search_start(struct search *s, const struct search_bounds *bounds)
{
	*s = (struct search){ .bounds = *bounds,
			      .step = SEARCH_DOUBLE,
			      .rate = bounds->min,
			      .back = bounds->precision };
}

static bool done(struct search *s)
{
	s->step = SEARCH_DONE;
	s->rate = s->confirmed;
	return false;
}

static bool try_rate(struct search *s, enum search_step step, double rate)
{
	s->step = step;
	s->rate = rate;
	return true;
}

/* True if @passed and what failed are as close as was asked for. */
static bool is_close(const struct search *s, double passed)
{
	return s->failed > 0 && s->failed <= passed * (1 + s->bounds.precision);
}

/* The next short trial, or the first long one. */
static bool go_on(struct search *s)
{
	if (s->failed == 0 && s->passed < s->bounds.max) {
		double twice = s->passed * 2;

		return try_rate(s, SEARCH_DOUBLE, twice < s->bounds.max ? twice : s->bounds.max);
	}
	if (s->failed == 0 || is_close(s, s->passed))
		return try_rate(s, SEARCH_CONFIRM, s->passed);
	return try_rate(s, SEARCH_HALVE, (s->passed + s->failed) / 2);
}

/* Behind a long trial that passed: up to what failed, or once more beyond it. */
static bool go_up(struct search *s)
{
	if (s->failed == 0)
		return s->passed < s->bounds.max ? go_on(s) : done(s);
	if (!is_close(s, s->confirmed))
		return try_rate(s, SEARCH_CONFIRM, (s->confirmed + s->failed) / 2);
	return s->failed_long ? done(s) : try_rate(s, SEARCH_CONFIRM, s->failed);
}

/* Behind one that failed: down, but not below what was confirmed already. */
static bool go_down(struct search *s)
{
	double lower = s->failed * (1 - s->back);

	s->back = s->back < 0.25 ? s->back * 2 : 0.5;
	if (lower > s->confirmed && lower > s->bounds.min)
		return try_rate(s, SEARCH_CONFIRM, lower);
	if (s->confirmed > 0)
		return is_close(s, s->confirmed) ? done(s) : go_up(s);
	return s->bounds.min < s->failed ? try_rate(s, SEARCH_CONFIRM, s->bounds.min) : done(s);
}

static void take(struct search *s, enum search_outcome outcome)
{
	bool is_long = search_is_long(s);

	if (outcome == SEARCH_PASSED) {
		s->passed = s->rate;
		s->confirmed = is_long ? s->rate : s->confirmed;
		s->back = s->bounds.precision;
		if (s->failed <= s->rate)
			s->failed = 0;
	} else {
		s->failed = s->rate;
		s->failed_long = is_long;
		s->by_generator = outcome == SEARCH_GENERATOR;
	}
}

bool search_told(struct search *s, enum search_outcome outcome)
{
	bool passed = outcome == SEARCH_PASSED, is_long = search_is_long(s);

	s->trials++;
	if (!passed && ++s->failures < s->bounds.tries && s->trials < TRIALS_MAX)
		return true;
	s->failures = 0;
	take(s, outcome);
	if (s->trials >= TRIALS_MAX || s->passed == 0)
		return done(s);
	if (!is_long)
		return go_on(s);
	return passed ? go_up(s) : go_down(s);
}

const char *search_limit(const struct search *s)
{
	if (s->rate == 0)
		return s->by_generator ? "generator" : "none";
	if (s->failed == 0)
		return "bounds";
	return s->by_generator ? "generator" : "proxy";
}

const char *search_step_name(enum search_step step)
{
	static const char *const names[] = { "double", "halve", "confirm", "done" };

	return names[step];
}
