/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What worlds are built from, and the end of backends that were removed.
 *
 * A removed backend goes in three steps. For the transaction window it stays in the worlds, in no
 * table, so that old transactions reach it and it is trusted. Then worlds are made without it. When
 * no worker can read a world of before that, its number is free.
 */
#include "control/fleet/fleet_state.h"

#include <errno.h>

static struct world_server server_of(const struct fleet_entry *e, const struct config *c)
{
	const struct fleet_backend *b = &e->b;

	return (struct world_server){
		.name = b->name,
		.addr = b->addr,
		.pool = e->home,
		.weight = (uint16_t)b->weight,
		.transports = (uint8_t)b->transports,
		.tls_port = b->tls_port,
		.tls_name = b->tls_name,
		.tier = (uint8_t)b->tier,
		.state = (uint8_t)b->state,
		.ramp = (uint8_t)b->ramp,
		.given = e->given != UINT32_MAX && b->pool != WORLD_NONE
				 ? &c->pools[b->pool].backends[e->given]
				 : NULL,
	};
}

int fleet_overlay(const struct fleet *f, const struct config *c, struct arena *a,
		  struct world_overlay *out)
{
	struct world_server *servers = arena_alloc(a, f->end * sizeof(*servers));
	struct world_members *pools = arena_alloc(a, f->n_pools * sizeof(*pools));

	if (!servers || !pools)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->end; i++) {
		if (f->v[i] && !f->v[i]->gone)
			servers[i] = server_of(f->v[i], c);
	}
	for (uint32_t i = 0; i < f->n_pools; i++)
		pools[i] = (struct world_members){ f->pools[i].members, f->pools[i].n };
	*out = (struct world_overlay){ servers, f->end, pools };
	return 0;
}

void fleet_sweep(struct fleet *f, uint64_t now_ms, uint64_t window_ms, uint64_t oldest)
{
	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (!e || !e->b.removed || e->gone || !e->removed_generation ||
		    e->removed_ms + window_ms > now_ms || oldest < e->removed_generation)
			continue;
		e->gone = true;
		f->dirty = true;
	}
}

void fleet_reuse(struct fleet *f, uint64_t now)
{
	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (!e || !e->gone || !e->gone_generation || e->gone_generation > now)
			continue;
		f->v[i] = NULL;
		f->lowest = i < f->lowest ? i : f->lowest;
		fleet_entry_free(e);
	}
	while (f->end && !f->v[f->end - 1])
		f->end--;
}
