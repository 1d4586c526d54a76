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

struct names {
	/* By first letter & 31 and length: a number of rows below; 0 = no word. */
	uint8_t slot[32][64];
	uint8_t text[32][16];  /* zeros behind */
	uint8_t mask[32][16];  /* 0xff where text counts */
	uint8_t id[32][16];    /* the id first, zeros behind */
	uint8_t count[32][16]; /* 1 at the place of the id */
};

extern const struct names header_names;
extern const struct names method_names;

/* The 16 bytes at @offset in the table @rows of struct names. */
static inline __m128i name_row(const uint8_t rows[32][16], size_t offset)
{
	return _mm_loadu_si128((const __m128i *)((const uint8_t *)rows + offset));
}

/**
 * Offset in the tables of @names of the word of @n (1 to 63) bytes whose first 16, or all and what
 * lies behind them, are in @v; 0 = unknown. @v is ORed with @fold: in tokens, 0x20 makes capitals
 * small and changes no other byte that a name could have.
 */
static inline size_t name_find(const struct names *names, __m128i v, unsigned int n, uint8_t fold)
{
	size_t i = (size_t)names->slot[_mm_cvtsi128_si32(v) & 31][n] * 16;

	v = _mm_xor_si128(_mm_or_si128(v, _mm_set1_epi8((char)fold)), name_row(names->text, i));
	return i & -(size_t)_mm_testz_si128(v, name_row(names->mask, i));
}

/** The id of the word at @offset, as name_find() gives it. */
static inline unsigned int name_id(const struct names *names, size_t offset)
{
	return *((const uint8_t *)names->id + offset);
}

/** name_find() for the token of @n >= 1 bytes at @off, any case, long or compact. */
static inline size_t header_find(const uint8_t *p, uint32_t off, uint32_t n)
{
	if (n > NAMES_MAX_LEN)
		return 0;
	return name_find(&header_names, lex_load16(p, off, n, 0), n, 0x20);
}

/** Which header the token of @n >= 1 bytes at @off names. */
static inline enum sip_header header_id(const uint8_t *p, uint32_t off, uint32_t n)
{
	return (enum sip_header)name_id(&header_names, header_find(p, off, n));
}

/** Which method the @n >= 1 bytes at @off name; case matters. */
static inline enum sip_method method_id(const uint8_t *p, uint32_t off, uint32_t n)
{
	if (n > NAMES_MAX_LEN)
		return SIP_M_OTHER;
	return (enum sip_method)name_id(&method_names,
					name_find(&method_names, lex_load16(p, off, n, 0), n, 0));
}
