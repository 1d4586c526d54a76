/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Record-Route tokens and To tags: who shares one, and that nobody else can pass for ours.
 */
#include "dataplane/proxy/token.h"
#include "tests/unit/parsed.h"

static struct keys keys;

static void setup(void)
{
	cr_assert_eq(keys_derive("token tests, secret", 19, &keys), 0);
}

TestSuite(token, .init = setup);

struct token {
	char text[TOKEN_LEN + 1];
};

static struct token token_of(struct request r)
{
	struct token t = { "" };
	struct parsed p;

	parsed_request(&p, r);
	token_make(&keys, &p.m, (uint8_t *)t.text);
	parsed_free(&p);
	return t;
}

static struct token tag_of(struct request r)
{
	struct token t = { "" };
	struct parsed p;

	parsed_request(&p, r);
	to_tag_make(&keys, &p.m, (uint8_t *)t.text);
	parsed_free(&p);
	return t;
}

Test(token, both_are_16_lower_case_hex_digits)
{
	struct token token = token_of((struct request){ 0 }), tag = tag_of((struct request){ 0 });

	cr_assert_eq(strspn(token.text, "0123456789abcdef"), TOKEN_LEN);
	cr_assert_eq(strspn(tag.text, "0123456789abcdef"), TOKEN_LEN);
	cr_assert_str_neq(token.text, tag.text);
}

/* A fleet of mixed versions must agree, so the functions may never change. */
Test(token, the_functions_are_the_ones_that_running_fleets_use)
{
	cr_assert_str_eq(token_of((struct request){ .call_id = "a" }).text, "f558947fa6b34a95");
	cr_assert_str_eq(tag_of((struct request){ .call_id = "a" }).text, "5b1e96c302d4bc0e");
}

Test(token, a_call_has_one_route_token_and_other_calls_have_others)
{
	struct token want = token_of((struct request){ 0 });
	static char long_id[60001];

	cr_assert_str_eq(
		token_of((struct request){ .method = "BYE",
					   .cseq = "9",
					   .uri = "sip:x@192.0.2.7",
					   .via = "SIP/2.0/UDP other.example;branch=z9hG4bKy",
					   .from = "<sip:bob@example.com>;tag=b",
					   .to = "<sip:a@b.example>;tag=a1" })
			.text,
		want.text);
	cr_assert_str_neq(
		token_of((struct request){ .call_id = "3848276298220188511@client.example.orG" })
			.text,
		want.text);
	memset(long_id, 'x', 60000);
	want = token_of((struct request){ .call_id = long_id });
	long_id[59999] = 'y';
	cr_assert_str_neq(token_of((struct request){ .call_id = long_id }).text, want.text);
}

/* Whether the value @vt in a Request-URI of the call is taken for its token. */
static bool check_vt(const char *vt)
{
	struct parsed p;
	char uri[200];
	bool ok;
	struct span s;

	snprintf(uri, sizeof(uri), "sip:lb.example;x=%s;lr", vt);
	parsed_request(&p, (struct request){ .uri = uri });
	s = span_of(p.m.uri_text.off + 17u, p.m.uri_text.off + 17u + (unsigned int)strlen(vt));
	ok = token_check(&keys, &p.m, s);
	parsed_free(&p);
	return ok;
}

Test(token, only_the_token_of_the_call_is_taken_in_either_case)
{
	struct token t = token_of((struct request){ 0 }), wrong;
	char longer[TOKEN_LEN + 2];

	cr_assert(check_vt(t.text));
	for (size_t i = 0; i < TOKEN_LEN; i++) {
		wrong = t;
		if (wrong.text[i] >= 'a')
			wrong.text[i] ^= 0x20;
		cr_assert(check_vt(wrong.text), "%s", wrong.text);
		wrong.text[i] = t.text[i] == '7' ? '8' : '7';
		cr_assert_not(check_vt(wrong.text), "%s", wrong.text);
	}
	for (int i = 0; i < TOKEN_LEN; i++) {
		wrong = t;
		wrong.text[i] = '\0';
		cr_assert_not(check_vt(wrong.text));
	}
	snprintf(longer, sizeof(longer), "%s0", t.text);
	cr_assert_not(check_vt(longer));
}

Test(token, the_to_tag_of_another_request_is_another)
{
	static const struct request others[] = {
		{ 0 },
		{ .call_id = "3848276298220188511@client.example.orG" },
		{ .from = "<sip:alice@example.org>;tag=a2" },
		{ .from = "<sip:alice@example.org>" },
		{ .cseq = "2" },
		{ .via = "SIP/2.0/UDP client.example.org:5060;branch=z9hG4bK-2" },
		{ .via = "SIP/2.0/UDP client.example.org:5070;branch=z9hG4bK-1" },
		{ .via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1" },
		{ .via = "SIP/2.0/UDP 192.0.2.1" },
		{ .from = "<sip:alice@example.org>;tag=a1a", .call_id = "b" },
		{ .from = "<sip:alice@example.org>;tag=a1", .call_id = "ab" },
	};
	enum { N = sizeof(others) / sizeof(others[0]) };
	struct token got[N];

	for (size_t i = 0; i < N; i++) {
		got[i] = tag_of(others[i]);
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(got[i].text, got[j].text, "%zu and %zu", i, j);
	}
}

Test(token, the_ack_to_our_own_answer_is_known_by_its_to_tag)
{
	struct token tag = tag_of((struct request){ 0 });
	struct parsed p;
	char to[100];

	snprintf(to, sizeof(to), "<sip:bob@example.com>;tag=%s", tag.text);
	parsed_request(&p, (struct request){ .method = "ACK",
					     .to = to,
					     .uri = "sip:rewritten@example.com",
					     .extra = "Route: <sip:elsewhere.example;lr>\r\n" });
	cr_assert(to_tag_check(&keys, &p.m));
	parsed_free(&p);
	parsed_request(&p, (struct request){ .method = "ACK", .to = to, .cseq = "2" });
	cr_assert_not(to_tag_check(&keys, &p.m));
	parsed_free(&p);
	parsed_request(&p, (struct request){ .method = "ACK",
					     .to = "<sip:bob@example.com>;tag=0123456789abcdef" });
	cr_assert_not(to_tag_check(&keys, &p.m));
	parsed_free(&p);
	parsed_request(&p, (struct request){ .method = "ACK" });
	cr_assert_not(to_tag_check(&keys, &p.m));
	parsed_free(&p);
}

Test(token, a_faulty_request_has_a_to_tag_that_depends_on_itself_alone)
{
	static const char *const faulty[] = {
		"INVITE sip:a.example SIP/2.0\r\n\r\n",
		"INVITE sip:a.example SIP/2.0\r\nVia: ;;;\r\nCall-ID: 1\r\n\r\n",
		"INVITE sip:a.example SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\nCSeq: x INVITE\r\n\r\n",
		"INVITE sip:a.example SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a.example;branch=z9hG4bK1\r\nFrom: <<<\r\nTo: \"\r\n\r\n",
	};
	struct token fresh, reused;
	struct parsed p;

	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		memset(&p, 0xff, sizeof(p));
		cr_assert_neq(parsed_bytes(&p, faulty[i], strlen(faulty[i])), SIP_OK);
		to_tag_make(&keys, &p.m, (uint8_t *)fresh.text);
		parsed_free(&p);
		/* What the struct held before must not show. */
		parsed_request(&p, (struct request){ 0 });
		parsed_free(&p);
		cr_assert_neq(parsed_bytes(&p, faulty[i], strlen(faulty[i])), SIP_OK);
		to_tag_make(&keys, &p.m, (uint8_t *)reused.text);
		parsed_free(&p);
		cr_assert_arr_eq(fresh.text, reused.text, TOKEN_LEN, "row %zu", i);
	}
}
