/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The histogram of viaload: no value is reported wrong by more than 1/128, whatever its size.
 */
#include "bench/load/peer/histogram.h"

#include <criterion/criterion.h>

static struct histogram h, other;

Test(load_histogram, cells_follow_each_other_without_gaps)
{
	for (unsigned int i = 0; i + 1 < histogram_cell(UINT64_MAX); i++) {
		cr_assert(histogram_cell_low(i) <= histogram_cell_high(i), "cell %u", i);
		cr_assert(histogram_cell_high(i) + 1 == histogram_cell_low(i + 1), "cell %u", i);
		cr_assert(histogram_cell(histogram_cell_low(i)) == i, "low of cell %u", i);
		cr_assert(histogram_cell(histogram_cell_high(i)) == i, "high of cell %u", i);
	}
	cr_expect(histogram_cell(UINT64_MAX) < HISTOGRAM_CELLS);
}

Test(load_histogram, no_cell_is_wider_than_one_in_64_of_its_values)
{
	for (unsigned int i = 0; i <= histogram_cell(UINT64_MAX); i++) {
		uint64_t low = histogram_cell_low(i), width = histogram_cell_high(i) + 1 - low;

		cr_assert(width == 1 || width * 64 <= low, "cell %u", i);
	}
}

Test(load_histogram, percentiles_are_those_of_the_values)
{
	static const struct {
		double percent;
		uint64_t want;
	} rows[] = { { 0, 1 },        { 50, 50000 },     { 90, 90000 },
		     { 99.9, 99900 }, { 99.999, 99999 }, { 100, 100000 } };

	histogram_clear(&h);
	for (uint64_t v = 1; v <= 100000; v++)
		histogram_count(&h, v);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t got = histogram_percentile(&h, rows[i].percent);

		cr_expect(got >= rows[i].want && got <= rows[i].want + rows[i].want / 64,
			  "%g percent: %lu", rows[i].percent, (unsigned long)got);
	}
	cr_expect(h.min == 1 && h.max == 100000 && h.n == 100000);
	cr_expect(histogram_mean(&h) > 49500 && histogram_mean(&h) < 50500);
}

Test(load_histogram, percentile_is_never_above_the_maximum)
{
	histogram_clear(&h);
	histogram_count(&h, 1000001);
	cr_expect(histogram_percentile(&h, 50) == 1000001);
	cr_expect(histogram_percentile(&h, 100) == 1000001);
}

Test(load_histogram, percentile_takes_decimal_fractions_as_they_are_meant)
{
	histogram_clear(&h);
	for (unsigned int i = 0; i < 999; i++)
		histogram_count(&h, 10);
	histogram_count(&h, 1000);
	cr_expect(histogram_percentile(&h, 99.9) == 10);
	cr_expect(histogram_percentile(&h, 99.91) == 1000);
}

Test(load_histogram, without_values_is_zero)
{
	histogram_clear(&h);
	cr_expect(histogram_percentile(&h, 99) == 0 && histogram_mean(&h) == 0);
}

Test(load_histogram, sums_are_those_of_all_values)
{
	histogram_clear(&h);
	histogram_clear(&other);
	for (uint64_t v = 1; v <= 100; v++) {
		histogram_count(&h, v);
		histogram_count(&other, v + 100);
	}
	histogram_add(&h, &other);
	cr_expect(h.n == 200 && h.min == 1 && h.max == 200);
	cr_expect(histogram_percentile(&h, 50) == 100 && histogram_percentile(&h, 75) == 151,
		  "150 shares its cell with 151");
}

Test(load_histogram, values_beyond_the_top_count_as_the_top)
{
	histogram_clear(&h);
	histogram_count(&h, UINT64_MAX);
	cr_expect(histogram_percentile(&h, 50) >= (1ull << HISTOGRAM_TOP) - 1);
	cr_expect(h.max == UINT64_MAX);
}

Test(load_histogram, the_rest_is_what_the_part_has_not)
{
	static struct histogram rest;

	histogram_clear(&h);
	histogram_clear(&other);
	for (uint64_t v = 1; v <= 100; v++)
		histogram_count(&h, v);
	for (uint64_t v = 91; v <= 100; v++)
		histogram_count(&other, v);
	histogram_count(&other, 1);
	histogram_rest(&rest, &h, &other);
	cr_expect_eq(rest.n, 89);
	cr_expect_eq(rest.min, 2);
	cr_expect_eq(rest.max, 90);
	cr_expect_eq(histogram_percentile(&rest, 100), 90);
	histogram_rest(&rest, &h, &h);
	cr_expect(rest.n == 0 && histogram_percentile(&rest, 99) == 0);
}
