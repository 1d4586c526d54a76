/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A chained hash table whose nodes live in what they index: nothing is allocated per entry.
 *
 * What outsiders choose (addresses, names) is hashed with a key of this process, so that nobody can
 * aim at one chain. Keys are compared by the caller, who walks the chain of a hash. Control thread
 * only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

struct hash_table {
	struct hash_node **heads; /* owned */
	uint64_t mask;            /* heads - 1 */
	uint32_t n;
	uint8_t key[16]; /* of SipHash */
};

/** Makes an empty table with a random key. 0 or -ENOMEM. */
int hash_init(struct hash_table *t);

/** Frees the table, not what is in it. All zero is allowed. */
void hash_free(struct hash_table *t);

/** The hash of @n bytes at @p in @t. */
uint64_t hash_of(const struct hash_table *t, const void *p, size_t n);

/** Puts @node in; the table borrows it. Grows the table if there is memory. */
void hash_add(struct hash_table *t, struct hash_node *node, uint64_t hash);

/** Takes @node, which is in @t, out. */
void hash_remove(struct hash_table *t, struct hash_node *node);

/** The first node with @hash, or NULL. */
struct hash_node *hash_first(const struct hash_table *t, uint64_t hash);

/** The next one with the same hash, or NULL. */
struct hash_node *hash_next(const struct hash_node *node);
