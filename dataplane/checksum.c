/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every payload byte is summed at least once, so this takes 16 to 256 bytes at a time where
 * rte_raw_cksum() takes two. 2^16 is 1 modulo 0xffff, so words of any width add up to the same sum.
 * With vectors, 16-bit words are made signed by flipping their highest bit, for the one instruction
 * that adds pairs of them into 32 bits; that takes 2^15 from each word, 2^20 from 64 bytes, which
 * is given back at the end. No lane overflows below CSUM_MAX bytes.
 */
#include "dataplane/checksum.h"

#include <immintrin.h>
#include <string.h>

/* Fewer than BLOCK bytes: the sizes at which vectors do not pay. Reads no byte beyond the end. */
static uint64_t sum_short(const uint8_t *p, size_t n)
{
	uint64_t s = 0, w = 0;
	size_t at = 0;

	for (; at + 8 <= n; at += 8) {
		memcpy(&w, p + at, 8);
		s += (w >> 32) + (w & 0xffffffff);
	}
	w = 0;
	if (at && at < n) { /* the last eight, without what was counted */
		memcpy(&w, p + n - 8, 8);
		w >>= 8 * (8 - (n - at));
		return s + (w >> 32) + (w & 0xffffffff);
	}
	for (; at < n; at++)
		s += at & 1 ? (uint64_t)p[at] << 8 : p[at];
	return s;
}

#define BLOCK 64u
#define BLOCK_BIAS (1u << 20) /* what flipping the highest bits takes from the sum of a block */

/*
 * What follows the last whole block is read as the last 64 bytes up to an even length, of which the
 * ones before @at are counted already: the mask has zeros for them. No
 * branch depends on how many are left, and no byte beyond the end is read.
 */
static const uint8_t tail_mask[2 * BLOCK] = { [BLOCK... 2 * BLOCK - 1] = 0xff };

static inline __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static inline __m128i add_words(__m128i acc, __m128i x)
{
	x = _mm_xor_si128(x, _mm_set1_epi16(INT16_MIN));
	return _mm_add_epi32(acc, _mm_madd_epi16(x, _mm_set1_epi16(1)));
}

/* The sum of @blocks blocks, from their biased one in four lanes, and @more. */
static inline uint16_t finish(__m128i acc, size_t blocks, uint64_t more)
{
	int32_t s;

	acc = _mm_add_epi32(acc, _mm_shuffle_epi32(acc, _MM_SHUFFLE(1, 0, 3, 2)));
	acc = _mm_add_epi32(acc, _mm_shuffle_epi32(acc, _MM_SHUFFLE(2, 3, 0, 1)));
	s = _mm_cvtsi128_si32(acc);
	return csum_fold((uint64_t)((int64_t)(blocks * BLOCK_BIAS) + s) + more);
}

static uint16_t sum_sse4(const void *data, size_t n)
{
	const uint8_t *p = data, *tail, *mask;
	__m128i a = _mm_setzero_si128(), b = a;
	size_t even = n & ~(size_t)1, at = 0;

	if (n < BLOCK)
		return csum_fold(sum_short(p, n));
	for (; at + BLOCK <= even; at += BLOCK) {
		a = add_words(a, load(p + at));
		b = add_words(b, load(p + at + 16));
		a = add_words(a, load(p + at + 32));
		b = add_words(b, load(p + at + 48));
	}
	tail = p + even - BLOCK;
	mask = tail_mask + (even - at);
	for (unsigned int i = 0; i < BLOCK; i += 16)
		a = add_words(a, _mm_and_si128(load(tail + i), load(mask + i)));
	return finish(_mm_add_epi32(a, b), at / BLOCK + 1, n & 1 ? p[n - 1] : 0);
}

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load256(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

AVX2 static inline __m256i add_words256(__m256i acc, __m256i x)
{
	x = _mm256_xor_si256(x, _mm256_set1_epi16(INT16_MIN));
	return _mm256_add_epi32(acc, _mm256_madd_epi16(x, _mm256_set1_epi16(1)));
}

AVX2 static inline __m128i halves256(__m256i x)
{
	return _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
}

AVX2 static uint16_t sum_avx2(const void *data, size_t n)
{
	const uint8_t *p = data, *tail, *mask;
	__m256i a = _mm256_setzero_si256(), b = a;
	size_t even = n & ~(size_t)1, at = 0;

	if (n < BLOCK)
		return csum_fold(sum_short(p, n));
	for (; at + BLOCK <= even; at += BLOCK) {
		a = add_words256(a, load256(p + at));
		b = add_words256(b, load256(p + at + 32));
	}
	tail = p + even - BLOCK;
	mask = tail_mask + (even - at);
	a = add_words256(a, _mm256_and_si256(load256(tail), load256(mask)));
	b = add_words256(b, _mm256_and_si256(load256(tail + 32), load256(mask + 32)));
	return finish(halves256(_mm256_add_epi32(a, b)), at / BLOCK + 1, n & 1 ? p[n - 1] : 0);
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))
#define ROUND (4 * BLOCK)

AVX512 static inline __m512i pairs512(__m512i x)
{
	x = _mm512_xor_si512(x, _mm512_set1_epi16(INT16_MIN));
	return _mm512_madd_epi16(x, _mm512_set1_epi16(1));
}

/* Which bytes of four blocks are there if @n are: a bit each. */
AVX512 static inline void masks512(size_t n, uint64_t mask[4])
{
	__m256i left = _mm256_sub_epi64(_mm256_set1_epi64x((long long)n),
					_mm256_setr_epi64x(0, BLOCK, 2 * BLOCK, 3 * BLOCK));
	__m256i zeros = _mm256_sub_epi64(_mm256_set1_epi64x(BLOCK), left);

	zeros = _mm256_max_epi64(zeros, _mm256_setzero_si256());
	_mm256_store_si256((__m256i *)mask, _mm256_srlv_epi64(_mm256_set1_epi64x(-1), zeros));
}

/* Four blocks at a time, the last four by mask: no branch but one for each 256 bytes. */
AVX512 static uint16_t sum_avx512(const void *data, size_t n)
{
	__m512i a = _mm512_setzero_si512(), b = a;
	uint64_t mask[4] __attribute__((aligned(32)));
	const uint8_t *p = data;
	size_t blocks = 4;

	for (; n > ROUND; n -= ROUND, p += ROUND, blocks += 4) {
		a = _mm512_add_epi32(a, pairs512(_mm512_loadu_si512(p)));
		b = _mm512_add_epi32(b, pairs512(_mm512_loadu_si512(p + BLOCK)));
		a = _mm512_add_epi32(a, pairs512(_mm512_loadu_si512(p + 2 * BLOCK)));
		b = _mm512_add_epi32(b, pairs512(_mm512_loadu_si512(p + 3 * BLOCK)));
	}
	masks512(n, mask);
	for (unsigned int i = 0; i < 4; i += 2, p += 2 * BLOCK) {
		a = _mm512_add_epi32(a, pairs512(_mm512_maskz_loadu_epi8(mask[i], p)));
		b = _mm512_add_epi32(b, pairs512(_mm512_maskz_loadu_epi8(mask[i + 1], p + BLOCK)));
	}
	a = _mm512_add_epi32(a, b);
	return finish(halves256(_mm256_add_epi32(_mm512_castsi512_si256(a),
						 _mm512_extracti64x4_epi64(a, 1))),
		      blocks, 0);
}

static uint16_t (*sum)(const void *, size_t) = sum_sse4; /* control writes before workers start */

uint16_t csum_bytes(const void *p, size_t n)
{
	return sum(p, n);
}

/* Best first. */
static const struct {
	const char *name;
	uint16_t (*sum)(const void *, size_t);
} kinds[] = { { "avx512", sum_avx512 }, { "avx2", sum_avx2 }, { "sse4", sum_sse4 } };

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool cpu_has(uint16_t (*fn)(const void *, size_t))
{
	__builtin_cpu_init();
	if (fn == sum_avx512)
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512vl");
	return fn == sum_sse4 || __builtin_cpu_supports("avx2");
}

bool csum_select(const char *name)
{
	bool any = strcmp(name, "auto") == 0;

	for (size_t i = 0; i < N_KINDS; i++) {
		if ((any || strcmp(name, kinds[i].name) == 0) && cpu_has(kinds[i].sum)) {
			sum = kinds[i].sum;
			return true;
		}
	}
	return false;
}
