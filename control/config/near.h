/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Did you mean: the known name that a mistyped one is nearest to.
 *
 * One letter wrong in three is taken for a slip, more for a different word. Offer every known name
 * to the search; what stands in found at the end is the answer. No allocation; any thread.
 */
#pragma once

#include <stddef.h>

struct near {
	const char *name;  /* what was typed; borrowed */
	size_t n;          /* bytes of it */
	const char *found; /* the nearest name so far, as it was offered; NULL = none is near */
	unsigned int best; /* a name must be nearer than this to be taken */
};

/** Begins a search for names near to the @n bytes at @name. */
struct near near_begin(const char *name, size_t n);

/** Takes @known for the answer if it is nearer than those before. */
void near_offer(struct near *s, const char *known);
