/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums are gathered as 32-bit words in 64-bit lanes: 2^16 is 1 modulo 0xffff, so words of any width
 * add up to the same sum, and no lane overflows before 2^32 words. rte_raw_cksum() adds 16 bits at
 * a time; this takes 16 or 32 bytes, which matters because every payload byte is summed once.
 */
#include "dataplane/checksum.h"

#include <immintrin.h>
#include <string.h>

static uint16_t fold(uint64_t s)
{
	s = (s >> 32) + (s & 0xffffffff);
	s = (s >> 32) + (s & 0xffffffff);
	s = (s >> 16) + (s & 0xffff);
	s = (s >> 16) + (s & 0xffff);
	return (uint16_t)s;
}

/* Fewer than BLOCK bytes: the sizes at which vectors do not pay. */
static uint64_t sum_short(const uint8_t *p, size_t n)
{
	uint64_t s = 0;
	uint32_t w;

	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&w, p, 4);
		s += w;
	}
	w = 0;
	memcpy(&w, p, n);
	return s + w;
}

#define BLOCK 64u

/*
 * What follows the last whole block is read as the last 64 bytes up to an even length, of which the
 * ones before @at are counted already: the mask has zeros for them. No
 * branch depends on how many are left, and no byte beyond the end is read.
 */
static const uint8_t tail_mask[2 * BLOCK] = { [BLOCK... 2 * BLOCK - 1] = 0xff };

static inline __m128i add_words(__m128i acc, __m128i x)
{
	const __m128i low = _mm_set1_epi64x(0xffffffff);

	acc = _mm_add_epi64(acc, _mm_and_si128(x, low));
	return _mm_add_epi64(acc, _mm_srli_epi64(x, 32));
}

static inline uint64_t lanes(__m128i acc)
{
	return (uint64_t)_mm_cvtsi128_si64(acc) + (uint64_t)_mm_extract_epi64(acc, 1);
}

static inline __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static uint16_t sum_sse4(const void *data, size_t n)
{
	const uint8_t *p = data, *tail, *mask;
	__m128i a = _mm_setzero_si128(), b = a;
	size_t even = n & ~(size_t)1, at = 0;

	if (n < BLOCK)
		return fold(sum_short(p, n));
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
	return fold(lanes(_mm_add_epi64(a, b)) + (n & 1 ? p[n - 1] : 0));
}

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load256(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

AVX2 static inline __m256i add_words256(__m256i acc, __m256i x)
{
	const __m256i low = _mm256_set1_epi64x(0xffffffff);

	acc = _mm256_add_epi64(acc, _mm256_and_si256(x, low));
	return _mm256_add_epi64(acc, _mm256_srli_epi64(x, 32));
}

AVX2 static uint16_t sum_avx2(const void *data, size_t n)
{
	const uint8_t *p = data, *tail, *mask;
	__m256i a = _mm256_setzero_si256(), b = a;
	size_t even = n & ~(size_t)1, at = 0;

	if (n < BLOCK)
		return fold(sum_short(p, n));
	for (; at + BLOCK <= even; at += BLOCK) {
		a = add_words256(a, load256(p + at));
		b = add_words256(b, load256(p + at + 32));
	}
	tail = p + even - BLOCK;
	mask = tail_mask + (even - at);
	a = add_words256(a, _mm256_and_si256(load256(tail), load256(mask)));
	b = add_words256(b, _mm256_and_si256(load256(tail + 32), load256(mask + 32)));
	a = _mm256_add_epi64(a, b);
	return fold(
		lanes(_mm_add_epi64(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1))) +
		(n & 1 ? p[n - 1] : 0));
}

static uint16_t (*sum)(const void *, size_t) = sum_sse4; /* control writes before workers start */

uint16_t csum_bytes(const void *p, size_t n)
{
	return sum(p, n);
}

uint16_t csum_pseudo(const struct ip *src, const struct ip *dst, uint8_t proto, uint32_t len)
{
	uint64_t s = __builtin_bswap32(len) + ((uint64_t)proto << 24);
	uint32_t w[8];
	unsigned int from = ip_is_v4(dst) ? 3 : 0; /* first 32-bit word that counts */

	memcpy(w, src->b, 16);
	memcpy(w + 4, dst->b, 16);
	for (unsigned int i = from; i < 4; i++)
		s += (uint64_t)w[i] + w[i + 4];
	return fold(s);
}

bool csum_select(const char *name)
{
	bool avx2 = __builtin_cpu_supports("avx2");

	if (strcmp(name, "auto") == 0)
		sum = avx2 ? sum_avx2 : sum_sse4;
	else if (strcmp(name, "sse4") == 0)
		sum = sum_sse4;
	else if (strcmp(name, "avx2") == 0 && avx2)
		sum = sum_avx2;
	else
		return false;
	return true;
}
