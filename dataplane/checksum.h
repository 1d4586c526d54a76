/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071, RFC 1624), in parts that can be added and taken away.
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

/** Sum of the @n bytes at @p; an odd last byte counts as if a zero followed. */
uint16_t csum_bytes(const void *p, size_t n);

/** The same for a short header, @n bytes, a multiple of 4 known to the compiler: no call, no loop.
 */
static inline uint16_t csum_header(const void *p, size_t n)
{
	uint64_t s = 0;
	uint32_t w;

	for (size_t i = 0; i < n; i += 4) {
		memcpy(&w, (const uint8_t *)p + i, 4);
		s += w;
	}
	s = (s >> 32) + (s & 0xffffffff); /* 33 bits at most */
	s = (s >> 16) + (s & 0xffff);
	s = (s >> 16) + (s & 0xffff);
	return (uint16_t)((s >> 16) + (s & 0xffff));
}

/** a + b */
static inline uint16_t csum_add(uint16_t a, uint16_t b)
{
	uint32_t s = (uint32_t)a + b;

	return (uint16_t)(s + (s >> 16));
}

/** a - b */
static inline uint16_t csum_sub(uint16_t a, uint16_t b)
{
	return csum_add(a, (uint16_t)~b);
}

/** The sum of bytes that start at an odd place, from their sum as if at an even one; or back. */
static inline uint16_t csum_swap(uint16_t a)
{
	return (uint16_t)(a << 8 | a >> 8);
}

/** Sum of the IPv4 or IPv6 pseudo header: @src, @dst (one family), protocol @proto, @len bytes. */
uint16_t csum_pseudo(const struct ip *src, const struct ip *dst, uint8_t proto, uint32_t len);

/** The field of a UDP header for the sum over everything: never 0 (RFC 768). */
static inline uint16_t csum_udp_field(uint16_t sum)
{
	uint16_t f = (uint16_t)~sum;

	return f ? f : 0xffff;
}

/**
 * Sum of a message after edits, from its sum before, without reading the part that stayed:
 * @old_sum over the old message, of which the first @old_head bytes summed up to @old_head_sum; the
 * new one starts with @new_head bytes of sum @new_head_sum, then goes on as the old one.
 */
static inline uint16_t csum_edited(uint16_t old_sum, uint16_t old_head_sum, uint32_t old_head,
				   uint16_t new_head_sum, uint32_t new_head)
{
	uint16_t tail = csum_sub(old_sum, old_head_sum);

	if ((old_head ^ new_head) & 1)
		tail = csum_swap(tail);
	return csum_add(new_head_sum, tail);
}

/**
 * Chooses the code by the CPU ("auto") or by name ("sse4", "avx2"), for tests. False, nothing
 * changed, if the CPU lacks it. Not thread-safe: call it before workers run. "sse4" until then.
 */
bool csum_select(const char *name);
