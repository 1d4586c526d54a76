/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the control thread: blocks that tests can make fail, and arenas.
 *
 * All allocations of the control plane pass through mem_alloc() or arena_alloc(), so that one test
 * hook, alloc_fail_at(), can refuse the n-th of them and prove that every path survives it. An
 * arena owns many small pieces and gives them back at once: a configuration, its error list, a
 * parse tree. One by one frees would need as many clean-up paths as there are pieces. Control
 * thread only; the counters are not atomic.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Returns @n zeroed bytes, 16-byte aligned, owned by the caller; NULL when there is no memory. */
void *mem_alloc(size_t n);

/** Gives back what mem_alloc() returned. NULL is allowed. */
void mem_free(void *p);

/** Blocks that mem_alloc() gave out and mem_free() has not seen yet. For leak checks in tests. */
size_t mem_live(void);

/**
 * Test hook: the @n-th request from now (counting from 1, arena requests included) and all after it
 * fail as if memory were exhausted. 0 switches it off.
 */
void alloc_fail_at(unsigned long n);

/** True if the hook set by alloc_fail_at() has refused a request since then. */
bool alloc_failed(void);

struct arena_chunk;

/* All zero is an empty arena. */
struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t used;                /* bytes taken of the newest chunk */
	size_t total;               /* bytes in all chunks */
};

/**
 * Returns @n zeroed bytes of @a, 16-byte aligned, alive until arena_free(); NULL when there is no
 * memory, the arena unchanged.
 */
void *arena_alloc(struct arena *a, size_t n);

/** Copies @n bytes at @p into @a and puts a NUL behind them. NULL when there is no memory. */
char *arena_copy(struct arena *a, const void *p, size_t n);

/** Frees all that came from @a, which is empty and usable afterwards. */
void arena_free(struct arena *a);
