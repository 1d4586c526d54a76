/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What recent.h does not do for each message: making memories, writing what waits, and searching
 * those of all threads, which only happens in a transaction window and for keys whose server
 * changed.
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

static void put(struct recent_line *l, uint64_t entry)
{
	uint64_t at = atomic_load_explicit(&l->next, memory_order_relaxed);

	atomic_store_explicit(&l->entry[at], entry, memory_order_relaxed);
	atomic_store_explicit(&l->next, at ? at - 1 : RECENT_ENTRIES - 1, memory_order_relaxed);
}

void recent_settle(struct recent *r)
{
	unsigned int n = r->n_waiting;

	for (unsigned int i = 0; i < n; i++)
		put(recent_line_of(r, r->waiting[i].id), r->waiting[i].entry);
	r->n_waiting = 0;
}

/* Takes @entry as the answer if it is of the transaction @id, and newer than the one so far: a
 * transaction may have begun anew. */
static void consider(uint64_t entry, uint64_t id, uint32_t epoch, unsigned int *age,
		     struct recent_begin *out)
{
	uint8_t a = (uint8_t)(epoch - entry);

	if ((entry ^ id << 24) >> 24 != 0 || a >= *age)
		return;
	*age = a;
	*out = (struct recent_begin){ .server = (uint16_t)(entry >> 8), .age = a };
}

/* Looks through one memory. */
static void look(const struct recent *r, uint64_t id, uint32_t epoch, unsigned int *age,
		 struct recent_begin *out)
{
	const struct recent_line *l = recent_line_of(r, id);

	for (unsigned int i = 0; i < RECENT_ENTRIES; i++)
		consider(atomic_load_explicit(&l->entry[i], memory_order_relaxed), id, epoch, age,
			 out);
}

bool recent_find(const struct recent *r, uint64_t id, uint32_t epoch, struct recent_begin *out)
{
	unsigned int age = AGE_NONE;

	for (unsigned int i = 0; i < r->n_waiting; i++)
		consider(r->waiting[i].entry, id, epoch, &age, out);
	if (!r->all)
		look(r, id, epoch, &age, out);
	for (unsigned int i = 0; i < r->n_all; i++)
		__builtin_prefetch(recent_line_of(&r->all[i], id));
	for (unsigned int i = 0; i < r->n_all; i++)
		look(&r->all[i], id, epoch, &age, out);
	return age != AGE_NONE;
}
