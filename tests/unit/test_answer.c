/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers of our own (RFC 3261 8.2.6, requirements R8.2.6-1, R8.2.6-2, R8.2.7-3).
 */
#include "dataplane/sip/answer.h"
#include "tests/unit/parsed.h"

static const uint8_t tag[] = "0123456789abcdef";

/* Answers @p into @out and checks that exactly the needed room is enough and one byte less is not.
 */
static const char *answer_of(const struct parsed *p, const struct answer *a)
{
	static char out[70000];
	char *exact;
	int n = answer_write(&p->m, a, (uint8_t *)out, sizeof(out) - 1);

	cr_assert_gt(n, 0);
	out[n] = '\0';
	for (int cap = 0; cap < n; cap++) {
		exact = malloc((size_t)cap ? (size_t)cap : 1);
		cr_assert_eq(answer_write(&p->m, a, (uint8_t *)exact, (uint32_t)cap), -1,
			     "%d of %d bytes", cap, n);
		free(exact);
	}
	exact = malloc((size_t)n);
	cr_assert_eq(answer_write(&p->m, a, (uint8_t *)exact, (uint32_t)n), n);
	cr_assert_arr_eq(exact, out, (size_t)n, "the same request has to give the same bytes");
	free(exact);
	return out;
}

static struct answer answer_400(void)
{
	return (struct answer){
		.status = 400, .phrase = "Bad Request", .to_tag = tag, .to_tag_len = 16
	};
}

Test(answer, copies_what_a_response_has_to_repeat)
{
	struct answer a = { .status = 503,
			    .phrase = "No Backend Available",
			    .to_tag = tag,
			    .to_tag_len = 16,
			    .extra = "Retry-After: 5\r\n",
			    .extra_len = 16 };
	struct parsed p;

	parsed_text(&p, "INVITE sip:bob@example.com SIP/2.0\r\n"
			"Record-Route: <sip:p.example;lr>\r\n"
			"Via: SIP/2.0/UDP a.example;branch=z9hG4bK2\r\n"
			"Max-Forwards: 70\r\n"
			"v: SIP/2.0/UDP b.example;branch=z9hG4bK1 , SIP/2.0/TCP "
			"c.example;branch=z9hG4bK0\r\n"
			"t: <sip:bob@example.com>\r\n"
			"Contact: <sip:alice@a.example>\r\n"
			"f: \"Alice\" <sip:alice@example.org>;tag=a1\r\n"
			"Via: SIP/2.0/UDP d.example\r\n"
			"CSeq: 007 INVITE\r\n"
			"i: abc@a.example\r\n"
			"Content-Length: 4\r\n\r\nbody");
	cr_assert_str_eq(answer_of(&p, &a), "SIP/2.0 503 No Backend Available\r\n"
					    "Via: SIP/2.0/UDP a.example;branch=z9hG4bK2\r\n"
					    "Via: SIP/2.0/UDP b.example;branch=z9hG4bK1 , "
					    "SIP/2.0/TCP c.example;branch=z9hG4bK0\r\n"
					    "Via: SIP/2.0/UDP d.example\r\n"
					    "From: \"Alice\" <sip:alice@example.org>;tag=a1\r\n"
					    "To: <sip:bob@example.com>;tag=0123456789abcdef\r\n"
					    "Call-ID: abc@a.example\r\n"
					    "CSeq: 007 INVITE\r\n"
					    "Retry-After: 5\r\n"
					    "Content-Length: 0\r\n\r\n");
	parsed_free(&p);
}

Test(answer, keeps_a_to_tag_that_is_there)
{
	struct answer a = answer_400();
	struct parsed p;

	parsed_request(&p, (struct request){ .method = "BYE",
					     .to = "<sip:bob@example.com>;tag=mine;x=y" });
	cr_assert(strstr(answer_of(&p, &a), "\r\nTo: <sip:bob@example.com>;tag=mine;x=y\r\n"));
	parsed_free(&p);
}

Test(answer, adds_the_to_tag_as_a_header_parameter_to_any_form_of_to)
{
	static const char *const rows[][2] = {
		{ "sip:bob@example.com", "\r\nTo: sip:bob@example.com;tag=0123456789abcdef\r\n" },
		{ "sip:bob@example.com;x=y",
		  "\r\nTo: sip:bob@example.com;x=y;tag=0123456789abcdef\r\n" },
		{ "<sip:bob@example.com;tag=1>",
		  "\r\nTo: <sip:bob@example.com;tag=1>;tag=0123456789abcdef\r\n" },
		{ "\";tag=1\" <sip:bob@example.com>  ",
		  "\r\nTo: \";tag=1\" <sip:bob@example.com>;tag=0123456789abcdef\r\n" },
	};
	struct answer a = answer_400();
	struct parsed p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parsed_request(&p, (struct request){ .to = rows[i][0] });
		cr_assert(strstr(answer_of(&p, &a), rows[i][1]), "row %zu", i);
		parsed_free(&p);
	}
}

Test(answer, fills_received_and_rport_into_the_top_via_only)
{
	struct answer a = answer_400();
	struct edit_list edits;
	struct parsed p;

	parsed_request(&p, (struct request){ .via = "SIP/2.0/UDP a.example;rport;branch=z9hG4bK1, "
						    "SIP/2.0/UDP b.example;rport",
					     .extra = "Via: SIP/2.0/UDP c.example;rport\r\n" });
	edit_reset(&edits);
	edit_add(&edits, span_end(p.m.via.sent_by), 0, ";received=192.0.2.9", 19);
	edit_add(&edits, span_end(p.m.via.rport), 0, "=4711", 5);
	a.via_edits = &edits;
	cr_assert(strstr(
		answer_of(&p, &a),
		"\r\nVia: SIP/2.0/UDP a.example;received=192.0.2.9;rport=4711;branch=z9hG4bK1, "
		"SIP/2.0/UDP b.example;rport\r\n"
		"Via: SIP/2.0/UDP c.example;rport\r\n"));
	parsed_free(&p);
}

Test(answer, refuses_edits_that_lie_outside_the_top_via)
{
	struct answer a = answer_400();
	struct edit_list edits;
	struct parsed p;
	uint8_t out[2000];

	parsed_request(&p, (struct request){ 0 });
	edit_reset(&edits);
	edit_add(&edits, p.m.via_value.off - 1u, 0, "x", 1);
	a.via_edits = &edits;
	cr_assert_eq(answer_write(&p.m, &a, out, sizeof(out)), -1);
	edit_reset(&edits);
	edit_add(&edits, span_end(p.m.via_value) + 1, 0, "x", 1);
	cr_assert_eq(answer_write(&p.m, &a, out, sizeof(out)), -1);
	parsed_free(&p);
}

Test(answer, keeps_folds_and_takes_the_first_of_repeated_headers)
{
	static const char text[] =
		"INVITE sip:bob@example.com SIP/2.0\r\n"
		"Via  :\r\n SIP/2.0/UDP\r\n\ta.example;branch=z9hG4bK1\r\n"
		"From: <sip:a@b.example>\r\n ;tag=1\r\nFrom: <sip:c@d.example>;tag=2\r\n"
		"To: <sip:bob@example.com>\r\nTo: <sip:e@f.example>\r\n"
		"Call-ID: one\r\nCall-ID: two\r\nCSeq: 1 INVITE\r\nCSeq: 2 INVITE\r\n\r\n";
	struct answer a = answer_400();
	struct parsed p;

	cr_assert_neq(parsed_bytes(&p, text, sizeof(text) - 1), SIP_OK);
	cr_assert_str_eq(answer_of(&p, &a), "SIP/2.0 400 Bad Request\r\n"
					    "Via: SIP/2.0/UDP\r\n\ta.example;branch=z9hG4bK1\r\n"
					    "From: <sip:a@b.example>\r\n ;tag=1\r\n"
					    "To: <sip:bob@example.com>;tag=0123456789abcdef\r\n"
					    "Call-ID: one\r\nCSeq: 1 INVITE\r\n"
					    "Content-Length: 0\r\n\r\n");
	parsed_free(&p);
}

/* Every line of an answer has a name and a colon or is a fold, and it ends in the blank line,
 * whatever the request was. */
static void check_shape(const char *answer)
{
	const char *line = strstr(answer, "\r\n");

	cr_assert_eq(strncmp(answer, "SIP/2.0 400 Bad Request\r\n", 25), 0);
	cr_assert(strstr(answer, "\r\n\r\n"));
	cr_assert_eq(strcmp(strstr(answer, "\r\n\r\n"), "\r\n\r\n"), 0, "blank line inside:\n%s",
		     answer);
	for (line += 2; strcmp(line, "\r\n") != 0; line = strstr(line, "\r\n") + 2) {
		size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

		cr_assert(line[0] == ' ' || line[0] == '\t' || (name > 0 && line[name] == ':'),
			  "bad line: %s", line);
	}
}

Test(answer, a_faulty_request_still_gets_a_clean_answer)
{
	static const char *const faulty[] = {
		"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\n\r\n",
		"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\nTo: <sip:b@c>\r\nCall-ID: 1",
		"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\nCall-ID: 1\r\n",
		"INVITE sip:bob@example.com SIP/2.0\r\nCSeq\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\nTo:\r\nFrom:\r\n\r\n",
		"INVITE  sip:bob@example.com  SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\nTo: \"x\r\n y\r\n\r\n",
	};
	struct answer a = answer_400();
	struct parsed p;

	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		cr_assert_neq(parsed_bytes(&p, faulty[i], strlen(faulty[i])), SIP_OK, "row %zu", i);
		check_shape(answer_of(&p, &a));
		parsed_free(&p);
	}
}

/* Parses the @n bytes at @text and answers them if an answer is due; then it has to be a clean one.
 */
static bool answer_if_due(const char *text, size_t n)
{
	static uint8_t out[4096];
	struct answer a = answer_400();
	struct parsed p;
	enum sip_reason reason = parsed_bytes(&p, text, n);
	bool due = p.m.via_ok && reason != SIP_OK && sip_reason_info(reason)->status != 0;

	if (due) {
		int length = answer_write(&p.m, &a, out, sizeof(out) - 1);

		cr_assert_gt(length, 0);
		for (int i = 0; i < length; i++)
			out[i] = out[i] ? out[i] : '0'; /* for strstr() */
		out[length] = '\0';
		check_shape((const char *)out);
	}
	parsed_free(&p);
	return due;
}

Test(answer, every_prefix_and_every_changed_byte_of_a_request_gets_a_clean_answer_or_none)
{
	static const char request[] =
		"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1,\r\n SIP/2.0/UDP b.example\r\n"
		"t: \"B\" <sip:bob@example.com>\r\nFrom: <sip:a@b.example>;tag=1\r\nMax-Forwards: "
		"70\r\n"
		"Call-ID :\r\n 1@a.example\r\nCSeq: 1 INVITE\r\nContent-Length: 2\r\n\r\nok";
	static const char changes[] = { 0,   '\r', '\n', ' ', ':', ';',    ',',
					'"', '<',  '>',  'x', '9', '\x80', '\xff' };
	char text[sizeof(request)];
	unsigned int answers = 0;

	for (size_t n = 0; n < sizeof(request); n++)
		answers += answer_if_due(request, n);
	cr_assert_gt(answers, 100);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		for (size_t c = 0; c < sizeof(changes); c++) {
			memcpy(text, request, sizeof(text));
			text[i] = changes[c];
			answers += answer_if_due(text, sizeof(request) - 1);
		}
	}
	cr_assert_gt(answers, 500);
}
