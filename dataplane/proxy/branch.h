/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The branch of our Via (RFC 3261 16.11 and 8.1.1.7, 17.2.3): "z9hG4bK" and 32 lower-case hex
 * digits, a keyed 128-bit hash that is the same for every retransmission, for the CANCEL and for
 * the ACK to a non-2xx, and differs for any other transaction.
 *
 * Top Via with the cookie: XXH3-128 over its branch (raw bytes) and sent-by (host folded to lower
 * case or by value, port with default 5060, or 5061 for TLS). Without: the first 64 bits are
 * XXH3-64 over transport, sent-by and branch of the top Via, From tag, Call-ID, CSeq number and
 * Request-URI (no To tag: the ACK has one and its INVITE has not; no method); a response cannot
 * repeat the Request-URI, so the last 64 bits are a SipHash of the first, of sent-by and branch of
 * that Via, and of the Call-ID, which a response can be checked by.
 */
#pragma once

#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/keys.h"
#include "dataplane/sip/msg.h"

#include <stdbool.h>

#define BRANCH_COOKIE "z9hG4bK"
#define BRANCH_COOKIE_LEN 7
#define BRANCH_LEN 39 /* cookie and 32 digits */

/* The digits, and 64 bits of the same hash: what tables know the transaction by. */
struct branch_hash {
	struct hex32 digits;
	uint64_t id;
};

/** Writes the branch for request @m (parsed without fault) to @out, BRANCH_LEN bytes, no NUL. */
void branch_make(const struct keys *k, const struct sip_msg *m, uint8_t *out);

/** The same in registers, for who has more to do with it. */
void branch_hash(const struct keys *k, const struct sip_msg *m, struct branch_hash *out);

/** Writes cookie and @digits. Returns the byte behind. */
static inline uint8_t *branch_put(uint8_t *at, const struct hex32 *digits)
{
	memcpy(at, BRANCH_COOKIE, BRANCH_COOKIE_LEN);
	hex_put32(at + BRANCH_COOKIE_LEN, digits);
	return at + BRANCH_LEN;
}

/**
 * True if the top Via's branch of response @m is one that we made for a request whose top Via was
 * @below (the second Via of @m).
 */
bool branch_check(const struct keys *k, const struct sip_msg *m, const struct sip_via *below);

/** The same; @digits then gets the digits of the branch. */
bool branch_read(const struct keys *k, const struct sip_msg *m, const struct sip_via *below,
		 struct hex32 *digits);
