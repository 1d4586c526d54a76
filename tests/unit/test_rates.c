/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates of counters that the test sets, on a clock that it moves.
 */
#include "control/watch/rates.h"

#include <criterion/criterion.h>
#include <math.h>

#define WORKERS 2
#define S 1000000000ull

static struct stats *stats[WORKERS + 1];
static struct rates *rates;
static struct rates_input in;

static void setup(void)
{
	for (int i = 0; i <= WORKERS; i++)
		cr_assert(stats[i] = stats_new());
	rates = rates_new(WORKERS + 1);
	cr_assert(rates);
	in = (struct rates_input){ .stats = (const struct stats *const *)stats,
				   .n_stats = WORKERS + 1,
				   .n_backends = 100,
				   .now_ns = 77 * S,
				   .wall_ms = 5000 };
}

static void teardown(void)
{
	rates_free(rates);
	for (int i = 0; i <= WORKERS; i++)
		stats_free(stats[i]);
}

TestSuite(rates, .init = setup, .fini = teardown);

static void sample_after(uint64_t ns)
{
	in.now_ns += ns;
	in.wall_ms += ns / 1000000;
	rates_sample(rates, &in);
}

static bool near_to(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(b) + 1e-9;
}

Test(rates, what_was_counted_before_the_first_sample_is_no_rate)
{
	stat_add(&stats[0]->c[C_FORWARDED], 1000000);
	stat_add(&stats[0]->backend[3], 1000000);
	cr_expect_eq(rates_now(rates)->forwarded, 0, "before any sample");
	sample_after(0);
	cr_expect_eq(rates_n(rates), 0);
	cr_expect_eq(rates_now(rates)->forwarded, 0);
	cr_expect_eq(rates_backend(rates, 3), 0);
	sample_after(S);
	cr_expect_eq(rates_n(rates), 1);
	cr_expect_eq(rates_now(rates)->forwarded, 0);
	cr_expect_eq(rates_now(rates)->at_ms, 6000);
}

Test(rates, rates_are_per_second_however_late_the_sample)
{
	static const uint64_t after[] = { S, S / 2, 3 * S };

	sample_after(0);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		double s = (double)after[i] / S;

		stat_add(&stats[0]->c[C_RX_REQUESTS], 300);
		stat_add(&stats[1]->c[C_RX_REQUESTS], 300);
		stat_add(&stats[1]->c[C_RX_RESPONSES], 60);
		stat_add(&stats[1]->c[C_FORWARDED], 500);
		stat_add(&stats[0]->c[C_PUNTED], 10);
		stat_add(&stats[2]->c[C_ANSWERED], 90);
		stat_add(&stats[0]->c[C_DROP_NOT_IP], 6);
		stat_add(&stats[1]->dropped[SIP_R_BAD_VIA], 12);
		stat_add(&stats[1]->answered[SIP_R_LOOP], 24);
		stat_add(&stats[0]->backend[99], 30);
		stat_add(&stats[1]->backend[99], 30);
		sample_after(after[i]);
		cr_expect(near_to(rates_now(rates)->requests, 600 / s));
		cr_expect(near_to(rates_now(rates)->responses, 60 / s));
		cr_expect(near_to(rates_now(rates)->forwarded, 510 / s));
		cr_expect(near_to(rates_now(rates)->answered, 90 / s));
		cr_expect(near_to(rates_now(rates)->dropped, 18 / s));
		cr_expect(near_to(rates_counter(rates, C_DROP_NOT_IP), 6 / s));
		cr_expect(near_to(rates_dropped(rates, SIP_R_BAD_VIA), 12 / s));
		cr_expect(near_to(rates_answered(rates, SIP_R_LOOP), 24 / s));
		cr_expect(near_to(rates_backend(rates, 99), 60 / s));
		cr_expect_eq(rates_backend(rates, 98), 0);
		cr_expect_eq(rates_backend(rates, 5000), 0, "beyond those in use");
	}
}

Test(rates, each_worker_has_rates_of_its_own)
{
	sample_after(0);
	stat_add(&stats[1]->c[C_RX_FRAMES], 1000);
	stat_add(&stats[1]->c[C_TX_FRAMES], 900);
	stat_add(&stats[1]->c[C_DROP_BAD_IP], 60);
	stat_add(&stats[1]->dropped[SIP_R_BAD_VIA], 40);
	stat_add(&stats[0]->cycles, 2000000);
	stat_add(&stats[1]->cycles, 2000000);
	stat_add(&stats[1]->busy_cycles, 1500000);
	sample_after(2 * S);
	cr_expect(near_to(rates_worker(rates, 1).rx, 500));
	cr_expect(near_to(rates_worker(rates, 1).tx, 450));
	cr_expect(near_to(rates_worker(rates, 1).dropped, 50));
	cr_expect(near_to(rates_worker(rates, 1).busy, 0.75));
	cr_expect_eq(rates_worker(rates, 0).busy, 0);
	cr_expect_eq(rates_worker(rates, 0).rx, 0);
	cr_expect_eq(rates_worker(rates, 17).rx, 0, "no such worker");
	cr_expect(near_to(rates_now(rates)->busy, 0.75), "of the busiest");
	sample_after(S);
	cr_expect_eq(rates_worker(rates, 1).busy, 0, "no cycles, no share");
}

/* A number whose backend is another one now starts from 0. */
Test(rates, a_counter_that_went_back_is_no_rate)
{
	stat_add(&stats[0]->backend[3], 1000);
	sample_after(0);
	atomic_store(&stats[0]->backend[3], 10);
	sample_after(S);
	cr_expect_eq(rates_backend(rates, 3), 0);
	stat_add(&stats[0]->backend[3], 5);
	sample_after(S);
	cr_expect(near_to(rates_backend(rates, 3), 5));
}

Test(rates, latency_is_of_the_last_ten_seconds)
{
	sample_after(0);
	stat_add(&stats[0]->latency[latency_bucket(1000)], 1000);
	for (int i = 1; i <= RATES_LATENCY_SECONDS; i++) {
		sample_after(S);
		cr_expect_geq(rates_now(rates)->latency_us.p50, 0.8, "second %d", i);
		cr_expect_leq(rates_now(rates)->latency_us.p50, 1.1, "second %d", i);
	}
	sample_after(S);
	cr_expect_eq(rates_now(rates)->latency_us.p50, 0, "eleven seconds ago");
	stat_add(&stats[1]->latency[latency_bucket(100000)], 1);
	stat_add(&stats[1]->latency[latency_bucket(1000)], 98);
	sample_after(S);
	cr_expect_leq(rates_now(rates)->latency_us.p50, 1.1);
	cr_expect_geq(rates_now(rates)->latency_us.p999, 90);
}

Test(rates, history_keeps_a_minute)
{
	sample_after(0);
	for (unsigned int i = 1; i <= RATES_SECONDS + 30; i++) {
		stat_add(&stats[0]->c[C_FORWARDED], i);
		sample_after(S);
		cr_assert_eq(rates_n(rates), i < RATES_SECONDS ? i : RATES_SECONDS);
		for (unsigned int ago = 0; ago < rates_n(rates); ago++)
			cr_assert(near_to(rates_ago(rates, ago)->forwarded, i - ago), "%u, %u", i,
				  ago);
		cr_assert_eq(rates_ago(rates, RATES_SECONDS)->forwarded, 0);
	}
}
