/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of pools and backends. Backends are those of pools: one that was removed and only serves
 * old transactions is left out, since another may have its name by now.
 */
#include "control/app.h"
#include "control/fleet/fleet.h"
#include "control/fleet/pool_share.h"
#include "control/watch/metrics.h"
#include "control/watch/rates.h"

static uint32_t n_pools(const struct app *app)
{
	return app->now.world ? app->now.world->n_pools : 0;
}

enum { BACKENDS, LIVE, SLOTS };

static void emit_pool(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	const struct pool *p = &app->now.world->pools[i];
	const uint64_t facts[] = {
		[BACKENDS] = p->n_members, [LIVE] = p->n_live, [SLOTS] = p->table_size
	};

	metrics_sample(o, "");
	metrics_label(o, "pool", p->name);
	metrics_u64(o, facts[m->which]);
}

/* NaN while there is nothing to compare. */
static void emit_skew(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	(void)m;
	metrics_sample(o, "");
	metrics_label(o, "pool", app->now.world->pools[i].name);
	metrics_double(o, pool_skew(app, i));
}

static const struct fleet_backend *backend_at(const struct app *app, uint32_t i)
{
	const struct fleet_backend *b = fleet_at(app->fleet, (uint16_t)i);

	return b && !b->removed && b->pool != WORLD_NONE ? b : NULL;
}

static uint32_t n_backends(const struct app *app)
{
	return fleet_end(app->fleet);
}

static void sample(struct metrics_out *o, const struct fleet_backend *b)
{
	metrics_sample(o, "");
	metrics_label(o, "pool", b->pool_name);
	metrics_label(o, "backend", b->name);
}

static void emit_share(struct metrics_out *o, const struct app *app, const struct metric *m,
		       uint32_t i)
{
	const struct fleet_backend *b = backend_at(app, i);

	(void)m;
	if (!b)
		return;
	sample(o, b);
	metrics_double(o, pool_share(app, b->number));
}

static void emit_state(struct metrics_out *o, const struct app *app, const struct metric *m,
		       uint32_t i)
{
	static const enum backend_state states[] = { BACKEND_UP, BACKEND_DRAIN, BACKEND_DOWN };
	const struct fleet_backend *b = backend_at(app, i);

	(void)m;
	for (unsigned int k = 0; b && k < sizeof(states) / sizeof(states[0]); k++) {
		sample(o, b);
		metrics_label(o, "state", fleet_state_name(states[k]));
		metrics_u64(o, b->state == states[k]);
	}
}

enum { MESSAGES, WEIGHT, CHANGED };

static void emit_backend(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	const struct fleet_backend *b = backend_at(app, i);

	if (!b)
		return;
	sample(o, b);
	metrics_u64(o, m->which == MESSAGES ? fleet_messages(app, b)
		       : m->which == WEIGHT ? b->weight
					    : b->since_ms / 1000);
}

const struct metric metrics_of_pools[] = {
	{ "viaduct_pool_backends", METRIC_GAUGE, "backends of the pool", n_pools, emit_pool,
	  BACKENDS },
	{ "viaduct_pool_live_backends", METRIC_GAUGE, "backends that get new calls; 0: 503",
	  n_pools, emit_pool, LIVE },
	{ "viaduct_pool_table_slots", METRIC_GAUGE, "slots of the pool's Maglev table", n_pools,
	  emit_pool, SLOTS },
	{ "viaduct_pool_skew_ratio", METRIC_GAUGE,
	  "highest load of a live backend over the mean, each by its share; 1: even; NaN: no load",
	  n_pools, emit_skew, 0 },
	{ 0 },
};

const struct metric metrics_of_backends[] = {
	{ "viaduct_backend_state", METRIC_GAUGE, "1 for the state that the backend has", n_backends,
	  emit_state, 0 },
	{ "viaduct_backend_state_changed_timestamp_seconds", METRIC_GAUGE,
	  "when it got that state, in seconds since 1970", n_backends, emit_backend, CHANGED },
	{ "viaduct_backend_weight", METRIC_GAUGE, "its weight in effect", n_backends, emit_backend,
	  WEIGHT },
	{ "viaduct_backend_share_ratio", METRIC_GAUGE, "its share of the pool's table, 0 to 1",
	  n_backends, emit_share, 0 },
	{ "viaduct_backend_messages_total", METRIC_COUNTER,
	  "messages that the pool's table or the transaction window sent to it", n_backends,
	  emit_backend, MESSAGES },
	{ 0 },
};
