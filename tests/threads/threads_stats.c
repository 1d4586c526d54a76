/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters with one writer each, summed by another thread all the while: sums never go back, and in
 * the end nothing is missing.
 */
#include "dataplane/stats.h"

#include <pthread.h>
#include <stdio.h>

#define WORKERS 2
#define ADDS 1000000u

static struct stats *stats[WORKERS];
static atomic_uint running = WORKERS;

static void *worker(void *arg)
{
	struct stats *s = arg;

	for (uint32_t i = 0; i < ADDS; i++) {
		stat_add(&s->c[C_RX_FRAMES], 1);
		stat_add(&s->dropped[i % SIP_N_REASONS], 1);
	}
	atomic_fetch_sub(&running, 1);
	return NULL;
}

int main(void)
{
	pthread_t t[WORKERS];
	uint64_t last = 0, sums = 0, back = 0;
	struct stats_total total;

	for (int i = 0; i < WORKERS; i++) {
		stats[i] = stats_new();
		if (!stats[i])
			return 1;
		pthread_create(&t[i], NULL, worker, stats[i]);
	}
	while (atomic_load(&running)) {
		total = (struct stats_total){ 0 };
		for (int i = 0; i < WORKERS; i++)
			stats_sum(&total, stats[i]);
		back += total.c[C_RX_FRAMES] < last;
		last = total.c[C_RX_FRAMES];
		sums++;
	}
	total = (struct stats_total){ 0 };
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(t[i], NULL);
		stats_sum(&total, stats[i]);
		stats_free(stats[i]);
	}
	printf("%llu sums, %llu went back, imbalance %lld\n", (unsigned long long)sums,
	       (unsigned long long)back, (long long)stats_imbalance(&total));
	return back == 0 && total.c[C_RX_FRAMES] == WORKERS * ADDS && stats_imbalance(&total) == 0
		       ? 0
		       : 1;
}
