/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages for tests: made from a few fields or a text, parsed where the byte behind the last one
 * may not be read.
 */
#pragma once

#include "dataplane/sip/msg.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct parsed {
	struct guard guard;
	struct sip_msg m;
};

/* Fields of a request; NULL takes the usual one. */
struct request {
	const char *method, *uri, *via, *from, *to, *call_id, *cseq; /* cseq: number only */
	const char *extra; /* further header lines, each with CRLF */
};

/** Parses the @n bytes at @text into @p and returns what the parser found wrong. Give back with
 * parsed_free(). */
static inline enum sip_reason parsed_bytes(struct parsed *p, const void *text, size_t n)
{
	p->guard = guard_open(n);
	return sip_parse(guard_at_end(&p->guard, text, n), n, SIP_EXACT, &p->m);
}

/** As parsed_bytes() for text that has to be in order. */
static inline void parsed_text(struct parsed *p, const char *text)
{
	enum sip_reason reason = parsed_bytes(p, text, strlen(text));

	cr_assert_eq(reason, SIP_OK, "%s in:\n%s", sip_reason_info(reason)->name, text);
}

/** Makes and parses the request @r, which has to be in order. */
static inline void parsed_request(struct parsed *p, struct request r)
{
	static char text[70000];
	const char *method = r.method ? r.method : "INVITE";

	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: "
		 "%s\r\n"
		 "CSeq: %s %s\r\n%sContent-Length: 0\r\n\r\n",
		 method, r.uri ? r.uri : "sip:bob@example.com",
		 r.via ? r.via : "SIP/2.0/UDP client.example.org:5060;branch=z9hG4bK-1;rport",
		 r.from ? r.from : "\"Alice\" <sip:alice@example.org>;tag=a1",
		 r.to ? r.to : "<sip:bob@example.com>",
		 r.call_id ? r.call_id : "3848276298220188511@client.example.org",
		 r.cseq ? r.cseq : "1", method, r.extra ? r.extra : "");
	parsed_text(p, text);
}

static inline void parsed_free(struct parsed *p)
{
	guard_close(&p->guard);
}
