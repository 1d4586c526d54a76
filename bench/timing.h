/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time for micro-benchmarks: the cycle counter in nanoseconds, a pinned thread, samples and what is
 * said of them.
 *
 * The machines that this runs on are shared: clocks drift and neighbours come and go. So variants
 * are repeated in turns, the minimum is what the code can do, the median and the quartiles say how
 * calm the machine was, and ratios within one run are what may be compared.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

#define SAMPLES_MAX 101

/* In the order in which they were taken. */
struct samples {
	unsigned int n;
	double v[SAMPLES_MAX];
};

struct summary {
	unsigned int n;
	double min, q1, median, q3, max;
};

/** Binds this thread to core @cpu, to the last one there is if negative. Returns the core. */
int timing_pin(int cpu);

/** Nanoseconds of one tick of the cycle counter; measured over 50 ms at the first call. */
double timing_tick_ns(void);

/** The cycle counter, after all that comes before and before all that comes after it. */
static inline uint64_t timing_now(void)
{
	unsigned int core;
	uint64_t t;

	_mm_lfence();
	t = __rdtscp(&core);
	_mm_lfence();
	return t;
}

/** Adds @value; beyond SAMPLES_MAX it is left out. */
void samples_add(struct samples *s, double value);

/** Extremes, median and quartiles; all 0 without samples. */
struct summary samples_summary(const struct samples *s);

/** The quotients of samples taken in the same turns: @a over @b, one by one. */
struct samples samples_ratio(const struct samples *a, const struct samples *b);

/** Takes @n bytes at @p out of all caches. */
void timing_flush(const void *p, uint64_t n);

/** Keeps the compiler from dropping what leads to @value. */
static inline void timing_keep(uint64_t value)
{
	__asm__ __volatile__("" : : "r"(value) : "memory");
}
