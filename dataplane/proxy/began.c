/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A filter is one line of header and its lines of bits. Upper bits of the hash choose the line, and
 * eight times six bits of its product with an odd constant one bit in each word: the product, since
 * filters of any size use the upper bits up.
 */
#include "dataplane/proxy/began.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#define WORDS 8u /* of a line, and bits of an entry */
#define LINE_LOG2 6

struct began_line {
	_Alignas(64) _Atomic uint64_t word[WORDS];
};

struct began {
	_Alignas(64) unsigned int shift; /* from a hash to its line */
	struct began_line line[];
};

static_assert(sizeof(struct began_line) == 1u << LINE_LOG2 && sizeof(struct began) == 64,
	      "an entry is in one cache line");

size_t began_size(unsigned int log2)
{
	return sizeof(struct began) + ((size_t)1 << log2);
}

struct began *began_init(void *mem, unsigned int log2)
{
	struct began *b = mem;

	memset(mem, 0, began_size(log2));
	b->shift = 64 - (log2 - LINE_LOG2);
	return b;
}

void began_merge(struct began *b, const struct began *more)
{
	size_t n_lines;

	if (!b || !more || b->shift != more->shift)
		return;
	n_lines = (size_t)1 << (64 - b->shift);
	for (size_t i = 0; i < n_lines; i++) {
		for (unsigned int k = 0; k < WORDS; k++) {
			uint64_t bits =
				atomic_load_explicit(&more->line[i].word[k], memory_order_relaxed);

			/* Most words are empty: a filter is made for far more than it holds. */
			if (bits)
				atomic_fetch_or_explicit(&b->line[i].word[k], bits,
							 memory_order_relaxed);
		}
	}
}

/* The place of word @i's bit is in the lowest six bits of this. */
static inline uint64_t places(uint64_t id)
{
	return id * 0x9e3779b97f4a7c15 >> (64 - 6 * WORDS);
}

void began_add(struct began *b, uint64_t id)
{
	struct began_line *l = &b->line[id >> b->shift];
	uint64_t at = places(id);

	for (unsigned int i = 0; i < WORDS; i++, at >>= 6) {
		uint64_t bit = (uint64_t)1 << (at & 63);

		/* A line that others ask about is not taken from them without need. */
		if (!(atomic_load_explicit(&l->word[i], memory_order_relaxed) & bit))
			atomic_fetch_or_explicit(&l->word[i], bit, memory_order_relaxed);
	}
}

bool began_has(const struct began *b, uint64_t id)
{
	const struct began_line *l = &b->line[id >> b->shift];
	uint64_t at = places(id), has = 1;

	for (unsigned int i = 0; i < WORDS; i++, at >>= 6)
		has &= atomic_load_explicit(&l->word[i], memory_order_relaxed) >> (at & 63);
	return has;
}
