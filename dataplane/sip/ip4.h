/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IPv4 address in dotted decimals from one register, without a branch for each digit or part:
 * where the dots are picks a shuffle that lines the digits up, two multiply-adds make the parts (an
 * idea of Mula and Lemire, "Parsing IP addresses crazily fast", 2023). Private to dataplane/sip.
 * Every message has two such addresses on average, of lengths nobody can predict.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <smmintrin.h>

#define IP4_TEXT_MAX 15

/* Where the dots of a text stand and where it ends tells the lengths of its parts. */
#define IP4_SHAPE(a, b, c, d)                                              \
	(1u << (a) | 1u << ((a) + (b) + 1) | 1u << ((a) + (b) + (c) + 2) | \
	 1u << ((a) + (b) + (c) + (d) + 3))
/* Different for each of the 81 shapes; found by trying multipliers. */
#define IP4_PLACE(shape) ((uint32_t)(shape)*0x3a7a1cfu >> 24)
#define IP4_LINE(a, b, c, d) (27 * (a) + 9 * (b) + 3 * (c) + (d)-40)

/* By place: the shape, and above its 16 bits the number of its line. */
extern const uint32_t ip4_shapes[256];
/* ip4_lines[IP4_LINE(a, b, c, d)] lines up parts of a, b, c and d digits (ip4.c). */
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
	unsigned int shape =
		(unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.'))) | 1u << n;
	uint32_t found = ip4_shapes[IP4_PLACE(shape)];
	__m128i parts;

	if (((unsigned int)_mm_movemask_epi8(digit) | shape) != (2u << n) - 1 ||
	    (found & 0xffff) != shape)
		return false;
	parts = _mm_shuffle_epi8(digits, _mm_loadu_si128((const __m128i *)ip4_lines[found >> 16]));
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
