/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of short byte strings that remembers where each was first seen: how duplicates are found in
 * files of any size in one pass. Lives in an arena; keys are borrowed. Internal to config*.c.
 */
#pragma once

#include "control/config/alloc.h"
#include "control/config/err.h"

#include <stddef.h>
#include <stdint.h>

struct config_set_slot {
	const void *key; /* NULL = free */
	size_t len;
	struct config_mark mark; /* where the key was first seen */
	uint32_t order;          /* how many other keys came before */
};

struct config_set {
	struct config_set_slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t n;    /* keys */
};

/** Makes an empty set with room for @n keys in @a. Returns 0 or -ENOMEM. */
int config_set_init(struct config_set *s, struct arena *a, uint32_t n);

/**
 * Puts the @len bytes at @key, seen at @mark, into @s, unless they are there already. Returns what
 * is known of them then, or NULL if they are new. At most as many keys as config_set_init() was
 * told.
 */
const struct config_set_slot *config_set_put(struct config_set *s, const void *key, size_t len,
					     struct config_mark mark);

/** What is known of the @len bytes at @key, or NULL. */
const struct config_set_slot *config_set_get(const struct config_set *s, const void *key,
					     size_t len);
