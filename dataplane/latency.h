/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The histogram of the time that messages spend in a worker: log-linear, four steps per power of
 * two, so that each value is known within 25 % from 64 ns to 1 s.
 *
 *   bucket   0      1..4             5..8              ...  93..96              97
 *   ns       < 64   64 80 96 112 <   128 160 192 224 <      2^29 ... < 2^30     the rest
 *
 * Bounds are round numbers of nanoseconds and the same on every machine, so that histograms of many
 * nodes can be added up; cycles of the TSC are turned into nanoseconds first (struct tsc_scale),
 * one multiplication per burst. Pure.
 */
#pragma once

#include <stdint.h>

#define LATENCY_FIRST 6 /* bucket 0 ends at 2^6 ns */
#define LATENCY_LAST 30 /* the last bucket starts at 2^30 ns */
#define LATENCY_STEPS 4 /* buckets per power of two */
#define LATENCY_BUCKETS (2 + (LATENCY_LAST - LATENCY_FIRST) * LATENCY_STEPS)

/* Nanoseconds per cycle, times 2^32. */
struct tsc_scale {
	uint64_t ns_q32;
};

/** The scale of a clock with @hz cycles per second; 0 counts as 1 GHz. */
struct tsc_scale tsc_scale(uint64_t hz);

/** Nanoseconds from @from to @to, both cycles; 0 if @to is earlier. */
static inline uint64_t tsc_ns(struct tsc_scale s, uint64_t from, uint64_t to)
{
	uint64_t cycles = to > from ? to - from : 0;

	return (uint64_t)((unsigned __int128)cycles * s.ns_q32 >> 32);
}

/** The bucket of a time of @ns nanoseconds. */
static inline unsigned int latency_bucket(uint64_t ns)
{
	unsigned int power, step;

	if (ns < 1ull << LATENCY_FIRST)
		return 0;
	power = 63 - (unsigned int)__builtin_clzll(ns);
	step = (unsigned int)(ns >> (power - 2)) & (LATENCY_STEPS - 1);
	if (power >= LATENCY_LAST)
		return LATENCY_BUCKETS - 1;
	return 1 + (power - LATENCY_FIRST) * LATENCY_STEPS + step;
}

/** The first nanosecond that bucket @i does not hold any more; UINT64_MAX for the last one. */
uint64_t latency_end(unsigned int i);

/** The time in ns below which a share @q (0 to 1) of all values in @buckets lies: within its bucket
 * by linear interpolation. 0 if there are none; of the last bucket its start. */
double latency_quantile(const uint64_t buckets[LATENCY_BUCKETS], double q);
