/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A filter is counted as well, since all worlds of one epoch have the same; its counter stands on
 * the cache line before it.
 *
 *   | refs (64 bytes) | filter |
 */
#include "control/world/world_past.h"

#include "control/config/block.h"
#include "control/world/table.h"
#include "dataplane/proxy/began.h"

#include <errno.h>
#include <string.h>

/* --- filters ----------------------------------------------------------------------------- */

static uint32_t *filter_refs(const struct began *f)
{
	return (uint32_t *)(void *)((uintptr_t)f - BLOCK_ALIGN);
}

static struct began *filter_new(unsigned int log2)
{
	uint8_t *block = block_new(BLOCK_ALIGN + began_size(log2));
	struct began *f = block ? began_init(block + BLOCK_ALIGN, log2) : NULL;

	if (f)
		*filter_refs(f) = 1;
	return f;
}

static struct began *filter_hold(struct began *f)
{
	if (f)
		++*filter_refs(f);
	return f;
}

static void filter_drop(struct began *f)
{
	if (f && --*filter_refs(f) == 0)
		block_free(filter_refs(f));
}

/* --- worlds ------------------------------------------------------------------------------ */

static void drop(const struct world *w)
{
	struct world_life *life = world_life(w);

	if (--life->refs)
		return;
	for (uint16_t i = 0; i < w->n_pools; i++)
		table_drop(w->pools[i].table);
	filter_drop(w->began);
	block_free(life);
}

void world_free(const struct world *w)
{
	struct world_life *life;

	if (!w)
		return;
	life = world_life(w);
	for (uint32_t i = 0; i < life->n_held; i++)
		drop(life->past[i].world);
	life->n_held = 0;
	drop(w);
}

/* --- the list ---------------------------------------------------------------------------- */

/* A list to be: one more than there is room for. */
struct list {
	uint32_t n;
	struct {
		const struct world *world;
		uint64_t ended_ms;
	} v[WORLD_PAST_MAX + 1];
};

static bool equal(const struct world_digest *a, const struct world_digest *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void append(struct list *l, const struct world *w, uint64_t ended_ms,
		   const struct world_window *window, uint64_t now_ms)
{
	if (ended_ms + window->ms <= now_ms)
		return;
	l->v[l->n].world = w;
	l->v[l->n++].ended_ms = ended_ms;
}

/* What would be lost with element @i at @now_ms: transactions that it began and that still live. As
 * many begin each millisecond; of those of age t, 1 in t lives. */
static double worth(const struct list *l, uint32_t i, uint64_t now_ms)
{
	uint64_t lasted = l->v[i].ended_ms - world_life(l->v[i].world)->since_ms;
	uint64_t age = now_ms - l->v[i].ended_ms;

	return (double)(lasted + 1) / (double)(age + 1);
}

/* Takes the world that is worth least off a list that is too long. What began in it counts as begun
 * in the next older one (window.h). Returns when that epoch ended; 0 = there was room. */
static uint64_t make_room(struct list *l, uint64_t now_ms)
{
	uint32_t least = 0;
	uint64_t ended_ms;

	if (l->n <= WORLD_PAST_MAX)
		return 0;
	for (uint32_t i = 1; i < l->n; i++) {
		if (worth(l, i, now_ms) < worth(l, least, now_ms))
			least = i;
	}
	if (least + 1 < l->n)
		began_merge(l->v[least + 1].world->began, l->v[least].world->began);
	ended_ms = l->v[least].ended_ms;
	l->n--;
	memmove(&l->v[least], &l->v[least + 1], (l->n - least) * sizeof(l->v[0]));
	return ended_ms;
}

static void take_list(struct world *w, const struct list *l)
{
	struct world_life *life = world_life(w);

	for (uint32_t i = 0; i < l->n; i++) {
		struct world_life *of = world_life(l->v[i].world);

		of->refs++;
		life->past[i].world = l->v[i].world;
		life->past[i].same_rules = equal(&of->rules, &life->rules);
		life->ended_ms[i] = l->v[i].ended_ms;
	}
	life->n_held = l->n;
	w->past = life->past;
	w->n_past = l->n;
}

int world_follow(struct world *next, const struct world *now, const struct world_window *window,
		 uint64_t now_ms, uint32_t *dropped)
{
	struct world_life *life = world_life(next);
	const struct world_life *before;
	struct list list = { 0 };
	uint64_t gap;
	bool same;

	*dropped = 0;
	life->since_ms = now_ms;
	if (!now)
		return 0;
	before = world_life(now);
	same = equal(&before->servers, &life->servers);
	if (!same)
		append(&list, now, now_ms, window, now_ms);
	for (uint32_t i = 0; i < now->n_past; i++)
		append(&list, now->past[i].world, before->ended_ms[i], window, now_ms);
	gap = make_room(&list, now_ms);
	*dropped = gap != 0;
	life->gap_ms = gap > before->gap_ms ? gap : before->gap_ms;
	next->past_gaps = life->gap_ms && life->gap_ms + window->ms > now_ms;
	if (list.n && same)
		next->began = filter_hold(now->began);
	else if (list.n)
		next->began = filter_new(window->began_log2);
	if (list.n && !next->began)
		return -ENOMEM;
	next->epoch = now->epoch + !same;
	if (same)
		life->since_ms = before->since_ms;
	take_list(next, &list);
	return 0;
}

uint64_t world_past_end(const struct world *w, const struct world_window *window)
{
	return w->n_past ? world_life(w)->ended_ms[w->n_past - 1] + window->ms : 0;
}
