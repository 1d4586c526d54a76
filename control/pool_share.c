/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/pool_share.h"

#include "control/app.h"
#include "control/rates.h"
#include "control/table.h"

#include <math.h>
#include <string.h>

#define POOLS_MAX 1024 /* of config_keys.def */

/* Which table of each pool the counts are of. */
static struct table_id *counted; /* POOLS_MAX; all 0 = none */
static uint32_t *slots;          /* by number of a backend; STATS_BACKENDS */

static bool have_room(void)
{
	if (!counted)
		counted = mem_alloc(POOLS_MAX * sizeof(*counted));
	if (!slots)
		slots = mem_alloc(STATS_BACKENDS * sizeof(*slots));
	return counted && slots;
}

/* Counts the table of pool @i, unless it is counted. */
static bool count(const struct world *w, uint32_t i)
{
	const struct pool *p = &w->pools[i];

	if (!have_room() || i >= POOLS_MAX || !p->table)
		return false;
	if (memcmp(&counted[i], table_id(p->table), sizeof(counted[i])) == 0)
		return true;
	/* Also those that left the table, and the pool. */
	for (uint16_t k = 0; k < w->n_backends; k++) {
		if (w->backends[k].pool == i)
			slots[k] = 0;
	}
	for (uint32_t k = 0; k < p->table_size; k++)
		slots[p->table[k]] += 1;
	counted[i] = *table_id(p->table);
	return true;
}

double pool_share(const struct app *app, uint16_t number)
{
	const struct world *w = app->now.world;
	const struct backend *b = number < w->n_backends ? &w->backends[number] : NULL;

	if (!b || b->state == BACKEND_NONE || b->pool >= w->n_pools || !count(w, b->pool))
		return 0;
	return (double)slots[number] / w->pools[b->pool].table_size;
}

double pool_skew(const struct app *app, uint32_t pool)
{
	const struct world *w = app->now.world;
	const struct pool *p = &w->pools[pool];
	double all = 0, most = 0;

	if (!app->rates || !count(w, pool))
		return NAN;
	for (uint16_t k = 0; k < p->n_members; k++) {
		uint16_t number = p->members[k];
		double load = rates_backend(app->rates, number);

		all += load;
		if (slots[number] && load / slots[number] > most)
			most = load / slots[number];
	}
	return all > 0 ? most * p->table_size / all : NAN;
}

void pool_share_free(void)
{
	mem_free(counted);
	mem_free(slots);
	counted = NULL;
	slots = NULL;
}
