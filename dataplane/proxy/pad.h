/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of a message copied into fixed blocks with zeros behind, for hashing without a branch for
 * each class of length. Private to dataplane/proxy.
 *
 * Where 64 bytes can be read, four loads and a compare with 0..63 make the block; only the last
 * bytes of a message take the memcpy(). Both give the same block.
 */
#pragma once

#include <emmintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* @v with ASCII capitals turned to small letters if @fold, of 16 times the same, is 0x20; as it is
 * if that is 0. */
static inline __m128i pad_fold(__m128i v, __m128i fold)
{
	/* Moved up so that 'Z' is the greatest of the signed bytes. */
	__m128i up = _mm_add_epi8(v, _mm_set1_epi8(127 - 'Z'));
	__m128i upper = _mm_cmpgt_epi8(up, _mm_set1_epi8('A' - 1 + 127 - 'Z'));

	return _mm_or_si128(v, _mm_and_si128(upper, fold));
}

/* @v with ASCII capitals turned to small letters. */
static inline __m128i pad_lower(__m128i v)
{
	return pad_fold(v, _mm_set1_epi8(0x20));
}

/** The bytes of @v at positions from @first on that are less than @n (at most 127); zeros else. */
static inline __m128i pad_lane(__m128i v, unsigned int first, unsigned int n)
{
	const __m128i count = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m128i pos = _mm_add_epi8(count, _mm_set1_epi8((char)first));

	return _mm_and_si128(v, _mm_cmpgt_epi8(_mm_set1_epi8((char)n), pos));
}

/**
 * Copies the @n bytes at @src to @dst and fills up with zeros to 16 * @lanes bytes. @lanes is a
 * constant from 1 to 4, @n at most 16 * @lanes. @readable: bytes that may be read at @src, at least
 * @n. Capitals as @fold says: pad_fold().
 */
static inline void pad_copy_fold(uint8_t *dst, const uint8_t *src, unsigned int n, size_t readable,
				 unsigned int lanes, __m128i fold)
{
	uint8_t edge[64];

	if (__builtin_expect(readable < 16u * lanes, 0)) {
		memset(edge, 0, sizeof(edge));
		memcpy(edge, src, n);
		src = edge;
	}
	for (unsigned int i = 0; i < lanes; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(src + 16 * i));

		v = pad_fold(pad_lane(v, 16 * i, n), fold);
		_mm_storeu_si128((__m128i *)(void *)(dst + 16 * i), v);
	}
}

/** The same; @lower, a constant: fold capitals. */
static inline void pad_copy(uint8_t *dst, const uint8_t *src, unsigned int n, size_t readable,
			    unsigned int lanes, bool lower)
{
	pad_copy_fold(dst, src, n, readable, lanes, _mm_set1_epi8(lower ? 0x20 : 0));
}
