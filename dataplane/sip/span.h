/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A span names bytes of one SIP message: offset and length from its first byte, 4 bytes in all.
 *
 * Spans never own anything. They are true as long as the bytes under them stay where they are, so
 * they end with edit_apply(). A datagram has at most 65,535 bytes, hence 16 bits; pointers would
 * cost four times the room and would not survive a message that moves as a whole.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct span {
	uint16_t off; /* first byte, from the start of the message */
	uint16_t len; /* bytes; 0 = empty */
};

/** The span from byte @from up to, not including, byte @to. Needs from <= to <= 65535. */
static inline struct span span_of(unsigned int from, unsigned int to)
{
	/* In one piece, since two halves stored one by one are slow to load as a whole. */
	uint32_t both = from | (to - from) << 16;
	struct span s;

	memcpy(&s, &both, sizeof(s));
	return s;
}

/** One past the last byte. */
static inline unsigned int span_end(struct span s)
{
	return (unsigned int)s.off + s.len;
}

/** The bytes of @s in the message that starts at @base. Borrowed; not NUL-terminated. */
static inline const uint8_t *span_ptr(const uint8_t *base, struct span s)
{
	return base + s.off;
}

/** True if @s holds exactly the bytes of the C string @text. */
static inline bool span_is(const uint8_t *base, struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(base + s.off, text, s.len) == 0;
}

/** True if @s equals @lower, an all lower-case string, with ASCII letters of @s folded. */
static inline bool span_is_nocase(const uint8_t *base, struct span s, const char *lower)
{
	size_t n = strlen(lower);

	if (s.len != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = base[s.off + i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != (uint8_t)lower[i])
			return false;
	}
	return true;
}
