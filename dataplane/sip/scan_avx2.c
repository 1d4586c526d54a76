/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scanner for CPUs with AVX2 and BMI2 (x86-64-v3): two vectors of 32 bytes make a block.
 */
#include <immintrin.h>

#define SCAN_VECTOR __m256i
#include "dataplane/sip/rows_body.h"
#include "dataplane/sip/scan_body.h"

static inline __m256i twice(const uint8_t *sets)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)sets));
}

static inline struct consts scan_consts(void)
{
	struct consts c = {
		.low = twice(low_sets),
		.high = twice(high_sets),
		.nibble = _mm256_set1_epi8(0x0f),
		.token = _mm256_set1_epi8(TOKEN_SETS),
		.strong = _mm256_set1_epi8(STRONG_SETS),
		.lf = _mm256_set1_epi8('\n'),
		.cr = _mm256_set1_epi8('\r'),
		.space = _mm256_set1_epi8(' '),
	};

	KEEP(c.nibble);
	KEEP(c.token);
	KEEP(c.strong);
	KEEP(c.lf);
	KEEP(c.cr);
	KEEP(c.space);
	return c;
}

/* Masks of one vector, as struct block. */
struct half {
	uint32_t lf, cr, nontoken, strong, blank;
};

static inline struct half half_block(const struct consts *c, const uint8_t *q)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)q);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), c->nibble);
	__m256i sets = _mm256_and_si256(_mm256_shuffle_epi8(c->low, v),
					_mm256_shuffle_epi8(c->high, high));
	__m256i other = _mm256_cmpeq_epi8(_mm256_and_si256(sets, c->token), _mm256_setzero_si256());
	__m256i blank = _mm256_cmpeq_epi8(_mm256_min_epu8(v, c->space), v);

	return (struct half){
		.lf = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, c->lf)),
		.cr = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, c->cr)),
		.nontoken = (uint32_t)_mm256_movemask_epi8(other),
		/* What is 0x40 or more becomes 0x80 or more, all else stays below. */
		.strong = (uint32_t)_mm256_movemask_epi8(_mm256_add_epi8(sets, c->strong)),
		.blank = (uint32_t)_mm256_movemask_epi8(blank),
	};
}

static inline uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static inline struct block scan_block(const struct consts *c, const uint8_t *q)
{
	struct half a = half_block(c, q), b = half_block(c, q + 32);

	return (struct block){
		.lf = join(a.lf, b.lf),
		.cr = join(a.cr, b.cr),
		.nontoken = join(a.nontoken, b.nontoken),
		.strong = join(a.strong, b.strong),
		.blank = join(a.blank, b.blank),
	};
}

/* Three rows in 64 bytes are rare, four nearly unheard of; storing three costs no branch. */
static inline void scan_store(struct sip_row *row, uint32_t base, uint64_t starts)
{
	do {
		for (unsigned int i = 0; i < 3; i++, starts &= starts - 1)
			scan_row(&row[i], base + (uint32_t)_tzcnt_u64(starts));
		row += 3;
	} while (unlikely(starts != 0));
}

const struct scanner scan_avx2 = { "avx2", scan_head, rows_name_usual, scan_span };
