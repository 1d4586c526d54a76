/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory between two pages that may not be touched: a read of one byte too many, on either side,
 * is a SIGSEGV in any build, with vector loads and without a sanitizer.
 *
 *     | PROT_NONE | room ...                         | PROT_NONE |
 *                  ^ guard_at_start()    guard_at_end() ^ ends here
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *room;
	size_t size; /* whole pages */
	size_t page;
};

/** Maps room for at least @size bytes; aborts if the system has none. Give back with guard_close().
 */
static inline struct guard guard_open(size_t size)
{
	struct guard g = { .page = (size_t)sysconf(_SC_PAGESIZE) };
	uint8_t *all;

	g.size = (size + g.page) / g.page * g.page;
	all = mmap(NULL, g.size + 2 * g.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED || mprotect(all + g.page, g.size, PROT_READ | PROT_WRITE) != 0)
		abort();
	g.room = all + g.page;
	return g;
}

static inline void guard_close(struct guard *g)
{
	munmap(g->room - g->page, g->size + 2 * g->page);
}

/** Copies @n bytes so that the last one is the last before the forbidden page. */
static inline uint8_t *guard_at_end(const struct guard *g, const void *bytes, size_t n)
{
	uint8_t *at = g->room + g->size - n;

	if (n > 0)
		memmove(at, bytes, n);
	return at;
}

/** Copies @n bytes so that the first one is the first behind the forbidden page. */
static inline uint8_t *guard_at_start(const struct guard *g, const void *bytes, size_t n)
{
	if (n > 0)
		memmove(g->room, bytes, n);
	return g->room;
}
