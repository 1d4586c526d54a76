/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers that the proxy makes itself, as a stateless UAS (RFC 3261 8.2.6, 8.2.7).
 */
#pragma once

#include "dataplane/sip/edit.h"
#include "dataplane/sip/msg.h"

struct answer {
	uint16_t status;       /* 200 to 699 */
	const char *phrase;    /* reason phrase, NUL-terminated */
	const uint8_t *to_tag; /* added to To if it has no tag; borrowed */
	uint16_t to_tag_len;
	/* Edits inside the value of the first Via row (received, rport); NULL = none. */
	const struct edit_list *via_edits;
	const char *extra; /* further header lines, each ended by CRLF; NULL = none */
	uint16_t extra_len;
};

/**
 * Writes the answer to request @m to @out (@cap bytes): status line, every Via row in order (the
 * top value with @a->via_edits), From, To, Call-ID, CSeq with their values as they came (the first
 * of each, absent ones left out), @a->extra, Content-Length: 0, blank line. Header names are
 * written in full. The same request gives the same bytes. Works on faulty messages. @out must not
 * overlap the message. Returns the length, or -1 if @cap is too small or an edit lies elsewhere.
 */
int answer_write(const struct sip_msg *m, const struct answer *a, uint8_t *out, uint32_t cap);
