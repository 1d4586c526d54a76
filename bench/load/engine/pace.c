/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Setting up a schedule: the one place where rates are floating-point numbers.
 */
#include "bench/load/engine/pace.h"

void pace_set(struct pace *p, double per_second, uint64_t hz, uint64_t first, uint32_t burst)
{
	double step = (double)hz / per_second;
	uint64_t whole = (uint64_t)step;

	p->due = first;
	p->due_frac = 0;
	p->step = whole;
	p->step_frac = (uint64_t)((step - (double)whole) * 0x1p64);
	p->fast_step = (uint64_t)(step / PACE_CATCH_UP);
	p->credit = burst > 1 ? (burst - 1) * p->fast_step : 0;
	p->paid_until = first;
}
