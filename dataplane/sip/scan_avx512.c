/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scanner for CPUs with AVX-512 BW, VL and VBMI2 (Ice Lake, Zen 4 and later): one vector makes
 * a block, and VPCOMPRESSB turns a mask into offsets without a branch.
 *
 * Compares into mask registers and moves out of them go one at a time, and bound the loop: CR and
 * LF are therefore paired in vectors, with no mask at all, which took a third off the scan.
 */
#include <immintrin.h>

#define SCAN_VECTOR __m512i
#define SCAN_OWN_PAIRS

struct pairs {
	__m512i bad; /* not all 0 = a CR or LF stands alone */
};

#include "dataplane/sip/rows_body.h"
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
		.one = _mm512_set1_epi8(1),
	};

	KEEP(c.low);
	KEEP(c.high);
	KEEP(c.nibble);
	KEEP(c.token);
	KEEP(c.strong);
	KEEP(c.lf);
	KEEP(c.cr);
	KEEP(c.space);
	KEEP(c.one);
	return c;
}

static inline struct block scan_block(const struct consts *c, const uint8_t *q)
{
	__m512i v = _mm512_loadu_si512(q), high, sets;
	uint64_t lf, blank;

	KEEP(v); /* loaded once: most blocks lie across two cache lines */
	high = _mm512_and_si512(_mm512_srli_epi16(v, 4), c->nibble);
	sets = _mm512_and_si512(_mm512_shuffle_epi8(c->low, v), _mm512_shuffle_epi8(c->high, high));
	lf = _mm512_cmpeq_epi8_mask(v, c->lf);
	blank = _mm512_cmple_epu8_mask(v, c->space);
	/* Out of the mask register once, not at each use. */
	__asm__("" : "+r"(lf), "+r"(blank));
	return (struct block){
		.lf = lf,
		.nontoken = _mm512_testn_epi8_mask(sets, c->token),
		.strong = _mm512_cmpge_epu8_mask(sets, c->strong),
		.blank = blank,
		.bytes = v,
	};
}

/* Each byte with the one behind it: the pair with the byte before the block is of that block. */
static inline void scan_pairs(struct pairs *a, const struct consts *c, const uint8_t *q,
			      const struct block *b, uint64_t live, uint64_t next)
{
	__m512i no_cr = _mm512_xor_si512(b->bytes, c->cr);
	__m512i no_lf = _mm512_xor_si512(_mm512_loadu_si512(q + 1), c->lf);

	(void)live;
	no_cr = _mm512_min_epu8(no_cr, c->one);
	no_lf = _mm512_min_epu8(no_lf, c->one);
	if (next != UINT64_MAX) {
		no_cr = _mm512_maskz_mov_epi8(next, no_cr);
		no_lf = _mm512_maskz_mov_epi8(next, no_lf);
	}
	a->bad = _mm512_ternarylogic_epi64(a->bad, no_cr, no_lf, 0xf6); /* bad | no_cr ^ no_lf */
}

static inline bool pairs_bad(const struct pairs *a)
{
	return _mm512_test_epi8_mask(a->bad, a->bad) != 0;
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

const struct scanner scan_avx512 = { "avx512", scan_head, rows_name_usual, scan_span };
