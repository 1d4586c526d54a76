/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of received headers, wherever they lie.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <emmintrin.h>
#include <stdint.h>
#include <string.h>

/** The 16 bits in network order at @p. */
static inline uint16_t be16(const void *p)
{
	uint16_t x;

	memcpy(&x, p, 2);
	return __builtin_bswap16(x);
}

/** The 32 bits in network order at @p. */
static inline uint32_t be32(const void *p)
{
	uint32_t x;

	memcpy(&x, p, 4);
	return __builtin_bswap32(x);
}

/** Writes the IPv4 address @b4 to @to, in one store: what reads it next need not wait for pieces.
 */
static inline void set_v4(struct ip *to, const void *b4)
{
	int v4;

	memcpy(&v4, b4, 4);
	_mm_storeu_si128((__m128i *)to->b, _mm_setr_epi32(0, 0, (int)0xffff0000, v4));
}
