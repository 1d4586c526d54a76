/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks, pinning and order statistics for the micro-benchmarks (timing.h).
 */
#include "bench/timing.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int timing_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	CPU_ZERO(&set);
	CPU_SET((unsigned int)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0 ? cpu : -1;
}

static double clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double timing_tick_ns(void)
{
	static double tick;

	if (tick == 0) {
		double from = clock_ns(), to;
		uint64_t ticks = timing_now();

		do {
			to = clock_ns();
		} while (to - from < 50e6);
		tick = (to - from) / (double)(timing_now() - ticks);
	}
	return tick;
}

void samples_add(struct samples *s, double value)
{
	if (s->n < SAMPLES_MAX)
		s->v[s->n++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary samples_summary(const struct samples *s)
{
	struct samples sorted = *s;

	if (s->n == 0)
		return (struct summary){ 0 };
	qsort(sorted.v, s->n, sizeof(sorted.v[0]), compare);
	return (struct summary){
		.n = s->n,
		.min = sorted.v[0],
		.q1 = sorted.v[s->n / 4],
		.median = sorted.v[s->n / 2],
		.q3 = sorted.v[s->n * 3 / 4],
		.max = sorted.v[s->n - 1],
	};
}

struct samples samples_ratio(const struct samples *a, const struct samples *b)
{
	struct samples r = { .n = a->n < b->n ? a->n : b->n };

	for (unsigned int i = 0; i < r.n; i++)
		r.v[i] = b->v[i] > 0 ? a->v[i] / b->v[i] : 0;
	return r;
}

void timing_flush(const void *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i += 64)
		_mm_clflush((const char *)p + i);
}
