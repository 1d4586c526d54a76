/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/health_panic.h"

#include <stdlib.h>

#define TIERS 256

/* Weights of a tier. */
struct tier {
	uint64_t all, failing, down;
};

static int by_serial(const void *a, const void *b)
{
	const struct panic_member *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static bool within(uint64_t part, uint64_t all, uint32_t percent)
{
	return part * 100 <= all * percent;
}

/* Whether a tier after @tier is well, so that calls have where to go. */
static bool has_heir(const struct tier *tiers, unsigned int tier, uint32_t percent)
{
	for (unsigned int i = tier + 1; i < TIERS; i++) {
		if (tiers[i].all && within(tiers[i].failing, tiers[i].all, percent))
			return true;
	}
	return false;
}

static bool may_go(const struct tier *tiers, const struct panic_member *m, uint32_t percent)
{
	const struct tier *t = &tiers[m->tier];

	if (percent == 0)
		return false;
	return !m->counts || within(t->down + m->weight, t->all, percent) ||
	       has_heir(tiers, m->tier, percent);
}

uint32_t panic_judge(struct panic_member *m, uint32_t n, uint32_t percent)
{
	struct tier tiers[TIERS] = { { 0 } };
	uint32_t kept = 0;

	qsort(m, n, sizeof(*m), by_serial);
	for (uint32_t i = 0; i < n; i++) {
		struct tier *t = &tiers[m[i].tier];

		m[i].counts = m[i].counts && m[i].weight;
		m[i].down = m[i].down && m[i].fails;
		t->all += m[i].counts ? m[i].weight : 0;
		t->failing += m[i].counts && m[i].fails ? m[i].weight : 0;
		t->down += m[i].counts && m[i].down ? m[i].weight : 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!m[i].fails || m[i].down)
			continue;
		m[i].down = may_go(tiers, &m[i], percent);
		if (m[i].down && m[i].counts)
			tiers[m[i].tier].down += m[i].weight;
		kept += !m[i].down;
	}
	return kept;
}
