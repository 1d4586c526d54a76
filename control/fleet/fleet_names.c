/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names as backends: the list of them, and their addresses as members of the pool.
 *
 * Whether it is a reload, an answer of a resolver or an operator: fleet_name_expand() brings the
 * members in step with what is known of the name. Members that it leads to stay as they are,
 * others go the way of all removed backends.
 */
#include "control/fleet/fleet_names.h"

#include "control/endpoint_text.h"
#include "control/fleet/fleet_state.h"
#include "control/log.h"

#include <errno.h>
#include <stdio.h>

/* --- the list ---------------------------------------------------------------------------- */

static void clear(struct fleet_name *n)
{
	mem_free(n->pool);
	mem_free(n->name);
	mem_free(n->host);
	mem_free(n->tls_name);
	mem_free(n->v);
}

void fleet_names_free(struct fleet *f)
{
	for (uint32_t i = 0; i < f->n_names; i++)
		clear(&f->names[i]);
	mem_free(f->names);
	f->names = NULL;
	f->n_names = 0;
}

/* Fills @to with copies of what @from owns. 0 or -ENOMEM with nothing left. */
static int copy(struct fleet_name *to, const struct fleet_name *from)
{
	*to = *from;
	to->pool = fleet_text(from->pool);
	to->name = fleet_text(from->name);
	to->host = fleet_text(from->host);
	to->tls_name = from->tls_name ? fleet_text(from->tls_name) : NULL;
	to->v = from->n ? mem_alloc(from->n * sizeof(*to->v)) : NULL;
	if (!to->pool || !to->name || !to->host || (from->tls_name && !to->tls_name) ||
	    (from->n && !to->v)) {
		clear(to);
		return -ENOMEM;
	}
	if (from->n)
		memcpy(to->v, from->v, from->n * sizeof(*to->v));
	return 0;
}

/* Adds a copy of @from to the list. NULL without memory. */
static struct fleet_name *append(struct fleet *f, const struct fleet_name *from)
{
	struct fleet_name *names = mem_alloc((f->n_names + 1) * sizeof(*names));

	if (!names || copy(&names[f->n_names], from)) {
		mem_free(names);
		return NULL;
	}
	if (f->n_names)
		memcpy(names, f->names, f->n_names * sizeof(*names));
	mem_free(f->names);
	f->names = names;
	return &names[f->n_names++];
}

int fleet_names_copy(struct fleet *to, const struct fleet *from)
{
	to->names = mem_alloc(from->n_names * sizeof(*to->names));
	if (!to->names)
		return -ENOMEM;
	for (; to->n_names < from->n_names; to->n_names++) {
		if (copy(&to->names[to->n_names], &from->names[to->n_names]))
			return -ENOMEM;
	}
	return 0;
}

const struct fleet_name *fleet_name_at(const struct fleet *f, uint32_t i)
{
	return i < f->n_names ? &f->names[i] : NULL;
}

static struct fleet_name *find(const struct fleet *f, const char *pool, const char *name)
{
	for (uint32_t i = 0; i < f->n_names; i++) {
		if (strcmp(f->names[i].name, name) == 0 && strcmp(f->names[i].pool, pool) == 0)
			return &f->names[i];
	}
	return NULL;
}

struct fleet_name *fleet_find_name(struct fleet *f, const char *pool, const char *backend)
{
	return find(f, pool, backend);
}

/* --- members ----------------------------------------------------------------------------- */

/* "core1/10.0.0.11:5060" */
static void member_name(const struct fleet_name *n, const struct endpoint *at, char *out,
			size_t room)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_text(at, text);
	snprintf(out, room, "%s/%s", n->name, text);
}

static bool belongs(const struct fleet_entry *e, const struct fleet_name *n)
{
	return e && !e->gone && e->b.of && strcmp(e->b.of, n->name) == 0 &&
	       strcmp(e->b.pool_name, n->pool) == 0;
}

/* The backend of @n at @at, in the pool or removed, or NULL. */
static struct fleet_entry *member_at(const struct fleet *f, const struct fleet_name *n,
				     const struct endpoint *at)
{
	for (uint32_t i = 0; i < f->end; i++) {
		if (belongs(f->v[i], n) && endpoint_equal(&f->v[i]->b.addr, at))
			return f->v[i];
	}
	return NULL;
}

/* True if another backend of the pool is at @at, or this one was removed by hand. */
static bool taken(const struct fleet *f, const struct fleet_name *n, uint16_t pool,
		  const char *name, const struct endpoint *at)
{
	for (uint16_t i = 0; i < f->pools[pool].n; i++) {
		const struct fleet_entry *e = f->v[f->pools[pool].members[i]];

		if (endpoint_equal(&e->b.addr, at) && !belongs(e, n)) {
			log_debug("pool %s: %s is backend %s already", n->pool, name, e->b.name);
			return true;
		}
	}
	return fleet_tomb_of(f, n->pool, name, at) >= 0;
}

/* Puts what is wanted of the address at @s, a member now, into @e; @s NULL: there is none. */
static int dress(struct fleet *f, struct fleet_entry *e, const struct fleet_name *n,
		 const struct expand_server *s, bool ramps)
{
	struct fleet_backend *b = &e->b;

	e->given = n->given;
	b->added = n->added;
	b->unresolved = !s;
	b->transports = s ? s->transports : n->transports;
	b->tier = s ? s->tier : n->tier;
	b->file_state = n->state;
	b->file_weight = s ? s->weight : n->weight;
	fleet_health(f, b, FLEET_BY_DNS, !s, n->why);
	fleet_fold(f, e, ramps);
	return fleet_set_tls(b, s ? s->tls_port : n->tls_port, n->tls_name);
}

/* A backend that is new in its pool. NULL with errno set. */
static struct fleet_entry *arrive(struct fleet *f, const struct fleet_name *n, uint16_t pool,
				  const char *name, const struct endpoint *at)
{
	struct fleet_entry *e = fleet_entry_new(f, pool, name, at);

	if (!e)
		return NULL;
	e->b.of = fleet_text(n->name);
	if (e->b.of)
		return e;
	f->v[e->b.number] = NULL;
	fleet_entry_free(e);
	errno = ENOMEM;
	return NULL;
}

/* Makes the address at @s a member; @s NULL: the one that stands for the name. */
static int place(struct fleet *f, const struct fleet_name *n, uint16_t pool,
		 const struct expand_server *s, bool ramps, struct fleet_entry **out)
{
	const struct endpoint at = s ? s->at : (struct endpoint){ 0 };
	struct fleet_entry *e = member_at(f, n, &at);
	char name[FLEET_MEMBER_MAX];
	bool fresh = !e || e->b.removed;
	int rc;

	*out = NULL;
	if (s)
		member_name(n, &at, name, sizeof(name));
	else
		snprintf(name, sizeof(name), "%s", n->name);
	if (s && taken(f, n, pool, name, &at))
		return 0;
	e = e ? e : arrive(f, n, pool, name, &at);
	if (!e)
		return -errno;
	if (e->b.pool == WORLD_NONE || fresh) {
		rc = fleet_rejoin(f, e, pool);
		if (rc)
			return rc;
	}
	if (fresh) {
		e->b.hand_state_set = n->hand.set_state;
		e->b.hand_state = n->hand.state;
		e->b.hand_weight_set = n->hand.set_weight;
		e->b.hand_weight = n->hand.weight;
	}
	*out = e;
	return dress(f, e, n, s, ramps);
}

/* Members that the name does not lead to leave the pool. */
static void part_others(struct fleet *f, const struct fleet_name *n, const uint16_t *wanted,
			uint32_t n_wanted)
{
	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];
		bool stays = !belongs(e, n) || e->b.removed;

		for (uint32_t k = 0; k < n_wanted && !stays; k++)
			stays = wanted[k] == i;
		if (!stays)
			fleet_part(f, e, FLEET_BY_DNS,
				   e->b.unresolved ? "its name has addresses now"
						   : "its name does not lead there any more");
	}
}

/* Brings the members in step with what is known of @n. The first failure is returned; the rest is
 * done. */
static int fleet_name_expand(struct fleet *f, const struct fleet_name *n, bool ramps)
{
	uint16_t pool = fleet_pool_index(f, n->pool), wanted[DNS_TARGETS_MAX + 1];
	uint32_t n_wanted = 0;
	struct fleet_entry *e;
	int rc = 0, one;

	if (pool == WORLD_NONE)
		return 0;
	for (uint32_t i = 0; i < n->n; i++) {
		one = place(f, n, pool, &n->v[i], ramps, &e);
		rc = rc ? rc : one;
		if (e)
			wanted[n_wanted++] = e->b.number;
	}
	if (n_wanted == 0) {
		one = place(f, n, pool, NULL, false, &e);
		rc = rc ? rc : one;
		if (e)
			wanted[n_wanted++] = e->b.number;
	}
	part_others(f, n, wanted, n_wanted);
	f->dirty = true;
	return rc;
}

int fleet_resolve(struct fleet *f, uint64_t id, const struct expand_server *v, uint32_t n,
		  const char *why)
{
	struct expand_server *kept = n ? mem_alloc(n * sizeof(*kept)) : NULL;
	struct fleet_name *name = NULL;

	for (uint32_t i = 0; i < f->n_names && !name; i++)
		name = f->names[i].id == id ? &f->names[i] : NULL;
	if (!name || (n && !kept)) {
		mem_free(kept);
		return name ? -ENOMEM : -ENOENT;
	}
	if (n)
		memcpy(kept, v, n * sizeof(*kept));
	mem_free(name->v);
	name->v = kept;
	name->n = n;
	snprintf(name->why, sizeof(name->why), "%s", why);
	return fleet_name_expand(f, name, true);
}

/* --- reload ------------------------------------------------------------------------------ */

/* What was known of the same name before goes on; it is asked for anew if it means something else
 * now. */
static void inherit(struct fleet_name *n, const struct fleet_name *was, bool reset)
{
	if (!was || strcmp(was->host, n->host) != 0 || was->port != n->port)
		return;
	if (was->transports == n->transports && was->tls_port == n->tls_port &&
	    was->weight == n->weight && was->tier == n->tier)
		n->id = was->id;
	n->v = was->v;
	n->n = was->n;
	snprintf(n->why, sizeof(n->why), "%s", was->why);
	if (!reset)
		n->hand = was->hand;
}

int fleet_name_take(struct fleet *f, const struct config *c, uint16_t pool, uint32_t index,
		    const struct fleet *before, bool reset, bool ramps)
{
	const struct config_pool *p = &c->pools[pool];
	const struct config_backend *b = &p->backends[index];
	const char *tls = b->tls_name ? b->tls_name : p->tls_name ? NULL : b->address.host;
	/* Borrowed texts, of which append() makes copies. */
	struct fleet_name n = { .id = f->serial + 1,
				.pool = (char *)(uintptr_t)p->name,
				.name = (char *)(uintptr_t)b->name,
				.host = (char *)(uintptr_t)b->address.host,
				.port = b->address.at.port,
				.tls_port = (uint16_t)b->tls_port,
				.tls_name = (char *)(uintptr_t)tls,
				.transports = b->transports,
				.weight = b->weight,
				.tier = b->tier,
				.state = b->state,
				.given = index,
				.why = "no answer yet" };
	const struct fleet_name *kept;

	inherit(&n, find(before, p->name, b->name), reset);
	f->serial += n.id == f->serial + 1;
	kept = append(f, &n);
	return kept ? fleet_name_expand(f, kept, ramps) : -ENOMEM;
}

int fleet_names_keep(struct fleet *f, const struct fleet *before)
{
	for (uint32_t i = 0; i < before->n_names; i++) {
		const struct fleet_name *n = &before->names[i], *kept;
		char why[FLEET_REASON_MAX];
		int rc;

		if (!n->added || fleet_pool_index(f, n->pool) == WORLD_NONE ||
		    find(f, n->pool, n->name) || fleet_find(f, n->pool, n->name, why, sizeof(why)))
			continue;
		kept = append(f, n);
		rc = kept ? fleet_name_expand(f, kept, false) : -ENOMEM;
		if (rc)
			return rc;
	}
	return 0;
}

/* --- operators --------------------------------------------------------------------------- */

void fleet_set_name(struct fleet *f, struct fleet_name *name, const struct fleet_change *change)
{
	if (change->clear_state)
		name->hand.set_state = false;
	if (change->clear_weight)
		name->hand.set_weight = false;
	if (change->set_state) {
		name->hand.set_state = true;
		name->hand.state = change->state;
	}
	if (change->set_weight) {
		name->hand.set_weight = true;
		name->hand.weight = change->weight;
	}
	for (uint32_t i = 0; i < f->end; i++) {
		if (belongs(f->v[i], name) && !f->v[i]->b.removed)
			fleet_set(f, &f->v[i]->b, change);
	}
}

int fleet_add_name(struct fleet *f, const struct fleet_name *new, char *why, size_t n)
{
	uint16_t pool = fleet_find_pool(f, new->pool, why, n);
	struct fleet_name name = *new;
	const struct fleet_name *kept;
	int rc;

	if (pool == WORLD_NONE)
		return -ENOENT;
	rc = fleet_check_new(f, pool, new->name, NULL, why, n);
	if (rc)
		return rc;
	name.id = ++f->serial;
	name.added = true;
	name.given = UINT32_MAX;
	snprintf(name.why, sizeof(name.why), "no answer yet");
	kept = append(f, &name);
	rc = kept ? fleet_name_expand(f, kept, true) : -ENOMEM;
	if (rc)
		snprintf(why, n, "%s",
			 rc == -ENOSPC ? "there is no free number for a backend" : "no memory");
	return rc;
}

int fleet_remove_name(struct fleet *f, struct fleet_name *name)
{
	const struct endpoint at = { .port = name->port };

	if (!name->added && fleet_bury(f, name->pool, name->name, &at))
		return -ENOMEM;
	for (uint32_t i = 0; i < f->end; i++) {
		if (belongs(f->v[i], name) && !f->v[i]->b.removed)
			fleet_part(f, f->v[i], FLEET_BY_OPERATOR, "removed by an operator");
	}
	clear(name);
	*name = f->names[--f->n_names];
	return 0;
}
