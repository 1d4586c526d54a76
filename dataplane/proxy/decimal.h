/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and IPv4 addresses to text without a loop or a branch for each digit: how many there are
 * nobody can predict. Private to dataplane/proxy.
 *
 * Each function stores a few bytes more than it says it wrote; DECIMAL_SLACK is room enough.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdint.h>
#include <string.h>

#define DECIMAL_SLACK 8

struct decimal {
	uint8_t digits[3];
	uint8_t len;
};

/* 0 to 255, and then a little to read over the end. */
extern const struct decimal decimals[256 + 16];

/** Writes the number @v. Returns the byte behind it. */
static inline uint8_t *decimal_put8(uint8_t *at, uint8_t v)
{
	memcpy(at, &decimals[v], sizeof(decimals[v]));
	return at + decimals[v].len;
}

/** Writes the number @v: all five digits, moved down over the leading zeros. */
static inline uint8_t *decimal_put16(uint8_t *at, uint16_t v)
{
	uint32_t high = v / 100u, low = v % 100u, first = high / 100u, middle = high % 100u;
	uint64_t text = first | (uint64_t)(middle / 10u) << 8 | (uint64_t)(middle % 10u) << 16 |
			(uint64_t)(low / 10u) << 24 | (uint64_t)(low % 10u) << 32;
	unsigned int n = 1u + (v >= 10) + (v >= 100) + (v >= 1000) + (v >= 10000);

	text = (text | 0x3030303030) >> (40 - 8 * n);
	memcpy(at, &text, sizeof(text));
	return at + n;
}

/** Writes the IPv4 address @a. Returns the byte behind it. */
static inline uint8_t *decimal_put_v4(uint8_t *at, const struct ip *a)
{
	const uint8_t *b = ip_v4_bytes(a);

	for (unsigned int i = 0; i < 3; i++) {
		at = decimal_put8(at, b[i]);
		*at++ = '.';
	}
	return decimal_put8(at, b[3]);
}
