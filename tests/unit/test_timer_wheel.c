/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timing wheel against a plain list: whatever is set, changed and ended, each timer falls due
 * in the millisecond that it was set for, in order, and none is forgotten.
 */
#include "control/transaction/timer_wheel.h"

#include <criterion/criterion.h>
#include <string.h>

#define TIMERS 500u
#define ROUNDS 20000u

static struct timer_wheel wheel;
static struct wheel_timer timers[TIMERS];
static uint64_t due[TIMERS]; /* what the model knows; 0 = not set */
static uint64_t state;

static uint32_t below(uint32_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

/* From a millisecond to some years. */
static uint64_t some_time(void)
{
	return 1 + (((uint64_t)below(UINT32_MAX) * 64) >> below(38));
}

static uint64_t first_due(void)
{
	uint64_t first = UINT64_MAX;

	for (unsigned int i = 0; i < TIMERS; i++)
		first = due[i] && due[i] < first ? due[i] : first;
	return first;
}

/* All that is due until @now_ms. */
static void pop_until(uint64_t now_ms)
{
	struct wheel_timer *t;
	uint64_t last = 0;

	while ((t = wheel_pop(&wheel, now_ms))) {
		size_t i = (size_t)(t - timers);

		cr_assert(due[i] && due[i] <= now_ms, "timer %zu is early", i);
		cr_assert_geq(due[i], last, "timer %zu comes after a later one", i);
		last = due[i];
		due[i] = 0;
	}
	cr_assert_gt(first_due(), now_ms, "a timer did not fall due");
}

static void begin(uint64_t seed)
{
	memset(&wheel, 0, sizeof(wheel));
	memset(timers, 0, sizeof(timers));
	memset(due, 0, sizeof(due));
	state = seed;
}

Test(timer_wheel, no_timer_is_early_late_or_lost)
{
	uint64_t now = 0;

	begin(1);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int i = below(TIMERS);
		uint64_t next;

		if (below(8) == 0) {
			wheel_unset(&wheel, &timers[i]);
			due[i] = 0;
		} else {
			due[i] = now + some_time();
			wheel_set(&wheel, &timers[i], due[i]);
		}
		next = wheel_next(&wheel);
		cr_assert_leq(next, first_due());
		if (below(2) == 0 || next == UINT64_MAX)
			continue;
		now = below(4) ? next : now + some_time();
		pop_until(now);
		wheel_advance(&wheel, now);
	}
	pop_until(UINT64_MAX / 2);
	cr_assert_eq(wheel_next(&wheel), UINT64_MAX);
}

Test(timer_wheel, the_past_is_due_with_the_next_millisecond)
{
	begin(2);
	wheel_advance(&wheel, 1000);
	due[0] = 1001;
	wheel_set(&wheel, &timers[0], 1);
	cr_expect_null(wheel_pop(&wheel, 1000));
	cr_expect_eq(wheel_pop(&wheel, 1001), &timers[0]);
}

Test(timer_wheel, time_does_not_pass_over_a_timer)
{
	begin(3);
	due[0] = 500;
	wheel_set(&wheel, &timers[0], 500);
	wheel_advance(&wheel, 100000);
	cr_expect_eq(wheel_pop(&wheel, 100000), &timers[0]);
}
