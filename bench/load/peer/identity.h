/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who a message belongs to: numbers of calls, and the hex digits in Call-IDs, tags, branches and
 * marks that are made of them. Private to bench/load/peer.
 *
 * A call's number says everything: its template, its Call-ID and tags (from the number modulo
 * plan.flows) and its branches (from the number, so that no two calls share one). Both sides
 * compute this alike and send each other nothing but messages. The mixing can be undone, so a
 * branch alone leads back to its call. SSSE3 is part of the baseline.
 *
 *   id: core 4 bits | run 12 | call 40 | step 8        key: id without the step
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <tmmintrin.h>

#define MARK_DIGITS 32   /* 16 of id, 16 of time */
#define MARK_FROM_END 36 /* where they start, counted from the end of the message */
#define CALL_BITS 40
#define CALL_MASK ((1ull << CALL_BITS) - 1)

static inline uint64_t key_make(unsigned int core, unsigned int run, uint64_t call)
{
	return (uint64_t)core << 52 | (uint64_t)run << CALL_BITS | call;
}

static inline unsigned int key_core(uint64_t key)
{
	return (unsigned int)(key >> 52);
}

static inline unsigned int key_run(uint64_t key)
{
	return (unsigned int)(key >> CALL_BITS) & 0xfff;
}

static inline uint64_t key_call(uint64_t key)
{
	return key & CALL_MASK;
}

/* Stafford's variant 13 of the MurmurHash3 finaliser, as in splitmix64: one to one. */
static inline uint64_t mix64(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/** The number that mix64() made @z of. */
static inline uint64_t unmix64(uint64_t z)
{
	z = (z ^ z >> 31 ^ z >> 62) * 0x319642b2d24d8ec3u;
	z = (z ^ z >> 27 ^ z >> 54) * 0x96de1b173f119089u;
	return z ^ z >> 30 ^ z >> 60;
}

/* The 16 digits of each of two numbers, most significant first. */
static inline void hex_put2(uint64_t first, uint64_t second, __m128i *a, __m128i *b)
{
	const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a',
					     'b', 'c', 'd', 'e', 'f');
	const __m128i low4 = _mm_set1_epi8(0x0f);
	__m128i v = _mm_set_epi64x((int64_t)__builtin_bswap64(second),
				   (int64_t)__builtin_bswap64(first));
	__m128i high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(v, 4), low4));
	__m128i low = _mm_shuffle_epi8(digits, _mm_and_si128(v, low4));

	*a = _mm_unpacklo_epi8(high, low);
	*b = _mm_unpackhi_epi8(high, low);
}

/** Writes the 16 digits of @id, then those of @time. */
static inline void mark_put(uint8_t *at, uint64_t id, uint64_t time)
{
	__m128i a, b;

	hex_put2(id, time, &a, &b);
	_mm_storeu_si128((__m128i *)(void *)at, a);
	_mm_storeu_si128((__m128i *)(void *)(at + 16), b);
}

/** Reads 16 lower-case digits; false if there is anything else among them. */
static inline bool hex_get(const uint8_t *at, uint64_t *value)
{
	const __m128i ten = _mm_set1_epi8(9), letters = _mm_set1_epi8('a' - '0');
	__m128i d = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)at),
				 _mm_set1_epi8('0'));
	__m128i l = _mm_sub_epi8(d, letters);
	__m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(d, ten), d);
	__m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(l, _mm_set1_epi8(5)), l);
	__m128i v = _mm_or_si128(_mm_and_si128(is_digit, d),
				 _mm_and_si128(is_letter, _mm_add_epi8(l, _mm_set1_epi8(10))));
	__m128i pairs = _mm_maddubs_epi16(v, _mm_set1_epi16(0x0110));

	*value = __builtin_bswap64(
		(uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(pairs, _mm_setzero_si128())));
	return _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) == 0xffff;
}

/** Reads the mark of the message of @len bytes at @p; false if there is none. */
static inline bool mark_get(const uint8_t *p, uint32_t len, uint64_t *id, uint64_t *time)
{
	const uint8_t *at = p + len - MARK_FROM_END;

	return len > MARK_FROM_END && hex_get(at, id) && hex_get(at + 16, time);
}

/* Digits that a call's messages carry. */
struct identity {
	uint8_t call_id[16]; /* in Call-IDs */
	uint8_t tag[16];     /* in tags of both sides */
	uint8_t branch[16];  /* in branches of both sides */
};

/** Fills @out for the call of @key. @flows, @seed: as in the plan. */
static inline void identity_make(uint64_t key, uint64_t flows, uint64_t seed, struct identity *out)
{
	uint64_t flow = mix64((flows ? key % flows : key) + seed * 0x9e3779b97f4a7c15u);
	__m128i a, b;

	hex_put2(flow, flow ^ 0xd1342543de82ef95u, &a, &b);
	_mm_storeu_si128((__m128i *)(void *)out->call_id, a);
	_mm_storeu_si128((__m128i *)(void *)out->tag, b);
	hex_put2(mix64(key + 1), 0, &a, &b);
	_mm_storeu_si128((__m128i *)(void *)out->branch, a);
}

/** The key of the call in whose branches the 16 digits at @at are. False if they are none. */
static inline bool identity_key(const uint8_t *at, uint64_t *key)
{
	uint64_t value;

	if (!hex_get(at, &value))
		return false;
	*key = unmix64(value) - 1;
	return true;
}
