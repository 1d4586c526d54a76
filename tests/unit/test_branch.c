/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Branches (RFC 3261 16.11, requirements R16.11-B1 to B12): what shares one, what must not, and
 * which responses are ours.
 */
#include "dataplane/proxy/branch.h"
#include "tests/unit/parsed.h"

static struct keys keys;

static void setup(void)
{
	cr_assert_eq(keys_derive("branch tests, secret", 20, &keys), 0);
}

TestSuite(branch, .init = setup);

struct branch {
	char text[BRANCH_LEN + 1];
};

static struct branch branch_of(struct request r)
{
	struct branch b = { "" };
	struct parsed p;

	parsed_request(&p, r);
	branch_make(&keys, &p.m, (uint8_t *)b.text);
	parsed_free(&p);
	return b;
}

#define BRANCH(...) branch_of((struct request){ __VA_ARGS__ }).text

/* The branch under the top Via @via. */
static struct branch branch_under(const char *via)
{
	return branch_of((struct request){ .via = via });
}

Test(branch, is_the_cookie_and_32_lower_case_hex_digits)
{
	static const char *const vias[] = {
		"SIP/2.0/UDP h.example;branch=z9hG4bK-1",
		"SIP/2.0/UDP h.example;branch=1",
		"SIP/2.0/UDP h.example",
		"SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bK-2",
	};

	for (size_t i = 0; i < 4; i++) {
		struct branch b = branch_under(vias[i]);

		cr_assert_eq(strlen(b.text), BRANCH_LEN);
		cr_assert_eq(strncmp(b.text, "z9hG4bK", 7), 0);
		cr_assert_eq(strspn(b.text + 7, "0123456789abcdef"), 32, "%s", b.text);
	}
}

/* A fleet of mixed versions must agree, so the function itself may never change. */
Test(branch, the_function_is_the_one_that_running_fleets_use)
{
	cr_assert_str_eq(branch_under("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnashds8").text,
			 "z9hG4bKd3b63bc7a7e79d006c6b365fc553e9ec");
	cr_assert_str_eq(branch_under("SIP/2.0/UDP 192.0.2.1:5060;branch=1").text,
			 "z9hG4bKa21eca004ca8363a4f9d172971a1f1d6");
}

Test(branch, a_transaction_keeps_it_whatever_else_differs)
{
	static const struct request same[] = {
		{ .method = "CANCEL" },
		{ .method = "ACK", .to = "<sip:bob@example.com>;tag=x" },
		{ .call_id = "another" },
		{ .cseq = "77" },
		{ .uri = "sip:someone@else.example" },
		{ .from = "<sip:carol@example.org>;tag=c" },
		{ .extra = "Max-Breadth: 7\r\nX: y\r\n" },
		{ .via = "SIP/2.0/UDP "
			 "client.example.org:5060;branch=z9hG4bK-1;rport;received=192.0.2.9" },
		{ .via = "SIP/2.0/UDP "
			 "client.example.org:5060;received=192.0.2.9;rport=4711;branch=z9hG4bK-1" },
		{ .via = "SIP/2.0/UDP client.example.org:5060;branch=z9hG4bK-1,SIP/2.0/UDP "
			 "b.example;branch=z9hG4bK-0" },
		{ .via = "SIP / 2.0 / UDP\r\n client.example.org:5060 ;\r\n\tbranch=z9hG4bK-1" },
		{ .via = "SIP/2.0/UDP CLIENT.Example.ORG:5060;branch=z9hG4bK-1" },
		{ .via = "SIP/2.0/UDP client.example.org;branch=z9hG4bK-1" },
		{ .via = "SIP/2.0/TCP client.example.org;branch=z9hG4bK-1" },
		{ .via = "SIP/2.0/TLS client.example.org:5060;branch=z9hG4bK-1" },
	};
	struct branch want = branch_of((struct request){ 0 });

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		cr_assert_str_eq(branch_of(same[i]).text, want.text, "row %zu", i);
}

Test(branch, any_other_branch_or_sent_by_makes_another)
{
	static const char *const vias[] = {
		"SIP/2.0/UDP client.example.org:5060;branch=z9hG4bK-1",
		"SIP/2.0/UDP client.example.org:5061;branch=z9hG4bK-1",
		"SIP/2.0/UDP client.example.org;branch=z9hG4bK-2",
		"SIP/2.0/UDP client.example.org;branch=z9hG4bK-12",
		"SIP/2.0/UDP client.example.org;branch=z9hG4bk-1",
		"SIP/2.0/UDP client.example.or;branch=z9hG4bK-1",
		"SIP/2.0/UDP client.example.orgg;branch=z9hG4bK-1",
		"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1",
		"SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-1",
		"SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK-1",
		"SIP/2.0/UDP [2001:db8::2];branch=z9hG4bK-1",
		/* the same bytes in sum */
		"SIP/2.0/UDP az9hg4bk;branch=z9hg4bk1",
		"SIP/2.0/UDP a;branch=z9hg4bkz9hg4bk1",
	};
	enum { N = sizeof(vias) / sizeof(vias[0]) };
	struct branch got[N];

	for (size_t i = 0; i < N; i++) {
		got[i] = branch_under(vias[i]);
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(got[i].text, got[j].text, "%s\n%s", vias[i], vias[j]);
	}
}

Test(branch, sent_by_counts_by_value)
{
	static const char *const pairs[][2] = {
		{ "SIP/2.0/UDP [2001:DB8:0:0::1];branch=z9hG4bK-1",
		  "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK-1" },
		{ "SIP/2.0/UDP [::ffff:192.0.2.1];branch=z9hG4bK-1",
		  "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1" },
		{ "SIP/2.0/TLS a.example;branch=z9hG4bK-1",
		  "SIP/2.0/TLS A.example:5061;branch=z9hG4bK-1" },
		{ "SIP/2.0/TLS a.example;branch=z9hG4bK-1",
		  "SIP/2.0/UDP a.example:5061;branch=z9hG4bK-1" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		cr_assert_str_eq(branch_under(pairs[i][0]).text, branch_under(pairs[i][1]).text,
				 "row %zu", i);
}

/* Host and branch of many lengths, over the limits of the fixed block and far beyond. */
Test(branch, every_length_of_host_and_branch_counts_to_the_last_byte)
{
	static const unsigned int lengths[] = {
		1,  15, 16, 17, 31, 32,  33,  40,  41,  42,  46,  47,  48,  49,   50,
		62, 63, 64, 65, 66, 127, 128, 129, 240, 254, 255, 256, 300, 5000, 20000
	};
	static char via[40000], host[20001], id[20001];
	enum { N = sizeof(lengths) / sizeof(lengths[0]) };
	static struct branch seen[4 * N];
	size_t n = 0;

	for (size_t i = 0; i < N; i++) {
		for (int last = 'a'; last <= 'b'; last++) {
			memset(host, 'h', lengths[i]);
			host[lengths[i] - 1] = (char)last;
			host[lengths[i]] = '\0';
			snprintf(via, sizeof(via), "SIP/2.0/UDP %s;branch=z9hG4bKx", host);
			seen[n++] = branch_under(via);
			memset(id, 'B', lengths[i]);
			id[lengths[i] - 1] = (char)last;
			id[lengths[i]] = '\0';
			snprintf(via, sizeof(via), "SIP/2.0/UDP a.example;branch=z9hG4bK%s", id);
			seen[n++] = branch_under(via);
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(seen[i].text, seen[j].text, "%zu and %zu", i, j);
	}
}

Test(branch, hosts_count_in_lower_case_up_to_the_longest_name)
{
	static const unsigned int lengths[] = { 31, 32, 33, 40, 48, 49, 100, 255 };
	static char upper[600], small[600], host[256];

	for (size_t i = 0; i < 5; i++) {
		memset(host, 'X', lengths[i]);
		host[lengths[i]] = '\0';
		snprintf(upper, sizeof(upper), "SIP/2.0/UDP %s;branch=z9hG4bKx", host);
		memset(host, 'x', lengths[i]);
		snprintf(small, sizeof(small), "SIP/2.0/UDP %s;branch=z9hG4bKx", host);
		cr_assert_str_eq(branch_under(upper).text, branch_under(small).text, "%u bytes",
				 lengths[i]);
	}
}

/* The last bytes of a datagram are read in another way. */
Test(branch, does_not_depend_on_where_the_via_stands)
{
	static const char *const ends[] = {
		"", "X-Pad: 0123456789\r\n",
		"X-Pad: 01234567890123456789012345678901234567890123456789012345678901234567\r\n"
	};
	static const char *const vias[] = {
		"SIP/2.0/UDP h.example;branch=z9hG4bK1", "SIP/2.0/UDP h.example;branch=1",
		"SIP/2.0/UDP [::1]:7;branch=z9hG4bK123456789012345678901234567890"
	};
	char text[1000];

	for (size_t v = 0; v < 3; v++) {
		struct branch want = branch_of((struct request){ .via = vias[v] });

		for (size_t i = 0; i < 3; i++) {
			struct branch got = { "" };
			struct parsed p;

			snprintf(text, sizeof(text),
				 "INVITE sip:bob@example.com SIP/2.0\r\nCSeq: 1 INVITE\r\n"
				 "Call-ID: 3848276298220188511@client.example.org\r\nTo: "
				 "<sip:bob@example.com>\r\n"
				 "From: \"Alice\" <sip:alice@example.org>;tag=a1\r\nv:%s\r\n%s\r\n",
				 vias[v], ends[i]);
			parsed_text(&p, text);
			branch_make(&keys, &p.m, (uint8_t *)got.text);
			parsed_free(&p);
			cr_assert_str_eq(got.text, want.text, "via %zu end %zu", v, i);
		}
	}
}

/* --- RFC 2543 clients --- */

#define OLD_VIA "SIP/2.0/UDP old.example;branch=17"

Test(branch, an_rfc_2543_transaction_keeps_it)
{
	static const struct request same[] = {
		{ .via = OLD_VIA, .method = "CANCEL" },
		{ .via = OLD_VIA, .method = "ACK", .to = "<sip:bob@example.com>;tag=x" },
		{ .via = OLD_VIA, .to = "Bob <sip:other@example.com>" },
		{ .via = OLD_VIA ";received=192.0.2.1;rport=99" },
		{ .via = OLD_VIA, .extra = "Proxy-Authorization: x\r\n" },
		{ .via = "SIP/2.0/udp OLD.example:5060 ;branch=17" },
		{ .via = OLD_VIA, .from = "<sip:alice@example.org>;tag=a1" },
	};
	struct branch want = branch_of((struct request){ .via = OLD_VIA });

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		cr_assert_str_eq(branch_of(same[i]).text, want.text, "row %zu", i);
}

Test(branch, an_rfc_2543_request_that_differs_in_any_field_gets_another)
{
	static const struct request others[] = {
		{ .via = OLD_VIA },
		{ .via = OLD_VIA, .from = "<sip:alice@example.org>;tag=a2" },
		{ .via = OLD_VIA, .from = "<sip:alice@example.org>" },
		{ .via = OLD_VIA, .call_id = "3848276298220188511@client.example.orh" },
		{ .via = OLD_VIA, .call_id = "1" },
		{ .via = OLD_VIA, .cseq = "2" },
		{ .via = OLD_VIA, .uri = "sip:bob@example.com:5060" },
		{ .via = OLD_VIA, .uri = "sip:bob@EXAMPLE.com" },
		{ .via = "SIP/2.0/UDP old.example;branch=18" },
		{ .via = "SIP/2.0/UDP old.example" },
		{ .via = "SIP/2.0/UDP old.example;branch=z9hG4bK" },
		{ .via = "SIP/2.0/UDP old.example:5070;branch=17" },
		{ .via = "SIP/2.0/TCP old.example;branch=17" },
		{ .via = "SIP/2.0/UDP ald.example;branch=17" },
	};
	enum { N = sizeof(others) / sizeof(others[0]) };
	struct branch got[N];

	for (size_t i = 0; i < N; i++) {
		got[i] = branch_of(others[i]);
		for (size_t j = 0; j < i; j++) {
			cr_assert_str_neq(got[i].text, got[j].text, "%zu and %zu", i, j);
			/* each half for itself */
			cr_assert_neq(memcmp(got[i].text + 7, got[j].text + 7, 16), 0,
				      "%zu and %zu", i, j);
			cr_assert_str_neq(got[i].text + 23, got[j].text + 23, "%zu and %zu", i, j);
		}
	}
}

/* --- responses --- */

/* Parses a response with our Via of branch @ours above @below, and asks whether it is ours. */
static bool check(const char *ours, const char *below, const char *call_id)
{
	struct span rest;
	struct sip_via second;
	struct parsed p;
	char text[2000];
	bool ok;
	int row;

	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP lb.example:5060;branch=%s\r\nVia: %s\r\n"
		 "From: \"Alice\" <sip:alice@example.org>;tag=a1\r\nTo: "
		 "<sip:bob@example.com>;tag=b\r\n"
		 "Call-ID: %s\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
		 ours, below, call_id);
	parsed_text(&p, text);
	row = sip_find(&p.m, SIP_H_VIA, 1);
	cr_assert_gt(row, 0);
	cr_assert(via_parse(p.m.p, sip_row_value(&p.m, (unsigned int)row), &second, &rest));
	ok = branch_check(&keys, &p.m, &second);
	parsed_free(&p);
	return ok;
}

static const char *const client_vias[] = {
	"SIP/2.0/UDP client.example.org:5060;branch=z9hG4bK-1;rport",
	"SIP/2.0/UDP old.example;branch=17",
	"SIP/2.0/UDP old.example",
	"SIP/2.0/UDP "
	"[2001:db8::7];branch="
	"z9hG4bK0123456789012345678901234567890123456789012345678901234567890123456789",
};

#define CALL_ID "3848276298220188511@client.example.org"

Test(branch, a_response_with_the_branch_we_made_is_ours)
{
	char below[500];

	for (size_t i = 0; i < 4; i++) {
		struct branch b = branch_under(client_vias[i]);

		cr_assert(check(b.text, client_vias[i], CALL_ID), "via %zu", i);
		snprintf(below, sizeof(below), "%s;received=192.0.2.4", client_vias[i]);
		cr_assert(check(b.text, below, CALL_ID), "via %zu with received", i);
	}
}

Test(branch, a_response_with_any_digit_changed_is_not_ours)
{
	for (size_t i = 0; i < 4; i++) {
		struct branch b = branch_under(client_vias[i]);

		for (size_t at = 0; at < BRANCH_LEN; at++) {
			char was = b.text[at];

			b.text[at] = was == '0' ? '1' : '0';
			cr_assert_not(check(b.text, client_vias[i], CALL_ID), "via %zu digit %zu",
				      i, at);
			b.text[at] = was;
		}
		b.text[BRANCH_LEN - 1] = '\0';
		cr_assert_not(check(b.text, client_vias[i], CALL_ID));
	}
}

Test(branch, a_response_over_another_via_is_not_ours)
{
	for (size_t i = 0; i < 4; i++) {
		struct branch b = branch_under(client_vias[i]);

		for (size_t j = 0; j < 4; j++)
			cr_assert_eq(check(b.text, client_vias[j], CALL_ID), i == j, "%zu over %zu",
				     i, j);
	}
}

Test(branch, an_rfc_2543_response_of_another_call_is_not_ours)
{
	struct branch b = branch_under(client_vias[1]);

	cr_assert(check(b.text, client_vias[1], CALL_ID));
	cr_assert_not(check(b.text, client_vias[1], "other"));
}

Test(branch, another_secret_makes_others)
{
	struct branch modern = branch_under(client_vias[0]), old = branch_under(client_vias[1]);

	cr_assert_eq(keys_derive("branch tests, Secret", 20, &keys), 0);
	cr_assert_str_neq(branch_under(client_vias[0]).text, modern.text);
	cr_assert_str_neq(branch_under(client_vias[1]).text, old.text);
	cr_assert_not(check(modern.text, client_vias[0], CALL_ID));
	cr_assert_not(check(old.text, client_vias[1], CALL_ID));
}

Test(branch, a_spiral_gets_a_new_one_each_time)
{
	struct branch first = branch_of((struct request){ 0 }), second;
	char via[200];

	snprintf(via, sizeof(via), "SIP/2.0/UDP lb.example;branch=%s", first.text);
	second = branch_under(via);
	cr_assert_str_neq(first.text, second.text);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct branch));
}

Test(branch, fifty_thousand_transactions_never_share_one)
{
	enum { N = 50000 };
	struct branch *all = calloc(N, sizeof(*all));
	char via[200];

	for (uint32_t i = 0; i < N; i++) {
		snprintf(via, sizeof(via), "SIP/2.0/UDP 10.0.%u.%u:%u;branch=z9hG4bK%x", i % 7,
			 i % 3, 5060 + i % 2, i / 42);
		all[i] = branch_under(via);
	}
	qsort(all, N, sizeof(*all), compare);
	for (size_t i = 1; i < N; i++)
		cr_assert_neq(compare(&all[i - 1], &all[i]), 0);
	free(all);
}
