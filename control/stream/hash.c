/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/stream/hash.h"

#include "control/config/alloc.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

#define HEADS_MIN 64

static_assert(sizeof(((struct hash_table *)0)->key) == crypto_shorthash_KEYBYTES, "SipHash");

int hash_init(struct hash_table *t)
{
	*t = (struct hash_table){ .heads = mem_alloc(HEADS_MIN * sizeof(*t->heads)),
				  .mask = HEADS_MIN - 1 };
	randombytes_buf(t->key, sizeof(t->key));
	return t->heads ? 0 : -ENOMEM;
}

void hash_free(struct hash_table *t)
{
	mem_free(t->heads);
	t->heads = NULL;
}

uint64_t hash_of(const struct hash_table *t, const void *p, size_t n)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash, p, n, t->key);
	return hash;
}

static void put(struct hash_table *t, struct hash_node *node)
{
	struct hash_node **head = &t->heads[node->hash & t->mask];

	node->next = *head;
	*head = node;
}

/* Twice the heads; without memory chains get longer. */
static void grow(struct hash_table *t)
{
	struct hash_table old = *t;
	struct hash_node **heads = mem_alloc((old.mask + 1) * 2 * sizeof(*heads));

	if (!heads)
		return;
	t->heads = heads;
	t->mask = old.mask * 2 + 1;
	for (uint64_t i = 0; i <= old.mask; i++) {
		struct hash_node *node = old.heads[i];

		while (node) {
			struct hash_node *next = node->next;

			put(t, node);
			node = next;
		}
	}
	mem_free(old.heads);
}

void hash_add(struct hash_table *t, struct hash_node *node, uint64_t hash)
{
	if (t->n > t->mask)
		grow(t);
	node->hash = hash;
	put(t, node);
	t->n++;
}

void hash_remove(struct hash_table *t, struct hash_node *node)
{
	struct hash_node **at = &t->heads[node->hash & t->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	t->n--;
}

static struct hash_node *same(struct hash_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hash_node *hash_first(const struct hash_table *t, uint64_t hash)
{
	return same(t->heads[hash & t->mask], hash);
}

struct hash_node *hash_next(const struct hash_node *node)
{
	return same(node->next, node->hash);
}
