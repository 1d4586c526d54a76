/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/health_verdict.h"

void verdict_init(struct verdict *v)
{
	*v = (struct verdict){ .up = true };
}

struct verdict_rule verdict_rule(uint32_t rise, uint32_t fall, uint64_t interval_ms)
{
	/* What fails all the time needs fall intervals to be found out: that is not calm. */
	uint64_t calm = 2 * fall * interval_ms;

	return (struct verdict_rule){ rise, fall, calm > VERDICT_CALM_MS ? calm : VERDICT_CALM_MS };
}

uint32_t verdict_wanted(const struct verdict *v, const struct verdict_rule *rule)
{
	return rule->rise << v->flaps;
}

static void count_flap(struct verdict *v, const struct verdict_rule *rule, uint64_t now_ms)
{
	uint64_t calm = v->rose_ms ? (now_ms - v->rose_ms) / rule->calm_ms : VERDICT_FLAPS_MAX;

	if (calm == 0)
		v->flaps += v->flaps < VERDICT_FLAPS_MAX;
	else
		v->flaps = calm < v->flaps ? (uint8_t)(v->flaps - calm) : 0;
}

bool verdict_take(struct verdict *v, const struct verdict_rule *rule, bool ok, uint64_t now_ms)
{
	v->in_a_row = v->known && v->last_ok == ok ? v->in_a_row + 1 : 1;
	v->known = true;
	v->last_ok = ok;
	if (ok == v->up || v->in_a_row < (ok ? verdict_wanted(v, rule) : rule->fall))
		return false;
	if (ok)
		v->rose_ms = now_ms;
	else
		count_flap(v, rule, now_ms);
	v->up = ok;
	v->changed_ms = now_ms;
	return true;
}
