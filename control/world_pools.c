/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools of a world: all backends in one array, those of a pool side by side, and a Maglev table per
 * pool over the live backends of its lowest live tier. A backend of weight 0 takes no new calls and
 * so makes no tier live.
 */
#include "control/world_parts.h"

#include <errno.h>

_Static_assert((int)CONFIG_STATE_UP == BACKEND_UP && (int)CONFIG_STATE_DRAIN == BACKEND_DRAIN &&
		       (int)CONFIG_STATE_DOWN == BACKEND_DOWN,
	       "states go over as they are");

size_t build_pools_size(const struct build *b)
{
	size_t size = build_room(b->n_backends * sizeof(struct backend)) +
		      build_room(b->c->n_pools * sizeof(struct pool));

	for (uint32_t i = 0; i < b->c->n_pools; i++) {
		const struct config_pool *p = &b->c->pools[i];

		size += build_room(p->table_size * sizeof(uint16_t)) +
			build_room(p->n_backends * sizeof(uint16_t)) +
			build_room(strlen(p->name) + 1);
		for (uint32_t k = 0; k < p->n_backends; k++)
			size += build_room(strlen(p->backends[k].name) + 1);
	}
	return size;
}

/* Path MTU that the file states for @ip (RFC 3261 18.1.1): the pool's, or that of the interface on
 * the way. */
static uint32_t path_mtu(const struct build *b, const struct config_pool *p, const struct ip *ip)
{
	uint16_t iface = FIB_NO_IFACE;

	if (p->mtu)
		return p->mtu;
	if (b->facts->fib)
		iface = fib_iface(b->facts->fib, ip);
	else if (b->c->n_interfaces == 1)
		iface = 0;
	return iface < b->c->n_interfaces ? b->c->interfaces[iface].mtu : 0;
}

static bool live(const struct config_backend *b)
{
	return b->state == CONFIG_STATE_UP && b->weight > 0;
}

/* Writes the servers of the table to @servers; returns how many. */
static uint32_t choose(const struct build *b, const struct config_pool *p,
		       const uint16_t *members, struct maglev_server *servers)
{
	uint32_t tier = UINT32_MAX, n = 0;

	for (uint32_t i = 0; i < p->n_backends; i++) {
		if (live(&p->backends[i]) && p->backends[i].tier < tier)
			tier = p->backends[i].tier;
	}
	for (uint32_t i = 0; i < p->n_backends; i++) {
		const struct config_backend *s = &p->backends[i];

		if (!live(s) || s->tier != tier)
			continue;
		servers[n++] =
			(struct maglev_server){ maglev_id(&b->w->keys, s->name, strlen(s->name)),
						s->weight, members[i] };
	}
	return n;
}

static int fill_table(struct build *b, const struct config_pool *given, struct pool *p)
{
	struct maglev_server *servers = mem_alloc(given->n_backends * sizeof(*servers));
	void *scratch = mem_alloc(maglev_scratch(given->n_backends));
	uint16_t *table = build_take(b, given->table_size * sizeof(*table));
	int rc = servers && scratch ? 0 : -ENOMEM;

	if (rc == 0) {
		p->n_live = (uint16_t)choose(b, given, p->members, servers);
		maglev_build(table, given->table_size, servers, p->n_live, scratch);
	}
	p->table = table;
	p->table_size = given->table_size;
	mem_free(servers);
	mem_free(scratch);
	return rc;
}

static void fill_backend(struct build *b, uint32_t pool, const struct config_backend *given,
			 struct backend *out)
{
	uint16_t self = world_listener_at(b->w, &given->address);

	if (self != WORLD_NONE && (b->w->listeners[self].transports & given->transports))
		config_errors_add(b->errs, given->at[CK_backend_address],
				  "backend %s: this is the address of listener %s", given->name,
				  b->w->listeners[self].name.s);
	*out = (struct backend){
		.addr = given->address,
		.pool = (uint16_t)pool,
		.transports = (uint8_t)given->transports,
		.state = (uint8_t)given->state,
		.tier = (uint8_t)given->tier,
		.weight = (uint16_t)given->weight,
		.path_mtu = path_mtu(b, &b->c->pools[pool], &given->address.ip),
		.name = build_text(b, given->name, strlen(given->name)),
	};
}

int build_pools(struct build *b)
{
	struct backend *backends = build_take(b, b->n_backends * sizeof(*backends));
	struct pool *pools = build_take(b, b->c->n_pools * sizeof(*pools));
	uint32_t n = 0;
	int rc = 0;

	for (uint32_t i = 0; i < b->c->n_pools && rc == 0; i++) {
		const struct config_pool *given = &b->c->pools[i];
		uint16_t *members = build_take(b, given->n_backends * sizeof(*members));

		pools[i].key = given->key;
		pools[i].members = members;
		pools[i].n_members = (uint16_t)given->n_backends;
		pools[i].name = build_text(b, given->name, strlen(given->name));
		for (uint32_t k = 0; k < given->n_backends; k++) {
			members[k] = (uint16_t)n;
			fill_backend(b, i, &given->backends[k], &backends[n++]);
		}
		rc = fill_table(b, given, &pools[i]);
	}
	b->w->backends = backends;
	b->w->n_backends = (uint16_t)n;
	b->w->pools = pools;
	b->w->n_pools = (uint16_t)b->c->n_pools;
	return rc;
}
