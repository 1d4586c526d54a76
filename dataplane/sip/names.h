/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which header or method a word is, without a branch: first letter and length pick the one word it
 * can be, all of it is then compared. Private to dataplane/sip.
 *
 * Not a hash that is trusted: names are an attacker's to choose, and "looks like Via" would be read
 * as Via here and as something else by the next hop.
 */
#pragma once

#include "dataplane/sip/lex.h"
#include "dataplane/sip/msg.h"

#include <smmintrin.h>

#define NAMES_MAX_LEN 15

/* All that is known of a word, in one cache line. */
struct name_word {
	uint8_t text[16] __attribute__((aligned(64))); /* zeros behind */
	uint8_t mask[16];                              /* 0xff where text counts */
	uint8_t count[16];                             /* 1 at the place of the id */
	uint8_t id;
	uint8_t len;
	uint8_t unused[14];
};

struct names {
	struct name_word word[32]; /* [0] is no word */
	uint8_t slot[32][64];      /* by first letter & 31 and length: a place in word */
};

extern const struct names header_names;
extern const struct names method_names;

/* By the sum of the first two bytes & 31, and length: a place in header_names.word. */
extern const uint8_t header_slots[32 * 64 + 1];

static inline __m128i name_load(const uint8_t row[16])
{
	return _mm_load_si128((const __m128i *)row);
}

/**
 * The word of @n (1 to 63) bytes whose first 16, or all and what lies behind them, are in @v;
 * &names->word[0] = unknown. @v is ORed with @fold: in tokens, 0x20 makes capitals small and
 * changes no other byte that a name could have.
 */
static inline const struct name_word *name_find(const struct names *names, __m128i v,
						unsigned int n, uint8_t fold)
{
	size_t i = names->slot[_mm_cvtsi128_si32(v) & 31][n];
	const struct name_word *word = &names->word[i];

	v = _mm_xor_si128(_mm_or_si128(v, _mm_set1_epi8((char)fold)), name_load(word->text));
	return &names->word[i & -(size_t)_mm_testz_si128(v, name_load(word->mask))];
}

/**
 * The one word that a header name of @n bytes at @q, 1 to 62, with a colon behind it, can be. @n 0,
 * 63 or 64 gives a word that no name equals.
 */
static inline const struct name_word *header_word(const uint8_t *q, size_t n)
{
	uint16_t two;

	memcpy(&two, q, sizeof(two));
	/* The multiplication adds the bytes; bit 5, which makes letters small, is not in the sum.
	 */
	n += (two * 0x101u) >> 2 & (31 << 6);
	return &header_names.word[header_slots[n]];
}

/** Which header the token of @n >= 1 bytes at @off names, any case, long or compact. */
static inline enum sip_header header_id(const uint8_t *p, uint32_t off, uint32_t n)
{
	if (n > NAMES_MAX_LEN)
		return SIP_H_OTHER;
	return (enum sip_header)name_find(&header_names, lex_load16(p, off, n, 0), n, 0x20)->id;
}

/** Which method the first @n >= 1 bytes of the message name, of which 16 can be read. */
static inline enum sip_method method_id_first(const uint8_t *p, uint32_t n)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	return n > NAMES_MAX_LEN ? SIP_M_OTHER
				 : (enum sip_method)name_find(&method_names, v, n, 0)->id;
}

/** Which method the @n >= 1 bytes at @off name; case matters. */
static inline enum sip_method method_id(const uint8_t *p, uint32_t off, uint32_t n)
{
	if (n > NAMES_MAX_LEN)
		return SIP_M_OTHER;
	return (enum sip_method)name_find(&method_names, lex_load16(p, off, n, 0), n, 0)->id;
}
