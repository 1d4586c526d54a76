/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lower-case hex of hash values (SSSE3, part of the baseline). Private to dataplane/proxy.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <tmmintrin.h>

/* The 16 digits of each half, for 16 nibbles of each half of @v. */
static inline void hex_digits(__m128i v, __m128i *first, __m128i *second)
{
	const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a',
					     'b', 'c', 'd', 'e', 'f');
	const __m128i low4 = _mm_set1_epi8(0x0f);
	__m128i high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(v, 4), low4));
	__m128i low = _mm_shuffle_epi8(digits, _mm_and_si128(v, low4));

	*first = _mm_unpacklo_epi8(high, low);
	*second = _mm_unpackhi_epi8(high, low);
}

/** Writes 32 digits for @high, then @low, most significant first. */
static inline void hex_write128(uint64_t high, uint64_t low, uint8_t *out)
{
	__m128i v =
		_mm_set_epi64x((int64_t)__builtin_bswap64(low), (int64_t)__builtin_bswap64(high));
	__m128i first, second;

	hex_digits(v, &first, &second);
	_mm_storeu_si128((__m128i *)(void *)out, first);
	_mm_storeu_si128((__m128i *)(void *)(out + 16), second);
}

/** Writes 16 digits for @value, most significant first. */
static inline void hex_write64(uint64_t value, uint8_t *out)
{
	__m128i first, second;

	hex_digits(_mm_cvtsi64_si128((int64_t)__builtin_bswap64(value)), &first, &second);
	_mm_storeu_si128((__m128i *)(void *)out, first);
}

/** Reads 16 lower-case digits; false if there is anything else among them. */
static inline bool hex_read64(const uint8_t *in, uint64_t *out)
{
	uint64_t value = 0;

	for (int i = 0; i < 16; i++) {
		uint8_t c = in[i];
		uint8_t digit = (uint8_t)(c - '0');

		if (digit > 9) {
			digit = (uint8_t)(c - 'a' + 10);
			if (digit < 10 || digit > 15)
				return false;
		}
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}
