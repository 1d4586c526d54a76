/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The open-loop schedule of one core: start number k is due at first + k / rate, whatever has
 * become of the starts before it. Times are kept in ticks and 2^-64ths of a tick and only ever
 * added up, so a day at five million per second is off by less than a tick.
 *
 * A core that was held up is behind its schedule. It must not make up for that in one go, since the
 * burst would overflow queues that the schedule itself never fills: at most `burst` starts come
 * at once, then they follow at CATCH_UP times the rate until the schedule is met. The latency of
 * each counts from when it was due. Pure; one thread per struct.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACE_CATCH_UP 1.25

struct pace {
	uint64_t due, due_frac; /* of the next start */
	uint64_t step, step_frac;
	uint64_t paid_until; /* starts are paid for up to here, at fast_step each */
	uint64_t fast_step;
	uint64_t credit; /* ticks that paid_until may lie behind: burst - 1 starts */
};

/**
 * Sets @p to @per_second starts (more than 0) on a clock of @hz, the first at tick @first, at most
 * @burst (0 counts as 1) at once.
 */
void pace_set(struct pace *p, double per_second, uint64_t hz, uint64_t first, uint32_t burst);

/** True if a start is due at @now. */
static inline bool pace_behind(const struct pace *p, uint64_t now)
{
	return (int64_t)(now - p->due) >= 0;
}

/** Takes the next start if it is due at @now and no burst forbids it: true, its time in @due. */
static inline bool pace_take(struct pace *p, uint64_t now, uint64_t *due)
{
	uint64_t paid = p->paid_until;

	if (!pace_behind(p, now))
		return false;
	if ((int64_t)(now - p->credit - paid) > 0)
		paid = now - p->credit;
	if ((int64_t)(paid - now) > 0)
		return false;
	p->paid_until = paid + p->fast_step;
	*due = p->due;
	p->due_frac += p->step_frac;
	p->due += p->step + (p->due_frac < p->step_frac);
	return true;
}
