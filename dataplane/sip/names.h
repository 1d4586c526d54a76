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

/* One word: 16 bytes compared where the mask is set; a 1 at the place of its id. */
struct name {
	uint8_t text[16];
	uint8_t mask[16];
	uint8_t count[16];
};

struct names {
	uint8_t slot[32][64]; /* by first letter & 31 and length: index into word and id, 0 = none */
	struct name word[32];
	uint8_t id[32];
};

extern const struct names header_names;
extern const struct names method_names;

/**
 * Index of the word of @n (1 to 63) bytes whose first 16, or all and what lies behind them, are in
 * @v; 0 = unknown. @v is ORed with @fold: in tokens, 0x20 makes capitals small and changes no other byte
 * that a name could have.
 */
static inline unsigned int name_find(const struct names *names, __m128i v, unsigned int n,
				     uint8_t fold)
{
	unsigned int i = names->slot[_mm_cvtsi128_si32(v) & 31][n];
	const struct name *word = &names->word[i];
	__m128i text = _mm_loadu_si128((const __m128i *)word->text);
	__m128i mask = _mm_loadu_si128((const __m128i *)word->mask);

	v = _mm_xor_si128(_mm_or_si128(v, _mm_set1_epi8((char)fold)), text);
	return i & -(unsigned int)_mm_testz_si128(v, mask);
}

/** name_find() for the token of @n >= 1 bytes at @off, any case, long or compact. */
static inline unsigned int header_find(const uint8_t *p, uint32_t off, uint32_t n)
{
	if (n > NAMES_MAX_LEN)
		return 0;
	return name_find(&header_names, lex_load16(p, off, n, 0), n, 0x20);
}

/** Which header the token of @n >= 1 bytes at @off names. */
static inline enum sip_header header_id(const uint8_t *p, uint32_t off, uint32_t n)
{
	return (enum sip_header)header_names.id[header_find(p, off, n)];
}

/** Which method the @n >= 1 bytes at @off name; case matters. */
static inline enum sip_method method_id(const uint8_t *p, uint32_t off, uint32_t n)
{
	if (n > NAMES_MAX_LEN)
		return SIP_M_OTHER;
	return (enum sip_method)method_names
		.id[name_find(&method_names, lex_load16(p, off, n, 0), n, 0)];
}
