/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of bytes from one thread to another: records of any size, each in one piece, written in
 * place.
 *
 * One writer and one reader; plain C11 atomics that ThreadSanitizer can follow (rte_ring on x86 is
 * not). A full ring refuses. head and tail count bytes for ever; their difference is what is in
 * the ring. A record never wraps: one that does not fit before the end of the buffer is preceded by
 * a filler that takes the rest.
 *
 *   | size 8 | record, padded to 8 | size 8 | record ...      | size 8, FILLER | to the end |
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

struct byte_ring {
	alignas(64) _Atomic uint64_t head; /* bytes ever put in; writer writes */
	uint64_t tail_seen;                /* writer's copy of tail: reads it only when short */
	uint32_t fill;                     /* writer: filler before the record being written */
	uint32_t size;                     /* of the buffer */
	uint8_t *bytes;
	alignas(64) _Atomic uint64_t tail; /* bytes ever taken out; reader writes */
};

/** An empty ring of @size bytes, a power of two. Returns 0 or -ENOMEM. */
int byte_ring_init(struct byte_ring *r, uint32_t size);

void byte_ring_fini(struct byte_ring *r);

/**
 * Writer: room for a record of @n bytes, 8-byte aligned, or NULL if the ring is too full. Nothing
 * is in the ring until byte_ring_commit(); without it, the next call gives the same room again.
 */
void *byte_ring_reserve(struct byte_ring *r, uint32_t n);

/** Writer: puts the first @n bytes of the room last reserved into the ring. */
void byte_ring_commit(struct byte_ring *r, uint32_t n);

/** Writer: bytes in the ring. */
uint64_t byte_ring_used(const struct byte_ring *r);

/** Reader: the oldest record, in place until byte_ring_drop(); NULL if there is none. */
void *byte_ring_peek(struct byte_ring *r);

/** Reader: gives the room of the record of the last byte_ring_peek() back. */
void byte_ring_drop(struct byte_ring *r);
