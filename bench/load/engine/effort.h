/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the turns of a core cost, and what it follows that the core could do at most.
 *
 * A turn costs a fixed part (queues are asked, lines of memory come from the other core) and one
 * part per message. At half load turns carry few messages, so the share of time that was busy says
 * too little: a fuller turn is cheaper per message. Hence a line is fitted through (messages,
 * ticks) of all turns that had work, by least squares, and read at full turns. One writer; others
 * read it when it rests. Pure.
 */
#pragma once

#include <stdint.h>

#define EFFORT_FULL 64.0 /* messages of a full turn */

struct effort {
	uint64_t turns, n, ticks; /* sums over turns: 1, messages, ticks */
	uint64_t nn, n_ticks;     /* and of messages squared, messages times ticks */
};

/** Counts a turn of @ticks with @n messages. */
static inline void effort_count(struct effort *e, uint64_t n, uint64_t ticks)
{
	e->turns++;
	e->n += n;
	e->ticks += ticks;
	e->nn += n * n;
	e->n_ticks += n * ticks;
}

/** Messages per tick that full turns do; 0 if nothing was counted. */
double effort_ceiling(const struct effort *e);
