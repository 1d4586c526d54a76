/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From assertions to what the fleet is told: pool by pool, past the panic rule, and never on the
 * word of probes while all of them are silent.
 */
#include "control/app.h"
#include "control/health/health_state.h"

/* Whether some verdict waits only because no probe of this node is answered. */
static bool kept_for_silence(const struct health *h, const struct health_backend *b)
{
	uint32_t bit = HEALTH_BIT(FLEET_BY_PROBE);

	return health_all_silent(h) && (b->asserted & bit) && !(b->applied & bit);
}

/* What counts against @b. */
static uint32_t charges(const struct health *h, const struct health_backend *b)
{
	return kept_for_silence(h, b) ? b->asserted & ~HEALTH_BIT(FLEET_BY_PROBE) : b->asserted;
}

/* True if file and operators leave @fb up. */
static bool counts(const struct fleet_backend *fb)
{
	return (fb->hand_state_set ? fb->hand_state : fb->file_state) == CONFIG_STATE_UP;
}

static bool apply(struct health *h, uint16_t number, uint32_t causes)
{
	struct fleet_backend *fb = fleet_at(h->app->fleet, number);
	struct health_backend *b = h->v[number];
	uint32_t changed = causes ^ b->applied;

	for (unsigned int i = FLEET_BY_PROBE; changed && i < FLEET_N_CAUSES; i++) {
		if (changed >> i & 1)
			fleet_health(h->app->fleet, fb, (enum fleet_cause)i, causes >> i & 1,
				     b->why[i]);
	}
	b->applied = causes;
	return changed != 0;
}

static void tell_panic(struct health_pool *p, uint32_t kept)
{
	bool panic = kept && p->panic;

	if (panic && !p->in_panic)
		log_limited(&p->log, LOG_AT_WARNING,
			    "pool %s: panic: health would take down more than %u %% of it; the "
			    "backends that are left keep their state",
			    p->name, p->panic);
	else if (!panic && p->in_panic)
		log_limited(&p->log, LOG_AT_INFO, "pool %s: the panic is over", p->name);
	p->in_panic = panic;
}

/* Fills h->members from the pool. */
static uint32_t gather(struct health *h, uint16_t pool)
{
	uint16_t n_members = 0;
	const uint16_t *members = fleet_members(h->app->fleet, pool, &n_members);
	uint32_t n = 0;

	for (uint16_t i = 0; i < n_members; i++) {
		const struct fleet_backend *fb = fleet_at(h->app->fleet, members[i]);
		const struct health_backend *b = members[i] < h->n_v ? h->v[members[i]] : NULL;

		if (!fb || !b || n == h->n_members)
			continue;
		h->members[n++] = (struct panic_member){
			.number = members[i],
			.weight = fb->weight,
			.tier = (uint8_t)fb->tier,
			.counts = counts(fb),
			.fails = charges(h, b) != 0,
			.down = b->applied != 0,
			.serial = b->serial,
		};
	}
	return n;
}

static bool judge_pool(struct health *h, uint16_t pool)
{
	struct health_pool *p = &h->pools[pool];
	uint32_t n = gather(h, pool);
	uint32_t kept = panic_judge(h->members, n, p->panic);
	bool changed = false;

	for (uint32_t i = 0; i < n; i++) {
		const struct panic_member *m = &h->members[i];

		changed |= apply(h, m->number, m->down ? charges(h, h->v[m->number]) : 0);
	}
	if (changed)
		fleet_commit_soon(h->app);
	tell_panic(p, kept);
	return changed;
}

/* When probes are answered again, those that were not believed start anew. */
static void look_out(struct health *h)
{
	bool kept = false;

	for (uint32_t i = 0; i < h->n_v; i++) {
		struct health_backend *b = h->v[i];
		uint32_t bit = HEALTH_BIT(FLEET_BY_PROBE);

		if (!b)
			continue;
		kept = kept || kept_for_silence(h, b);
		if (h->cut_off && !health_all_silent(h) && (b->asserted & bit) &&
		    !(b->applied & bit))
			health_forget_probes(h, b);
	}
	if (kept && !h->cut_off)
		log_warning("no probe of this node is answered by anybody: likelier it is cut off "
			    "than all servers dead; states stay as they are");
	else if (h->cut_off && !health_all_silent(h))
		log_info("probes are answered again");
	h->cut_off = health_all_silent(h) && (kept || h->cut_off);
}

bool health_judge(struct health *h)
{
	bool any = h->cut_off && !health_all_silent(h), changed = false;

	h->pending = false;
	for (uint32_t i = 0; i < h->n_pools && !any; i++)
		any = h->pools[i].dirty;
	if (!any)
		return false;
	look_out(h);
	for (uint32_t i = 0; i < h->n_pools; i++) {
		if (!h->pools[i].dirty)
			continue;
		h->pools[i].dirty = false;
		changed |= judge_pool(h, (uint16_t)i);
	}
	return changed;
}
