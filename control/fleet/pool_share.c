/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/fleet/pool_share.h"

#include "control/app.h"
#include "control/watch/rates.h"
#include "control/world/table.h"

#include <math.h>

double pool_share(const struct app *app, uint16_t number)
{
	const struct world *w = app->now.world;
	const struct backend *b = number < w->n_backends ? &w->backends[number] : NULL;
	const struct pool *p;

	if (!b || b->state == BACKEND_NONE || b->pool >= w->n_pools)
		return 0;
	p = &w->pools[b->pool];
	return (double)table_slots_of(p->table, number) / p->table_size;
}

double pool_skew(const struct app *app, uint32_t pool)
{
	const struct pool *p = &app->now.world->pools[pool];
	double all = 0, most = 0;

	if (!app->rates)
		return NAN;
	for (uint16_t k = 0; k < p->n_members; k++) {
		uint32_t slots = table_slots_of(p->table, p->members[k]);
		double load = rates_backend(app->rates, p->members[k]);

		all += load;
		if (slots && load / slots > most)
			most = load / slots;
	}
	return all > 0 ? most * p->table_size / all : NAN;
}
