/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open addressing, linear probing, at most half full. The hash is FNV-1a: the file is the
 * operator's own, nobody aims at it.
 */
#include "control/config/config_set.h"

#include <errno.h>
#include <string.h>

static uint32_t hash(const void *key, size_t len)
{
	const uint8_t *b = key;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

int config_set_init(struct config_set *s, struct arena *a, uint32_t n)
{
	uint32_t size = 8;

	while (size < n * 2)
		size *= 2;
	s->slots = arena_alloc(a, size * sizeof(*s->slots));
	s->mask = size - 1;
	s->n = 0;
	return s->slots ? 0 : -ENOMEM;
}

/* The slot that holds @key, or the free one where it belongs. */
static struct config_set_slot *find(const struct config_set *s, const void *key, size_t len)
{
	uint32_t i = hash(key, len) & s->mask;

	for (;; i = (i + 1) & s->mask) {
		struct config_set_slot *slot = &s->slots[i];

		if (!slot->key || (slot->len == len && memcmp(slot->key, key, len) == 0))
			return slot;
	}
}

const struct config_set_slot *config_set_put(struct config_set *s, const void *key, size_t len,
					     struct config_mark mark)
{
	struct config_set_slot *slot = find(s, key, len);

	if (slot->key)
		return slot;
	*slot = (struct config_set_slot){ key, len, mark, s->n++ };
	return NULL;
}

const struct config_set_slot *config_set_get(const struct config_set *s, const void *key,
					     size_t len)
{
	const struct config_set_slot *slot = find(s, key, len);

	return slot->key ? slot : NULL;
}
