/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each of the 256 byte values may be in SIP (RFC 3261 25.1), as bits of one table.
 *
 * For odd and rare paths: the common path tests 64 bytes at once (scan.h) and looks single bytes
 * up here only where a delimiter was found. No libc: its classes follow the locale.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum char_class {
	CH_TOKEN = 0x01, /* token: alphanum and - . ! % * _ + ` ' ~ */
	CH_LWS = 0x02,   /* SP, HTAB, and the CR and LF of a fold */
	CH_DIGIT = 0x04,
	CH_HEX = 0x08,
	CH_ALPHA = 0x10,
	CH_HOST = 0x20, /* host name: alphanum - . and the underscore that RFC 8553 knows */
	CH_USER = 0x40, /* userinfo, and '#', which phones put there unescaped */
	CH_PARAM = 0x80 /* URI parameter name or value (paramchar) */
};

extern const uint8_t char_classes[256];

/** True if byte @c is in any of the classes @mask (enum char_class, ORed). */
static inline bool char_is(uint8_t c, unsigned int mask)
{
	return (char_classes[c] & mask) != 0;
}

/** Byte @c with a capital letter turned small; all others as they are. */
static inline uint8_t char_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}
