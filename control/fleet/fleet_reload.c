/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fleet under another configuration. Backends are found again by the names of pool and backend
 * and by their address; who was removed and comes back within the window is the same as before.
 *
 * Where hand and file disagree, the hand wins until a reset: a backend that was added keeps its
 * name, one that was removed stays away. A backend that the file has in the place where one was
 * added by hand is the file's from then on.
 */
#include "control/config/config_set.h"
#include "control/fleet/fleet_names.h"
#include "control/fleet/fleet_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reload {
	struct fleet *f; /* the copy that becomes the new fleet */
	const struct fleet *before;
	const struct config *c;
	bool reset;
	struct config_errors *warnings;
	struct arena scratch;
	struct config_set members; /* "POOL\0NAME" of those in a pool */
	struct config_set removed; /* "POOL\0NAME\0ADDRESS" of those that were */
	uint16_t *member;          /* numbers by order in the sets */
	uint16_t *gone;
	bool *buried; /* by tombstone: the file still has that backend */
};

/* --- the index --------------------------------------------------------------------------- */

struct place {
	const void *key;
	size_t len;
};

/* The key of a backend, in scratch memory; with its address if @addr is given. */
static struct place place_of(struct reload *r, const char *pool, const char *name,
			     const struct endpoint *addr)
{
	size_t n_pool = strlen(pool) + 1, n_name = strlen(name) + 1;
	size_t n = n_pool + n_name + (addr ? sizeof(addr->ip) + sizeof(addr->port) : 0);
	uint8_t *key = arena_alloc(&r->scratch, n);

	if (!key)
		return (struct place){ NULL, 0 };
	memcpy(key, pool, n_pool);
	memcpy(key + n_pool, name, n_name);
	if (addr) {
		memcpy(key + n_pool + n_name, &addr->ip, sizeof(addr->ip));
		memcpy(key + n - sizeof(addr->port), &addr->port, sizeof(addr->port));
	}
	return (struct place){ key, n };
}

static int index_entry(struct reload *r, const struct fleet_entry *e)
{
	const struct fleet_backend *b = &e->b;
	struct config_set *set = b->removed ? &r->removed : &r->members;
	uint16_t *numbers = b->removed ? r->gone : r->member;
	struct place at = place_of(r, b->pool_name, b->name, b->removed ? &b->addr : NULL);
	struct config_mark none = { 0 };
	uint32_t order = set->n;

	if (!at.key)
		return -ENOMEM;
	if (!config_set_put(set, at.key, at.len, none))
		numbers[order] = b->number;
	return 0;
}

static int make_index(struct reload *r)
{
	uint32_t n = r->f->end;
	int rc;

	r->member = arena_alloc(&r->scratch, n * sizeof(*r->member));
	r->gone = arena_alloc(&r->scratch, n * sizeof(*r->gone));
	rc = r->member && r->gone ? 0 : -ENOMEM;
	rc = rc ? rc : config_set_init(&r->members, &r->scratch, n);
	rc = rc ? rc : config_set_init(&r->removed, &r->scratch, n);
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		if (r->f->v[i] && !r->f->v[i]->gone)
			rc = index_entry(r, r->f->v[i]);
	}
	return rc;
}

/* The backend called so: in the pool, or with @addr a removed one. NULL = none. */
static struct fleet_entry *find(struct reload *r, const char *pool, const char *name,
				const struct endpoint *addr)
{
	struct place at = place_of(r, pool, name, addr);
	const struct config_set_slot *slot =
		at.key ? config_set_get(addr ? &r->removed : &r->members, at.key, at.len) : NULL;

	if (!slot)
		return NULL;
	return r->f->v[(addr ? r->gone : r->member)[slot->order]];
}

/* --- pools ------------------------------------------------------------------------------- */

/* The pools of the new file, without members; the old ones go to @was. */
static int swap_pools(struct reload *r, struct fleet_pool **was, uint32_t *n_was)
{
	struct fleet *f = r->f;

	*was = f->pools;
	*n_was = f->n_pools;
	f->n_pools = 0;
	f->pools = mem_alloc(r->c->n_pools * sizeof(*f->pools));
	if (!f->pools)
		return -ENOMEM;
	for (; f->n_pools < r->c->n_pools; f->n_pools++) {
		struct fleet_pool *p = &f->pools[f->n_pools];

		p->name = fleet_text(r->c->pools[f->n_pools].name);
		if (!p->name)
			return -ENOMEM;
		p->slow_start = r->c->pools[f->n_pools].slow_start;
	}
	return 0;
}

static void free_pools(struct fleet_pool *pools, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		mem_free(pools[i].name);
		mem_free(pools[i].members);
	}
	mem_free(pools);
}

/* --- backends of the file ---------------------------------------------------------------- */

static void warn(struct reload *r, struct config_mark at, const char *pool, const char *name,
		 const char *what)
{
	if (r->warnings)
		config_errors_add(r->warnings, at, "pool %s: backend %s %s", pool, name, what);
}

/* Puts what the file says of a backend into @e, which is a member now. 0 or -ENOMEM. */
static int take_over(struct reload *r, struct fleet_entry *e, const struct config_backend *given,
		     uint32_t index, bool ramps)
{
	struct fleet_backend *b = &e->b;

	e->given = index;
	b->added = false;
	b->transports = given->transports;
	b->tier = given->tier;
	b->file_state = given->state;
	b->file_weight = given->weight;
	fleet_fold(r->f, e, ramps);
	return fleet_set_tls(b, (uint16_t)given->tls_port, given->tls_name);
}

/* A member that goes on as one: its pool may have another index now. */
static int stay(struct reload *r, struct fleet_entry *e, uint16_t pool)
{
	e->b.pool = pool;
	e->home = pool;
	return fleet_join(r->f, pool, e->b.number);
}

/* A backend of the file that is not a member yet. */
static int arrive(struct reload *r, uint16_t pool, const struct config_backend *given,
		  uint32_t index, bool ramps)
{
	const char *name = r->c->pools[pool].name;
	struct fleet_entry *e = find(r, name, given->name, &given->address.at);

	if (!e)
		e = fleet_entry_new(r->f, pool, given->name, &given->address.at);
	if (!e)
		return -errno;
	if (fleet_rejoin(r->f, e, pool))
		return -ENOMEM;
	return take_over(r, e, given, index, ramps);
}

/* What is buried of the addresses of a name stays so. */
static void keep_buried(struct reload *r, const char *pool, const char *name)
{
	size_t n = strlen(name);

	for (uint32_t i = 0; i < r->f->n_tombs; i++) {
		const struct fleet_tomb *t = &r->f->tombs[i];

		if (strcmp(t->pool, pool) == 0 && strncmp(t->name, name, n) == 0 &&
		    t->name[n] == '/')
			r->buried[i] = true;
	}
}

/* A backend of the file that is a name. */
static int take_name(struct reload *r, uint16_t pool, uint32_t index, bool ramps)
{
	const struct config_pool *p = &r->c->pools[pool];
	const struct config_backend *given = &p->backends[index];
	int tomb = fleet_tomb_of(r->f, p->name, given->name, &given->address.at);

	keep_buried(r, p->name, given->name);
	if (tomb < 0)
		return fleet_name_take(r->f, r->c, pool, index, r->before, r->reset, ramps);
	r->buried[tomb] = true;
	warn(r, given->at[CK_backend_address], p->name, given->name,
	     "was removed by hand and stays away");
	return 0;
}

static int take_backend(struct reload *r, uint16_t pool, uint32_t index, bool ramps)
{
	const struct config_pool *p = &r->c->pools[pool];
	const struct config_backend *given = &p->backends[index];
	struct config_mark at = given->at[CK_backend_address];
	struct fleet_entry *e = find(r, p->name, given->name, NULL);
	bool same = e && endpoint_equal(&e->b.addr, &given->address.at);
	int tomb = fleet_tomb_of(r->f, p->name, given->name, &given->address.at);

	if (tomb >= 0)
		r->buried[tomb] = !same;
	if (tomb >= 0 && !same) {
		warn(r, at, p->name, given->name, "was removed by hand and stays away");
		return 0;
	}
	if (e && !same && e->b.added && !r->reset) {
		warn(r, at, p->name, given->name,
		     "was added by hand with another address, which stays");
		return 0;
	}
	if (!same)
		return arrive(r, pool, given, index, ramps);
	if (e->b.hand_weight_set && given->weight != e->b.file_weight)
		warn(r, given->at[CK_backend_weight], p->name, given->name,
		     "keeps the weight that was set by hand");
	if (e->b.hand_state_set && given->state != e->b.file_state)
		warn(r, given->at[CK_backend_state], p->name, given->name,
		     "keeps the state that was set by hand");
	if (stay(r, e, pool))
		return -ENOMEM;
	return take_over(r, e, given, index, ramps);
}

static int take_one(struct reload *r, uint16_t pool, uint32_t index, bool ramps)
{
	if (r->c->pools[pool].backends[index].address.host)
		return take_name(r, pool, index, ramps);
	return take_backend(r, pool, index, ramps);
}

/* --- the rest ---------------------------------------------------------------------------- */

static bool existed(const struct fleet_pool *pools, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(pools[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Takes the members out of their pools, to be put back one by one; no pool has members now. */
static void unplace(struct fleet *f)
{
	for (uint32_t i = 0; i < f->end; i++) {
		if (f->v[i])
			f->v[i]->b.pool = WORLD_NONE;
	}
}

/* Members of before that the file does not have: those added by hand stay, others are removed. */
static int settle(struct reload *r)
{
	for (uint32_t i = 0; i < r->f->end; i++) {
		struct fleet_entry *e = r->f->v[i];

		if (!e || e->gone || e->b.pool != WORLD_NONE)
			continue;
		e->home = fleet_pool_index(r->f, e->b.pool_name);
		if (e->b.removed)
			continue;
		e->given = UINT32_MAX;
		if (e->b.added && !r->reset && e->home != WORLD_NONE &&
		    (!e->b.of || fleet_find_name(r->f, e->b.pool_name, e->b.of))) {
			if (stay(r, e, e->home))
				return -ENOMEM;
			continue;
		}
		fleet_part(r->f, e, FLEET_BY_FILE,
			   e->home == WORLD_NONE ? "its pool is not in the file any more"
						 : "not in the file any more");
	}
	return 0;
}

/* Backends that are not in the file any more need no word that they stay away. */
static void forget_tombs(struct reload *r)
{
	for (uint32_t i = r->f->n_tombs; i-- > 0;) {
		if (r->buried[i])
			continue;
		r->buried[i] = r->buried[r->f->n_tombs - 1];
		fleet_tomb_drop(r->f, i);
	}
}

static void forget_hands(struct fleet *f)
{
	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (!e || e->gone)
			continue;
		e->b.hand_state_set = e->b.hand_weight_set = false;
		e->b.down_causes = 0;
		if (e->b.removed)
			fleet_fold(f, e, false);
	}
	while (f->n_tombs)
		fleet_tomb_drop(f, f->n_tombs - 1);
}

/* Those with addresses before those that are names: what both have is the former's. */
static int take_all(struct reload *r, const struct fleet_pool *was, uint32_t n_was)
{
	const struct fleet_name *n;
	int rc = 0;

	for (uint32_t turn = 0; turn < 2; turn++) {
		for (uint32_t i = 0; i < r->c->n_pools && rc == 0; i++) {
			const struct config_pool *p = &r->c->pools[i];
			bool ramps = existed(was, n_was, p->name);

			for (uint32_t k = 0; k < p->n_backends && rc == 0; k++) {
				if (!p->backends[k].address.host == (turn == 0))
					rc = take_one(r, (uint16_t)i, k, ramps);
			}
		}
	}
	if (rc == 0 && !r->reset)
		rc = fleet_names_keep(r->f, r->before);
	for (uint32_t i = 0; (n = fleet_name_at(r->f, i)); i++)
		keep_buried(r, n->pool, n->name);
	return rc ? rc : settle(r);
}

static int change(struct reload *r)
{
	struct fleet_pool *was;
	uint32_t n_was;
	int rc;

	if (r->reset)
		forget_hands(r->f);
	r->buried = arena_alloc(&r->scratch, r->f->n_tombs * sizeof(*r->buried));
	if (!r->buried || make_index(r))
		return -ENOMEM;
	fleet_names_free(r->f); /* those of before are in the fleet of before */
	rc = swap_pools(r, &was, &n_was);
	unplace(r->f);
	rc = rc ? rc : take_all(r, was, n_was);
	free_pools(was, n_was);
	if (rc == 0)
		forget_tombs(r);
	r->f->dirty = true;
	return rc;
}

struct fleet *fleet_for_config(const struct fleet *f, const struct config *c, bool reset,
			       struct config_errors *warnings, int *rc)
{
	struct reload r = {
		.f = fleet_copy(f), .before = f, .c = c, .reset = reset, .warnings = warnings
	};

	*rc = r.f ? change(&r) : -ENOMEM;
	arena_free(&r.scratch);
	if (*rc == 0)
		return r.f;
	fleet_free(r.f);
	return NULL;
}

int fleet_use_config(struct fleet *f, const struct config *c, bool reset)
{
	struct fleet *next;
	int rc;

	next = fleet_for_config(f, c, reset, NULL, &rc);
	if (rc == 0)
		fleet_adopt(f, next);
	return rc;
}

struct fleet *fleet_new(const struct config *c)
{
	struct fleet *f = fleet_empty();

	if (f && fleet_use_config(f, c, false)) {
		fleet_free(f);
		f = NULL;
	}
	return f;
}
