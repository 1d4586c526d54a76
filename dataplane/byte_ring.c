/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sizes are multiples of 8, so the first word of a filler always fits.
 */
#include "dataplane/byte_ring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD 8u
#define FILLER (1ull << 32) /* in a record's first word, beside its size */

/* Bytes that a record of @n takes, its first word included. */
static uint64_t room_of(uint32_t n)
{
	return ((uint64_t)n + 2 * WORD - 1) & ~(uint64_t)(WORD - 1);
}

int byte_ring_init(struct byte_ring *r, uint32_t size)
{
	memset(r, 0, sizeof(*r));
	r->size = size;
	r->bytes = aligned_alloc(64, size);
	return r->bytes ? 0 : -ENOMEM;
}

void byte_ring_fini(struct byte_ring *r)
{
	free(r->bytes);
	r->bytes = NULL;
}

/* True if @n more bytes fit after @head. */
static bool has_room(struct byte_ring *r, uint64_t head, uint64_t n)
{
	if (head + n - r->tail_seen <= r->size)
		return true;
	/* Pairs with byte_ring_drop(): the reader is done with the bytes that are overwritten. */
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return head + n - r->tail_seen <= r->size;
}

void *byte_ring_reserve(struct byte_ring *r, uint32_t n)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t room = room_of(n);
	uint32_t at = (uint32_t)(head % r->size);

	r->fill = at + room > r->size ? r->size - at : 0;
	if (!has_room(r, head, r->fill + room))
		return NULL;
	if (r->fill) {
		*(uint64_t *)(void *)(r->bytes + at) = r->fill | FILLER;
		at = 0;
	}
	return r->bytes + at + WORD;
}

void byte_ring_commit(struct byte_ring *r, uint32_t n)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed) + r->fill;

	*(uint64_t *)(void *)(r->bytes + head % r->size) = room_of(n);
	/* Pairs with byte_ring_peek(). */
	atomic_store_explicit(&r->head, head + room_of(n), memory_order_release);
}

uint64_t byte_ring_used(const struct byte_ring *r)
{
	return atomic_load_explicit(&r->head, memory_order_relaxed) -
	       atomic_load_explicit(&r->tail, memory_order_relaxed);
}

static uint64_t *first(struct byte_ring *r, uint64_t tail)
{
	return (uint64_t *)(void *)(r->bytes + tail % r->size);
}

void *byte_ring_peek(struct byte_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* Pairs with byte_ring_commit(). */
	uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (tail == head)
		return NULL;
	if (*first(r, tail) & FILLER) {
		tail += *first(r, tail) & ~FILLER;
		atomic_store_explicit(&r->tail, tail, memory_order_release);
	}
	return first(r, tail) + 1;
}

void byte_ring_drop(struct byte_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	/* Pairs with has_room(). */
	atomic_store_explicit(&r->tail, tail + *first(r, tail), memory_order_release);
}
