/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Histogram of times with a relative error of at most 1/128, in the manner of Gil Tene's
 * HdrHistogram: buckets of powers of two, each in 64 equal parts. Written by one thread without
 * branches on the value; others may read it meanwhile and see numbers that are a moment old.
 */
#pragma once

#include <stdint.h>

#define HISTOGRAM_BITS 6 /* of sub-buckets */
#define HISTOGRAM_TOP 40 /* values of 2^40 ns (18 minutes) and more count as that */
#define HISTOGRAM_CELLS ((HISTOGRAM_TOP - HISTOGRAM_BITS + 2) << HISTOGRAM_BITS)

struct histogram {
	uint64_t n, max, min;
	uint64_t cell[HISTOGRAM_CELLS];
};

/** Empties @h. */
void histogram_clear(struct histogram *h);

/** Adds @from to @to. */
void histogram_add(struct histogram *to, const struct histogram *from);

/** What @all counted and @part of it did not, into @out. Minimum and maximum are those of the
 * outermost cells, within those of @all. */
void histogram_rest(struct histogram *out, const struct histogram *all,
		    const struct histogram *part);

/** The value that @percent (0 to 100) of all are not above: the upper end of its cell, but never
 * more than the maximum; 0 if there are none. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

/** Arithmetic mean, from the middles of the cells. */
double histogram_mean(const struct histogram *h);

/** Lowest and highest value of cell @i. */
uint64_t histogram_cell_low(unsigned int i);
uint64_t histogram_cell_high(unsigned int i);

/** The cell that @value counts in. */
static inline unsigned int histogram_cell(uint64_t value)
{
	unsigned int shift;

	if (value >> HISTOGRAM_TOP)
		value = (1ull << HISTOGRAM_TOP) - 1;
	if (value < 2u << HISTOGRAM_BITS)
		return (unsigned int)value;
	shift = 63u - (unsigned int)__builtin_clzll(value) - HISTOGRAM_BITS;
	return (shift << HISTOGRAM_BITS) + (unsigned int)(value >> shift);
}

/** Counts @value. */
static inline void histogram_count(struct histogram *h, uint64_t value)
{
	h->cell[histogram_cell(value)]++;
	h->n++;
	h->max = value > h->max ? value : h->max;
	h->min = value < h->min ? value : h->min;
}
