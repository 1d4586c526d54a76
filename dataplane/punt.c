/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of bytes with records that never wrap: one that does not fit before the end of the buffer
 * is preceded by a filler that takes the rest. Sizes are multiples of 8, so a filler's first word
 * always fits. head and tail count bytes for ever; their difference is what is in the ring.
 */
#include "dataplane/punt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FILLER (1ull << 32) /* in a record's first word, beside its size */

struct record {
	uint64_t size; /* of all of it, a multiple of 8; | FILLER */
	struct punt p; /* p.data is not used */
};

static uint32_t record_size(uint32_t len)
{
	return (uint32_t)((sizeof(struct record) + len + 7) & ~7ul);
}

int punt_ring_init(struct punt_ring *r)
{
	memset(r, 0, sizeof(*r));
	r->bytes = aligned_alloc(64, PUNT_RING_SIZE);
	return r->bytes ? 0 : -ENOMEM;
}

void punt_ring_fini(struct punt_ring *r)
{
	free(r->bytes);
	r->bytes = NULL;
}

int punt_bell_init(struct punt_bell *b)
{
	atomic_init(&b->rung, false);
	b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return b->fd < 0 ? -errno : 0;
}

void punt_bell_fini(struct punt_bell *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

/* True if @n more bytes fit after @head. */
static bool has_room(struct punt_ring *r, uint64_t head, uint64_t n)
{
	if (head + n - r->tail_seen <= PUNT_RING_SIZE)
		return true;
	/* Pairs with punt_drop(): the reader is done with the bytes that are overwritten. */
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return head + n - r->tail_seen <= PUNT_RING_SIZE;
}

bool punt_put(struct punt_ring *r, const struct punt *p)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t size = record_size(p->len);
	uint32_t at = head % PUNT_RING_SIZE;
	uint32_t fill = at + size > PUNT_RING_SIZE ? PUNT_RING_SIZE - at : 0;
	struct record *rec;

	if (!has_room(r, head, (uint64_t)fill + size))
		return false;
	if (fill) {
		*(uint64_t *)(r->bytes + at) = fill | FILLER;
		head += fill;
		at = 0;
	}
	rec = (struct record *)(r->bytes + at);
	rec->size = size;
	rec->p = *p;
	memcpy(rec + 1, p->data, p->len);
	/* Pairs with punt_peek(). */
	atomic_store_explicit(&r->head, head + size, memory_order_release);
	r->put = true;
	return true;
}

void punt_wake(struct punt_ring *r, struct punt_bell *b)
{
	if (!r->put)
		return;
	r->put = false;
	punt_bell_ring(b);
}

/*
 * Both sides exchange: whoever comes second in the order of the exchanges sees what the first did
 * before. So either the reader, having cleared, sees the record, or the writer finds it cleared and
 * rings.
 */
void punt_bell_ring(struct punt_bell *b)
{
	uint64_t one = 1;

	if (atomic_exchange_explicit(&b->rung, true, memory_order_acq_rel))
		return;
	/* Can only fail when the descriptor is readable already. */
	if (write(b->fd, &one, sizeof(one)) < 0)
		return;
}

void punt_bell_clear(struct punt_bell *b)
{
	uint64_t n;

	if (read(b->fd, &n, sizeof(n)) < 0)
		n = 0; /* was not readable: called without need */
	atomic_exchange_explicit(&b->rung, false, memory_order_acq_rel);
}

static struct record *first(struct punt_ring *r, uint64_t tail)
{
	return (struct record *)(r->bytes + tail % PUNT_RING_SIZE);
}

bool punt_peek(struct punt_ring *r, struct punt *out)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* Pairs with punt_put(). */
	uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
	struct record *rec;

	if (tail == head)
		return false;
	rec = first(r, tail);
	if (rec->size & FILLER) {
		tail += rec->size & ~FILLER;
		atomic_store_explicit(&r->tail, tail, memory_order_release);
		rec = first(r, tail);
	}
	*out = rec->p;
	out->data = (const uint8_t *)(rec + 1);
	return true;
}

void punt_drop(struct punt_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	/* Pairs with has_room(). */
	atomic_store_explicit(&r->tail, tail + first(r, tail)->size, memory_order_release);
}
