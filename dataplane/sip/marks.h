/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to the bit maps of scan.h, in offsets of the message. Private to dataplane/sip.
 *
 * A search looks at 57 to 64 bytes at once: a word loaded from the byte that holds the first bit.
 * The maps of a whole message come from scan_head(); a value on its own gets its part of maps by
 * marks_span(). No byte outside the mapped ones and the one behind them may be asked for.
 */
#pragma once

#include "dataplane/sip/scan.h"

#define MARKS_WINDOW 57 /* bits that a window has at least */

struct marks {
	const uint8_t *p; /* the message */
	const struct scan_map *map;
};

/** The maps that parsing @m left behind; they know the header section (m->head_len) only. */
static inline struct marks marks_of(const struct sip_msg *m)
{
	return (struct marks){ m->p, &m->map };
}

/**
 * Maps the bytes @s of the message at @p into @map, which the caller owns and need not clear. Reads
 * also up to 63 bytes of the message before them, none behind.
 */
static inline struct marks marks_span(const uint8_t *p, struct span s, struct scan_map *map)
{
	scan_current()->span(p, s.off & ~63u, span_end(s), map);
	return (struct marks){ p, map };
}

/**
 * The part of a list value @s that is worth mapping to find its first element. Mapping all of it
 * for each element of a list of thousands would cost the square of its length. If no comma is
 * found in the part, map @s.
 */
static inline struct span marks_first_look(struct span s)
{
	return span_of(s.off, s.off + (s.len < 512u ? s.len : 512u));
}

/** Bit i = bit @pos + i of @map, for i < MARKS_WINDOW; the others may be 0. */
static inline uint64_t marks_window(const uint64_t *map, uint32_t pos)
{
	uint64_t w;

	memcpy(&w, (const uint8_t *)map + (pos >> 3), sizeof(w));
	return w >> (pos & 7);
}

/** Offset of the first byte at or after @pos that is no token character or is not mapped. */
static inline uint32_t marks_token_end(const struct marks *k, uint32_t pos)
{
	uint64_t w = marks_window(k->map->nontoken, pos);

	while (__builtin_expect(w == 0, 0)) {
		pos = (pos & ~7u) + 64;
		w = marks_window(k->map->nontoken, pos);
	}
	return pos + (uint32_t)__builtin_ctzll(w);
}

/* Offset of the first set bit in [@from, @to), or @to. Needs from <= to. */
static inline uint32_t marks_find(const uint64_t *map, uint32_t from, uint32_t to)
{
	uint64_t w = marks_window(map, from);
	uint32_t at;

	while (__builtin_expect(w == 0 && to - from > MARKS_WINDOW, 0)) {
		from = (from & ~7u) + 64;
		if (from >= to)
			return to;
		w = marks_window(map, from);
	}
	at = from + (uint32_t)__builtin_ctzll(w | 1ULL << 63);
	return at < to ? at : to;
}

/** Offset of the first of " % < > in [@from, @to), or @to. Needs from <= to. */
static inline uint32_t marks_strong(const struct marks *k, uint32_t from, uint32_t to)
{
	return marks_find(k->map->strong, from, to);
}

/** Offset of the first SP or control character in [@from, @to), or @to. Needs from <= to. */
static inline uint32_t marks_blank(const struct marks *k, uint32_t from, uint32_t to)
{
	return marks_find(k->map->blank, from, to);
}

/** Offset of the first byte in [@from, @to) of either kind, or @to. Needs from <= to. */
static inline uint32_t marks_stop(const struct marks *k, uint32_t from, uint32_t to)
{
	uint64_t w = marks_window(k->map->strong, from) | marks_window(k->map->blank, from);
	uint32_t at = from + (uint32_t)__builtin_ctzll(w | 1ULL << 63), other;

	if (__builtin_expect(w == 0 && to - from > MARKS_WINDOW, 0)) {
		at = marks_find(k->map->strong, from, to);
		other = marks_find(k->map->blank, from, to);
		at = other < at ? other : at;
	}
	return at < to ? at : to;
}
