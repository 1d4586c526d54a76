/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of single backends: by operators, and by health. None of them is in force before a world
 * is published.
 */
#include "control/fleet/fleet_names.h"
#include "control/fleet/fleet_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BACKEND_NAME_MAX 63 /* as the configuration has it */

void fleet_set(struct fleet *f, struct fleet_backend *b, const struct fleet_change *change)
{
	if (change->clear_state)
		b->hand_state_set = false;
	if (change->clear_weight)
		b->hand_weight_set = false;
	if (change->set_state) {
		b->hand_state_set = true;
		b->hand_state = change->state;
	}
	if (change->set_weight) {
		b->hand_weight_set = true;
		b->hand_weight = change->weight;
	}
	fleet_fold(f, fleet_entry(b), true);
}

/* --- add --------------------------------------------------------------------------------- */

static bool is_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		bool alnum = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z') ||
			     (s[i] >= 'A' && s[i] <= 'Z');

		if (!alnum && !(i > 0 && strchr(".-_", s[i])))
			return false;
	}
	return n > 0 && n <= BACKEND_NAME_MAX;
}

int fleet_check_new(struct fleet *f, uint16_t pool, const char *name, const struct endpoint *addr,
		    char *why, size_t n)
{
	const struct fleet_pool *p = &f->pools[pool];
	bool named = fleet_find_name(f, p->name, name);

	if (!is_name(name)) {
		snprintf(why, n,
			 "\"%.63s\" is not a name; allowed are letters, digits and, but for the "
			 "first, '.', '-' and '_', %d at most",
			 name, BACKEND_NAME_MAX);
		return -EINVAL;
	}
	for (uint16_t i = 0; i < p->n && !named; i++) {
		const struct fleet_backend *b = &f->v[p->members[i]]->b;

		named = strcmp(b->name, name) == 0;
		if (named || !addr || !endpoint_equal(&b->addr, addr))
			continue;
		snprintf(why, n, "pool %s has this address already, as backend %s", p->name,
			 b->name);
		return -EEXIST;
	}
	if (!named)
		return 0;
	snprintf(why, n, "pool %s has a backend %s already", p->name, name);
	return -EEXIST;
}

static int say_no_room(int e, char *why, size_t n)
{
	snprintf(why, n, "%s", e == ENOSPC ? "there is no free number for a backend" : "no memory");
	return -e;
}

int fleet_add(struct fleet *f, const char *pool, const char *name, const struct endpoint *addr,
	      uint32_t transports, uint32_t weight, uint32_t tier, char *why, size_t n)
{
	uint16_t p = fleet_find_pool(f, pool, why, n);
	struct fleet_entry *e;
	int rc;

	if (p == WORLD_NONE)
		return -ENOENT;
	rc = fleet_check_new(f, p, name, addr, why, n);
	if (rc)
		return rc;
	e = fleet_removed(f, pool, name, addr);
	if (!e)
		e = fleet_entry_new(f, p, name, addr);
	if (!e)
		return say_no_room(errno, why, n);
	if (fleet_rejoin(f, e, p))
		return say_no_room(ENOMEM, why, n);
	e->b.added = true;
	e->b.transports = transports;
	e->b.tier = tier;
	e->b.file_state = CONFIG_STATE_UP;
	e->b.file_weight = weight;
	fleet_fold(f, e, true);
	return 0;
}

int fleet_set_tls(struct fleet_backend *b, uint16_t port, const char *name)
{
	char *copy = name ? fleet_text(name) : NULL;

	if (name && !copy)
		return -ENOMEM;
	mem_free((void *)(uintptr_t)b->tls_name);
	b->tls_name = copy;
	b->tls_port = port;
	return 0;
}

/* --- remove ------------------------------------------------------------------------------ */

int fleet_bury(struct fleet *f, const char *pool, const char *name, const struct endpoint *addr)
{
	struct fleet_tomb *tombs = mem_alloc((f->n_tombs + 1) * sizeof(*tombs));
	struct fleet_tomb t = { fleet_text(pool), fleet_text(name), *addr };

	if (!tombs || !t.pool || !t.name) {
		mem_free(tombs);
		mem_free(t.pool);
		mem_free(t.name);
		return -ENOMEM;
	}
	if (f->n_tombs)
		memcpy(tombs, f->tombs, f->n_tombs * sizeof(*tombs));
	tombs[f->n_tombs++] = t;
	mem_free(f->tombs);
	f->tombs = tombs;
	return 0;
}

int fleet_remove(struct fleet *f, struct fleet_backend *b)
{
	struct fleet_entry *e = fleet_entry(b);

	/* A name of the file that an operator gave to another address is buried already; addresses
	 * of a name come back as long as the name is there. */
	if ((!b->added || b->of) && fleet_tomb_of(f, b->pool_name, b->name, &b->addr) < 0 &&
	    fleet_bury(f, b->pool_name, b->name, &b->addr))
		return -ENOMEM;
	fleet_part(f, e, FLEET_BY_OPERATOR, "removed by an operator");
	return 0;
}

/* --- health ------------------------------------------------------------------------------ */

void fleet_health(struct fleet *f, struct fleet_backend *b, enum fleet_cause cause, bool down,
		  const char *why)
{
	struct fleet_entry *e = fleet_entry(b);
	uint32_t bit = 1u << cause;

	if (down && !e->health)
		e->health = mem_alloc(sizeof(*e->health));
	if (down && e->health)
		snprintf(e->health->why[cause], FLEET_WHY_MAX, "%s", why ? why : "");
	if (!!(b->down_causes & bit) == down)
		return;
	b->down_causes = down ? b->down_causes | bit : b->down_causes & ~bit;
	fleet_fold(f, e, true);
}
