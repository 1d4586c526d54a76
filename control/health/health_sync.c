/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In step with configuration and fleet: after each publication, which is the only moment at which
 * either changes. Backends that are as they were keep clocks, verdicts and figures.
 */
#include "control/app.h"
#include "control/health/health_state.h"

#include <errno.h>
#include <string.h>

/* --- pools ------------------------------------------------------------------------------- */

static void copy_probe(struct health_pool *p, const struct config_probe *c, struct arena *a,
		       bool *ok)
{
	p->plan = (struct probe_plan){ .interval_us = c->interval * 1000ull,
				       .timeout_us = c->timeout * 1000ull,
				       .source = c->source };
	if (c->from)
		p->plan.from = arena_copy(a, c->from, strlen(c->from));
	if (c->request_uri)
		p->plan.request_uri = arena_copy(a, c->request_uri, strlen(c->request_uri));
	*ok = *ok && !p->plan.from == !c->from && !p->plan.request_uri == !c->request_uri;
	p->rule = verdict_rule(c->rise, c->fall, c->interval);
	for (uint32_t i = 0; i < c->n_accept; i++) {
		for (unsigned int code = c->accept[i].low; code <= c->accept[i].high; code++)
			p->accept[(code - 100) / 8] |= (uint8_t)(1u << (code - 100) % 8);
	}
}

static void copy_passive(struct health_pool *p, const struct config_passive *c)
{
	p->passive = (struct passive_rule){ .unreachable = c->unreachable,
					    .silence = c->silence,
					    .errors = c->errors,
					    .window_ms = c->window,
					    .eject_ms = c->eject_time,
					    .rest_max_ms = c->rest_max,
					    .eject = c->eject,
					    .rest = c->rest };
}

/* What a pool of the same name was told to the log already. */
static void inherit(const struct health *h, struct health_pool *p)
{
	for (uint32_t i = 0; i < h->n_pools; i++) {
		const struct health_pool *old = &h->pools[i];

		if (strcmp(old->name, p->name) != 0)
			continue;
		p->in_panic = old->in_panic;
		p->log = old->log;
		p->plan.away = old->plan.away && ip_equal(&old->plan.source, &p->plan.source);
	}
}

static struct health_pool *copy_pools(const struct health *h, const struct config *c,
				      struct arena *a)
{
	struct health_pool *pools = arena_alloc(a, (c->n_pools + 1) * sizeof(*pools));
	bool ok = pools != NULL;

	for (uint32_t i = 0; ok && i < c->n_pools; i++) {
		const struct config_pool *from = &c->pools[i];
		struct health_pool *p = &pools[i];

		p->name = arena_copy(a, from->name, strlen(from->name));
		p->panic = from->panic;
		p->dirty = true;
		p->probed = CONFIG_GIVEN(from, pool, probe);
		ok = p->name != NULL;
		copy_probe(p, &from->probe, a, &ok);
		copy_passive(p, &from->passive);
		if (ok)
			inherit(h, p);
	}
	return ok ? pools : NULL;
}

static uint32_t largest_pool(const struct health *h)
{
	uint32_t most = 0;
	uint16_t n;

	for (uint32_t i = 0; i < h->app->config.n_pools; i++) {
		fleet_members(h->app->fleet, (uint16_t)i, &n);
		most = n > most ? n : most;
	}
	return most;
}

/* --- backends ---------------------------------------------------------------------------- */

/* Whether a probe of @b by Linux goes where its requests go. */
static bool reached_by_linux(const struct health *h, const struct health_backend *b)
{
	const struct config *c = &h->app->config;
	static const struct ip none;
	struct fib_hop hop;

	if (!ip_equal(&h->pools[b->pool].plan.source, &none))
		return true; /* then by the way of that address: a management network */
	return !fib_lookup(h->app->now.fib, &b->addr.ip, &hop) || hop.iface >= c->n_interfaces ||
	       c->interfaces[hop.iface].kernel != CONFIG_KERNEL_NONE;
}

static void forget(struct health *h, uint32_t number)
{
	struct health_backend *b = h->v[number];

	if (!b)
		return;
	prober_drop(h->prober, number);
	if (b->probed) {
		h->n_probed--;
		h->n_known -= b->verdict.known;
		h->n_silent -= b->silent;
	}
	mem_free(b);
	h->v[number] = NULL;
}

/* All that was found out, but for counters. */
static void clear(struct health *h, struct health_backend *b, struct fleet_backend *fb)
{
	health_forget_probes(h, b);
	memset(b->passive.ejection, 0, sizeof(b->passive.ejection));
	b->passive.rest_until_ms = 0;
	for (unsigned int i = FLEET_BY_PROBE; i < FLEET_N_CAUSES; i++) {
		if (fb->down_causes >> i & 1)
			fleet_health(h->app->fleet, fb, (enum fleet_cause)i, false, "");
	}
	b->asserted = b->applied = 0;
}

static int probe_it(struct health *h, struct health_backend *b, uint16_t number, bool wanted)
{
	const struct health_pool *p = &h->pools[b->pool];

	if (!wanted) {
		if (b->probed) {
			prober_drop(h->prober, number);
			health_forget_probes(h, b);
			h->n_probed--;
		}
		b->probed = false;
		return 0;
	}
	h->n_probed += !b->probed;
	b->probed = true;
	return prober_set(h->prober, number, &b->addr, &p->plan, probe_clock_us());
}

static struct health_backend *take_up(struct health *h, const struct fleet_backend *fb)
{
	struct health_backend *b = mem_alloc(sizeof(*b));

	if (!b)
		return NULL;
	b->addr = fb->addr;
	b->server = fb->number;
	verdict_init(&b->verdict);
	h->v[fb->number] = b;
	return b;
}

static int sync_backend(struct health *h, uint16_t number)
{
	struct fleet_backend *fb = fleet_at(h->app->fleet, number);
	struct health_backend *b = h->v[number];
	bool there = fb && !fb->removed && !fb->unresolved && fb->pool < h->n_pools;
	bool lost;

	if (b && (!there || !endpoint_equal(&b->addr, &fb->addr))) {
		forget(h, number);
		b = NULL;
	}
	if (!there)
		return 0;
	if (!b)
		b = take_up(h, fb);
	if (!b)
		return -ENOMEM;
	b->pool = fb->pool;
	lost = fb->down_causes != b->applied;
	if (lost) /* dropped by reload --reset, or left from before a removal */
		clear(h, b, fb);
	return probe_it(h, b, number, h->pools[b->pool].probed && reached_by_linux(h, b));
}

static int make_room(struct health *h, uint32_t n)
{
	struct health_backend **v;

	if (n <= h->n_v)
		return 0;
	v = mem_alloc(n * sizeof(struct health_backend *));
	if (!v)
		return -ENOMEM;
	if (h->n_v)
		memcpy(v, h->v, h->n_v * sizeof(struct health_backend *));
	mem_free(h->v);
	h->v = v;
	h->n_v = n;
	return 0;
}

static int sync(struct health *h)
{
	const struct config *c = &h->app->config;
	struct arena fresh = { 0 };
	uint32_t most = largest_pool(h);
	struct health_pool *pools = copy_pools(h, c, &fresh);
	struct panic_member *members = arena_alloc(&fresh, (most + 1) * sizeof(*members));
	int rc = pools && members ? make_room(h, fleet_end(h->app->fleet)) : -ENOMEM;
	struct arena old = h->arena;

	if (rc) {
		arena_free(&fresh);
		return rc;
	}
	h->arena = fresh;
	h->pools = pools;
	h->n_pools = c->n_pools;
	h->members = members;
	h->n_members = most;
	h->pending = true;
	for (uint32_t i = 0; i < h->n_v; i++) {
		int one = sync_backend(h, (uint16_t)i);

		rc = one ? one : rc;
		if (one)
			forget(h, i); /* whose plan may be one of the old pools */
	}
	arena_free(&old);
	return rc;
}

void health_sync(struct health *h)
{
	static struct log_limit limit;

	if (h->generation == h->app->generation)
		return;
	if (sync(h) < 0)
		log_limited(&limit, LOG_AT_ERROR, "no memory for the health checks");
	else
		h->generation = h->app->generation;
}

void health_unsync(struct health *h)
{
	for (uint32_t i = 0; i < h->n_v; i++)
		mem_free(h->v[i]);
	mem_free(h->v);
	arena_free(&h->arena);
}

void health_reset(struct app *app)
{
	struct health *h = app->health;

	for (uint32_t i = 0; h && i < h->n_v; i++) {
		struct fleet_backend *fb = fleet_at(app->fleet, (uint16_t)i);

		if (h->v[i] && fb && !fb->removed && h->v[i]->pool < h->n_pools)
			clear(h, h->v[i], fb);
	}
}
