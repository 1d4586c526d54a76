/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is taken in small pieces and given back as a whole. Private to bench/load/peer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
	void *chunks; /* a list */
	uint8_t *at, *end;
};

/** @n zeroed bytes, 64-byte aligned; NULL: no memory. @n may be more than a chunk. */
void *arena_take(struct arena *a, size_t n);

/** Takes chunks of @n bytes in all beforehand, so that arena_left() can serve that much without a
 * system call. */
bool arena_reserve(struct arena *a, size_t n);

/** As arena_take(), but only out of memory that is there already. */
void *arena_left(struct arena *a, size_t n);

void arena_drop(struct arena *a);
