/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sip_parse() as a whole: every message is parsed by every scanner, with and without padding, at
 * both edges of its memory, and all results have to be equal (same_msg.h).
 */
#include "dataplane/sip/msg.h"
#include "tests/unit/parse_text.h"
#include "tests/unit/sip_data.h"

#include <criterion/criterion.h>

static void expect_text(struct span s, const char *wanted, const char *what)
{
	cr_expect(span_is(m.p, s, wanted), "%s: %.*s, not %s", what, s.len, m.p + s.off, wanted);
}

Test(parse, reports_every_part_of_a_request)
{
	static const char text[] =
		"MESSAGE sips:carol@example.com:5061;transport=tcp SIP/2.0\r\n"
		"V  : SIP/2.0/UDP 192.0.2.30:5060;branch=z9hG4bKa;rport , SIP/2.0/TCP x\r\n"
		"subject: s\r\n"
		"f: \"Dave\" <sip:dave@example.net>;tag=d1\r\n"
		"To:\r\n <sip:carol@example.com> ; tag=c1\r\n"
		"Via: SIP/2.0/UDP y\r\n"
		"cALL-iD: 123@x\r\n"
		"Cseq:\t0042   MESSAGE \r\n"
		"Max-Forwards: 70\r\n"
		"Max-Breadth: 60\r\n"
		"Route: <sip:r1>\r\n"
		"Content-Length: 4\r\n"
		"\r\nbodyand more";

	cr_assert_eq(parse(text, sizeof(text) - 1), SIP_OK);
	cr_expect(m.request && m.sips);
	cr_expect_eq(m.method, SIP_M_MESSAGE);
	expect_text(m.method_text, "MESSAGE", "method");
	expect_text(m.uri_text, "sips:carol@example.com:5061;transport=tcp", "Request-URI");
	expect_text(m.version, "SIP/2.0", "version");
	expect_text(m.uri.user, "carol", "user");
	cr_expect_eq(m.uri.port, 5061);
	cr_expect_eq(m.uri.transport, SIP_TCP);
	expect_text(m.via_value,
		    "SIP/2.0/UDP 192.0.2.30:5060;branch=z9hG4bKa;rport , SIP/2.0/TCP x", "Via");
	expect_text(m.via.value, "SIP/2.0/UDP 192.0.2.30:5060;branch=z9hG4bKa;rport", "top Via");
	expect_text(m.via_rest, "SIP/2.0/TCP x", "rest of the Via row");
	cr_expect(m.via_ok && m.via.cookie && m.via.has_rport);
	expect_text(m.from, "\"Dave\" <sip:dave@example.net>;tag=d1", "From");
	expect_text(m.from_uri, "sip:dave@example.net", "From URI");
	expect_text(m.from_tag, "d1", "From tag");
	expect_text(m.to, "<sip:carol@example.com> ; tag=c1", "To");
	expect_text(m.to_uri, "sip:carol@example.com", "To URI");
	expect_text(m.to_tag, "c1", "To tag");
	expect_text(m.call_id, "123@x", "Call-ID");
	expect_text(m.cseq, "0042   MESSAGE", "CSeq");
	expect_text(m.cseq_digits, "0042", "CSeq digits");
	expect_text(m.cseq_method, "MESSAGE", "CSeq method");
	cr_expect_eq(m.cseq_number, 42u);
	cr_expect(m.max_forwards.has && m.max_forwards.value == 70);
	cr_expect(m.max_breadth.has && m.max_breadth.value == 60);
	cr_expect(m.content_length.has && m.content_length.value == 4);
	expect_text(m.content_length.text, "4", "Content-Length");
	cr_expect_eq(m.n_rows, 11);
	cr_expect_eq(m.len, m.head_len + 4);
	cr_expect_eq(m.datagram_len, sizeof(text) - 1);
	cr_expect_eq(memcmp(m.p + m.head_len, "body", 4), 0);
}

Test(parse, reports_every_part_of_a_response)
{
	static const char text[] = "SIP/2.0 486 Busy Here\r\n"
				   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n"
				   "From: <sip:a@b>;tag=f\r\nTo: <sip:c@d>;tag=t\r\n"
				   "Call-ID: x\r\nCSeq: 7 INVITE\r\nMax-Forwards: 0\r\n\r\nrest";

	cr_assert_eq(parse(text, sizeof(text) - 1), SIP_OK);
	cr_expect(!m.request && !m.sips);
	cr_expect_eq(m.status, 486);
	cr_expect_eq(m.method, SIP_M_INVITE);
	expect_text(m.version, "SIP/2.0", "version");
	expect_text(m.from, "<sip:a@b>;tag=f", "From");
	expect_text(m.to, "<sip:c@d>;tag=t", "To");
	cr_expect_eq(m.uri_text.len, 0);
	cr_expect(!m.max_forwards.has);
	cr_expect_eq(m.len, sizeof(text) - 1);
}

Test(parse, keeps_what_an_answer_copies_when_something_else_is_broken)
{
	static const char text[] =
		"INVITE <sip:c@d> SIP/2.0\r\n" VIA "From: \"a <sip:a@b>;tag=f\r\n" TO CALL_ID
		"CSeq: 1 INVITE\r\nContent-Length: x\r\n" END;

	cr_assert_eq(parse(text, sizeof(text) - 1), SIP_R_BAD_REQUEST_URI);
	cr_expect(m.via_ok);
	expect_text(m.from, "\"a <sip:a@b>;tag=f", "From");
	expect_text(m.to, "<sip:c@d>", "To");
	expect_text(m.call_id, "x@y", "Call-ID");
	expect_text(m.cseq, "1 INVITE", "CSeq");
}

Test(parse, takes_no_row_that_does_not_end)
{
	static const char text[] = REQUEST REST "Via: SIP/2.0/UDP 192.0.2.1:50";

	cr_expect_eq(parse(text, sizeof(text) - 1), SIP_R_NO_BLANK_LINE);
	cr_expect_eq(m.n_rows, 4);
	cr_expect(!m.via_ok);
}

Test(parse, reports_max_forwards_out_of_range_as_256)
{
	static const char text[] = REQUEST ALL "Max-Forwards: 99999999999999999999\r\n" END;

	cr_expect_eq(parse(text, sizeof(text) - 1), SIP_OK);
	cr_expect_eq(m.max_forwards.value, 256u);
	expect_text(m.max_forwards.text, "99999999999999999999", "digits");
}

Test(parse, knows_every_header_by_all_its_names)
{
	static const struct {
		const char *name;
		char compact;
		enum sip_header id;
	} rows[] = {
#define HEADER(id, name, compact, once) { name, compact, SIP_H_##id },
#include "dataplane/sip/headers.def"
#undef HEADER
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].name);
		char text[200], name[32];
		int len;

		for (size_t k = 0; k <= n; k++)
			name[k] = (char)(k % 2 == 0 && rows[i].name[k] >= 'a' ? rows[i].name[k] - 32
									      : rows[i].name[k]);
		len = snprintf(
			text, sizeof(text),
			"A b:c SIP/2.0\r\nOther: x\r\n%s: 1\r\n%s \t:2\r\n%s: 3\r\n%c:4\r\n\r\n",
			rows[i].name, name, name, rows[i].compact ? rows[i].compact : 'x');
		parse(text, (size_t)len);
		cr_expect_eq(m.n_rows, 5);
		for (unsigned int row = 1; row < 4; row++)
			cr_expect_eq(m.row[row].id, rows[i].id, "%s", rows[i].name);
		cr_expect_eq(m.row[4].id, rows[i].compact ? rows[i].id : SIP_H_OTHER);
		cr_expect_eq(m.row[0].id, SIP_H_OTHER);
		cr_expect_eq(sip_find(&m, rows[i].id, 0), 1);
		cr_expect_eq(sip_find(&m, rows[i].id, 3), 3);
		cr_expect_eq(sip_find_name(&m, rows[i].name, n, 2), 2);
	}
}

Test(parse, takes_no_name_for_another_that_only_looks_like_it)
{
	static const char *const names[] = {
		"Vi",
		"Viaa",
		"Vib",
		"Wia",
		"Vja",
		"V-a",
		"x",
		"vi.",
		"Fromx",
		"Frm",
		"Call_ID",
		"Call-IDs",
		"CallID",
		"Routee",
		"CSeqs",
		"Contant-Length",
		"Content-Lengthy",
		"Content-Length-And-More",
		"Max-Forwardz",
		"Record-Routf",
		"Proxy-Requirf",
		"Requirf",
		"T_",
		"6ia",
		"Call\x0dID",
		"Content\x0dLength",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[200];
		int len = snprintf(text, sizeof(text), "A b:c SIP/2.0\r\n%s: 1\r\n\r\n", names[i]);

		parse(text, (size_t)len);
		cr_expect_eq(m.row[0].id, SIP_H_OTHER, "%s", names[i]);
	}
}

Test(parse, finds_rows_by_any_name)
{
	static const char text[] =
		REQUEST ALL "X-Account: 1\r\nx-accounT \t: 2\r\nX-Account-2: 3\r\n"
			    "k: 4\r\nbroken\r\n" END;

	parse(text, sizeof(text) - 1);
	cr_expect_eq(sip_find_name(&m, "x-account", 9, 0), 5);
	cr_expect_eq(sip_find_name(&m, "x-account", 9, 6), 6);
	cr_expect_eq(sip_find_name(&m, "x-account", 9, 7), -1);
	cr_expect_eq(sip_find_name(&m, "x-account-2", 11, 0), 7);
	cr_expect_eq(sip_find_name(&m, "k", 1, 0), 8);
	cr_expect_eq(sip_find_name(&m, "supported", 9, 0), -1);
	cr_expect_eq(sip_find_name(&m, "broken", 6, 0), -1);
	cr_expect_eq(sip_find_name(&m, "", 0, 0), -1);
	cr_expect_eq(sip_find_name(&m, "via", 3, 0), 0);
	expect_text(sip_row_value(&m, 6), "2", "value");
	expect_text(sip_row_name(&m, 6), "x-accounT", "name");
	expect_text(sip_row_span(&m, 6), "x-accounT \t: 2\r\n", "row");
	cr_expect_eq(sip_row_value(&m, 9).len, 0);
	cr_expect_eq(sip_row_name(&m, 9).len, 0);
}

Test(parse, knows_every_method_by_its_exact_name)
{
	static const struct {
		const char *name;
		enum sip_method id;
	} rows[] = {
#define METHOD(id, name, rr) { name, SIP_M_##id },
#include "dataplane/sip/methods.def"
#undef METHOD
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].name);
		struct span all = span_of(0, (unsigned int)n);
		uint8_t name[16];

		memcpy(name, rows[i].name, n);
		name[n] = 'X';
		cr_expect_eq(sip_method_of(name, all), rows[i].id, "%s", rows[i].name);
		cr_expect_str_eq(sip_method_name(rows[i].id), rows[i].name);
		cr_expect_eq(sip_method_of(name, span_of(0, (unsigned int)n + 1)), SIP_M_OTHER);
		cr_expect_eq(sip_method_of(name, span_of(0, (unsigned int)n - 1)), SIP_M_OTHER);
		name[n / 2] |= 0x20;
		cr_expect_eq(sip_method_of(name, all), SIP_M_OTHER, "%s", rows[i].name);
	}
	cr_expect_eq(sip_method_of((const uint8_t *)"", span_of(0, 0)), SIP_M_OTHER);
	cr_expect_str_eq(sip_method_name(SIP_M_OTHER), "");
}

Test(parse, names_every_reason)
{
	cr_expect_str_eq(sip_reason_info(SIP_OK)->name, "ok");
	cr_expect_str_eq(sip_reason_info(SIP_R_BAD_VIA)->name, "bad_via");
	cr_expect_str_eq(sip_reason_info(SIP_R_BAD_VIA)->phrase, "Bad Via");
	cr_expect_eq(sip_reason_info(SIP_R_BAD_VERSION)->status, 505);
	/* An answer would copy the doubtful line ends: parse.c counts on there being none. */
	cr_expect_eq(sip_reason_info(SIP_R_BAD_LINE_END)->status, 0);
	for (int i = 0; i < SIP_N_REASONS; i++) {
		const struct sip_reason_info *info = sip_reason_info((enum sip_reason)i);

		cr_expect(info->name[0] >= 'a' && info->name[0] <= 'z', "reason %d", i);
		cr_expect_eq(info->status != 0, info->phrase[0] != 0, "%s", info->name);
		cr_expect(info->help[0] != 0, "%s", info->name);
	}
}

Test(parse, takes_1024_header_rows_and_refuses_the_next)
{
	static char text[40000];

	for (unsigned int n_rows = SIP_MAX_ROWS - 2; n_rows <= SIP_MAX_ROWS + 70; n_rows++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "%s", REQUEST ALL);
		bool fits = n_rows <= SIP_MAX_ROWS;

		for (unsigned int i = 5; i < n_rows; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "X-%u:\r\n f%u\r\n", i,
					      i);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\nbody");
		cr_assert_eq(parse(text, n), fits ? SIP_OK : SIP_R_TOO_MANY_HEADERS, "%u rows",
			     n_rows);
		cr_assert_eq(m.n_rows, fits ? n_rows : SIP_MAX_ROWS);
		cr_assert_eq(m.head_len, n - 4);
	}
}

Test(parse, takes_a_datagram_of_the_greatest_length)
{
	static char text[SIP_MAX_LEN];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", REQUEST ALL);

	/* one header of 64 kB in the middle */
	n += (size_t)snprintf(text + n, sizeof(text) - n, "X: ");
	memset(text + n, '"', sizeof(text) - n);
	memcpy(text + sizeof(text) - 10, "\r\nl: 0\r\n\r\n", 10);
	cr_expect_eq(parse(text, sizeof(text)), SIP_OK);
	cr_expect_eq(m.head_len, sizeof(text));
	cr_expect_eq(sip_row_value(&m, 5).len, sizeof(text) - 10 - n);
	/* one body of 64 kB */
	memcpy(text + n, "\r\n\r\n", 4);
	cr_expect_eq(parse(text, sizeof(text)), SIP_OK);
	cr_expect_eq(m.len, sizeof(text));
}

Test(parse, takes_values_of_8000_bytes_everywhere)
{
	static char text[60000], fill[8000];
	int n;

	memset(fill, 'a', sizeof(fill));
	n = snprintf(
		text, sizeof(text),
		"INVITE sip:%.8000s@d SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%.8000s;rport\r\n"
		"From: \"%.8000s\" <sip:a@b>;tag=%.8000s\r\nTo: <sip:%.8000s@d>\r\n"
		"Call-ID: %.8000s\r\n" CSEQ "%.4000s: x\r\n\r\n",
		fill, fill, fill, fill, fill, fill, fill);
	cr_expect_eq(parse(text, (size_t)n), SIP_OK);
	cr_expect_eq(m.uri.user.len, 8000);
	cr_expect_eq(m.via.branch.len, 8007);
	cr_expect(m.via.has_rport);
	cr_expect_eq(m.from_tag.len, 8000);
	cr_expect_eq(m.to_uri.len, 8006);
	cr_expect_eq(m.call_id.len, 8000);
	cr_expect_eq(m.row[5].colon, 0);
	cr_expect_eq(sip_row_name(&m, 5).len, 4000);
	expect_text(sip_row_value(&m, 5), "x", "value of a long name");
}

Test(parse, does_not_mind_where_lines_end_in_a_block)
{
	char text[700], pad[200];

	memset(pad, 'p', sizeof(pad));
	for (int before = 0; before < 140; before++) {
		int n = snprintf(text, sizeof(text),
				 "INVITE sip:%.*s@d SIP/2.0\r\nX:%.*s\r\n" ALL "l:2\r\n\r\nzz",
				 before + 1, pad, before * 7 % 90, pad);

		cr_assert_eq(parse(text, (size_t)n), SIP_OK, "%d", before);
		cr_assert_eq(m.n_rows, 7);
		cr_assert_eq(m.uri.user.len, before + 1);
		expect_text(m.to_uri, "sip:c@d", "To URI");
	}
}

Test(parse, treats_the_messages_of_tests_data_as_their_table_says)
{
	static uint8_t bytes[SIP_MAX_LEN];
	FILE *table = data_open("messages.tsv");
	struct data_row row;
	unsigned int n_rows = 0;

	for (; data_next(table, &row); n_rows++) {
		size_t n = data_message(&row, bytes, sizeof(bytes));
		enum sip_reason reason = parse(bytes, n);

		cr_expect_str_eq(sip_reason_info(reason)->name, row.reason, "%s", row.name);
		if (strncmp(row.verdict, "REJ", 3) == 0)
			cr_expect(m.via_ok, "%s cannot be answered", row.name);
	}
	fclose(table);
	cr_expect_gt(n_rows, 60u);
}

/* Messages for the two tests below: some of each kind. */
static const char *const samples[] = {
	"valid-white-space",    "valid-long-values", "valid-odd-characters", "valid-mapped-ipv4",
	"bad-repeated-headers", "bad-broadcast-via", "valid-compact",        "bad-line-feeds",
};

Test(parse, gives_one_verdict_for_every_prefix)
{
	static uint8_t bytes[SIP_MAX_LEN];

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct data_row row;
		size_t n;

		snprintf(row.name, sizeof(row.name), "%s", samples[i]);
		n = data_message(&row, bytes, sizeof(bytes));
		for (size_t k = 0; k <= n; k++)
			parse(bytes, k);
	}
}

Test(parse, gives_one_verdict_whatever_byte_is_changed)
{
	static uint8_t bytes[SIP_MAX_LEN];
	uint64_t state = 99;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct data_row row;
		size_t n;

		snprintf(row.name, sizeof(row.name), "%s", samples[i]);
		n = data_message(&row, bytes, sizeof(bytes));
		for (unsigned int k = 0; k < 6000; k++) {
			size_t at;
			uint8_t kept;

			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			at = (state >> 20) % n;
			kept = bytes[at];
			bytes[at] = (uint8_t)(state >> 56);
			parse(bytes, n);
			bytes[at] = kept;
		}
		for (unsigned int c = 0; c < 256; c++) {
			size_t at = (i * 37 + c * 11) % n;
			uint8_t kept = bytes[at];

			bytes[at] = (uint8_t)c;
			parse(bytes, n);
			bytes[at] = kept;
		}
	}
}
