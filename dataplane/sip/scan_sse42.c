/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scanner for x86-64-v2, the CPU that the whole project asks for: four vectors of 16 bytes
 * make a block. It uses no more than SSSE3; the name is that of the level.
 */
#include <tmmintrin.h>

#define SCAN_VECTOR __m128i
#include "dataplane/sip/rows_body.h"
#include "dataplane/sip/scan_body.h"

static inline struct consts scan_consts(void)
{
	struct consts c = {
		.low = _mm_loadu_si128((const __m128i *)low_sets),
		.high = _mm_loadu_si128((const __m128i *)high_sets),
		.nibble = _mm_set1_epi8(0x0f),
		.token = _mm_set1_epi8(TOKEN_SETS),
		.strong = _mm_set1_epi8(STRONG_SETS),
		.lf = _mm_set1_epi8('\n'),
		.cr = _mm_set1_epi8('\r'),
		.space = _mm_set1_epi8(' '),
	};

	return c;
}

static inline uint64_t mask_of(__m128i v, unsigned int i)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(v) << (16 * i);
}

static inline struct block scan_block(const struct consts *c, const uint8_t *q)
{
	struct block b = { 0 };

	for (unsigned int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(q + 16 * i));
		__m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), c->nibble);
		__m128i sets =
			_mm_and_si128(_mm_shuffle_epi8(c->low, v), _mm_shuffle_epi8(c->high, high));
		__m128i token = _mm_and_si128(sets, c->token);

		b.lf |= mask_of(_mm_cmpeq_epi8(v, c->lf), i);
		b.cr |= mask_of(_mm_cmpeq_epi8(v, c->cr), i);
		b.nontoken |= mask_of(_mm_cmpeq_epi8(token, _mm_setzero_si128()), i);
		/* What is 0x40 or more becomes 0x80 or more, all else stays below. */
		b.strong |= mask_of(_mm_add_epi8(sets, c->strong), i);
		b.blank |= mask_of(_mm_cmpeq_epi8(_mm_min_epu8(v, c->space), v), i);
	}
	return b;
}

/* Three rows in 64 bytes are rare, four nearly unheard of; storing three costs no branch. */
static inline void scan_store(struct sip_row *row, uint32_t base, uint64_t starts)
{
	do {
		for (unsigned int i = 0; i < 3; i++, starts &= starts - 1)
			scan_row(&row[i], base + (uint32_t)__builtin_ctzll(starts | 1ULL << 63));
		row += 3;
	} while (unlikely(starts != 0));
}

const struct scanner scan_sse42 = { "sse4.2", scan_head, rows_name_usual, scan_span };
