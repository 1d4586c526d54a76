/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The block of a table:
 *
 *   | head (64 bytes) | slots, padded to 64 | shares: slots of each server, by index |
 *
 * The slots come first behind the head, so that from the pointer in struct pool the head is found
 * without another field in what workers read.
 */
#include "control/world/table.h"

#include "control/config/alloc.h"
#include "control/config/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct share {
	uint32_t slots;
	uint16_t index;
};

struct head {
	struct table_id id;
	struct share *shares; /* in order of the index */
	uint32_t n_shares;
	uint32_t refs;
};

#define HEAD_SIZE BLOCK_ALIGN

static_assert(sizeof(struct head) <= HEAD_SIZE, "the slots begin on a line of their own");

static struct head *head_of(const uint16_t *slots)
{
	return (struct head *)(void *)((uintptr_t)slots - HEAD_SIZE);
}

static size_t slots_room(uint32_t size)
{
	return (size * sizeof(uint16_t) + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
}

static int by_index(const void *a, const void *b)
{
	return ((const struct maglev_server *)a)->index - ((const struct maglev_server *)b)->index;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct table_id table_identify(struct maglev_server *servers, uint32_t n, uint32_t size)
{
	XXH3_state_t state;
	XXH128_hash_t hash;
	uint32_t divisor = 0;

	if (n)
		qsort(servers, n, sizeof(*servers), by_index);
	for (uint32_t i = 0; i < n; i++)
		divisor = common_divisor(servers[i].weight, divisor);
	XXH3_128bits_reset(&state);
	XXH3_128bits_update(&state, &size, sizeof(size));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t row[2];

		servers[i].weight /= divisor;
		row[0] = servers[i].id;
		row[1] = (uint64_t)servers[i].weight << 16 | servers[i].index;
		XXH3_128bits_update(&state, row, sizeof(row));
	}
	hash = XXH3_128bits_digest(&state);
	return (struct table_id){ { hash.low64, hash.high64 } };
}

/* Counts the slots of each server; @count has one element for each 16-bit index. */
static void fill_shares(struct head *h, const uint16_t *slots, uint32_t size,
			const struct maglev_server *servers, uint32_t *count)
{
	for (uint32_t i = 0; i < size; i++)
		count[slots[i]]++;
	for (uint32_t i = 0; i < h->n_shares; i++)
		h->shares[i] = (struct share){ count[servers[i].index], servers[i].index };
}

const uint16_t *table_new(const struct maglev_server *servers, uint32_t n, uint32_t size,
			  const struct table_id *id)
{
	uint8_t *block = block_new(HEAD_SIZE + slots_room(size) + n * sizeof(struct share));
	void *scratch = mem_alloc(maglev_scratch(n));
	uint32_t *count = mem_alloc((UINT16_MAX + 1) * sizeof(*count));
	uint16_t *slots = NULL;

	if (block && scratch && count) {
		struct head *h = (struct head *)(void *)block;

		slots = (uint16_t *)(void *)(block + HEAD_SIZE);
		*h = (struct head){
			.id = *id,
			.shares = (struct share *)(void *)(block + HEAD_SIZE + slots_room(size)),
			.n_shares = n,
			.refs = 1,
		};
		maglev_build(slots, size, servers, n, scratch);
		fill_shares(h, slots, size, servers, count);
	} else {
		block_free(block);
	}
	mem_free(scratch);
	mem_free(count);
	return slots;
}

bool table_is(const uint16_t *slots, const struct table_id *id)
{
	return slots && memcmp(&head_of(slots)->id, id, sizeof(*id)) == 0;
}

const struct table_id *table_id(const uint16_t *slots)
{
	return &head_of(slots)->id;
}

const uint16_t *table_hold(const uint16_t *slots)
{
	head_of(slots)->refs++;
	return slots;
}

void table_drop(const uint16_t *slots)
{
	if (slots && --head_of(slots)->refs == 0)
		block_free(head_of(slots));
}

uint32_t table_slots_of(const uint16_t *slots, uint16_t index)
{
	const struct head *h = head_of(slots);
	uint32_t low = 0, high = h->n_shares;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (h->shares[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < h->n_shares && h->shares[low].index == index ? h->shares[low].slots : 0;
}

double table_moved(const uint16_t *a, uint32_t n_a, const uint16_t *b, uint32_t n_b)
{
	uint64_t all = (uint64_t)n_a * n_b, at = 0, moved = 0;

	/* Ends of slots as fractions of the key space, brought to the denominator n_a * n_b. */
	for (uint64_t i = 0, k = 0; at < all;) {
		uint64_t end_a = (i + 1) * n_b, end_b = (k + 1) * n_a;
		uint64_t end = end_a < end_b ? end_a : end_b;

		if (a[i] != b[k])
			moved += end - at;
		i += end == end_a;
		k += end == end_b;
		at = end;
	}
	return all ? (double)moved / (double)all : 0;
}
