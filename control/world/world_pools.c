/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools of a world: all backends in one array, each at its number, and a Maglev table per pool over
 * the live backends of its lowest live tier. A backend of weight 0 takes no new calls and so makes
 * no tier live.
 *
 * Which backends there are, and in which state, the overlay says; where there is none, it is made
 * from the file, so that there is one way to fill. A table that the world before has as well is
 * taken over and not filled again.
 */
#include "control/world/table.h"
#include "control/world/world_parts.h"
#include "dataplane/proxy/transport.h"

#include <errno.h>

#define RAMP_FULL 8u
#define SIPS_PORT 5061

_Static_assert((int)CONFIG_STATE_UP == BACKEND_UP && (int)CONFIG_STATE_DRAIN == BACKEND_DRAIN &&
		       (int)CONFIG_STATE_DOWN == BACKEND_DOWN,
	       "states go over as they are");

static struct world_server server_of(const struct config_backend *given, uint32_t pool)
{
	return (struct world_server){
		.name = given->name,
		.addr = given->address.at,
		.pool = (uint16_t)pool,
		.weight = (uint16_t)given->weight,
		.transports = (uint8_t)given->transports,
		.tls_port = (uint16_t)given->tls_port,
		.tls_name = given->tls_name,
		.tier = (uint8_t)given->tier,
		.state = (uint8_t)given->state,
		.ramp = RAMP_FULL,
		.given = given,
	};
}

/* What the file says, in its order. */
static int overlay_of_file(struct build *b)
{
	struct world_overlay *o = arena_alloc(&b->scratch, sizeof(*o));
	struct world_members *pools = arena_alloc(&b->scratch, b->c->n_pools * sizeof(*pools));
	struct world_server *servers;
	uint16_t *numbers;
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->c->n_pools; i++)
		n += b->c->pools[i].n_backends;
	servers = arena_alloc(&b->scratch, n * sizeof(*servers));
	numbers = arena_alloc(&b->scratch, n * sizeof(*numbers));
	if (!o || !pools || !servers || !numbers)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = 0; i < b->c->n_pools; i++) {
		const struct config_pool *p = &b->c->pools[i];

		pools[i] = (struct world_members){ &numbers[n], (uint16_t)p->n_backends };
		for (uint32_t k = 0; k < p->n_backends; k++, n++) {
			servers[n] = server_of(&p->backends[k], i);
			numbers[n] = (uint16_t)n;
		}
	}
	*o = (struct world_overlay){ servers, n, pools };
	b->overlay = o;
	return 0;
}

int build_overlay(struct build *b)
{
	b->overlay = b->facts->overlay;
	return b->overlay ? 0 : overlay_of_file(b);
}

/* Name that the certificate of @s must be for; NULL = its address. */
static const char *tls_name(const struct build *b, const struct world_server *s)
{
	if (!(s->transports & WORLD_TLS))
		return NULL;
	if (s->tls_name)
		return s->tls_name;
	return s->pool == WORLD_NONE ? NULL : b->c->pools[s->pool].tls_name;
}

/* Port for TLS of a server that takes it. */
static uint16_t tls_port(const struct world_server *s)
{
	if (s->tls_port)
		return s->tls_port;
	return s->transports == WORLD_TLS ? s->addr.port : SIPS_PORT;
}

size_t build_pools_size(const struct build *b)
{
	size_t size = build_room(b->overlay->n_servers * sizeof(struct backend)) +
		      build_room(b->c->n_pools * sizeof(struct pool));

	for (uint32_t i = 0; i < b->c->n_pools; i++)
		size += build_room(b->overlay->pools[i].n * sizeof(uint16_t)) +
			build_room(strlen(b->c->pools[i].name) + 1);
	for (uint32_t i = 0; i < b->overlay->n_servers; i++) {
		const struct world_server *s = &b->overlay->servers[i];

		if (s->name)
			size += build_room(strlen(s->name) + 1);
		if (s->name && tls_name(b, s))
			size += build_room(strlen(tls_name(b, s)) + 1);
	}
	return size;
}

/* Path MTU that the file states for @ip (RFC 3261 18.1.1): that of pool @pool, or of the interface
 * on the way. */
static uint32_t path_mtu(const struct build *b, uint16_t pool, const struct ip *ip)
{
	uint16_t iface = FIB_NO_IFACE;

	if (pool != WORLD_NONE && b->c->pools[pool].mtu)
		return b->c->pools[pool].mtu;
	if (b->facts->fib)
		iface = fib_iface(b->facts->fib, ip);
	else if (b->c->n_interfaces == 1)
		iface = 0;
	return iface < b->c->n_interfaces ? b->c->interfaces[iface].mtu : 0;
}

static bool live(const struct world_server *s)
{
	return s->state == BACKEND_UP && s->weight > 0;
}

/* Writes the servers of the table of pool @p to @servers; returns how many. */
static uint32_t choose(const struct build *b, const struct pool *p, struct maglev_server *servers)
{
	const struct world_server *all = b->overlay->servers;
	uint32_t tier = UINT32_MAX, n = 0;

	for (uint32_t i = 0; i < p->n_members; i++) {
		const struct world_server *s = &all[p->members[i]];

		if (live(s) && s->tier < tier)
			tier = s->tier;
	}
	for (uint32_t i = 0; i < p->n_members; i++) {
		const struct world_server *s = &all[p->members[i]];

		if (live(s) && s->tier == tier)
			servers[n++] = (struct maglev_server){
				maglev_id(&b->w->keys, s->name, strlen(s->name)),
				(uint32_t)s->weight * s->ramp, p->members[i]
			};
	}
	return n;
}

/* The table called @id of the world before, held once more, or NULL. Most pools keep their place.
 */
static const uint16_t *table_before(const struct build *b, uint32_t pool, const struct table_id *id)
{
	const struct world *before = b->facts->before;

	if (!before)
		return NULL;
	if (pool < before->n_pools && table_is(before->pools[pool].table, id))
		return table_hold(before->pools[pool].table);
	for (uint32_t i = 0; i < before->n_pools; i++) {
		if (table_is(before->pools[i].table, id))
			return table_hold(before->pools[i].table);
	}
	return NULL;
}

static int fill_table(struct build *b, uint32_t pool, struct pool *p)
{
	struct maglev_server *servers = mem_alloc(p->n_members * sizeof(*servers));
	struct table_id id;
	uint32_t n;

	if (!servers)
		return -ENOMEM;
	n = choose(b, p, servers);
	id = table_identify(servers, n, b->c->pools[pool].table_size);
	p->table = table_before(b, pool, &id);
	if (!p->table)
		p->table = table_new(servers, n, b->c->pools[pool].table_size, &id);
	p->table_size = b->c->pools[pool].table_size;
	p->n_live = (uint16_t)n;
	mem_free(servers);
	return p->table ? 0 : -ENOMEM;
}

/* A member of a pool is somebody else. (One that was removed may have been where a listener is now:
 * what still goes there is refused as a loop.) */
static void check_self(struct build *b, const struct world_server *s)
{
	const struct config_mark nowhere = { 0 };
	uint16_t self = world_listener_at(b->w, &s->addr);
	const struct listener *l = self == WORLD_NONE ? NULL : &b->w->listeners[self];

	if (l && (l->transports & s->transports))
		config_errors_add(b->errs, s->given ? s->given->at[CK_backend_address] : nowhere,
				  "backend %s: this is the address of listener %s", s->name,
				  l->name.s);
}

/* Notes from which length on a request may be too large for UDP to @to (RFC 3261 18.1.1). */
static void mind_mtu(struct world *w, const struct backend *to)
{
	if (to->path_mtu > TRANSPORT_BELOW_MTU && to->path_mtu - TRANSPORT_BELOW_MTU < w->large)
		w->large = (uint16_t)(to->path_mtu - TRANSPORT_BELOW_MTU);
}

static void fill_backend(struct build *b, const struct world_server *s, struct backend *out)
{
	const char *name = tls_name(b, s);

	if (!s->name) {
		out->state = BACKEND_NONE;
		out->pool = WORLD_NONE;
		return;
	}
	b->w->drains |= s->state == BACKEND_DRAIN;
	*out = (struct backend){
		.addr = s->addr,
		.pool = s->pool,
		.transports = s->transports,
		.state = s->state,
		.tier = s->tier,
		.weight = s->weight,
		.path_mtu = path_mtu(b, s->pool, &s->addr.ip),
		.name = build_text(b, s->name, strlen(s->name)),
		.tls_name = name ? build_text(b, name, strlen(name)) : NULL,
		.tls_port = s->transports & WORLD_TLS ? tls_port(s) : 0,
	};
	mind_mtu(b->w, out);
}

static void fill_members(struct build *b, uint32_t pool, struct pool *p)
{
	const struct world_members *given = &b->overlay->pools[pool];
	uint16_t *members = build_take(b, given->n * sizeof(*members));

	for (uint16_t i = 0; i < given->n; i++) {
		members[i] = given->numbers[i];
		check_self(b, &b->overlay->servers[members[i]]);
	}
	p->key = b->c->pools[pool].key;
	p->members = members;
	p->n_members = given->n;
	p->name = build_text(b, b->c->pools[pool].name, strlen(b->c->pools[pool].name));
}

int build_pools(struct build *b)
{
	const struct world_overlay *o = b->overlay;
	struct backend *backends = build_take(b, o->n_servers * sizeof(*backends));
	struct pool *pools = build_take(b, b->c->n_pools * sizeof(*pools));
	int rc = 0;

	b->w->backends = backends;
	b->w->n_backends = (uint16_t)o->n_servers;
	b->w->pools = pools;
	b->w->n_pools = (uint16_t)b->c->n_pools;
	b->w->large = TRANSPORT_LARGE;
	for (uint32_t i = 0; i < o->n_servers; i++)
		fill_backend(b, &o->servers[i], &backends[i]);
	for (uint32_t i = 0; i < b->c->n_pools && rc == 0; i++) {
		fill_members(b, i, &pools[i]);
		rc = fill_table(b, i, &pools[i]);
	}
	return rc;
}
