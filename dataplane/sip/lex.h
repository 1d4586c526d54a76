/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small pieces that all value decoders share: white space, words of up to 16 bytes in a register,
 * numbers. Private to dataplane/sip.
 *
 * Short words are loaded so that the load ends with the word: it reads bytes of the message before
 * the word and none behind it, which needs no readable tail and no loop. Positions are offsets
 * from the start of the message.
 */
#pragma once

#include "dataplane/sip/chars.h"
#include "dataplane/sip/span.h"

#include <tmmintrin.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define LEX_NOT_A_NUMBER UINT64_MAX
#define LEX_HUGE (1ULL << 32) /* stands for this number and all greater ones */

/** First position at or after @pos that is not LWS (RFC 3261 25.1; a fold is CR, LF and SP or
 * HTAB), at most @end. */
static inline uint32_t lex_skip(const uint8_t *p, uint32_t pos, uint32_t end)
{
	while (pos < end && char_is(p[pos], CH_LWS))
		pos++;
	return pos;
}

/** [@from, @to) without LWS at both ends. */
static inline struct span lex_trim(const uint8_t *p, uint32_t from, uint32_t to)
{
	while (to > from && char_is(p[to - 1], CH_LWS))
		to--;
	return span_of(lex_skip(p, from, to), to);
}

/* The 16 bytes that end at @off + @n < 16, of which those before the message are unknown. Not
 * inlined: the buffer would make each caller guard its stack. */
static __attribute__((noinline, cold)) __m128i lex_load_early(const uint8_t *p, uint32_t off,
							      uint32_t n)
{
	uint8_t copy[16] = { 0 };

	memcpy(copy + 16 - n, p + off, n);
	return _mm_loadu_si128((const __m128i *)copy);
}

/**
 * The @n <= 16 bytes at offset @off, each ORed with @fold, zeros behind. Reads none behind them. In
 * a token, a @fold of 0x20 makes capitals small and leaves all else but '_' as it is.
 */
static inline __m128i lex_load16(const uint8_t *p, uint32_t off, uint32_t n, uint8_t fold)
{
	static const uint8_t slide[32] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
					   0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
					   0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					   0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 };
	__m128i v, shift;

	if (unlikely(off + n < 16))
		v = lex_load_early(p, off, n);
	else
		v = _mm_loadu_si128((const __m128i *)(p + off + n - 16));
	v = _mm_or_si128(v, _mm_set1_epi8((char)fold));
	shift = _mm_loadu_si128((const __m128i *)(slide + 16 - n));
	return _mm_shuffle_epi8(v, shift);
}

/** The 1 to 8 bytes [@from, @to) as a little-endian number, capitals made small; tokens only. */
static inline uint64_t lex_key(const uint8_t *p, uint32_t from, uint32_t to)
{
	unsigned int unused = 64 - 8 * (to - from);
	uint64_t x = 0;

	if (likely(to >= 8)) {
		memcpy(&x, p + to - 8, 8);
		x >>= unused;
	} else {
		memcpy(&x, p + from, to - from);
	}
	return x | (0x2020202020202020ULL >> unused);
}

/* A word of up to 8 small letters as lex_key() gives it. */
#define LEX_AT(word, i) ((uint64_t)(uint8_t)((i) < sizeof(word) - 1 ? (word)[i] : 0) << (8 * (i)))
#define LEX_WORD(word)                                                                             \
	(LEX_AT(word, 0) | LEX_AT(word, 1) | LEX_AT(word, 2) | LEX_AT(word, 3) | LEX_AT(word, 4) | \
	 LEX_AT(word, 5) | LEX_AT(word, 6) | LEX_AT(word, 7))

/** True if the 4 bytes at @q, letters folded by @fold, are @word (both little-endian). */
static inline bool lex_is4(const uint8_t *q, uint32_t fold, uint32_t word)
{
	uint32_t x;

	memcpy(&x, q, sizeof(x));
	return (x | fold) == word;
}

/** The same for 8 bytes. */
static inline bool lex_is8(const uint8_t *q, uint64_t fold, uint64_t word)
{
	uint64_t x;

	memcpy(&x, q, sizeof(x));
	return (x | fold) == word;
}

/* lex_number() digit by digit, for any length. */
static inline uint64_t lex_number_slow(const uint8_t *p, uint32_t from, uint32_t to)
{
	uint64_t value = 0;

	if (from >= to)
		return LEX_NOT_A_NUMBER;
	for (; from < to; from++) {
		if (!char_is(p[from], CH_DIGIT))
			return LEX_NOT_A_NUMBER;
		value = value * 10 + (uint64_t)(p[from] - '0');
		if (value > LEX_HUGE)
			value = LEX_HUGE;
	}
	return value;
}

/**
 * Reads the decimal number of 0 to 8 digits [@from, @to), @to >= 8; an empty one is 0. False if
 * there is anything but digits.
 */
static inline bool lex_number_of_8(const uint8_t *p, uint32_t from, uint32_t to, uint64_t *value)
{
	unsigned int half = 32 - 4 * (to - from); /* of the bits before the number */
	uint64_t x;

	memcpy(&x, p + to - 8, 8);
	x = (x ^ 0x3030303030303030ULL) >> half >> half << half << half;
	if (unlikely(((x + 0x7676767676767676ULL) | x) & 0x8080808080808080ULL))
		return false;
	x = x * 10 + (x >> 8);
	x = (x & 0x000000ff000000ffULL) * 0x000f424000000064ULL +
	    ((x >> 16) & 0x000000ff000000ffULL) * 0x0000271000000001ULL;
	*value = x >> 32;
	return true;
}

/**
 * The decimal number [@from, @to): LEX_HUGE if it does not fit 32 bits, LEX_NOT_A_NUMBER if it is
 * empty or holds anything but digits.
 */
static inline uint64_t lex_number(const uint8_t *p, uint32_t from, uint32_t to)
{
	uint64_t value;

	if (unlikely(to < 8 || to - from - 1 > 7))
		return lex_number_slow(p, from, to);
	return lex_number_of_8(p, from, to, &value) ? value : LEX_NOT_A_NUMBER;
}
