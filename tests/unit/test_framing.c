/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages cut out of streams: each stream is read in pieces of every size, and must give the same
 * events each time.
 */
#include "control/stream/framing.h"
#include "dataplane/sip/msg.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK "OPTIONS sip:a SIP/2.0\r\n"
#define LOG_MAX 2048

/* A stream, and what comes of it: "<bytes>" for a message, "ping", "!<reason> <bytes>" for what is
 * broken. */
struct row {
	const char *stream;
	const char *events;
};

static const char *const reasons[] = {
#define REASON(id, status, phrase, text) [SIP_R_##id] = #id,
#include "dataplane/sip/reasons.def"
#undef REASON
};

static void note(char *log, const char *what, uint32_t n, const char *reason)
{
	size_t used = strlen(log);

	snprintf(log + used, LOG_MAX - used, "%s%s%s%s", used ? " " : "", what,
		 reason ? reason : "", reason ? " " : "");
	used = strlen(log);
	if (n != UINT32_MAX)
		snprintf(log + used, LOG_MAX - used, "%u", n);
}

/* Reads the @n bytes at @p in pieces of @step; the events in @log, in a form as above. */
static void read_all(const uint8_t *p, size_t n, size_t step, char *log)
{
	struct framing f = { 0 };
	size_t at = 0, began = 0;

	log[0] = '\0';
	while (at < n) {
		size_t piece = n - at < step ? n - at : step;
		enum framing_event event;
		size_t used = framing_read(&f, p + at, piece, &event);

		cr_assert(used > 0 && used <= piece);
		at += used;
		if (event == FRAMING_MESSAGE || event == FRAMING_BROKEN)
			cr_assert(f.len <= at - began, "a message of bytes that were done with");
		if (event == FRAMING_PING)
			note(log, "ping", UINT32_MAX, NULL);
		else if (event == FRAMING_MESSAGE)
			note(log, "", f.len, NULL);
		else if (event == FRAMING_BROKEN)
			note(log, "!", f.len, reasons[f.fault]);
		if (event != FRAMING_MORE)
			began = at;
		cr_assert(f.seen == at - began, "bytes of the message under way");
	}
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *stream = rows[i].stream;
		size_t len = strlen(stream);
		char log[LOG_MAX];

		for (size_t step = 1; step <= len; step++) {
			read_all((const uint8_t *)stream, len, step, log);
			cr_expect_str_eq(log, rows[i].events,
					 "in pieces of %zu\n%s\n gave %s\n want %s", step, stream,
					 log, rows[i].events);
		}
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

/* R18.3-4 */
Test(framing, cuts_by_content_length_whatever_the_pieces)
{
	static const struct row rows[] = {
		{ OK "Content-Length: 0\r\n\r\n", "44" },
		{ OK "Content-Length: 3\r\n\r\nabc", "47" },
		{ OK "Content-Length: 3\r\n\r\nabc" OK "l:0\r\n\r\n", "47 30" },
		{ OK "Content-Length: 4\r\n\r\n\r\n\r\n" OK "l:0\r\n\r\n", "48 30" },
		{ "SIP/2.0 200 OK\r\nl: 2\r\n\r\nxySIP/2.0 180 Ringing\r\nl: 0\r\n\r\n", "26 29" },
		{ "sip/2.0 200\r\nl: 0\r\n\r\n", "21" },
		{ OK "Content-Length: 5\r\n\r\nabc", "" },
		{ OK "Content-Length: 0\r\n", "" },
	};

	CHECK(rows);
}

/* R18.3-4 */
Test(framing, reads_content_length_as_it_may_be_written)
{
	static const struct row rows[] = {
		{ OK "CONTENT-LENGTH: 1\r\n\r\nx", "45" },
		{ OK "L:1\r\n\r\nx", "31" },
		{ OK "l \t : 1\r\n\r\nx", "35" },
		{ OK "Content-Length\t:\t 1 \t\r\n\r\nx", "49" },
		{ OK "Content-Length:\r\n 1\r\n\r\nx", "47" },
		{ OK "Content-Length: 1\r\n\t\r\n\r\nx", "48" },
		{ OK "Content-Length: 0000000000000001\r\n\r\nx", "60" },
		{ OK "Content-Length: 1\r\nl: 1\r\n\r\nx", "51" },
		{ OK "l: 1\r\nTo: x\r\nContent-Length: 01\r\n\r\nx", "59" },
		{ OK "X: Content-Length: 9\r\nl: 0\r\n\r\n", "53" },
		{ OK "X: a\r\n l: 9\r\nl: 0\r\n\r\n", "44" },
		{ OK "Content-Lengt: 9\r\nl: 0\r\n\r\n", "49" },
		{ OK "Content-Lengths: 9\r\nl: 0\r\n\r\n", "51" },
		{ OK "Contact: a\r\nlo: 9\r\nll: 9\r\nc: 9\r\nl: 0\r\n\r\n", "63" },
		{ OK "Content-Length 9\r\nl: 0\r\n\r\n", "49" },
		{ OK ": 9\r\nl: 0\r\n\r\n", "36" },
	};

	CHECK(rows);
}

/* R18.3-5 */
Test(framing, refuses_a_message_whose_end_cannot_be_told)
{
	static const struct row rows[] = {
		{ OK "To: x\r\n\r\n" OK, "!NO_CONTENT_LENGTH 32" },
		{ OK "Content-Length: \r\n\r\nx", "!BAD_CONTENT_LENGTH 43" },
		{ OK "Content-Length: x\r\nVia: y\r\n\r\nx", "!BAD_CONTENT_LENGTH 52" },
		{ OK "Content-Length: -1\r\n\r\n", "!BAD_CONTENT_LENGTH 45" },
		{ OK "Content-Length: +1\r\n\r\n", "!BAD_CONTENT_LENGTH 45" },
		{ OK "Content-Length: 1 1\r\n\r\n", "!BAD_CONTENT_LENGTH 46" },
		{ OK "Content-Length: 1\r\n 1\r\n\r\n", "!BAD_CONTENT_LENGTH 48" },
		{ OK "Content-Length: 1,1\r\n\r\n", "!BAD_CONTENT_LENGTH 46" },
		{ OK "Content-Length: 0x1\r\n\r\n", "!BAD_CONTENT_LENGTH 46" },
		{ OK "l: 1\r\nl: x\r\n\r\n", "!BAD_CONTENT_LENGTH 37" },
		{ OK "l: x\r\nl: 1\r\n\r\n", "!BAD_CONTENT_LENGTH 37" },
		{ OK "l: 1\r\nContent-Length: 2\r\n\r\n", "!DUP_CONTENT_LENGTH 50" },
		{ OK "l: 65535\r\n\r\n", "!TOO_LARGE 35" },
		{ OK "l: 4294967296\r\n\r\n", "!TOO_LARGE 40" },
		{ OK "l: 99999999999999999999999\r\n\r\n", "!TOO_LARGE 53" },
	};

	CHECK(rows);
}

Test(framing, trusts_no_line_end_but_crlf)
{
	static const struct row rows[] = {
		{ "OPTIONS sip:a SIP/2.0\nl: 0\r\n\r\n", "!BAD_LINE_END 22" },
		{ OK "To: x\nl: 0\r\n\r\n", "!BAD_LINE_END 29" },
		{ OK "l: 0\n\r\n", "!BAD_LINE_END 28" },
		{ OK "l: 0\r\n\n", "!BAD_LINE_END 30" },
		{ OK "l: 0\rx", "!BAD_LINE_END 29" },
		{ OK "l: 0\r\n\rx", "!BAD_LINE_END 31" },
		{ OK "To: x\rl: 9\r\nl: 0\r\n\r\n", "43" },
	};

	CHECK(rows);
}

/* R5626-1, R7.5-1 */
Test(framing, hears_keep_alives_between_messages)
{
	static const struct row rows[] = {
		{ "\r\n", "" },
		{ "\r\n\r\n", "ping" },
		{ "\r\n\r\n\r\n", "ping" },
		{ "\r\n\r\n\r\n\r\n", "ping ping" },
		{ "\r\n" OK "l: 0\r\n\r\n\r\n" OK "l: 0\r\n\r\n", "31 31" },
		{ "\r\n\r\n" OK "l: 0\r\n\r\n\r\n\r\n", "ping 31 ping" },
	};

	CHECK(rows);
}

Test(framing, hears_at_once_that_this_is_not_sip)
{
	static const struct row rows[] = {
		{ "\x16\x03\x01\x02", "!NOT_SIP 0" },
		{ "\n", "!NOT_SIP 0" },
		{ "\r\r", "!NOT_SIP 0" },
		{ "\rOPTIONS", "!NOT_SIP 0" },
		{ " OPTIONS sip:a SIP/2.0\r\n", "!NOT_SIP 0" },
		{ "(a", "!NOT_SIP 0" },
		{ "OPTIONS\r\n", "!NOT_SIP 8" },
		{ "OPTIONS\tsip:a SIP/2.0\r\n", "!NOT_SIP 8" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "!NOT_SIP 16" },
		{ "GET /SIP/2.0 x\r\n", "!NOT_SIP 16" },
		{ "HTTP/1.1 200 OK\r\n", "!NOT_SIP 5" },
		{ "XSIP/2.0 200 OK\r\n", "!NOT_SIP 5" },
		{ "OPTIONS sip:a\r\n", "!NOT_SIP 15" },
	};

	CHECK(rows);
}

Test(framing, leaves_faults_of_the_start_line_to_the_parser)
{
	static const struct row rows[] = {
		{ "OPTIONS  sip:a  SIP/2.0 \r\nl: 0\r\n\r\n", "34" },
		{ "OPTIONS sip:a SIP/7.0\r\nl: 0\r\n\r\n", "31" },
		{ "OPTIONS sip:a SIP/2.0000000000000\r\nl: 0\r\n\r\n", "43" },
		{ "OPTIONS <sip:a> sip/2.0\r\nl: 0\r\n\r\n", "33" },
		{ "SIP/2.0 4294967301 better\r\nl: 0\r\n\r\n", "35" },
		{ "SIP/x\r\nl: 0\r\n\r\n", "15" },
	};

	CHECK(rows);
}

/* R18.3-6 */
Test(framing, takes_messages_up_to_the_largest_and_none_beyond)
{
	static const struct {
		size_t len;
		const char *events;
	} rows[] = {
		{ SIP_MAX_LEN - 1, "65534" },
		{ SIP_MAX_LEN, "65535" },
		{ SIP_MAX_LEN + 1, "!TOO_LARGE 65535" },
		{ SIP_MAX_LEN + 1000, "!TOO_LARGE 65535" },
	};
	static const size_t steps[] = { 1, 7, 4096, 65535, 70000 };
	static const char begin[] = OK "l: 0\r\nX: ";
	uint8_t *p = malloc(70000);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(p, 'x', rows[i].len);
		memcpy(p, begin, strlen(begin));
		memcpy(p + rows[i].len - 4, "\r\n\r\n", 4);
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			char log[LOG_MAX];

			read_all(p, rows[i].len, steps[k], log);
			cr_expect_str_eq(log, rows[i].events, "%zu bytes in pieces of %zu: %s",
					 rows[i].len, steps[k], log);
		}
	}
	free(p);
}

Test(framing, cuts_as_the_parser_does)
{
	static const char stream[] =
		"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
		"Content-Length\t:\r\n 3\r\nTo: <sip:a>\r\nFrom: <sip:b>;tag=1\r\n"
		"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\nabc";
	struct framing f = { 0 };
	enum framing_event event;
	struct sip_msg m;
	size_t n = framing_read(&f, (const uint8_t *)stream, sizeof(stream) - 1, &event);

	cr_assert_eq(event, FRAMING_MESSAGE);
	cr_assert_eq(n, sizeof(stream) - 1);
	cr_assert_eq(sip_parse((const uint8_t *)stream, n, SIP_EXACT, &m), SIP_OK);
	cr_assert_eq(m.len, f.len);
	cr_assert_eq(m.content_length.value, 3);
}
