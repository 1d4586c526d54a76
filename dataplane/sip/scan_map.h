/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bit maps of the bytes at which a value can change its meaning: what the scanner (scan.h) leaves
 * behind and every decoder asks (marks.h).
 *
 * A parsed message keeps them (struct sip_msg), so that a value that is decoded later, a next Via
 * or a Route, needs no second look at its bytes. 24 KiB for the longest datagram, of which a
 * message of 750 bytes touches 300 bytes. Owner: whoever owns the message. Pure data.
 */
#pragma once

#include <stdint.h>

#define SIP_MAX_LEN 65535 /* bytes of one message */

/* Words of a map: one bit for each byte, and two words that stop a search that finds nothing. */
#define SCAN_WORDS ((SIP_MAX_LEN + 1) / 64 + 2)

/* Bit i % 64 of word i / 64 stands for byte i. */
struct scan_map {
	uint64_t nontoken[SCAN_WORDS]; /* not a token character; set behind the last byte */
	uint64_t strong[SCAN_WORDS];   /* one of " % < > */
	uint64_t blank[SCAN_WORDS];    /* SP or a control character: 0x00 to 0x20 */
};
