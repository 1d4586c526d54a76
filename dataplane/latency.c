/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/latency.h"

struct tsc_scale tsc_scale(uint64_t hz)
{
	unsigned __int128 second = (unsigned __int128)1000000000 << 32;

	return (struct tsc_scale){ (uint64_t)(second / (hz ? hz : 1000000000)) };
}

uint64_t latency_end(unsigned int i)
{
	unsigned int power = LATENCY_FIRST + (i - 1) / LATENCY_STEPS;
	unsigned int step = (i - 1) % LATENCY_STEPS;

	if (i == 0)
		return 1ull << LATENCY_FIRST;
	if (i >= LATENCY_BUCKETS - 1)
		return UINT64_MAX;
	return (uint64_t)(LATENCY_STEPS + step + 1) << (power - 2);
}

/* The bucket in which the value of rank @rank lies; @before gets how many lie in those below. */
static unsigned int find(const uint64_t buckets[LATENCY_BUCKETS], double rank, double *before)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < LATENCY_BUCKETS - 1; i++) {
		if (buckets[i] && sum + (double)buckets[i] >= rank)
			break;
		sum += (double)buckets[i];
	}
	*before = sum;
	return i;
}

double latency_quantile(const uint64_t buckets[LATENCY_BUCKETS], double q)
{
	double total = 0, before, start, end;
	unsigned int i;

	for (i = 0; i < LATENCY_BUCKETS; i++)
		total += (double)buckets[i];
	if (total == 0)
		return 0;
	i = find(buckets, q * total, &before);
	start = i ? (double)latency_end(i - 1) : 0;
	if (i == LATENCY_BUCKETS - 1)
		return start;
	end = (double)latency_end(i);
	return start + (end - start) * (q * total - before) / (double)buckets[i];
}
