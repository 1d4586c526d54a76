/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header rows below the first of their kind, as the rules look for them. Private to
 * dataplane/proxy.
 */
#pragma once

#include "dataplane/sip/msg.h"

#include <assert.h>
#include <emmintrin.h>
#include <stddef.h>

/** sip_row_value() of a row with a known header, without a call for a value with one space before
 * it and none behind. */
static inline struct span row_value(const struct sip_msg *m, unsigned int i)
{
	const struct sip_row *row = &m->row[i];
	uint32_t from = row->off + row->colon + 1u, to = row[1].off - 2u;
	const uint8_t *p = m->p;

	from += p[from] == ' ';
	/* Also catches an empty value: then p[from] is the CR. */
	if (__builtin_expect(row->colon == UINT8_MAX || p[to] != '\r' || p[from] <= ' ' ||
				     p[to - 1] <= ' ',
			     0))
		return sip_row_value(m, i);
	return span_of(from, to);
}

/* Bit i = row @i of the 16 rows at @row has header @id. */
static inline unsigned int row_mask(const struct sip_row *row, enum sip_header id)
{
	static_assert(sizeof(*row) == 4 && offsetof(struct sip_row, id) == 2, "compared below");
	const __m128i *q = (const __m128i *)(const void *)row;
	const __m128i which = _mm_set1_epi32(0xff << 16), want = _mm_set1_epi32((int)id << 16);
	__m128i hit[4];

	for (unsigned int i = 0; i < 4; i++)
		hit[i] = _mm_cmpeq_epi32(_mm_and_si128(_mm_loadu_si128(q + i), which), want);
	return (unsigned int)_mm_movemask_epi8(
		_mm_packs_epi16(_mm_packs_epi32(hit[0], hit[1]), _mm_packs_epi32(hit[2], hit[3])));
}

/** sip_find() behind row @i: 16 rows at once, since how many there are nobody can predict. */
static inline int row_next(const struct sip_msg *m, enum sip_header id, unsigned int i)
{
	for (unsigned int at = i + 1; at < m->n_rows; at += 16) {
		unsigned int left = m->n_rows - at, mask;

		if (__builtin_expect(at + 16 > SIP_MAX_ROWS, 0))
			return sip_find(m, id, at);
		mask = row_mask(&m->row[at], id) & ((1u << (left < 16 ? left : 16)) - 1);
		if (mask != 0)
			return (int)(at + (unsigned int)__builtin_ctz(mask));
	}
	return -1;
}
