/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An open-addressing hash with linear probing, at most half full; removal moves what follows back,
 * so there are no tombstones to clean. Hosts on a link choose their addresses, hence the keyed
 * hash.
 */
#include "control/network/neighbors.h"

#include "control/config/alloc.h"

#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_MIN 64u

struct neighbor_slot {
	struct net_neighbor n;
	uint64_t probed_ms;
	uint32_t epoch; /* of the list that named it last */
	bool used;
};

void neighbors_init(struct neighbors *t, uint64_t seed)
{
	*t = (struct neighbors){ .seed = seed };
}

void neighbors_free(struct neighbors *t)
{
	mem_free(t->slots);
	neighbors_init(t, t->seed);
}

static uint32_t home(const struct neighbors *t, int index, const struct ip *ip)
{
	uint64_t h =
		XXH3_64bits_withSeed(ip->b, sizeof(ip->b), t->seed + (uint64_t)(unsigned int)index);

	return (uint32_t)(h ^ h >> 32) & (t->n_slots - 1);
}

/* The slot of this neighbour, or the free one where it would go. Needs slots. */
static uint32_t locate(const struct neighbors *t, int index, const struct ip *ip)
{
	uint32_t i = home(t, index, ip);

	while (t->slots[i].used &&
	       !(t->slots[i].n.index == index && ip_equal(&t->slots[i].n.ip, ip)))
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static int grow(struct neighbors *t)
{
	struct neighbors bigger = *t;

	if (t->n_slots && t->n < t->n_slots / 2)
		return 0;
	bigger.n_slots = t->n_slots ? t->n_slots * 2 : SLOTS_MIN;
	bigger.slots = mem_alloc(bigger.n_slots * sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct neighbor_slot *s = &t->slots[i];

		if (s->used)
			bigger.slots[locate(&bigger, s->n.index, &s->n.ip)] = *s;
	}
	mem_free(t->slots);
	*t = bigger;
	return 0;
}

static void take_out(struct neighbors *t, uint32_t hole)
{
	uint32_t mask = t->n_slots - 1;

	for (uint32_t i = (hole + 1) & mask; t->slots[i].used; i = (i + 1) & mask) {
		uint32_t want = home(t, t->slots[i].n.index, &t->slots[i].n.ip);

		/* An entry may move back into the hole if its home is not behind it. */
		if (((i - want) & mask) >= ((i - hole) & mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].used = false;
	t->n--;
}

int neighbors_update(struct neighbors *t, const struct net_neighbor *heard)
{
	struct neighbor_slot *s;
	bool known, same;
	uint32_t i;

	if (grow(t) < 0)
		return -ENOMEM;
	i = locate(t, heard->index, &heard->ip);
	s = &t->slots[i];
	known = s->used;
	if (!heard->usable) {
		if (known)
			take_out(t, i);
		return known;
	}
	if (!known && t->n >= NEIGHBORS_MAX)
		return 0;
	same = known && memcmp(s->n.mac, heard->mac, sizeof(s->n.mac)) == 0;
	if (!known) {
		s->probed_ms = 0;
		t->n++;
	}
	s->used = true;
	s->n = *heard;
	s->epoch = t->epoch;
	return !same;
}

void neighbors_begin(struct neighbors *t)
{
	t->epoch++;
}

int neighbors_end(struct neighbors *t)
{
	int changed = 0;
	uint32_t i = 0;

	while (i < t->n_slots) {
		if (t->slots[i].used && t->slots[i].epoch != t->epoch) {
			/* Another may move in: look at this slot again. */
			take_out(t, i);
			changed = 1;
		} else {
			i++;
		}
	}
	return changed;
}

const struct net_neighbor *neighbors_find(const struct neighbors *t, int index, const struct ip *ip)
{
	uint32_t i;

	if (!t->n_slots)
		return NULL;
	i = locate(t, index, ip);
	return t->slots[i].used ? &t->slots[i].n : NULL;
}

const struct net_neighbor *neighbors_at(const struct neighbors *t, uint32_t slot)
{
	return t->slots[slot].used ? &t->slots[slot].n : NULL;
}

uint32_t neighbors_stale(struct neighbors *t, uint64_t now_ms, uint32_t look,
			 struct net_neighbor *out, uint32_t max)
{
	uint32_t n = 0;

	if (look > t->n_slots)
		look = t->n_slots;
	while (look-- && n < max) {
		struct neighbor_slot *s = &t->slots[t->cursor++ & (t->n_slots - 1)];

		if (!s->used || !s->n.stale ||
		    (s->probed_ms && now_ms - s->probed_ms < NEIGHBORS_PROBE_MS))
			continue;
		s->probed_ms = now_ms ? now_ms : 1;
		out[n++] = s->n;
	}
	return n;
}
