/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of backends: making, copying, finding. Each backend is a block of its own, so that it
 * stays where it is when the table grows. Names are looked up by walking: commands are rare, and a
 * reload has an index of its own (fleet_reload.c).
 */
#include "control/config/near.h"
#include "control/fleet/fleet_state.h"
#include "control/log.h"
#include "control/wall_time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert(offsetof(struct fleet_entry, b) == 0, "one pointer is the other");

char *fleet_text(const char *s)
{
	size_t n = strlen(s);
	char *copy = mem_alloc(n + 1);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

/* --- making and freeing ------------------------------------------------------------------ */

struct fleet *fleet_empty(void)
{
	struct fleet *f = mem_alloc(sizeof(*f));

	if (!f)
		return NULL;
	f->mono = log_clock_ms;
	f->wall = wall_time_ms;
	return f;
}

void fleet_entry_free(struct fleet_entry *e)
{
	if (!e)
		return;
	mem_free((void *)(uintptr_t)e->b.name);
	mem_free((void *)(uintptr_t)e->b.pool_name);
	mem_free((void *)(uintptr_t)e->b.tls_name);
	mem_free((void *)(uintptr_t)e->b.of);
	mem_free(e->health);
	mem_free(e);
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->end; i++)
		fleet_entry_free(f->v[i]);
	for (uint32_t i = 0; i < f->n_pools; i++) {
		mem_free(f->pools[i].name);
		mem_free(f->pools[i].members);
	}
	while (f->n_tombs)
		fleet_tomb_drop(f, f->n_tombs - 1);
	fleet_names_free(f);
	mem_free(f->v);
	mem_free(f->pools);
	mem_free(f->tombs);
	mem_free(f);
}

static struct fleet_entry *entry_copy(const struct fleet_entry *from)
{
	struct fleet_entry *e = mem_alloc(sizeof(*e));

	if (!e)
		return NULL;
	*e = *from;
	e->b.name = fleet_text(from->b.name);
	e->b.pool_name = fleet_text(from->b.pool_name);
	e->b.tls_name = from->b.tls_name ? fleet_text(from->b.tls_name) : NULL;
	e->health = from->health ? mem_alloc(sizeof(*e->health)) : NULL;
	e->b.of = from->b.of ? fleet_text(from->b.of) : NULL;
	if (!e->b.name || !e->b.pool_name || (from->b.tls_name && !e->b.tls_name) ||
	    (from->b.of && !e->b.of) || (from->health && !e->health)) {
		fleet_entry_free(e);
		return NULL;
	}
	if (from->health)
		*e->health = *from->health;
	return e;
}

static int copy_pools(struct fleet *to, const struct fleet *from)
{
	to->pools = mem_alloc(from->n_pools * sizeof(*to->pools));
	if (!to->pools)
		return -ENOMEM;
	for (; to->n_pools < from->n_pools; to->n_pools++) {
		const struct fleet_pool *p = &from->pools[to->n_pools];
		struct fleet_pool *q = &to->pools[to->n_pools];

		*q = *p;
		q->name = fleet_text(p->name);
		q->members = mem_alloc(p->room * sizeof(*q->members));
		if (!q->name || !q->members) {
			mem_free(q->name);
			mem_free(q->members);
			return -ENOMEM;
		}
		if (p->n)
			memcpy(q->members, p->members, p->n * sizeof(*q->members));
	}
	return 0;
}

static int copy_tombs(struct fleet *to, const struct fleet *from)
{
	to->tombs = mem_alloc(from->n_tombs * sizeof(*to->tombs));
	if (!to->tombs)
		return -ENOMEM;
	for (; to->n_tombs < from->n_tombs; to->n_tombs++) {
		const struct fleet_tomb *t = &from->tombs[to->n_tombs];
		struct fleet_tomb *u = &to->tombs[to->n_tombs];

		*u = (struct fleet_tomb){ fleet_text(t->pool), fleet_text(t->name), t->addr };
		if (!u->pool || !u->name) {
			mem_free(u->pool);
			mem_free(u->name);
			return -ENOMEM;
		}
	}
	return 0;
}

static int copy_entries(struct fleet *to, const struct fleet *from)
{
	to->v = mem_alloc(from->room * sizeof(struct fleet_entry *));
	if (!to->v)
		return -ENOMEM;
	to->room = from->room;
	for (; to->end < from->end; to->end++) {
		if (!from->v[to->end])
			continue;
		to->v[to->end] = entry_copy(from->v[to->end]);
		if (!to->v[to->end])
			return -ENOMEM;
	}
	return 0;
}

struct fleet *fleet_copy(const struct fleet *f)
{
	struct fleet *copy = fleet_empty();
	int rc;

	if (!copy)
		return NULL;
	copy->serial = f->serial;
	copy->lowest = f->lowest;
	copy->dirty = f->dirty;
	copy->mono = f->mono;
	copy->wall = f->wall;
	rc = copy_entries(copy, f);
	rc = rc ? rc : copy_pools(copy, f);
	rc = rc ? rc : copy_tombs(copy, f);
	rc = rc ? rc : fleet_names_copy(copy, f);
	if (rc) {
		fleet_free(copy);
		return NULL;
	}
	return copy;
}

void fleet_adopt(struct fleet *f, struct fleet *from)
{
	struct fleet was = *f;
	uint32_t both = f->end < from->end ? f->end : from->end;

	*f = *from;
	*from = was;
	for (uint32_t i = 0; i < both; i++) {
		struct fleet_entry *old = from->v[i], *new = f->v[i], content;

		if (!old || !new)
			continue;
		content = *old;
		*old = *new;
		*new = content;
		f->v[i] = old;
		from->v[i] = new;
	}
	fleet_free(from);
}

/* --- the table --------------------------------------------------------------------------- */

/* A free number, with room for it; -ENOSPC or -ENOMEM. */
static int free_number(struct fleet *f)
{
	struct fleet_entry **v;
	uint32_t i = f->lowest, room;

	while (i < f->end && f->v[i])
		i++;
	f->lowest = i;
	if (i > FLEET_MAX)
		return -ENOSPC;
	if (i < f->room)
		return (int)i;
	room = f->room ? 2 * f->room : 16;
	v = mem_alloc(room * sizeof(struct fleet_entry *));
	if (!v)
		return -ENOMEM;
	if (f->end)
		memcpy(v, f->v, f->end * sizeof(struct fleet_entry *));
	mem_free(f->v);
	f->v = v;
	f->room = room;
	return (int)i;
}

struct fleet_entry *fleet_entry_new(struct fleet *f, uint16_t pool, const char *name,
				    const struct endpoint *addr)
{
	int number = free_number(f);
	struct fleet_entry *e;

	if (number < 0) {
		errno = -number;
		return NULL;
	}
	errno = ENOMEM;
	e = mem_alloc(sizeof(*e));
	if (!e)
		return NULL;
	e->b.name = fleet_text(name);
	e->b.pool_name = fleet_text(f->pools[pool].name);
	if (!e->b.name || !e->b.pool_name) {
		fleet_entry_free(e);
		return NULL;
	}
	e->b.number = (uint16_t)number;
	e->b.pool = pool;
	e->b.addr = *addr;
	e->b.serial = ++f->serial;
	e->b.state = BACKEND_NONE;
	e->b.ramp = FLEET_RAMP_FULL;
	e->b.since_ms = f->wall();
	e->home = pool;
	e->given = UINT32_MAX;
	f->v[number] = e;
	if (f->end <= (uint32_t)number)
		f->end = (uint32_t)number + 1;
	return e;
}

int fleet_join(struct fleet *f, uint16_t pool, uint16_t number)
{
	struct fleet_pool *p = &f->pools[pool];
	uint32_t room = p->room ? 2u * p->room : 8;
	uint16_t *members;

	if (p->n == p->room) {
		room = room > WORLD_NONE ? WORLD_NONE : room;
		members = mem_alloc(room * sizeof(*members));
		if (!members)
			return -ENOMEM;
		if (p->n)
			memcpy(members, p->members, p->n * sizeof(*members));
		mem_free(p->members);
		p->members = members;
		p->room = (uint16_t)room;
	}
	p->members[p->n++] = number;
	return 0;
}

static void leave(struct fleet_pool *p, uint16_t number)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < p->n; i++) {
		if (p->members[i] != number)
			p->members[n++] = p->members[i];
	}
	p->n = n;
}

void fleet_part(struct fleet *f, struct fleet_entry *e, enum fleet_cause cause, const char *why)
{
	struct fleet_backend *b = &e->b;

	if (b->pool != WORLD_NONE)
		leave(&f->pools[b->pool], b->number);
	b->pool = WORLD_NONE;
	b->removed = true;
	b->hand_state_set = b->hand_weight_set = false;
	b->cause = cause;
	snprintf(b->why, sizeof(b->why), "%s", why);
	e->removed_ms = f->mono();
	e->removed_generation = 0;
	fleet_fold(f, e, false);
}

int fleet_rejoin(struct fleet *f, struct fleet_entry *e, uint16_t pool)
{
	if (fleet_join(f, pool, e->b.number))
		return -ENOMEM;
	e->b.pool = pool;
	e->home = pool;
	e->b.removed = false;
	e->removed_ms = 0;
	e->removed_generation = 0;
	return 0;
}

uint16_t fleet_pool_index(const struct fleet *f, const char *name)
{
	for (uint32_t i = 0; i < f->n_pools; i++) {
		if (strcmp(f->pools[i].name, name) == 0)
			return (uint16_t)i;
	}
	return WORLD_NONE;
}

struct fleet_entry *fleet_removed(const struct fleet *f, const char *pool, const char *name,
				  const struct endpoint *addr)
{
	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (e && e->b.removed && !e->gone && strcmp(e->b.name, name) == 0 &&
		    strcmp(e->b.pool_name, pool) == 0 && endpoint_equal(&e->b.addr, addr))
			return e;
	}
	return NULL;
}

int fleet_tomb_of(const struct fleet *f, const char *pool, const char *name,
		  const struct endpoint *addr)
{
	for (uint32_t i = 0; i < f->n_tombs; i++) {
		const struct fleet_tomb *t = &f->tombs[i];

		if (strcmp(t->name, name) == 0 && strcmp(t->pool, pool) == 0 &&
		    endpoint_equal(&t->addr, addr))
			return (int)i;
	}
	return -1;
}

void fleet_tomb_drop(struct fleet *f, uint32_t i)
{
	mem_free(f->tombs[i].pool);
	mem_free(f->tombs[i].name);
	f->tombs[i] = f->tombs[--f->n_tombs];
}

/* --- questions --------------------------------------------------------------------------- */

static void say_unknown(char *why, size_t n, const char *what, const char *name, const char *near)
{
	if (near)
		snprintf(why, n, "no %s \"%s\"; did you mean \"%s\"?", what, name, near);
	else
		snprintf(why, n, "no %s \"%s\"", what, name);
}

uint16_t fleet_find_pool(const struct fleet *f, const char *pool, char *why, size_t n)
{
	struct near near = near_begin(pool, strlen(pool));
	uint16_t i = fleet_pool_index(f, pool);

	if (i != WORLD_NONE)
		return i;
	for (uint32_t k = 0; k < f->n_pools; k++)
		near_offer(&near, f->pools[k].name);
	say_unknown(why, n, "pool", pool, near.found);
	return WORLD_NONE;
}

struct fleet_backend *fleet_find(struct fleet *f, const char *pool, const char *backend, char *why,
				 size_t n)
{
	struct near near = near_begin(backend, strlen(backend));
	uint16_t i = fleet_find_pool(f, pool, why, n);
	char what[FLEET_REASON_MAX / 2];

	if (i == WORLD_NONE)
		return NULL;
	for (uint16_t k = 0; k < f->pools[i].n; k++) {
		struct fleet_backend *b = &f->v[f->pools[i].members[k]]->b;

		if (strcmp(b->name, backend) == 0)
			return b;
		near_offer(&near, b->name);
	}
	snprintf(what, sizeof(what), "backend in pool %s called", pool);
	say_unknown(why, n, what, backend, near.found);
	return NULL;
}

struct fleet_backend *fleet_at(struct fleet *f, uint16_t number)
{
	struct fleet_entry *e = number < f->end ? f->v[number] : NULL;

	return e && !e->gone ? &e->b : NULL;
}

uint32_t fleet_count(const struct fleet *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_pools; i++)
		n += f->pools[i].n;
	return n;
}

uint32_t fleet_end(const struct fleet *f)
{
	return f->end;
}

const uint16_t *fleet_members(const struct fleet *f, uint16_t pool, uint16_t *n)
{
	*n = pool < f->n_pools ? f->pools[pool].n : 0;
	return *n ? f->pools[pool].members : NULL;
}

bool fleet_dirty(const struct fleet *f)
{
	return f->dirty;
}

const char *fleet_state_name(enum backend_state state)
{
	static const char *const names[] = { "up", "drain", "down", "none" };

	return names[state];
}

const char *fleet_cause_name(enum fleet_cause cause)
{
	static const char *const names[FLEET_N_CAUSES] = { "file",        "operator", "probe",
							   "icmp",        "silence",  "errors",
							   "retry-after", "dns" };

	return names[cause];
}
