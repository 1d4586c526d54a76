/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What we can recognise as our own without state: the token in our Record-Route URIs ("vt"
 * parameter) and the To tag of our own answers. Both are SipHash-2-4 as 16 lower-case hex digits.
 *
 * The token signs the Call-ID: a later request of the call that brings the Route back may be
 * relayed to a foreign Request-URI (contract 4; RFC 3261 16.4, 16.6 step 4). The To tag covers
 * Call-ID, From tag, CSeq number, and branch and sent-by of the top Via: all that the ACK to a
 * non-2xx shares with its INVITE (17.1.1.3), so every node of a fleet absorbs that ACK (8.2.7).
 */
#pragma once

#include "dataplane/proxy/keys.h"
#include "dataplane/sip/msg.h"

#include <stdbool.h>

#define TOKEN_LEN 16

/* The token of one message's call, computed when it is first asked for. All zero = not yet. */
struct call_token {
	bool known;
	uint64_t value;
};

/** The Record-Route token for the call of @m. */
uint64_t call_token_of(const struct keys *k, const struct sip_msg *m, struct call_token *token);

/** True if the 16 digits that stand at @s in @m, in any case, are @value. */
bool token_is(const struct sip_msg *m, struct span s, uint64_t value);

/** Writes the Record-Route token for the call of @m, TOKEN_LEN bytes, no NUL. */
void token_make(const struct keys *k, const struct sip_msg *m, uint8_t *out);

/** True if the "vt" parameter value @s in @m, in any case, is the token of its call. */
bool token_check(const struct keys *k, const struct sip_msg *m, struct span s);

/**
 * Writes the To tag of our own answer to request @m, TOKEN_LEN bytes, no NUL. Works for faulty
 * requests: absent parts count as empty.
 */
void to_tag_make(const struct keys *k, const struct sip_msg *m, uint8_t *out);

/** True if the To tag of @m is the one that our own answer to it carried. */
bool to_tag_check(const struct keys *k, const struct sip_msg *m);
