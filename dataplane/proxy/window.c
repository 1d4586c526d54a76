/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The choice of window.h. Called by workers and the control thread for requests that a pool serves,
 * and only while a window lasts; most keys have one server in all worlds of it and leave at once.
 *
 * Levels: 0 is the present world, level i + 1 is w->past[i]; a higher level is an older world.
 */
#include "dataplane/proxy/window.h"

#include "dataplane/proxy/began.h"
#include "dataplane/proxy/key.h"
#include "dataplane/proxy/maglev.h"

#define LEVELS (1 + WORLD_PAST_MAX)

struct levels {
	unsigned int oldest;
	bool moved;              /* not all the same */
	uint16_t server[LEVELS]; /* WORLD_NONE = that world had none */
};

static uint16_t look_up(const struct pool *pool, uint64_t key)
{
	return pool->n_live ? pool->table[maglev_slot(key, pool->table_size)] : WORLD_NONE;
}

/* The server of the request by the rules and tables of a world of before. */
static uint16_t server_then(const struct window_request *r, const struct world_past *past)
{
	const struct world *old = past->world;
	uint16_t pool = r->pool;

	if (past->same_rules) {
		if (pool == WORLD_NONE)
			return WORLD_NONE;
		if (old->pools[pool].table == r->w->pools[pool].table)
			return r->backend;
		return look_up(&old->pools[pool], r->key);
	}
	pool = world_route(old, r->m, r->src);
	if (pool == WORLD_NONE)
		return WORLD_NONE;
	return look_up(&old->pools[pool],
		       key_hash(&old->keys, &old->pools[pool].key, r->m, r->src));
}

static void fill(const struct window_request *r, struct levels *l)
{
	l->oldest = r->w->n_past;
	l->moved = false;
	l->server[0] = r->backend;
	for (unsigned int i = 0; i < r->w->n_past; i++) {
		l->server[i + 1] = server_then(r, &r->w->past[i]);
		l->moved |= l->server[i + 1] != r->backend;
	}
}

static uint32_t epoch_of(const struct world *w, unsigned int level)
{
	return level ? w->past[level - 1].world->epoch : w->epoch;
}

static const struct began *began_of(const struct world *w, unsigned int level)
{
	return level ? w->past[level - 1].world->began : w->began;
}

static bool alive(const struct world *w, uint16_t server)
{
	return server < w->n_backends && (w->backends[server].state == BACKEND_UP ||
					  w->backends[server].state == BACKEND_DRAIN);
}

/* --- which level ------------------------------------------------------------------------- */

/* What the memories know of the transaction, if it began in the window. */
static bool recall(const struct window_request *r, struct recent_begin *out)
{
	uint32_t oldest = r->w->epoch - epoch_of(r->w, r->w->n_past);

	return r->recent && recent_find(r->recent, r->transaction, r->w->epoch, out) &&
	       (out->age <= oldest || r->w->past_gaps);
}

/* The level of what began @age epochs ago. */
static unsigned int level_of_age(const struct world *w, uint8_t age)
{
	unsigned int level = 0;

	while (level < w->n_past && w->epoch - epoch_of(w, level) < age)
		level++;
	return level;
}

static uint64_t call_id(const struct window_request *r)
{
	static const struct key_spec call = { .kind = KEY_CALL_ID };

	return key_hash(&r->w->keys, &call, r->m, r->src);
}

/* Whether the request belongs to a call, which its Call-ID names. */
static bool in_call(const struct sip_msg *m)
{
	return m->method != SIP_M_CANCEL || m->to_tag.len > 0;
}

/* The newest level that has begun the transaction of @r or its call; else the oldest. */
static unsigned int level_began(const struct window_request *r, const struct levels *l)
{
	bool by_call = in_call(r->m);
	uint64_t call = by_call ? call_id(r) : 0;

	for (unsigned int level = 0; level < l->oldest; level++) {
		const struct began *b = began_of(r->w, level);

		if (b && (began_has(b, r->transaction) || (by_call && began_has(b, call))))
			return level;
	}
	return l->oldest;
}

/* --- the answer -------------------------------------------------------------------------- */

static bool opens_dialog(const struct sip_msg *m)
{
	static const bool opens[SIP_N_METHODS] = {
		[SIP_M_OTHER] = true,
#define METHOD(id, name, record_route) [SIP_M_##id] = (record_route),
#include "dataplane/sip/methods.def"
#undef METHOD
	};

	return opens[m->method];
}

static void remember(const struct window_request *r)
{
	if (r->recent)
		recent_add(r->recent, r->transaction, r->backend, r->w->epoch);
}

/* A transaction begins now. Where its key has one server in all worlds, nobody will ask a filter.
 */
static void begin(const struct window_request *r, const struct levels *l)
{
	remember(r);
	if (!r->recent || !r->w->began || !l->moved)
		return;
	began_add(r->w->began, r->transaction);
	if (opens_dialog(r->m))
		began_add(r->w->began, call_id(r));
}

/* By the present table. */
static struct window_answer present(const struct window_request *r, const struct levels *l,
				    bool dead)
{
	enum window_choice choice = dead ? WINDOW_DEAD : l->moved ? WINDOW_NEW : WINDOW_NONE;

	return (struct window_answer){ r->backend, choice, r->w->epoch };
}

/* By @server of before; that may be the one of the present table as well. */
static struct window_answer before(const struct window_request *r, uint16_t server, uint32_t epoch)
{
	return (struct window_answer){ server, server == r->backend ? WINDOW_NONE : WINDOW_OLD,
				       epoch };
}

/* A request that begins a transaction, or once did. */
static struct window_answer choose_first(const struct window_request *r, const struct levels *l)
{
	struct recent_begin was;
	bool known = recall(r, &was);

	if (known && was.age > 0 && alive(r->w, was.server))
		return before(r, was.server, r->w->epoch - was.age);
	if (!known || was.age > 0)
		begin(r, l);
	return present(r, l, known && was.age > 0);
}

/* A request that follows one of before. */
static struct window_answer choose_later(const struct window_request *r, const struct levels *l)
{
	bool of_invite = r->m->method == SIP_M_ACK || r->m->method == SIP_M_CANCEL;
	struct recent_begin was = { .age = 0 };
	bool known = of_invite && recall(r, &was);
	unsigned int from, level;

	if (known && was.age > 0 && alive(r->w, was.server))
		return before(r, was.server, r->w->epoch - was.age);
	if (known)
		from = level_of_age(r->w, was.age);
	else
		from = l->moved ? level_began(r, l) : 0;
	level = from;
	while (level > 0 && !alive(r->w, l->server[level]))
		level--;
	if (level == 0)
		return present(r, l, from > 0);
	return before(r, l->server[level], epoch_of(r->w, level));
}

struct window_answer window_choose(const struct window_request *r)
{
	bool begins = window_begins(r->m);
	struct levels l;

	fill(r, &l);
	/* Where worlds are missing, only the memories know what their servers were. */
	if (l.moved || r->w->past_gaps)
		return begins ? choose_first(r, &l) : choose_later(r, &l);
	if (begins)
		remember(r);
	return present(r, &l, false);
}

void window_prefetch(const struct world *w, uint16_t pool, uint64_t key)
{
	for (unsigned int i = 0; i < w->n_past; i++) {
		const struct pool *p = &w->past[i].world->pools[pool];

		if (w->past[i].same_rules)
			__builtin_prefetch(&p->table[maglev_slot(key, p->table_size)]);
	}
}
