/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a world says about which server a request gets, as two numbers: so that two worlds can be
 * compared in a moment, whatever their size (world_past.h). One covers what leads to a pool and to
 * a key, the other the tables as well.
 */
#include "control/world/table.h"
#include "control/world/world_parts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static void add(XXH3_state_t *s, const void *p, size_t n)
{
	if (n)
		XXH3_128bits_update(s, p, n);
}

static void add_number(XXH3_state_t *s, uint64_t v)
{
	add(s, &v, sizeof(v));
}

/* With its length, so that the border between two texts counts. */
static void add_text(XXH3_state_t *s, const void *p, size_t n)
{
	add_number(s, n);
	add(s, p, n);
}

static void add_domain(XXH3_state_t *s, const struct config_domain *d)
{
	add_number(s, (uint64_t)d->wildcard << 1 | d->is_ip);
	add_text(s, d->name, strlen(d->name));
}

static void add_route(XXH3_state_t *s, const struct config_route *r)
{
	const struct config_match *m = &r->match;

	add_number(s, r->pool_index);
	add_number(s, m->n_method);
	for (uint32_t i = 0; i < m->n_method; i++)
		add_text(s, m->method[i].name, strlen(m->method[i].name));
	add_number(s, m->n_domain);
	for (uint32_t i = 0; i < m->n_domain; i++)
		add_domain(s, &m->domain[i]);
	add_number(s, m->n_source);
	for (uint32_t i = 0; i < m->n_source; i++) {
		add(s, m->source[i].prefix.ip.b, sizeof(m->source[i].prefix.ip.b));
		add_number(s, m->source[i].prefix.len);
	}
}

static void add_pool(XXH3_state_t *s, const struct pool *p)
{
	add_text(s, p->name, strlen(p->name));
	add_number(s, (uint64_t)p->key.kind);
	add_text(s, p->key.header, p->key.header_len);
}

static struct world_digest digest(const XXH3_state_t *s)
{
	XXH128_hash_t h = XXH3_128bits_digest(s);

	return (struct world_digest){ { h.low64, h.high64 } };
}

void build_digests(struct build *b)
{
	struct world_life *life = world_life(b->w);
	const struct world *w = b->w;
	XXH3_state_t s;

	XXH3_128bits_reset(&s);
	add(&s, &w->keys, sizeof(w->keys));
	add_number(&s, w->n_pools);
	for (uint16_t i = 0; i < w->n_pools; i++)
		add_pool(&s, &w->pools[i]);
	add_number(&s, b->c->n_routes);
	for (uint32_t i = 0; i < b->c->n_routes; i++)
		add_route(&s, &b->c->routes[i]);
	life->rules = digest(&s);
	for (uint16_t i = 0; i < w->n_pools; i++)
		add(&s, table_id(w->pools[i].table), sizeof(struct table_id));
	life->servers = digest(&s);
}
