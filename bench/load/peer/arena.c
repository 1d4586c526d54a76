/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chunks of huge-page size and alignment: thousands of texts, and few entries of the TLB.
 */
#include "bench/load/peer/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK ((size_t)2 << 20)
#define LINE 64

struct chunk {
	void *next;
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) & ~(to - 1);
}

bool arena_reserve(struct arena *a, size_t n)
{
	size_t size = round_up(n + LINE, CHUNK);
	struct chunk *c = aligned_alloc(CHUNK, size);

	if (!c)
		return false;
	madvise(c, size, MADV_HUGEPAGE);
	memset(c, 0, size);
	c->next = a->chunks;
	a->chunks = c;
	a->at = (uint8_t *)c + LINE;
	a->end = (uint8_t *)c + size;
	return true;
}

void *arena_left(struct arena *a, size_t n)
{
	uint8_t *p = a->at;

	n = round_up(n, LINE);
	if ((size_t)(a->end - p) < n || !p)
		return NULL;
	a->at += n;
	return p;
}

void *arena_take(struct arena *a, size_t n)
{
	void *p = arena_left(a, n);

	if (p || !arena_reserve(a, n))
		return p;
	return arena_left(a, n);
}

void arena_drop(struct arena *a)
{
	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	a->at = a->end = NULL;
}
