/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passive health on a clock of the test, a sample each half second: what makes a backend suspect,
 * ejection and back-off, rest.
 */
#include "control/health/health_passive.h"

#include <criterion/criterion.h>

#define STEP 500

static const struct passive_rule usual = { .unreachable = 3,
					   .silence = 1000,
					   .errors = 50,
					   .window_ms = 10000,
					   .eject_ms = 30000,
					   .rest_max_ms = 60000,
					   .eject = true,
					   .rest = true };

static uint64_t now_ms;
static struct passive_counts sum;
static struct passive p;

static void fresh(void)
{
	p = (struct passive){ 0 };
	sum = (struct passive_counts){ 0 };
	now_ms = 1000000;
	passive_count(&p, &usual, &sum, now_ms);
}

/* Counts @c more in each of @n steps. Returns the causes for which it is out. */
static uint32_t pass(const struct passive_rule *r, struct passive_counts c, unsigned int n)
{
	uint32_t out = passive_judge(&p, r, now_ms);

	while (n--) {
		sum.requests += c.requests;
		sum.responses += c.responses;
		sum.finals += c.finals;
		sum.errors += c.errors;
		sum.unreachable += c.unreachable;
		passive_count(&p, r, &sum, now_ms += STEP);
		out = passive_judge(&p, r, now_ms);
	}
	return out;
}

#define QUIET ((struct passive_counts){ 0 })

Test(health_passive, what_makes_a_backend_suspect)
{
	static const struct {
		struct passive_counts each; /* of 10 steps, half a window */
		uint32_t suspect;
	} rows[] = {
		{ { .requests = 9, .responses = 12, .finals = 9 }, 0 },
		{ { .unreachable = 1 }, 1u << PASSIVE_ICMP },
		{ { .requests = 2 }, 1u << PASSIVE_SILENCE }, /* 20 of the sample: 1280 */
		{ { .requests = 1 }, 0 },                     /* 640 */
		{ { .requests = 100, .responses = 1 }, 0 },
		{ { .requests = 1, .responses = 1, .finals = 1, .errors = 32 },
		  1u << PASSIVE_ERRORS },
		{ { .requests = 1, .responses = 1, .finals = 1, .errors = 31 }, 0 },
		{ { .requests = 1, .responses = 1, .finals = 1, .errors = 500 },
		  1u << PASSIVE_ERRORS },
		{ { .errors = 5 }, 0 }, /* too few to know their share */
	};
	struct passive_rule off = usual;

	off.unreachable = off.silence = off.errors = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh();
		cr_expect_eq(pass(&usual, rows[i].each, 10), rows[i].suspect, "row %zu", i);
		fresh();
		cr_expect_eq(pass(&off, rows[i].each, 10), 0, "row %zu, off", i);
	}
}

Test(health_passive, windows_slide)
{
	fresh();
	pass(&usual, (struct passive_counts){ .unreachable = 2 }, 1);
	pass(&usual, QUIET, 21);
	cr_expect_eq(pass(&usual, (struct passive_counts){ .unreachable = 2 }, 1), 0,
		     "the first two are long ago");
	cr_expect_eq(pass(&usual, (struct passive_counts){ .unreachable = 1 }, 1),
		     1u << PASSIVE_ICMP);
	cr_expect_eq(p.total.unreachable, 5, "totals do not slide");
}

Test(health_passive, a_gap_longer_than_the_window_empties_it)
{
	fresh();
	pass(&usual, (struct passive_counts){ .unreachable = 2 }, 1);
	now_ms += 3600000;
	cr_expect_eq(pass(&usual, (struct passive_counts){ .unreachable = 2 }, 1), 0);
}

Test(health_passive, suspects_stay_unless_told_otherwise)
{
	struct passive_rule r = usual;

	r.eject = false;
	fresh();
	cr_expect_eq(pass(&r, (struct passive_counts){ .unreachable = 5 }, 4), 0);
	cr_expect_eq(p.suspect, 1u << PASSIVE_ICMP);
	cr_expect(p.why[PASSIVE_ICMP][0]);
}

/* Steps until it is back in, with nothing more to hold against it. */
static unsigned int steps_out(void)
{
	unsigned int n = 0;

	while (pass(&usual, QUIET, 1)) {
		n++;
		cr_assert(n < 10000);
	}
	return n + 1;
}

Test(health_passive, each_ejection_soon_after_the_last_is_twice_as_long)
{
	static const unsigned int seconds[] = { 30, 60, 120, 240, 480, 480 };
	const struct passive_counts bad = { .unreachable = 3 };

	fresh();
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		cr_assert_eq(pass(&usual, bad, 1), 1u << PASSIVE_ICMP);
		cr_expect_eq(steps_out(), seconds[i] * 1000 / STEP, "ejection %zu", i);
	}
	/* Long after, the count begins anew. */
	now_ms += 4 * 480000 + 1000;
	cr_assert_eq(pass(&usual, bad, 1), 1u << PASSIVE_ICMP);
	cr_expect_eq(steps_out(), 30000 / STEP);
}

Test(health_passive, what_goes_on_prolongs_an_ejection_without_a_gap)
{
	const struct passive_counts bad = { .unreachable = 3 };

	fresh();
	for (int i = 0; i < 300; i++)
		cr_expect_eq(pass(&usual, bad, 1), 1u << PASSIVE_ICMP, "step %d", i);
	cr_expect(p.ejection[PASSIVE_ICMP].doublings >= 2);
}

Test(health_passive, probes_end_what_a_probe_would_see_too)
{
	fresh();
	pass(&usual, (struct passive_counts){ .requests = 40, .unreachable = 3 }, 1);
	cr_assert_eq(pass(&usual, QUIET, 1), 1u << PASSIVE_ICMP | 1u << PASSIVE_SILENCE);
	passive_is_well(&p, now_ms);
	cr_expect_eq(pass(&usual, QUIET, 1), 0);

	fresh();
	pass(&usual,
	     (struct passive_counts){ .requests = 8, .responses = 8, .finals = 8, .errors = 400 },
	     1);
	cr_assert_eq(pass(&usual, QUIET, 1), 1u << PASSIVE_ERRORS);
	passive_is_well(&p, now_ms);
	cr_expect_eq(pass(&usual, QUIET, 1), 1u << PASSIVE_ERRORS);
}

Test(health_passive, another_counter_is_a_new_start)
{
	fresh();
	pass(&usual, (struct passive_counts){ .errors = 1, .unreachable = 1 }, 1);
	passive_rebase(&p);
	sum.errors = 1000;
	sum.unreachable = 2;
	pass(&usual, QUIET, 1);
	cr_expect_eq(p.total.errors, 1);
	cr_expect_eq(p.total.unreachable, 2, "this one is its own");
	sum.errors = 5; /* smaller: never negative */
	cr_expect_eq(pass(&usual, QUIET, 1), 0);
	cr_expect_eq(p.total.errors, 1);
}

Test(health_passive, a_backend_rests_for_as_long_as_it_asks_within_bounds)
{
	struct passive_rule r = usual;

	fresh();
	cr_expect_not(passive_rest(&p, &r, 77, 5000, now_ms), "said before it was ours to hear");
	cr_expect_not(passive_rest(&p, &r, 77, 4000, now_ms));
	cr_expect(passive_rest(&p, &r, 78, 5000, now_ms));
	cr_expect(passive_rest(&p, &r, 78, 1, now_ms + 4999));
	cr_expect_not(passive_rest(&p, &r, 78, 0, now_ms + 5000));
	/* Longer than rest_max, then obeyed no longer. */
	cr_expect(passive_rest(&p, &r, 79, 3600000, now_ms));
	cr_expect(passive_rest(&p, &r, 79, 3540001, now_ms + 59999));
	cr_expect_not(passive_rest(&p, &r, 79, 3540000, now_ms + 60000));
	/* Another one counts again. */
	cr_expect(passive_rest(&p, &r, 80, 1000, now_ms + 60001));
	r.rest = false;
	cr_expect_not(passive_rest(&p, &r, 80, 900, now_ms + 60101));
}
