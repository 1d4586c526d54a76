/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scanner for CPUs with AVX-512 BW, VL and VBMI2 (Ice Lake, Zen 4 and later): one vector makes
 * a block, and VPCOMPRESSB turns a mask into offsets without a branch.
 */
#include <immintrin.h>

#define SCAN_VECTOR __m512i
#include "dataplane/sip/scan_body.h"

static inline __m512i four_times(const uint8_t *sets)
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)sets));
}

static inline struct consts scan_consts(void)
{
	struct consts c = {
		.low = four_times(low_sets),
		.high = four_times(high_sets),
		.nibble = _mm512_set1_epi8(0x0f),
		.token = _mm512_set1_epi8(TOKEN_SETS),
		.strong = _mm512_set1_epi8(STRONG_SETS),
		.lf = _mm512_set1_epi8('\n'),
		.cr = _mm512_set1_epi8('\r'),
		.space = _mm512_set1_epi8(' '),
	};

	KEEP(c.low);
	KEEP(c.high);
	KEEP(c.nibble);
	KEEP(c.token);
	KEEP(c.strong);
	KEEP(c.lf);
	KEEP(c.cr);
	KEEP(c.space);
	return c;
}

static inline struct block scan_block(const struct consts *c, const uint8_t *q)
{
	__m512i v = _mm512_loadu_si512(q);
	__m512i high = _mm512_and_si512(_mm512_srli_epi16(v, 4), c->nibble);
	__m512i sets = _mm512_and_si512(_mm512_shuffle_epi8(c->low, v),
					_mm512_shuffle_epi8(c->high, high));

	return (struct block){
		.lf = _mm512_cmpeq_epi8_mask(v, c->lf),
		.cr = _mm512_cmpeq_epi8_mask(v, c->cr),
		.nontoken = _mm512_testn_epi8_mask(sets, c->token),
		.strong = _mm512_cmpge_epu8_mask(sets, c->strong),
		.blank = _mm512_cmple_epu8_mask(v, c->space),
	};
}

/* The 8 lowest offsets of each turn become 8 rows: off in the low half, id and colon 0. */
static inline void scan_store(struct sip_row *row, uint32_t base, uint64_t starts)
{
	const __m512i index = _mm512_setr_epi32(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
						0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c,
						0x23222120, 0x27262524, 0x2b2a2928, 0x2f2e2d2c,
						0x33323130, 0x37363534, 0x3b3a3938, 0x3f3e3d3c);
	__m512i offs = _mm512_maskz_compress_epi8(starts, index);
	unsigned int n = (unsigned int)__builtin_popcountll(starts);

	for (unsigned int i = 0;; i += 8) {
		__m256i rows = _mm256_cvtepu8_epi32(_mm512_castsi512_si128(offs));

		rows = _mm256_add_epi32(rows, _mm256_set1_epi32((int)base));
		_mm256_storeu_si256((__m256i *)(row + i), rows);
		if (likely(n <= i + 8))
			return;
		offs = _mm512_alignr_epi64(_mm512_setzero_si512(), offs, 1);
	}
}

const struct scanner scan_avx512 = { "avx512", scan_head, scan_span };
