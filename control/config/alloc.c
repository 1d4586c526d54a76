/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The allocation wrapper and the arena behind alloc.h.
 *
 * Chunks double from 4 KiB up to 256 KiB, so that a ten-line file costs one page and a file with
 * thousands of backends few calls; a larger request gets a chunk of its own size. The test hook
 * sits before the arena's fast path too: the n-th piece can fail, not only the n-th chunk.
 */
#include "control/config/alloc.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN ((size_t)4096)
#define CHUNK_MAX ((size_t)256 * 1024)
#define ALIGN 16u

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* bytes of data */
	alignas(ALIGN) uint8_t data[];
};

static unsigned long fail_countdown; /* 0 = off, 1 = the next request fails */
static bool fail_hit;
static size_t live;

void alloc_fail_at(unsigned long n)
{
	fail_countdown = n;
	fail_hit = false;
}

bool alloc_failed(void)
{
	return fail_hit;
}

static bool refuse(void)
{
	if (fail_countdown == 0)
		return false;
	if (fail_countdown > 1) {
		fail_countdown--;
		return false;
	}
	fail_hit = true;
	return true;
}

/* calloc() without the test hook. */
static void *block_new(size_t n)
{
	void *p = calloc(1, n);

	if (p)
		live++;
	return p;
}

void *mem_alloc(size_t n)
{
	return refuse() ? NULL : block_new(n ? n : 1);
}

void mem_free(void *p)
{
	if (!p)
		return;
	live--;
	free(p);
}

size_t mem_live(void)
{
	return live;
}

/* Puts a chunk with room for @n bytes at the head of @a. */
static bool arena_grow(struct arena *a, size_t n)
{
	size_t size = a->total < CHUNK_MIN ? CHUNK_MIN : a->total;
	struct arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < n)
		size = n;
	c = block_new(sizeof(*c) + size);
	if (!c)
		return false;
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->used = 0;
	a->total += size;
	return true;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	if (n > SIZE_MAX / 2 || refuse())
		return NULL;
	n = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (!a->chunks || a->chunks->size - a->used < n) {
		if (!arena_grow(a, n))
			return NULL;
	}
	p = a->chunks->data + a->used;
	a->used += n;
	return p;
}

char *arena_copy(struct arena *a, const void *p, size_t n)
{
	char *text = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

	if (text && n)
		memcpy(text, p, n);
	return text;
}

void arena_free(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *next = a->chunks->next;

		mem_free(a->chunks);
		a->chunks = next;
	}
	a->used = 0;
	a->total = 0;
}
