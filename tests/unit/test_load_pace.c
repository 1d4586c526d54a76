/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The schedule of starts, on a clock that the test turns, and what turns of the loop tell about its
 * ceiling, and about its pauses.
 */
#include "bench/load/engine/effort.h"
#include "bench/load/engine/pace.h"
#include "bench/load/engine/pauses.h"

#include <criterion/criterion.h>

#define HZ 2596096000ull
#define FIRST (UINT64_MAX - 5 * HZ) /* the clock wraps during the test */

/* Takes all that is due at @now. Returns how many. */
static uint64_t take_all(struct pace *p, uint64_t now, uint64_t *due)
{
	uint64_t n = 0;

	while (pace_take(p, now, due))
		n++;
	return n;
}

Test(load_pace, start_k_is_due_at_k_times_the_interval_for_hours)
{
	static const double rates[] = { 0.1, 1, 3, 777.7, 100000, 4999999, 5000000, 123456.789 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct pace p;
		uint64_t due = 0, k = 3000000;
		long double exact = (long double)HZ / (long double)rates[i], off;

		pace_set(&p, rates[i], HZ, FIRST, 1);
		for (uint64_t n = 0; n <= k; n++) {
			/* the clock is always far ahead enough for the next one */
			cr_assert(pace_take(&p, p.due + (p.due - FIRST) / 4 + HZ, &due),
				  "rate %f start %lu", rates[i], n);
		}
		/* A tick, or what a double knows of the rate. */
		off = (long double)(due - FIRST) - exact * (long double)k;
		cr_expect_leq(off, 1 + exact * (long double)k * 0x1p-53L, "rate %f", rates[i]);
		cr_expect_geq(off, -1 - exact * (long double)k * 0x1p-53L, "rate %f", rates[i]);
	}
}

Test(load_pace, nothing_starts_before_it_is_due)
{
	struct pace p;
	uint64_t due;

	pace_set(&p, 1000, HZ, FIRST, 32);
	cr_expect_not(pace_take(&p, FIRST - 1, &due));
	cr_expect(pace_take(&p, FIRST, &due));
	cr_expect_eq(due, FIRST);
	cr_expect_not(pace_take(&p, FIRST + HZ / 1000 - 1, &due));
	cr_expect(pace_take(&p, FIRST + HZ / 1000, &due));
}

Test(load_pace, a_steady_loop_keeps_the_rate_whatever_its_step)
{
	static const uint64_t steps[] = { 100, 2596, 20000, 26000 }; /* up to 10 us */

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct pace p;
		uint64_t n = 0, due, now = FIRST;

		pace_set(&p, 3000000, HZ, FIRST, 32);
		for (; now - FIRST < HZ / 10; now += steps[i])
			n += take_all(&p, now, &due);
		cr_expect_geq(n, 299960, "step %lu: %lu", steps[i], n);
		cr_expect_leq(n, 300001, "step %lu: %lu", steps[i], n);
	}
}

Test(load_pace, a_late_loop_catches_up_without_a_burst_beyond_the_bound)
{
	struct pace p;
	uint64_t due = FIRST, now = FIRST, most = 0, n = 0, late_until = 0;
	uint64_t held = HZ / 100;      /* 10 ms */
	uint64_t window = HZ / 100000; /* 10 us: ten starts by the schedule */

	pace_set(&p, 1000000, HZ, FIRST, 32);
	cr_expect_eq(take_all(&p, now, &due), 1);
	now += held;
	for (uint64_t end = now + HZ / 10; (int64_t)(now - end) < 0; now += window) {
		uint64_t k = take_all(&p, now, &due);

		most = k > most ? k : most;
		n += k;
		if (now - due > window)
			late_until = now;
	}
	cr_expect_leq(most, 32 + 8, "%lu at once", most);
	/* 10,000 starts at a quarter of the rate on top take 40 ms. */
	cr_expect_geq(late_until - FIRST, held + HZ / 32);
	cr_expect_leq(late_until - FIRST, held + HZ / 20);
	cr_expect_geq(n, 110000 - 40);
	cr_expect_leq(n, 110000 + 40);
}

Test(load_pace, what_waited_keeps_the_time_it_was_due)
{
	struct pace p;
	uint64_t due;

	pace_set(&p, 1000, HZ, FIRST, 4);
	for (unsigned int i = 0; i < 4; i++) {
		cr_assert(pace_take(&p, FIRST + HZ, &due));
		cr_expect_eq(due, FIRST + i * (HZ / 1000));
	}
	cr_expect_not(pace_take(&p, FIRST + HZ, &due), "a fifth one at once");
}

Test(load_pace, ceiling_is_what_full_turns_would_do)
{
	struct effort e = { 0 };

	cr_expect_eq(effort_ceiling(&e), 0);
	for (uint64_t n = 1; n <= 3; n++)
		effort_count(&e, n, 1000 + 200 * n);
	cr_expect_float_eq(effort_ceiling(&e), 64.0 / (1000 + 200 * 64), 1e-9);
}

Test(load_pace, ceiling_of_turns_that_are_all_alike_is_their_own)
{
	struct effort e = { 0 };

	for (int i = 0; i < 10; i++)
		effort_count(&e, 2, 1000);
	cr_expect_float_eq(effort_ceiling(&e), 0.002, 1e-9);
	/* Turns that get cheaper with more messages tell nothing about the slope either. */
	e = (struct effort){ 0 };
	effort_count(&e, 1, 2000);
	effort_count(&e, 3, 1000);
	cr_expect_float_eq(effort_ceiling(&e), 4.0 / 3000, 1e-9);
}

/* --- pauses ------------------------------------------------------------------------------ */

Test(load_pauses, a_turn_of_much_work_is_no_pause)
{
	cr_expect_not(pauses_in(HZ / 1000000 * 40, 0, HZ), "40 us");
	cr_expect(pauses_in(HZ / 1000000 * 60, 0, HZ), "60 us for nothing");
	cr_expect_not(pauses_in(HZ / 1000000 * 60, 64, HZ), "60 us for 64 messages");
	cr_expect_not(pauses_in(HZ / 1000000 * 300, 64, HZ), "300 us for 64, by AF_PACKET");
	cr_expect(pauses_in(HZ / 1000000 * 400, 64, HZ), "400 us for 64 messages");
}

/* A clock that stands still for 10 ms in the middle of a run, in turns of 1 us. */
Test(load_pauses, all_that_is_due_before_the_schedule_is_met_again_is_late)
{
	const uint64_t us = HZ / 1000000, stop = FIRST + 10000 * us, on = stop + 10000 * us;
	uint64_t now = FIRST, due, until = 0, n_late = 0, n = 0;
	struct pauses p = { 0 };
	struct pace pace;

	pace_set(&pace, 100000, HZ, FIRST, 4);
	while (now - FIRST < 100000 * us) {
		uint64_t before = now;

		for (; pace_take(&pace, now, &due); n++)
			n_late += now - due > 50 * us;
		now = before == stop ? on : before + us;
		if (pauses_turn(&p, pauses_in(now - before, 1, HZ), pace_behind(&pace, now)))
			until = now;
	}
	cr_expect_gt(n_late, 1000);
	cr_expect_gt(n, 9990);
	/* 1,000 starts are made up for at a quarter above the rate: 40 ms. */
	cr_expect(until > on + 39000 * us && until < on + 42000 * us, "%lu us",
		  (unsigned long)((until - on) / us));
	cr_expect_not(p.late);
}
