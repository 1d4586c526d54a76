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

/* 32 digits in registers, and the 16 bytes that they stand for, most significant first. */
struct hex32 {
	__m128i first, second;
	__m128i bytes;
};

/** The digits of @high, then @low, most significant first. */
static inline struct hex32 hex_of128(uint64_t high, uint64_t low)
{
	struct hex32 h;

	h.bytes = _mm_set_epi64x((int64_t)__builtin_bswap64(low), (int64_t)__builtin_bswap64(high));
	hex_digits(h.bytes, &h.first, &h.second);
	return h;
}

/** Writes the 32 digits @h. */
static inline void hex_put32(uint8_t *out, const struct hex32 *h)
{
	_mm_storeu_si128((__m128i *)(void *)out, h->first);
	_mm_storeu_si128((__m128i *)(void *)(out + 16), h->second);
}

/** True if the 32 bytes at @in are the digits @h. */
static inline bool hex_is32(const uint8_t *in, const struct hex32 *h)
{
	const __m128i *q = (const __m128i *)(const void *)in;
	__m128i same = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(q), h->first),
				     _mm_cmpeq_epi8(_mm_loadu_si128(q + 1), h->second));

	return _mm_movemask_epi8(same) == 0xffff;
}

/** Writes 16 digits for @value, most significant first. */
static inline void hex_write64(uint64_t value, uint8_t *out)
{
	__m128i first, second;

	hex_digits(_mm_cvtsi64_si128((int64_t)__builtin_bswap64(value)), &first, &second);
	_mm_storeu_si128((__m128i *)(void *)out, first);
}

/* The values of the digits @v, and whether all of them are digits; capitals only if @any_case. */
static inline __m128i hex_values(__m128i v, bool any_case, bool *good)
{
	__m128i number = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	__m128i letter = _mm_sub_epi8(any_case ? _mm_or_si128(v, _mm_set1_epi8(0x20)) : v,
				      _mm_set1_epi8('a'));
	__m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
	__m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);

	*good = _mm_movemask_epi8(_mm_or_si128(is_number, is_letter)) == 0xffff;
	return _mm_or_si128(_mm_and_si128(is_number, number),
			    _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
}

/* The number that the 16 digits @v stand for, most significant first. */
static inline bool hex_number(__m128i v, bool any_case, uint64_t *out)
{
	bool good;
	__m128i bytes = _mm_maddubs_epi16(hex_values(v, any_case, &good), _mm_set1_epi16(0x0110));

	*out = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(bytes, bytes)));
	return good;
}

/** Reads 16 lower-case digits; false if there is anything else among them. */
static inline bool hex_read64(const uint8_t *in, uint64_t *out)
{
	return hex_number(_mm_loadu_si128((const __m128i *)(const void *)in), false, out);
}

/** Reads 16 digits of any case. */
static inline bool hex_read64_any(const uint8_t *in, uint64_t *out)
{
	return hex_number(_mm_loadu_si128((const __m128i *)(const void *)in), true, out);
}

/** Reads 8 lower-case digits. */
static inline bool hex_read32(const uint8_t *in, uint32_t *out)
{
	__m128i v = _mm_loadl_epi64((const __m128i *)(const void *)in);
	uint64_t value;
	bool good = hex_number(_mm_unpacklo_epi64(v, _mm_set1_epi8('0')), false, &value);

	*out = (uint32_t)(value >> 32);
	return good;
}
