/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rise, fall and damping, probe by probe on a clock of the test; and the figures of latency.
 */
#include "control/health/health_figures.h"
#include "control/health/health_verdict.h"

#include <criterion/criterion.h>

/* Runs @probes ('+' good, '-' failed), @step_ms apart; returns the verdicts as 'u' and 'd'. */
static const char *run(const char *probes, uint32_t rise, uint32_t fall, uint64_t step_ms)
{
	static char out[512];
	struct verdict_rule rule = verdict_rule(rise, fall, 1000);
	struct verdict v;
	size_t i;

	verdict_init(&v);
	for (i = 0; probes[i]; i++) {
		bool was = v.up;

		cr_expect_eq(verdict_take(&v, &rule, probes[i] == '+', (i + 1) * step_ms),
			     v.up != was);
		out[i] = v.up ? 'u' : 'd';
	}
	out[i] = '\0';
	return out;
}

Test(health_verdict, rise_and_fall_count_probes_in_a_row)
{
	static const struct {
		uint32_t rise, fall;
		const char *probes, *verdicts;
	} rows[] = {
		{ 2, 3, "+++", "uuu" },
		{ 2, 3, "---", "uud" },
		{ 2, 3, "--+--+--+", "uuuuuuuuu" },
		{ 2, 3, "---+-+-+-", "uuddddddd" },
		{ 2, 3, "---++", "uuddu" },
		{ 1, 1, "-+", "du" },
		{ 1, 1, "+-", "ud" },
		{ 3, 2, "--++-+++", "uddddddu" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(run(rows[i].probes, rows[i].rise, rows[i].fall, 1000),
				 rows[i].verdicts, "row %zu", i);
}

Test(health_verdict, each_fall_soon_after_a_rise_doubles_what_the_next_rise_takes)
{
	/* The first fall costs nothing: it rises after one good probe; then 2, 4, 8. */
	cr_expect_str_eq(run("-+-++-++++-+++++++++", 1, 1, 1000), "dudduddddudddddddduu");
	/* The same probes a minute apart: calm. */
	cr_expect_str_eq(run("-+-++-++++-+++++++++", 1, 1, 60000), "duduuduuuuduuuuuuuuu");
}

Test(health_verdict, damping_has_a_bound_and_goes_away)
{
	struct verdict_rule rule = verdict_rule(2, 1, 1000);
	uint64_t now = 1000;
	struct verdict v;

	verdict_init(&v);
	for (int flap = 0; flap < 20; flap++) {
		verdict_take(&v, &rule, false, now += 1000);
		cr_assert_not(v.up);
		while (!v.up)
			verdict_take(&v, &rule, true, now += 1000);
	}
	cr_expect_eq(verdict_wanted(&v, &rule), 2u << VERDICT_FLAPS_MAX);
	/* Two calm periods take two doublings back, all of them the rest. */
	verdict_take(&v, &rule, false, now += 2 * rule.calm_ms);
	cr_expect_eq(verdict_wanted(&v, &rule), 2u << (VERDICT_FLAPS_MAX - 2));
	while (!v.up)
		verdict_take(&v, &rule, true, now += 1000);
	verdict_take(&v, &rule, false, now += 9 * rule.calm_ms);
	cr_expect_eq(verdict_wanted(&v, &rule), 2);
}

Test(health_verdict, slow_probes_make_a_longer_calm)
{
	cr_expect_eq(verdict_rule(2, 3, 5000).calm_ms, VERDICT_CALM_MS);
	cr_expect_eq(verdict_rule(2, 3, 60000).calm_ms, 2u * 3 * 60000);
}

Test(health_figures, mean_and_percentile_are_of_the_latest_answers)
{
	struct figures f = { 0 };

	cr_expect_eq(figures_mean_ms(&f), 0);
	cr_expect_eq(figures_p99_ms(&f), 0);
	for (int i = 0; i < 100; i++)
		figures_add(&f, i == 99 ? 40000 : 2000);
	cr_expect_float_eq(figures_mean_ms(&f), (99 * 2.0 + 40) / 100, 1e-9);
	cr_expect(figures_p99_ms(&f) > 1.5 && figures_p99_ms(&f) < 50);
	/* 512 later answers leave nothing of the first ones. */
	for (int i = 0; i < 2 * FIGURES_TURN + 1; i++)
		figures_add(&f, 8000);
	cr_expect_float_eq(figures_mean_ms(&f), 8, 1e-9);
	cr_expect(figures_p99_ms(&f) > 6 && figures_p99_ms(&f) < 10, "%f", figures_p99_ms(&f));
}
