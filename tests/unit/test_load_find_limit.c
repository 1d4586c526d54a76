/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search for the highest rate, against proxies that are a few lines: with a hard limit, with
 * noise, with none that the generator can reach.
 */
#include "bench/load/front/limit.h"
#include "bench/load/front/search.h"

#include <criterion/criterion.h>
#include <string.h>

/* A proxy and the machine it is on. */
struct world {
	double limit;                      /* messages per second without loss */
	double flattered;                  /* share above it that short trials do not notice */
	double noise;                      /* chance that a trial fails whatever the rate */
	unsigned int stall_from, stall_to; /* trials that fail whatever the rate */
	double ceiling;                    /* of the generator */
	uint64_t state;                    /* of the random numbers */
	unsigned int trials, in_a_row;
	double last;
	double best; /* highest rate that a long trial passed */
};

static double chance(struct world *w)
{
	w->state = w->state * 6364136223846793005u + 1442695040888963407u;
	return (double)(w->state >> 11) / (double)(1ull << 53);
}

static enum search_outcome trial(struct world *w, const struct search *s)
{
	double limit = w->limit * (search_is_long(s) ? 1 : 1 + w->flattered);

	w->in_a_row = s->rate == w->last ? w->in_a_row + 1 : 1;
	w->last = s->rate;
	w->trials++;
	if (w->trials >= w->stall_from && w->trials < w->stall_to)
		return SEARCH_FAILED;
	if (s->rate > w->ceiling)
		return SEARCH_GENERATOR;
	if (s->rate > limit || chance(w) < w->noise)
		return SEARCH_FAILED;
	return SEARCH_PASSED;
}

static struct search run(struct world *w, double min, double max, unsigned int tries)
{
	struct search_bounds bounds = { min, max, 0.01, tries };
	enum search_outcome outcome;
	struct search s;

	search_start(&s, &bounds);
	do {
		cr_assert_leq(s.rate, max);
		cr_assert_geq(s.rate, min);
		cr_assert_lt(w->trials, 1000, "the search does not end");
		outcome = trial(w, &s);
		if (outcome == SEARCH_PASSED && search_is_long(&s) && s.rate > w->best)
			w->best = s.rate;
	} while (search_told(&s, outcome));
	cr_assert_eq(s.rate, w->best, "%.0f was found, %.0f confirmed", s.rate, w->best);
	return s;
}

Test(load_find_limit, a_hard_limit_is_found_to_one_per_cent)
{
	static const double limits[] = { 10e3, 10.1e3, 19.99e3, 81234, 1e6, 1.28e6, 3.37e6, 9.9e6 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct world w = { .limit = limits[i], .ceiling = 1e9 };
		struct search s = run(&w, 10e3, 100e6, 2);

		cr_expect_leq(s.rate, limits[i]);
		cr_expect_geq(s.rate * 1.01, limits[i], "%.0f found for %.0f", s.rate, limits[i]);
		cr_expect_str_eq(search_limit(&s), "proxy");
		cr_expect_lt(w.trials, 50);
	}
}

Test(load_find_limit, short_trials_that_flatter_are_put_right_by_long_ones)
{
	for (int percent = 1; percent <= 40; percent += 3) {
		struct world w = { .limit = 2e6, .flattered = percent / 100.0, .ceiling = 1e9 };
		struct search s = run(&w, 10e3, 100e6, 2);

		cr_expect_leq(s.rate, 2e6, "%d %%: %.0f", percent, s.rate);
		cr_expect_geq(s.rate * 1.01, 2e6, "%d %%: %.0f", percent, s.rate);
		cr_expect_lt(w.trials, 50, "%d %%: %u trials", percent, w.trials);
	}
}

Test(load_find_limit, a_stall_early_in_the_search_does_not_end_it)
{
	for (unsigned int from = 2; from < 12; from++) {
		struct world w = {
			.limit = 4e6, .ceiling = 1e9, .stall_from = from, .stall_to = from + 2
		};
		struct search s = run(&w, 10e3, 100e6, 2);

		cr_expect_leq(s.rate, 4e6);
		cr_expect_geq(s.rate * 1.01, 4e6, "stall at trial %u: %.0f", from, s.rate);
		cr_expect_str_eq(search_limit(&s), "proxy");
	}
}

Test(load_find_limit, what_limits_was_seen_by_a_long_trial)
{
	struct world w = { .limit = 1.5e6, .ceiling = 1e9 };
	struct search s = run(&w, 10e3, 100e6, 2);

	cr_expect(s.failed_long);
	cr_expect_gt(s.failed, s.rate);
	cr_expect_leq(s.failed, s.rate * 1.0101);
}

Test(load_find_limit, a_machine_that_stalls_now_and_then_costs_little)
{
	unsigned int close = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct world w = { .limit = 2e6, .noise = 0.2, .ceiling = 1e9, .state = seed };
		struct search s = run(&w, 10e3, 100e6, 3);

		cr_expect_leq(s.rate, 2e6);
		close += s.rate > 0.97 * 2e6;
	}
	cr_expect_geq(close, 195, "close to the limit in %u of 200 searches", close);
}

Test(load_find_limit, a_rate_has_failed_when_all_its_tries_have)
{
	for (unsigned int tries = 1; tries <= 4; tries++) {
		struct world w = { .limit = 50e3, .ceiling = 1e9 };
		struct search_bounds bounds = { 40e3, 1e6, 0.01, tries };
		struct search s;

		search_start(&s, &bounds);
		cr_assert(search_told(&s, trial(&w, &s)));
		cr_assert_eq(s.rate, 80e3);
		for (unsigned int i = 1; i < tries; i++) {
			cr_assert(search_told(&s, trial(&w, &s)));
			cr_expect_eq(s.rate, 80e3);
		}
		search_told(&s, trial(&w, &s));
		cr_expect_eq(s.rate, 60e3);
		cr_expect_eq(w.in_a_row, tries);
	}
}

Test(load_find_limit, a_generator_at_its_ceiling_is_not_taken_for_the_proxy)
{
	struct world w = { .limit = 9e6, .ceiling = 4e6 };
	struct search s = run(&w, 10e3, 100e6, 2);

	cr_expect_str_eq(search_limit(&s), "generator");
	cr_expect_leq(s.rate, 4e6);
	cr_expect_geq(s.rate * 1.01, 4e6);

	w = (struct world){ .limit = 9e6, .ceiling = 1 };
	s = run(&w, 10e3, 100e6, 2);
	cr_expect_eq(s.rate, 0);
	cr_expect_str_eq(search_limit(&s), "generator");
}

Test(load_find_limit, a_proxy_that_takes_all_that_was_asked_for_has_no_known_limit)
{
	struct world w = { .limit = 9e6, .ceiling = 1e9 };
	struct search s = run(&w, 10e3, 3e6, 2);

	cr_expect_eq(s.rate, 3e6);
	cr_expect_str_eq(search_limit(&s), "bounds");
}

Test(load_find_limit, a_proxy_that_loses_at_the_lowest_rate_has_none)
{
	struct world w = { .limit = 5e3, .ceiling = 1e9 };
	struct search s = run(&w, 10e3, 3e6, 2);

	cr_expect_eq(s.rate, 0);
	cr_expect_str_eq(search_limit(&s), "none");
	cr_expect_eq(w.trials, 2);
}

Test(load_find_limit, no_noise_keeps_it_going_for_ever)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct world w = { .limit = 1e12, .noise = 0.9, .ceiling = 1e13, .state = seed };
		struct search s = run(&w, 1, 1e9, 10);

		cr_expect_leq(s.rate, 1e9);
	}
}

Test(load_find_limit, what_a_trial_means)
{
	static const struct {
		double sent, loss;
		bool at_ceiling, wrong;
		enum search_outcome outcome;
	} rows[] = {
		{ 1e6, 0, false, false, SEARCH_PASSED },
		{ 1e6, 1e-5, false, false, SEARCH_PASSED },
		{ 1e6, 1.1e-5, false, false, SEARCH_FAILED },
		{ 0.99e6, 0, false, false, SEARCH_PASSED },
		{ 0.9e6, 0, false, false, SEARCH_FAILED },
		{ 0.9e6, 0, true, false, SEARCH_GENERATOR },
		{ 1e6, 0, true, false, SEARCH_PASSED },
		{ 1e6, 0.1, true, false, SEARCH_GENERATOR },
		{ 1e6, 0, false, true, SEARCH_FAILED },
	};
	static struct options o = { .find_limit = true, .loss = 1e-5 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct load_result r;
		const char *why = NULL;

		r = (struct load_result){ .offered = 1e6,
					  .sent_rate = rows[i].sent,
					  .loss = rows[i].loss,
					  .at_ceiling = rows[i].at_ceiling };
		r.sum.c[L_ALTERED] = rows[i].wrong;
		r.sum.c[L_CALLS_FAILED] = 3; /* judged by the loss that made them fail */
		cr_expect_eq(limit_judge(&o, &r, &why), rows[i].outcome, "row %zu: %s", i, why);
		cr_expect(why && why[0]);
	}
}
