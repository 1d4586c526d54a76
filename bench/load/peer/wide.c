/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same two functions three times. The target attribute stands in for files with compiler
 * arguments of their own, as dataplane/sip/scan_*.c are: nothing else here depends on the width.
 */
#include "bench/load/peer/wide.h"

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#define BLOCK 64
#define LOWEST '*'

/* Bits of a last block that belong to the message. */
static inline uint64_t valid_bits(uint32_t len)
{
	return ~0ull >> (-len & (BLOCK - 1));
}

/* --- SSE2 ------------------------------------------------------------------------------------ */

static inline uint64_t differ_sse2(uint64_t fixed, const uint8_t *want, const uint8_t *p)
{
	uint64_t equal = 0, high = 0;

	for (unsigned int i = 0; i < 4; i++) {
		__m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(want + 16 * i));
		__m128i h = _mm_cmpeq_epi8(_mm_max_epu8(a, _mm_set1_epi8(LOWEST)), a);

		equal |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) << 16 * i;
		high |= (uint64_t)(uint32_t)_mm_movemask_epi8(h) << 16 * i;
	}
	return (~equal & fixed) | (~high & ~fixed);
}

static bool match_sse2(const uint64_t *fixed, const uint8_t *want, const uint8_t *p, uint32_t len)
{
	uint32_t last = (len - 1) / BLOCK;
	uint64_t differ = 0;

	for (uint32_t i = 0; i < last; i++)
		differ |= differ_sse2(fixed[i], want + i * BLOCK, p + i * BLOCK);
	differ |= differ_sse2(fixed[last], want + last * BLOCK, p + last * BLOCK) & valid_bits(len);
	return differ == 0;
}

static void copy_sse2(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += BLOCK)
		memcpy(to + i, from + i, BLOCK);
}

/* --- AVX2 ------------------------------------------------------------------------------------ */

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint64_t differ_avx2(uint64_t fixed, const uint8_t *want, const uint8_t *p)
{
	const __m256i lowest = _mm256_set1_epi8(LOWEST);
	__m256i a0 = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i a1 = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	__m256i b0 = _mm256_loadu_si256((const __m256i *)(const void *)want);
	__m256i b1 = _mm256_loadu_si256((const __m256i *)(const void *)(want + 32));
	__m256i h0 = _mm256_cmpeq_epi8(_mm256_max_epu8(a0, lowest), a0);
	__m256i h1 = _mm256_cmpeq_epi8(_mm256_max_epu8(a1, lowest), a1);
	uint64_t equal, high;

	equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a0, b0)) |
		(uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a1, b1)) << 32;
	high = (uint32_t)_mm256_movemask_epi8(h0) | (uint64_t)(uint32_t)_mm256_movemask_epi8(h1)
							    << 32;
	return (~equal & fixed) | (~high & ~fixed);
}

AVX2 static bool match_avx2(const uint64_t *fixed, const uint8_t *want, const uint8_t *p,
			    uint32_t len)
{
	uint32_t last = (len - 1) / BLOCK;
	uint64_t differ = 0;

	for (uint32_t i = 0; i < last; i++)
		differ |= differ_avx2(fixed[i], want + i * BLOCK, p + i * BLOCK);
	differ |= differ_avx2(fixed[last], want + last * BLOCK, p + last * BLOCK) & valid_bits(len);
	return differ == 0;
}

AVX2 static void copy_avx2(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += BLOCK) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(from + i));
		__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(from + i + 32));

		_mm256_storeu_si256((__m256i *)(void *)(to + i), a);
		_mm256_storeu_si256((__m256i *)(void *)(to + i + 32), b);
	}
}

/* --- AVX-512 --------------------------------------------------------------------------------- */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))

AVX512 static inline uint64_t differ_avx512(uint64_t fixed, const uint8_t *want, const uint8_t *p)
{
	__m512i a = _mm512_loadu_si512(p);
	uint64_t differ = _mm512_mask_cmpneq_epu8_mask(fixed, a, _mm512_loadu_si512(want));

	return differ | _mm512_mask_cmplt_epu8_mask(~fixed, a, _mm512_set1_epi8(LOWEST));
}

AVX512 static bool match_avx512(const uint64_t *fixed, const uint8_t *want, const uint8_t *p,
				uint32_t len)
{
	uint32_t last = (len - 1) / BLOCK;
	uint64_t differ = 0;

	for (uint32_t i = 0; i < last; i++)
		differ |= differ_avx512(fixed[i], want + i * BLOCK, p + i * BLOCK);
	differ |=
		differ_avx512(fixed[last], want + last * BLOCK, p + last * BLOCK) & valid_bits(len);
	return differ == 0;
}

AVX512 static void copy_avx512(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += BLOCK)
		_mm512_storeu_si512(to + i, _mm512_loadu_si512(from + i));
}

/* --- the choice ------------------------------------------------------------------------------ */

static const struct wide widths[] = {
	{ "sse2", match_sse2, copy_sse2 },
	{ "avx2", match_avx2, copy_avx2 },
	{ "avx512", match_avx512, copy_avx512 },
};

#define WIDTHS (sizeof(widths) / sizeof(widths[0]))

const struct wide *wide = &widths[0];

static bool has(unsigned int i)
{
	if (i == 1)
		return __builtin_cpu_supports("avx2");
	if (i == 2)
		return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
	return true;
}

bool wide_select(const char *name)
{
	const struct wide *found = NULL;

	for (unsigned int i = 0; i < WIDTHS; i++) {
		if (has(i) && (!name || strcmp(name, widths[i].name) == 0))
			found = &widths[i];
	}
	wide = found ? found : wide;
	return found != NULL;
}
