/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/latency.h"

#include <criterion/criterion.h>

/* The bounds as the header draws them, written out. */
Test(latency, buckets_are_quarters_of_powers_of_two)
{
	static const struct {
		unsigned int bucket;
		uint64_t end;
	} known[] = { { 0, 64 },          { 1, 80 },         { 2, 96 },  { 3, 112 },
		      { 4, 128 },         { 5, 160 },        { 8, 256 }, { 92, 536870912 },
		      { 96, 1073741824 }, { 97, UINT64_MAX } };

	cr_assert_eq(LATENCY_BUCKETS, 98);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_expect_eq(latency_end(known[i].bucket), known[i].end, "bucket %u",
			     known[i].bucket);
}

Test(latency, each_value_is_in_the_bucket_that_ends_behind_it)
{
	for (unsigned int i = 0; i < LATENCY_BUCKETS - 1; i++) {
		uint64_t end = latency_end(i);

		cr_expect_eq(latency_bucket(end - 1), i, "%u", i);
		cr_expect_eq(latency_bucket(end), i + 1, "%u", i);
		cr_expect_gt(latency_end(i + 1), end);
	}
	cr_expect_eq(latency_bucket(0), 0);
	cr_expect_eq(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}

Test(latency, cycles_become_nanoseconds_on_any_clock)
{
	static const struct {
		uint64_t hz, from, to, ns;
	} rows[] = {
		{ 1000000000, 5, 105, 100 },
		{ 2100000000, 0, 2100000000, 1000000000 },
		{ 3700000000, 0, 37, 10 },
		{ 3000000000, 100, 99, 0 }, /* a clock that went back */
		{ 2500000000, 0, 2500000000ull * 86400, 86400000000000ull },
		{ 0, 0, 7, 7 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = tsc_ns(tsc_scale(rows[i].hz), rows[i].from, rows[i].to);
		uint64_t off = ns > rows[i].ns ? ns - rows[i].ns : rows[i].ns - ns;

		/* The scale is rounded down to 32 bits behind the point. */
		cr_expect_leq(off, 1 + rows[i].ns / 100000000, "row %zu: %llu", i,
			      (unsigned long long)ns);
	}
}

Test(latency, quantiles_lie_within_their_bucket)
{
	uint64_t buckets[LATENCY_BUCKETS] = { 0 };

	cr_expect_eq(latency_quantile(buckets, 0.5), 0, "of nothing");
	buckets[latency_bucket(1000)] = 98;
	buckets[latency_bucket(50000)] = 1;
	buckets[LATENCY_BUCKETS - 1] = 1;
	cr_expect_geq(latency_quantile(buckets, 0.5), 896);
	cr_expect_leq(latency_quantile(buckets, 0.5), 1024);
	cr_expect_geq(latency_quantile(buckets, 0.99), 49152);
	cr_expect_leq(latency_quantile(buckets, 0.99), 57344);
	cr_expect_eq(latency_quantile(buckets, 0.999), 1073741824.0, "start of the last");
	cr_expect_leq(latency_quantile(buckets, 0.1), latency_quantile(buckets, 0.9));
}
