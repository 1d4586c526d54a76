/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is shown of a backend is what is in force: share and weight come from the table that the
 * workers use, not from what was asked for.
 */
#include "control/fleet/pool_json.h"

#include "control/app.h"
#include "control/endpoint_text.h"
#include "control/fleet/fleet_names.h"
#include "control/fleet/fleet_state.h"
#include "control/fleet/pool_share.h"
#include "control/health/health.h"
#include "control/log.h"
#include "control/wall_time.h"
#include "control/watch/rates.h"

#include <string.h>

static json_t *transports_json(uint32_t transports)
{
	json_t *list = json_array();

	if (transports & WORLD_UDP)
		json_array_append_new(list, json_string("udp"));
	if (transports & WORLD_TCP)
		json_array_append_new(list, json_string("tcp"));
	if (transports & WORLD_TLS)
		json_array_append_new(list, json_string("tls"));
	return list;
}

/* The share of the keys of its pool that leads to @b. */
static double share_of(const struct app *app, const struct fleet_backend *b)
{
	const struct world *w = app->now.world;

	return w && b->pool < w->n_pools ? pool_share(app, b->number) : 0;
}

static double rate_of(const struct app *app, const struct fleet_backend *b)
{
	return app->rates ? rates_backend(app->rates, b->number) : 0;
}

/* A whole number but in a slow start. */
static json_t *weight_json(const struct fleet_backend *b)
{
	if (b->ramp == FLEET_RAMP_FULL)
		return json_integer(b->weight);
	return json_real((double)b->weight * b->ramp / FLEET_RAMP_FULL);
}

static json_t *drain_json(const struct fleet_backend *b)
{
	uint64_t quiet_since = b->last_message_ms > b->since_ms ? b->last_message_ms : b->since_ms;
	uint64_t now = wall_time_ms();

	if (b->state != BACKEND_DRAIN)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:I}", "since", wall_time_json(b->since_ms),
			 "last_message", wall_time_json(b->last_message_ms), "last_second",
			 (json_int_t)b->last_interval, "silent_s",
			 (json_int_t)(now > quiet_since ? (now - quiet_since) / 1000 : 0));
}

static json_t *identity_json(const struct fleet_backend *b)
{
	return json_pack("{s:s, s:s?, s:o, s:o, s:o, s:s?, s:i, s:o, s:i, s:o}", "name", b->name,
			 "of", b->of, "address", endpoint_json(&b->addr), "transports",
			 transports_json(b->transports), "tls_port",
			 b->tls_port ? json_integer(b->tls_port) : json_null(), "tls_name",
			 b->tls_name, "tier", (int)b->tier, "weight", weight_json(b), "weight_file",
			 (int)b->file_weight, "weight_set",
			 b->hand_weight_set ? json_integer(b->hand_weight) : json_null());
}

static json_t *state_json(const struct fleet_backend *b)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:b, s:b}", "state", fleet_state_name(b->state),
			 "cause", fleet_cause_name(b->cause), "why", b->why, "since",
			 wall_time_json(b->since_ms), "added", (int)b->added, "removed",
			 (int)b->removed);
}

static json_t *load_json(const struct app *app, const struct fleet_backend *b)
{
	return json_pack("{s:f, s:I, s:f, s:o, s:o, s:o}", "share", share_of(app, b), "messages",
			 (json_int_t)fleet_messages(app, b), "rate", rate_of(app, b), "probe",
			 health_probe_json(app, b->number), "passive",
			 health_passive_json(app, b->number), "drain", drain_json(b));
}

json_t *backend_json(const struct app *app, const struct fleet_backend *b)
{
	json_t *all = identity_json(b);
	json_t *state = state_json(b), *load = load_json(app, b);

	json_object_update(all, state);
	json_object_update(all, load);
	json_decref(state);
	json_decref(load);
	return all;
}

json_t *name_json(const struct app *app, const char *pool, const char *name)
{
	const struct fleet_name *n = fleet_find_name(app->fleet, pool, name);
	json_t *list = json_array();

	for (uint32_t i = 0; n && i < app->fleet->end; i++) {
		const struct fleet_entry *e = app->fleet->v[i];

		if (e && !e->gone && !e->b.removed && e->b.of && strcmp(e->b.of, name) == 0 &&
		    strcmp(e->b.pool_name, pool) == 0)
			json_array_append_new(list, backend_json(app, &e->b));
	}
	return json_pack("{s:s, s:s?, s:i, s:b, s:b, s:o}", "name", name, "host",
			 n ? n->host : NULL, "port", n ? (int)n->port : 0, "added",
			 (int)(n && n->added), "removed", (int)!n, "members", list);
}

/*
 * How uneven the load is: the most that a server has of what its share would give it. 1 = even;
 * null without load.
 */
static json_t *skew_json(const struct app *app, const uint16_t *members, uint16_t n, double rate)
{
	double most = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct fleet_backend *b = fleet_at(app->fleet, members[i]);
		double share = share_of(app, b);

		if (share > 0 && rate > 0 && rate_of(app, b) / (rate * share) > most)
			most = rate_of(app, b) / (rate * share);
	}
	return most > 0 ? json_real(most) : json_null();
}

static void append_removed(const struct app *app, uint16_t pool, json_t *list)
{
	const struct fleet *f = app->fleet;

	for (uint32_t i = 0; i < f->end; i++) {
		const struct fleet_entry *e = f->v[i];

		if (e && e->b.removed && !e->b.unresolved && !e->gone && e->home == pool)
			json_array_append_new(list, backend_json(app, &e->b));
	}
}

json_t *pool_json(const struct app *app, uint16_t pool, bool all)
{
	static const char *const keys[] = {
		[KEY_CALL_ID] = "call-id", [KEY_FROM] = "from",
		[KEY_TO] = "to",           [KEY_REQUEST_URI] = "request-uri",
		[KEY_SOURCE] = "source",   [KEY_HEADER] = "header",
		[KEY_USER] = "user",
	};
	const struct pool *p = &app->now.world->pools[pool];
	json_t *list = json_array(), *key;
	const uint16_t *members;
	double rate = 0;
	uint16_t n;

	members = fleet_members(app->fleet, pool, &n);
	for (uint16_t i = 0; i < n; i++) {
		const struct fleet_backend *b = fleet_at(app->fleet, members[i]);

		rate += rate_of(app, b);
		json_array_append_new(list, backend_json(app, b));
	}
	if (all)
		append_removed(app, pool, list);
	if (p->key.kind == KEY_HEADER)
		key = json_sprintf("header:%.*s", p->key.header_len, p->key.header);
	else
		key = json_string(keys[p->key.kind]);
	return json_pack("{s:s, s:o, s:I, s:i, s:i, s:b, s:f, s:o, s:o}", "name", p->name, "key",
			 key, "table_size", (json_int_t)p->table_size, "live", (int)p->n_live,
			 "backends", (int)n, "panic", (int)health_in_panic(app, pool), "rate", rate,
			 "skew", skew_json(app, members, n, rate), "members", list);
}
