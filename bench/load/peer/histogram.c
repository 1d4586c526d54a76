/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The side of the histogram that reads: percentiles, mean, sums. Runs when somebody looks, never
 * for a message.
 */
#include "bench/load/peer/histogram.h"

#include <string.h>

void histogram_clear(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void histogram_add(struct histogram *to, const struct histogram *from)
{
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++)
		to->cell[i] += from->cell[i];
	to->n += from->n;
	to->max = from->max > to->max ? from->max : to->max;
	to->min = from->min < to->min ? from->min : to->min;
}

void histogram_rest(struct histogram *out, const struct histogram *all,
		    const struct histogram *part)
{
	histogram_clear(out);
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		if (all->cell[i] <= part->cell[i])
			continue;
		out->cell[i] = all->cell[i] - part->cell[i];
		out->min = out->n ? out->min : histogram_cell_low(i);
		out->n += out->cell[i];
		out->max = histogram_cell_high(i);
	}
	if (out->max > all->max)
		out->max = all->max;
	if (out->n && out->min < all->min)
		out->min = all->min;
}

/* Cells below 2 << HISTOGRAM_BITS hold one value each; above, each power of two has one row. */
static unsigned int cell_shift(unsigned int i)
{
	return i < 2u << HISTOGRAM_BITS ? 0 : (i >> HISTOGRAM_BITS) - 1;
}

uint64_t histogram_cell_low(unsigned int i)
{
	unsigned int shift = cell_shift(i);

	return (uint64_t)(i - (shift << HISTOGRAM_BITS)) << shift;
}

uint64_t histogram_cell_high(unsigned int i)
{
	return histogram_cell_low(i) + (1ull << cell_shift(i)) - 1;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	uint64_t want, seen = 0;
	double rank;

	if (!h->n)
		return 0;
	/* 99.9 is no binary fraction: of 1,000 values, 999 are meant. */
	rank = (double)h->n * percent / 100 * (1 - 1e-12);
	want = (uint64_t)rank;
	want += (double)want < rank || want == 0;
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		seen += h->cell[i];
		if (seen >= want)
			return histogram_cell_high(i) < h->max ? histogram_cell_high(i) : h->max;
	}
	return h->max;
}

double histogram_mean(const struct histogram *h)
{
	double sum = 0;

	if (!h->n)
		return 0;
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		double low = (double)histogram_cell_low(i), high = (double)histogram_cell_high(i);

		sum += (double)h->cell[i] * (low + high) / 2;
	}
	return sum / (double)h->n;
}
