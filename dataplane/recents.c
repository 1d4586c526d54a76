/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/recents.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define PAGE 4096u

int recents_open(struct recents *r, unsigned int n)
{
	size_t each = recent_size(RECENT_LOG2);
	uint8_t *at;
	void *map;

	*r = (struct recents){ .n = n, .map_len = n * each + HUGE_PAGE };
	r->of = aligned_alloc(_Alignof(struct recent), n * sizeof(*r->of));
	map = mmap(NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	r->map = map == MAP_FAILED ? NULL : map;
	if (!r->of || !r->map) {
		recents_close(r);
		return -ENOMEM;
	}
	at = (uint8_t *)(((uintptr_t)r->map + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	madvise(at, n * each, MADV_HUGEPAGE); /* a wish: without, it is only slower */
	for (unsigned int i = 0; i < n; i++)
		recent_init(&r->of[i], at + i * each, RECENT_LOG2);
	recent_join(r->of, n);
	return 0;
}

void recents_close(struct recents *r)
{
	if (r->map)
		munmap(r->map, r->map_len);
	free(r->of);
	*r = (struct recents){ 0 };
}

void recents_touch(struct recent *r)
{
	struct recent_line *end = r->lines + recent_size(RECENT_LOG2) / sizeof(*r->lines);

	for (struct recent_line *l = r->lines; l < end; l += PAGE / sizeof(*l))
		atomic_store_explicit(&l->next, 0, memory_order_relaxed);
}
