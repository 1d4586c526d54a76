/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bound on how often something is done: a bucket of credit in cycles of a clock, filled by time.
 * Owner: one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A rate: so many cycles per thing, with credit for a second of them. */
struct limit {
	uint64_t cost;   /* cycles */
	uint64_t credit; /* cycles */
	uint64_t most;
	uint64_t last; /* time of the last refill */
};

/** Sets @l to @rate things per second (0: none at all) on a clock of @hz, full at @now. */
static inline void limit_set(struct limit *l, uint32_t rate, uint64_t hz, uint64_t now)
{
	l->cost = rate ? hz / rate : UINT64_MAX;
	l->most = rate ? hz : 0;
	l->credit = l->most;
	l->last = now;
}

static inline void limit_refill(struct limit *l, uint64_t now)
{
	uint64_t credit = l->credit + (now - l->last);

	l->credit = credit < l->most ? credit : l->most;
	l->last = now;
}

/** Takes @n things at once if the rate allows them; @n is far below 2^32. */
static inline bool limit_take_n(struct limit *l, uint32_t n)
{
	if (l->credit / n < l->cost)
		return false;
	l->credit -= l->cost * n;
	return true;
}

/** Takes one thing if the rate allows it. */
static inline bool limit_take(struct limit *l)
{
	if (l->credit < l->cost)
		return false;
	l->credit -= l->cost;
	return true;
}
