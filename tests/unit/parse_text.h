/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages in pieces, and parsing them everywhere (same_msg.h): for the tests of sip_parse().
 */
#pragma once

#include "tests/unit/same_msg.h"

#include <criterion/criterion.h>

static struct sip_msg m;

/* Parses @n bytes everywhere. */
static enum sip_reason parse(const void *bytes, size_t n)
{
	const char *difference = parse_everywhere(bytes, n, &m);

	cr_assert(!difference, "%s, in:\n%.*s", difference, (int)n, (const char *)bytes);
	return (enum sip_reason)m.reason;
}

#define VIA "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:a@b>;tag=f\r\n"
#define TO "To: <sip:c@d>\r\n"
#define CALL_ID "Call-ID: x@y\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define REST FROM TO CALL_ID CSEQ
#define ALL VIA REST
#define REQUEST "INVITE sip:c@d SIP/2.0\r\n"
#define RESPONSE "SIP/2.0 200 OK\r\n"
#define END "\r\n"
