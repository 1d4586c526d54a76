/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages cut out of a stream of bytes (RFC 3261 7.5, 18.3; RFC 5626 4.4.1).
 *
 * On a stream nothing but Content-Length tells where a message ends, so this reads just as much of
 * a message as it takes to find that: whether the first line is one of SIP, where the header
 * section ends, and what Content-Length says. Bytes come in pieces of any size and are looked at
 * once, whatever their sender does. Everything else is the parser's, which sees the whole message.
 *
 * A line ends in CRLF and in nothing else: with a lone LF two readers could see two different
 * Content-Lengths, so the message is broken.
 *
 * Pure: keeps no bytes, allocates nothing, reads no clock. How the bytes were split never changes
 * what comes of them. The way not taken was to search for the blank line first and read the rows
 * afterwards: a sender of single bytes would make each of them cost as much as all before it.
 */
#pragma once

#include "dataplane/sip/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a stream so far. All zero = nothing has come yet. */
struct framing {
	uint64_t word; /* last five bytes of the start line, small letters */
	uint32_t seen; /* bytes of the message under way; 0 = between messages */
	uint32_t len;  /* of the message that has just ended, or of what there is of a broken one */
	uint32_t need; /* length of the message under way; 0 = its header section goes on */
	uint32_t number; /* digits of Content-Length so far */
	uint32_t length; /* Content-Length, if has_length */
	uint16_t fault;  /* enum sip_reason; SIP_OK so far */
	uint8_t state;   /* enum framing_state, framing.c */
	uint8_t matched; /* letters of "content-length" that the name under way begins with */
	bool has_length; /* a Content-Length was read */
	bool in_length;  /* the row under way is one */
	bool digits;     /* it has some */
	bool not_number; /* it has something else */
	bool is_sip;     /* the start line says SIP/ */
	bool cr;         /* the last byte was a CR */
	bool crlf;       /* between messages: one CRLF came */
};

enum framing_event {
	FRAMING_MORE,    /* all bytes belong to the message under way */
	FRAMING_BLANK,   /* the bytes belong to no message */
	FRAMING_PING,    /* the same, and with them a CRLFCRLF is complete: answer one CRLF */
	FRAMING_MESSAGE, /* a message is complete: the last framing.len bytes */
	FRAMING_BROKEN   /* where the message ends cannot be told: framing.fault says why; the last
			    framing.len bytes are what there is of its head. No message comes any
			    more */
};

/**
 * Reads on at @p, @n > 0 bytes that follow those of the call before, up to the first event. Returns
 * how many bytes that took, at least 1. The caller keeps the bytes of a message until it is
 * complete; framing.seen says how many these are.
 */
size_t framing_read(struct framing *f, const uint8_t *p, size_t n, enum framing_event *event);
