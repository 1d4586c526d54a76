/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/punt.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int punt_ring_init(struct punt_ring *r)
{
	r->put = false;
	return byte_ring_init(&r->ring, PUNT_RING_SIZE);
}

void punt_ring_fini(struct punt_ring *r)
{
	byte_ring_fini(&r->ring);
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

/* Room for a record of @size bytes, or NULL. */
static struct punt *reserve(struct punt_ring *r, enum punt_kind kind, uint32_t size)
{
	if (kind == PUNT_MESSAGE && byte_ring_used(&r->ring) + size > PUNT_RING_COMMON)
		return NULL;
	return byte_ring_reserve(&r->ring, size);
}

bool punt_put(struct punt_ring *r, const struct punt *p)
{
	uint32_t size = (uint32_t)sizeof(*p) + p->len;
	struct punt *rec = reserve(r, p->kind, size);

	if (!rec)
		return false;
	*rec = *p; /* but for data, which the reader finds behind it */
	memcpy(rec + 1, p->data, p->len);
	byte_ring_commit(&r->ring, size);
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

bool punt_peek(struct punt_ring *r, struct punt *out)
{
	const struct punt *rec = byte_ring_peek(&r->ring);

	if (!rec)
		return false;
	*out = *rec;
	out->data = (const uint8_t *)(rec + 1);
	return true;
}

void punt_drop(struct punt_ring *r)
{
	byte_ring_drop(&r->ring);
}
