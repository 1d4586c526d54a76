/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seldom part of recent.h: making memories, and searching those of all threads, which only
 * happens in a transaction window and for keys whose server changed.
 */
#include "dataplane/proxy/recent.h"

#include <assert.h>

#define AGE_NONE 256u /* above all ages */

static_assert(sizeof(struct recent_line) == 64, "one cache line");

size_t recent_size(unsigned int log2)
{
	return (size_t)1 << log2;
}

void recent_init(struct recent *r, void *mem, unsigned int log2)
{
	*r = (struct recent){
		.lines = mem,
		.mask = recent_size(log2) - sizeof(struct recent_line),
	};
}

void recent_join(struct recent *all, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		all[i].all = all;
		all[i].n_all = n;
	}
}

/* Looks through one memory; the entry of the newest epoch counts: it may have begun anew. */
static void look(const struct recent *r, uint64_t id, uint32_t epoch, unsigned int *age,
		 struct recent_begin *out)
{
	const struct recent_line *l = recent_line(r, id);

	for (unsigned int i = 0; i < RECENT_ENTRIES; i++) {
		uint64_t e = atomic_load_explicit(&l->entry[i], memory_order_relaxed);
		uint8_t a = (uint8_t)(epoch - e);

		if ((e ^ id << 24) >> 24 == 0 && a < *age) {
			*age = a;
			*out = (struct recent_begin){ .server = (uint16_t)(e >> 8), .age = a };
		}
	}
}

bool recent_find(const struct recent *r, uint64_t id, uint32_t epoch, struct recent_begin *out)
{
	unsigned int age = AGE_NONE;

	if (!r->all)
		look(r, id, epoch, &age, out);
	for (unsigned int i = 0; i < r->n_all; i++)
		__builtin_prefetch(recent_line(&r->all[i], id));
	for (unsigned int i = 0; i < r->n_all; i++)
		look(&r->all[i], id, epoch, &age, out);
	return age != AGE_NONE;
}
