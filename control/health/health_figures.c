/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/health_figures.h"

void figures_add(struct figures *f, uint64_t us)
{
	struct figures_turn *t = &f->turn[0];

	if (t->n == FIGURES_TURN) {
		f->turn[1] = *t;
		*t = (struct figures_turn){ 0 };
	}
	t->n++;
	t->sum_us += us;
	t->bucket[latency_bucket(us * 1000)]++;
}

double figures_mean_ms(const struct figures *f)
{
	uint32_t n = (uint32_t)f->turn[0].n + f->turn[1].n;

	return n ? (double)(f->turn[0].sum_us + f->turn[1].sum_us) / n / 1000 : 0;
}

double figures_p99_ms(const struct figures *f)
{
	uint64_t buckets[LATENCY_BUCKETS];

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		buckets[i] = (uint64_t)f->turn[0].bucket[i] + f->turn[1].bucket[i];
	return latency_quantile(buckets, 0.99) / 1e6;
}
