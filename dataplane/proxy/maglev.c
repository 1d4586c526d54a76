/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maglev tables. Control thread only.
 *
 * The paper lets the servers take turns, round after round. Here server i makes its claim number c
 * at time (c + phase) / weight, with a phase of its own from its identity, and claims are granted
 * in the order of time: each gets its weight's share to within one slot, weights need no common
 * unit, and which of two servers claims first never depends on a third one. So a server that leaves
 * changes nothing but who may claim its slots.
 */
#include "dataplane/proxy/maglev.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* One server while the table is filled. The time of its next claim is turn / weight, turn in units
 * of 2^-32 claims. */
struct filler {
	uint64_t turn;
	uint64_t id;
	uint32_t weight;
	uint32_t next; /* slot that it tries next */
	uint32_t skip; /* from one slot of its order to the next */
	uint16_t index;
};

uint64_t maglev_id(const struct keys *k, const void *name, size_t n)
{
	uint64_t in[2] = { 0x6d61676c65763031,
			   0 }; /* sets identities apart from all other hashes of a name */

	in[1] = XXH3_64bits_withSecret(name, n, k->xxh, sizeof(k->xxh));
	return XXH3_64bits_withSecret(in, sizeof(in), k->xxh, sizeof(k->xxh));
}

bool maglev_size_ok(uint32_t n)
{
	if (n < 251 || n > 1000003 || n % 2 == 0)
		return false;
	for (uint32_t d = 3; d * d <= n; d += 2) {
		if (n % d == 0)
			return false;
	}
	return true;
}

size_t maglev_scratch(uint32_t n_servers)
{
	return n_servers * sizeof(struct filler);
}

/* True if the next claim of @a comes before that of @b. */
static bool before(const struct filler *a, const struct filler *b)
{
	unsigned __int128 ta = (unsigned __int128)a->turn * b->weight;
	unsigned __int128 tb = (unsigned __int128)b->turn * a->weight;

	if (ta != tb)
		return ta < tb;
	return a->id != b->id ? a->id < b->id : a->index < b->index;
}

/* Puts heap[i] where it belongs among the @n fillers of a binary heap that is in order below it. */
static void sift(struct filler *heap, uint32_t n, uint32_t i)
{
	struct filler moving = heap[i];

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &moving))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moving;
}

/* Collects the servers that have a weight into @heap. Returns their number. */
static uint32_t enter(struct filler *heap, uint32_t size, const struct maglev_server *servers,
		      uint32_t n)
{
	uint32_t entered = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct maglev_server *s = &servers[i];
		uint32_t high = (uint32_t)(s->id >> 32);
		uint32_t low = (uint32_t)s->id;

		if (s->weight == 0)
			continue;
		heap[entered++] = (struct filler){
			.turn = (uint32_t)((s->id * 0x9e3779b97f4a7c15) >> 32),
			.id = s->id,
			.weight = s->weight,
			.next = (uint32_t)((uint64_t)high * size >> 32),
			.skip = 1 + (uint32_t)((uint64_t)low * (size - 1) >> 32),
			.index = s->index,
		};
	}
	return entered;
}

void maglev_build(uint16_t *table, uint32_t size, const struct maglev_server *servers, uint32_t n,
		  void *scratch)
{
	struct filler *heap = scratch;
	uint32_t entered = enter(heap, size, servers, n);

	for (uint32_t i = 0; i < size; i++)
		table[i] = MAGLEV_NONE;
	if (entered == 0)
		return;
	for (uint32_t i = entered / 2; i-- > 0;)
		sift(heap, entered, i);
	for (uint32_t filled = 0; filled < size; filled++) {
		struct filler *f = &heap[0];

		while (table[f->next] != MAGLEV_NONE) {
			f->next += f->skip;
			f->next -= f->next >= size ? size : 0;
		}
		table[f->next] = f->index;
		f->turn += UINT64_C(1) << 32;
		sift(heap, entered, 0);
	}
}
