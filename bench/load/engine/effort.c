/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line through the turns of a core. Where the turns are too much alike to tell the slope, all
 * of their cost counts as per message: the ceiling is then too low rather than too high.
 */
#include "bench/load/engine/effort.h"

#define SPREAD_MIN 0.01 /* variance of the messages per turn that is worth a fit */

double effort_ceiling(const struct effort *e)
{
	double turns = (double)e->turns, n, ticks, spread, fixed = 0, each;

	if (e->n == 0 || e->ticks == 0)
		return 0;
	n = (double)e->n / turns;
	ticks = (double)e->ticks / turns;
	each = ticks / n;
	spread = (double)e->nn / turns - n * n;
	if (spread > SPREAD_MIN) {
		double slope = ((double)e->n_ticks / turns - n * ticks) / spread;

		if (slope > 0 && slope < each) {
			fixed = ticks - slope * n;
			each = slope;
		}
	}
	return EFFORT_FULL / (fixed + each * EFFORT_FULL);
}
