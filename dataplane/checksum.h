/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071), in parts that can be added.
 *
 * A sum here is the folded ones' complement sum of 16-bit words as they stand in memory, not
 * inverted. Being in memory order it needs no byte swaps: what is stored into a header field is
 * ~sum as it is. Sums are equal if they differ by a multiple of 0xffff, so 0 and 0xffff mean the
 * same.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Folds a sum of words of 16 or 32 bits. */
static inline uint16_t csum_fold(uint64_t s)
{
	s = (s >> 32) + (s & 0xffffffff); /* 33 bits at most */
	s = (s >> 16) + (s & 0xffff);
	s = (s >> 16) + (s & 0xffff);
	return (uint16_t)((s >> 16) + (s & 0xffff));
}

#define CSUM_MAX (1u << 17) /* bytes that one call can sum */

/** Sum of the @n bytes at @p, CSUM_MAX at most; an odd last byte counts as if a zero followed. */
uint16_t csum_bytes(const void *p, size_t n);

/** Sum, not folded yet, of a short header: @n bytes, a multiple of 4 known to the compiler. */
static inline uint64_t csum_wide(const void *p, size_t n)
{
	uint64_t s = 0;
	uint32_t w;

	for (size_t i = 0; i < n; i += 4) {
		memcpy(&w, (const uint8_t *)p + i, 4);
		s += w;
	}
	return s;
}

/** The same, folded: no call, no loop. */
static inline uint16_t csum_header(const void *p, size_t n)
{
	return csum_fold(csum_wide(p, n));
}

/** a + b */
static inline uint16_t csum_add(uint16_t a, uint16_t b)
{
	uint32_t s = (uint32_t)a + b;

	return (uint16_t)(s + (s >> 16));
}

/**
 * Sum, not folded yet, of the IPv4 or IPv6 pseudo header: @src, @dst (one family), protocol @proto,
 * @len bytes.
 */
static inline uint64_t csum_wide_pseudo(const struct ip *src, const struct ip *dst, uint8_t proto,
					uint32_t len)
{
	uint64_t s = __builtin_bswap32(len) + ((uint64_t)proto << 24);

	s += csum_wide(ip_v4_bytes(src), 4) + csum_wide(ip_v4_bytes(dst), 4);
	if (!ip_is_v4(dst))
		s += csum_wide(src->b, 12) + csum_wide(dst->b, 12);
	return s;
}

/** The same, folded. */
static inline uint16_t csum_pseudo(const struct ip *src, const struct ip *dst, uint8_t proto,
				   uint32_t len)
{
	return csum_fold(csum_wide_pseudo(src, dst, proto, len));
}

/** The field of a UDP header for the sum over everything: never 0 (RFC 768). */
static inline uint16_t csum_udp_field(uint16_t sum)
{
	uint16_t f = (uint16_t)~sum;

	return f ? f : 0xffff;
}

/**
 * Chooses the code by the CPU ("auto") or by name ("sse4", "avx2", "avx512"), for tests. False,
 * nothing changed, if the CPU lacks it. Not thread-safe: call it before workers run. "sse4" until
 * then.
 */
bool csum_select(const char *name);
