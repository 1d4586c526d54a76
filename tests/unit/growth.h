/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the time of something grows with its size. Seconds say more about a machine than about code:
 * tests compare two sizes, in the same run. Time of the processor, the least of some runs: whoever
 * else wants the machine has no say.
 */
#pragma once

#include <time.h>

#define GROWTH_RUNS 2

/** Seconds that @fn(@arg) takes. */
static inline double growth_seconds(void (*fn)(void *arg), void *arg)
{
	double least = 0;

	for (int i = 0; i < GROWTH_RUNS; i++) {
		struct timespec before, after;
		double s;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
		fn(arg);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
		s = (double)(after.tv_sec - before.tv_sec) +
		    (double)(after.tv_nsec - before.tv_nsec) / 1e9;
		least = i == 0 || s < least ? s : least;
	}
	return least;
}
