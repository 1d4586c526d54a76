/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The look-up table of names.h.
 *
 *   struct names | slots (a power of two, at least twice the entries) | bytes of all names
 *
 * Linear probing in a table that is at most half full: a hit or a miss mostly ends in the first
 * cache line. A slot keeps 32 bits of the hash, so that names are compared only where they are
 * almost surely equal. The table carries its own copy of the hash secret: readers need nothing but
 * the pointer. A perfect hash would save one probe and cost a build that can fail.
 */
#include "dataplane/proxy/names.h"

#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_MIN 4u

struct slot {
	uint32_t tag; /* upper half of the hash; the lower half chose the slot */
	uint32_t off; /* of the name, from the start of the bytes */
	uint32_t value;
	uint16_t len; /* 0 = free */
	uint16_t pad;
};

struct names {
	uint8_t secret[sizeof(((struct keys *)0)->xxh)];
	uint32_t mask;      /* number of slots - 1 */
	uint32_t bytes_off; /* from the start of this struct */
	struct slot slot[];
};

static uint32_t slots_for(uint32_t n)
{
	uint32_t slots = SLOTS_MIN;

	while (slots < 2 * (uint64_t)n && slots < 1u << 31)
		slots *= 2;
	return slots;
}

size_t names_size(uint32_t n, size_t bytes)
{
	size_t size = sizeof(struct names) + (size_t)slots_for(n) * sizeof(struct slot) + bytes;

	return (size + 7) & ~(size_t)7;
}

static uint64_t hash_of(const struct names *t, const void *name, size_t len)
{
	return XXH3_64bits_withSecret(name, len, t->secret, sizeof(t->secret));
}

static bool holds(const struct names *t, const struct slot *s, uint32_t tag, const void *name,
		  size_t len)
{
	return s->tag == tag && s->len == len &&
	       memcmp((const uint8_t *)t + t->bytes_off + s->off, name, len) == 0;
}

/* The slot with this name, or the free one where it would go. */
static uint32_t slot_find(const struct names *t, uint64_t hash, const void *name, size_t len)
{
	uint32_t i = (uint32_t)hash & t->mask;

	while (t->slot[i].len != 0 && !holds(t, &t->slot[i], (uint32_t)(hash >> 32), name, len))
		i = (i + 1) & t->mask;
	return i;
}

struct names *names_build(void *mem, const struct keys *k, const struct name_entry *entries,
			  uint32_t n)
{
	uint32_t slots = slots_for(n);
	struct names *t = mem;
	uint32_t used = 0;

	memcpy(t->secret, k->xxh, sizeof(t->secret));
	t->mask = slots - 1;
	t->bytes_off = (uint32_t)(sizeof(*t) + (size_t)slots * sizeof(struct slot));
	memset(t->slot, 0, (size_t)slots * sizeof(struct slot));
	for (uint32_t i = 0; i < n; i++) {
		const struct name_entry *e = &entries[i];
		uint64_t hash;
		uint32_t at;

		if (e->len == 0 || e->len > NAME_MAX_LEN)
			continue;
		hash = hash_of(t, e->name, e->len);
		at = slot_find(t, hash, e->name, e->len);
		if (t->slot[at].len != 0)
			continue;
		t->slot[at] = (struct slot){ (uint32_t)(hash >> 32), used, e->value, e->len, 0 };
		memcpy((uint8_t *)t + t->bytes_off + used, e->name, e->len);
		used += e->len;
	}
	return t;
}

int64_t names_find(const struct names *t, const void *name, size_t len)
{
	uint32_t i;

	if (!t || len == 0 || len > NAME_MAX_LEN)
		return -1;
	i = slot_find(t, hash_of(t, name, len), name, len);
	return t->slot[i].len != 0 ? (int64_t)t->slot[i].value : -1;
}
