/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IPv4 address in dotted decimals from one register, without a branch for each digit or part:
 * the lengths of the four parts pick a shuffle that lines the digits up, two multiply-adds make the
 * parts. Private to dataplane/sip. Every message has two such addresses on average, of lengths
 * nobody can predict.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <smmintrin.h>

#define IP4_TEXT_MAX 15

/* ip4_lines[27 a + 9 b + 3 c + d - 40] lines up parts of a, b, c and d digits (ip4.c). */
extern const uint8_t ip4_lines[81][16];

/**
 * Reads the address in the first @n (at most 15) bytes of @v, of which the rest are zero. False if
 * it is anything else than four parts of one to three digits, none over 255; @out is then
 * untouched.
 */
static inline bool ip4_read(__m128i v, unsigned int n, struct ip *out)
{
	__m128i digits = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	__m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
	unsigned int dots = (unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
	unsigned int known = (unsigned int)_mm_movemask_epi8(digit) | dots;
	unsigned int a, b, c, d;
	__m128i parts;

	if (known != (1u << n) - 1 || __builtin_popcount(dots) != 3)
		return false;
	a = (unsigned int)__builtin_ctz(dots);
	dots &= dots - 1;
	b = (unsigned int)__builtin_ctz(dots);
	dots &= dots - 1;
	c = (unsigned int)__builtin_ctz(dots);
	d = n - c - 1;
	c = c - b - 1;
	b = b - a - 1;
	if ((a - 1 > 2) | (b - 1 > 2) | (c - 1 > 2) | (d - 1 > 2))
		return false;
	parts = _mm_shuffle_epi8(
		digits,
		_mm_loadu_si128((const __m128i *)ip4_lines[27 * a + 9 * b + 3 * c + d - 40]));
	parts = _mm_maddubs_epi16(parts, _mm_set1_epi32(0x00010a64));
	parts = _mm_madd_epi16(parts, _mm_set1_epi16(1));
	if (_mm_movemask_epi8(_mm_cmpgt_epi32(parts, _mm_set1_epi32(255))) != 0)
		return false;
	parts = _mm_packus_epi16(_mm_packus_epi32(parts, parts), parts);
	parts = _mm_insert_epi32(_mm_setr_epi32(0, 0, (int)0xffff0000, 0), _mm_cvtsi128_si32(parts),
				 3);
	_mm_storeu_si128((__m128i *)out->b, parts);
	return true;
}
