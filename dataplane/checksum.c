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

/* Fewer than 16 bytes. */
static uint64_t sum_rest(const uint8_t *p, size_t n)
{
	uint64_t s = 0;
	uint32_t w = 0;

	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&w, p, 4);
		s += w;
	}
	w = 0;
	memcpy(&w, p, n);
	return s + w;
}

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

static uint16_t sum_sse4(const void *data, size_t n)
{
	const uint8_t *p = data;
	__m128i a = _mm_setzero_si128(), b = a;

	for (; n >= 32; n -= 32, p += 32) {
		a = add_words(a, _mm_loadu_si128((const __m128i *)p));
		b = add_words(b, _mm_loadu_si128((const __m128i *)(p + 16)));
	}
	if (n >= 16) {
		a = add_words(a, _mm_loadu_si128((const __m128i *)p));
		n -= 16;
		p += 16;
	}
	return fold(lanes(_mm_add_epi64(a, b)) + sum_rest(p, n));
}

__attribute__((target("avx2"))) static uint16_t sum_avx2(const void *data, size_t n)
{
	const __m256i low = _mm256_set1_epi64x(0xffffffff);
	const uint8_t *p = data;
	__m256i a = _mm256_setzero_si256(), b = a;
	__m128i c;

	for (; n >= 64; n -= 64, p += 64) {
		__m256i x = _mm256_loadu_si256((const __m256i *)p);
		__m256i y = _mm256_loadu_si256((const __m256i *)(p + 32));

		a = _mm256_add_epi64(a, _mm256_and_si256(x, low));
		b = _mm256_add_epi64(b, _mm256_srli_epi64(x, 32));
		a = _mm256_add_epi64(a, _mm256_and_si256(y, low));
		b = _mm256_add_epi64(b, _mm256_srli_epi64(y, 32));
	}
	a = _mm256_add_epi64(a, b);
	c = _mm_add_epi64(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
	for (; n >= 16; n -= 16, p += 16)
		c = add_words(c, _mm_loadu_si128((const __m128i *)p));
	return fold(lanes(c) + sum_rest(p, n));
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
