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

void samples_add(struct samples *s, double ns)
{
	if (s->n < SAMPLES_MAX)
		s->ns[s->n++] = ns;
}

double samples_min(const struct samples *s)
{
	double least = s->n ? s->ns[0] : 0;

	for (unsigned int i = 1; i < s->n; i++)
		least = s->ns[i] < least ? s->ns[i] : least;
	return least;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_median(struct samples *s)
{
	qsort(s->ns, s->n, sizeof(s->ns[0]), compare);
	return s->n ? s->ns[s->n / 2] : 0;
}

void timing_flush(const void *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i += 64)
		_mm_clflush((const char *)p + i);
}
