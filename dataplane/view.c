/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/view.h"

#include <assert.h>

static_assert(VIEW_SLOTS == 1 << (64 - 58), "view_slot() counts the slots");

static void view_add(struct view *v, uint16_t listener)
{
	const struct listener *l = &v->world->listeners[listener];
	unsigned int bit = view_bit(&l->addr.ip), slot;
	uint16_t port = __builtin_bswap16(l->addr.port);
	uint64_t key = view_key(ip_v4_bytes(&l->addr.ip), &port);

	v->own[bit / 64] |= 1ull << bit % 64;
	slot = view_slot(key);
	if (!ip_is_v4(&l->addr.ip) || !(l->transports & WORLD_UDP) || v->v4[slot].key ||
	    world_listener_at(v->world, &l->addr) != listener)
		return;
	v->v4[slot].key = key;
	v->v4[slot].listener = listener;
}

void view_update(struct view *v, const struct world *world, const struct fib *fib)
{
	v->fib = fib;
	/* The generation too: a new world may stand where a retired one stood. */
	if (v->world == world && v->generation == world->generation)
		return;
	v->world = world;
	v->generation = world->generation;
	memset(v->own, 0, sizeof(v->own));
	memset(v->v4, 0, sizeof(v->v4));
	for (uint16_t i = 0; i < world->n_listeners; i++)
		view_add(v, i);
}

bool view_is_own(const struct view *v, const struct ip *a)
{
	if (!view_may_own(v, a))
		return false;
	for (unsigned int i = 0; i < v->world->n_listeners; i++) {
		if (ip_equal(&v->world->listeners[i].addr.ip, a))
			return true;
	}
	return false;
}
