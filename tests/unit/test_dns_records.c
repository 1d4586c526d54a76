/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is taken of a resolver's answer, and what is not: each case is a message built byte by byte,
 * which lies against a page that cannot be read.
 */
#include "control/config/alloc.h"
#include "tests/unit/dns_lab.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#define NAME "\1a\4test\0"
#define POINTER "\xc0\x0c" /* to the name in the question */
#define HEAD(flags, counts) "\x12\x34" flags "\0\1" counts
#define OK "\x81\x80"
#define ONE "\0\1\0\0\0\0"
#define TWO "\0\2\0\0\0\0"
#define QUESTION_A NAME "\0\1\0\1"
#define IN_A "\0\1\0\1\0\0\0\x3c\0\4"
#define IN_CNAME(len) "\0\5\0\1\0\0\0\x1e\0" len
#define BYTES(s) s, sizeof(s) - 1

static struct dns_answer_records got;

static int read_at_edge(const void *p, size_t n, const char *name, enum dns_type type)
{
	struct guard g = guard_open(65536);
	int rc = dns_records_read(guard_at_end(&g, p, n), n, name, type, &got);

	guard_close(&g);
	return rc;
}

/* Addresses that came, as text. */
static const char *addresses(void)
{
	static char text[2048];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < got.n; i++) {
		if (used)
			text[used++] = ' ';
		used += ip_format(&got.v[i].ip, text + used);
		text[used] = '\0';
	}
	return text;
}

Test(dns_records, only_what_the_question_leads_to_is_taken)
{
	static const struct {
		const char *why, *bytes;
		size_t n;
		const char *addresses; /* NULL: refused */
		uint32_t ttl;
	} rows[] = {
		{ "one", BYTES(HEAD(OK, ONE) QUESTION_A POINTER IN_A "\x0a\0\0\1"), "10.0.0.1",
		  60 },
		{ "sorted, once each",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_A "\x0a\0\0\2" POINTER IN_A
							      "\x0a\0\0\1"),
		  "10.0.0.1 10.0.0.2", 60 },
		{ "twice the same",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_A "\x0a\0\0\1" POINTER IN_A
							      "\x0a\0\0\1"),
		  "10.0.0.1", 60 },
		{ "capitals", BYTES(HEAD(OK, ONE) "\1A\4TesT\0\0\1\0\1" POINTER IN_A "\x0a\0\0\1"),
		  "10.0.0.1", 60 },
		{ "an alias, the least TTL",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_CNAME("\2") "\1b\4test\0" IN_A
									"\x0a\0\0\1"),
		  NULL, 0 },
		{ "an alias that is well formed",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_CNAME("\x8") "\1b\4test\0"
									 "\1b\4test\0" IN_A
									 "\x0a\0\0\1"),
		  "10.0.0.1", 30 },
		{ "an alias after its target",
		  BYTES(HEAD(OK, TWO) QUESTION_A
			"\1b\4test\0" IN_A "\x0a\0\0\1" POINTER IN_CNAME("\x8") "\1b\4test\0"),
		  "10.0.0.1", 30 },
		{ "the record of another name",
		  BYTES(HEAD(OK, ONE) QUESTION_A "\1b\4test\0" IN_A "\x0a\0\0\1"), "", DNS_NO_TTL },
		{ "an additional record only",
		  BYTES(HEAD(OK, "\0\0\0\0\0\1") QUESTION_A POINTER IN_A "\x0a\0\0\1"), "",
		  DNS_NO_TTL },
		{ "another class",
		  BYTES(HEAD(OK, ONE) QUESTION_A POINTER "\0\1\0\3\0\0\0\x3c\0\4\x0a\0\0\1"), "",
		  DNS_NO_TTL },
		{ "a multicast address",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_A "\xe0\0\0\1" POINTER IN_A
							      "\x0a\0\0\1"),
		  "10.0.0.1", 60 },
		{ "addresses 0.0.0.0 and 255.255.255.255",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_A "\0\0\0\0" POINTER IN_A
							      "\xff\xff\xff\xff"),
		  "", DNS_NO_TTL },
		{ "an address of 3 bytes",
		  BYTES(HEAD(OK, ONE) QUESTION_A POINTER "\0\1\0\1\0\0\0\x3c\0\3\x0a\0\0"), "",
		  DNS_NO_TTL },
		{ "a TTL beyond 31 bits counts as 0 (RFC 2181 8)",
		  BYTES(HEAD(OK, ONE) QUESTION_A POINTER "\0\1\0\1\x80\0\0\0\0\4\x0a\0\0\1"),
		  "10.0.0.1", 0 },
		{ "an answer to another question",
		  BYTES(HEAD(OK, ONE) "\1c\4test\0\0\1\0\1" POINTER IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "an answer to another type",
		  BYTES(HEAD(OK, ONE) NAME "\0\x1c\0\1" POINTER IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "a question", BYTES(HEAD("\1\0", ONE) QUESTION_A POINTER IN_A "\x0a\0\0\1"), NULL,
		  0 },
		{ "two questions",
		  BYTES("\x12\x34" OK "\0\2" ONE QUESTION_A QUESTION_A POINTER IN_A "\x0a\0\0\1"),
		  NULL, 0 },
		{ "fewer records than it says",
		  BYTES(HEAD(OK, TWO) QUESTION_A POINTER IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "data that ends outside",
		  BYTES(HEAD(OK, ONE) QUESTION_A POINTER "\0\1\0\1\0\0\0\x3c\0\5\x0a\0\0\1"), NULL,
		  0 },
		{ "a name that points to itself",
		  BYTES(HEAD(OK, ONE) QUESTION_A "\xc0\x18" IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "a name that points ahead",
		  BYTES(HEAD(OK, ONE) QUESTION_A "\xc0\x30" IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "a name that points outside",
		  BYTES(HEAD(OK, ONE) QUESTION_A "\xff\xff" IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "a label of a kind that there is not",
		  BYTES(HEAD(OK, ONE) QUESTION_A "\x80\1" IN_A "\x0a\0\0\1"), NULL, 0 },
		{ "a name with other characters is somebody else's",
		  BYTES(HEAD(OK, ONE) QUESTION_A "\3a.b\4test\0" IN_A "\x0a\0\0\1"), "",
		  DNS_NO_TTL },
		{ "an alias to nowhere",
		  BYTES(HEAD(OK, ONE) QUESTION_A POINTER IN_CNAME("\1") "\0"), NULL, 0 },
		{ "an alias of itself",
		  BYTES(HEAD(OK, ONE) QUESTION_A POINTER IN_CNAME("\2") POINTER), NULL, 0 },
		{ "nothing", BYTES(""), NULL, 0 },
		{ "a head alone", BYTES(HEAD(OK, "\0\0\0\0\0\0")), NULL, 0 },
		{ "no such name, with SOA",
		  BYTES(HEAD("\x81\x83", "\0\0\0\1\0\0") QUESTION_A POINTER
			"\0\6\0\1\0\0\0\x0a\0\x16\0\0"
			"\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\5"),
		  "", 5 },
		{ "an alias of a name that is not, without SOA (RFC 2308 5)",
		  BYTES(HEAD("\x81\x83", ONE) QUESTION_A POINTER IN_CNAME("\x8") "\1b\4test\0"), "",
		  DNS_NO_TTL },
		{ "a server that failed", BYTES(HEAD("\x81\x82", "\0\0\0\0\0\0") QUESTION_A), NULL,
		  0 },
		{ "a code that says neither yes nor no",
		  BYTES(HEAD("\x81\x89", "\0\0\0\0\0\0") QUESTION_A), NULL, 0 },
		{ "no such record, the TTL of the SOA is less",
		  BYTES(HEAD(OK, "\0\0\0\1\0\0") QUESTION_A POINTER
			"\0\6\0\1\0\0\0\2\0\x16\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\5"),
		  "", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = read_at_edge(rows[i].bytes, rows[i].n, "a.test", DNS_A);

		cr_expect_eq(rc, rows[i].addresses ? 0 : -EBADMSG, "%s: %d", rows[i].why, rc);
		if (rc || !rows[i].addresses)
			continue;
		cr_expect_str_eq(addresses(), rows[i].addresses, "%s: %s", rows[i].why,
				 addresses());
		cr_expect_eq(got.ttl, rows[i].ttl, "%s: TTL %u", rows[i].why, got.ttl);
		cr_expect_str_eq(got.alias, "", "%s: %s", rows[i].why, got.alias);
	}
}

Test(dns_records, each_cut_of_an_answer_is_refused_or_read_within_its_bytes)
{
	static const char zone[] = "_sip._udp.a.test SRV 1 2 5060 b.test\n"
				   "_sip._udp.a.test SRV 3 4 5061 c.test\n";
	uint8_t question[300], answer[1024];
	bool truncated;
	size_t n = lab_question(DNS_SRV, "_sip._udp.a.test", question);

	n = lab_answer(zone, question, n, answer, sizeof(answer), &truncated);
	cr_assert_eq(read_at_edge(answer, n, "_sip._udp.a.test", DNS_SRV), 0);
	cr_assert_eq(got.n, 2);
	for (size_t cut = 0; cut < n; cut++)
		cr_expect_eq(read_at_edge(answer, cut, "_sip._udp.a.test", DNS_SRV), -EBADMSG,
			     "%zu bytes", cut);
	for (size_t i = 0; i < n * 8; i++) {
		answer[i / 8] ^= (uint8_t)(1u << i % 8);
		read_at_edge(answer, n, "_sip._udp.a.test", DNS_SRV);
		answer[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

Test(dns_records, a_chain_that_is_not_followed_to_its_end_is_to_be_gone_on_with)
{
	lab_records("a.test CNAME 20 b.test\nb.test CNAME 10 c.test", DNS_A, "a.test", &got);
	cr_expect_eq(got.n, 0);
	cr_expect_str_eq(got.alias, "c.test");
	cr_expect_eq(got.ttl, 10);
}

Test(dns_records, chains_are_followed_so_far_and_no_further)
{
	char zone[2048] = "a0.test A 10.0.0.1\n";
	uint8_t question[300], answer[4096];
	bool truncated;

	for (int i = 1; i <= DNS_ALIASES_MAX + 1; i++) {
		char name[16];
		size_t n = strlen(zone);

		snprintf(zone + n, sizeof(zone) - n, "a%d.test CNAME a%d.test\n", i, i - 1);
		snprintf(name, sizeof(name), "a%d.test", i);
		n = lab_question(DNS_A, name, question);
		n = lab_answer(zone, question, n, answer, sizeof(answer), &truncated);
		cr_expect_eq(read_at_edge(answer, n, name, DNS_A),
			     i <= DNS_ALIASES_MAX ? 0 : -EBADMSG, "%d aliases", i);
	}
}

Test(dns_records, of_too_many_always_the_same_are_kept)
{
	enum { MANY = 200 };
	char zone[MANY * 32], backward[MANY * 32];
	struct dns_answer_records first;
	size_t n = 0, m = 0;

	for (int i = 0; i < MANY; i++) {
		n += (size_t)snprintf(zone + n, sizeof(zone) - n, "a.test A 10.0.0.%d\n", i + 1);
		m += (size_t)snprintf(backward + m, sizeof(backward) - m, "a.test A 10.0.0.%d\n",
				      MANY - i);
	}
	lab_records(zone, DNS_A, "a.test", &got);
	first = got;
	lab_records(backward, DNS_A, "a.test", &got);
	cr_expect_eq(got.n, DNS_RECORDS_MAX);
	cr_expect(got.cut && first.cut);
	for (uint32_t i = 0; i < got.n; i++)
		cr_expect(ip_equal(&got.v[i].ip, &first.v[i].ip));
	cr_expect_eq(got.v[0].ip.b[15], 1);
}

Test(dns_records, services_of_others_are_passed_over)
{
	lab_records("a.test NAPTR 20 1 s SIP+D2U _sip._udp.a.test\n"
		    "a.test NAPTR 10 1 S sips+d2t _sips._tcp.a.test\n"
		    "a.test NAPTR 10 2 s SIP+D2S _sip._sctp.a.test\n"
		    "a.test NAPTR 10 3 u SIP+D2T _sip._tcp.a.test\n"
		    "a.test NAPTR 10 4 s SIP+D2T .\n"
		    "a.test NAPTR 10 0 s SIP+D2T _sip._tcp.a.test",
		    DNS_NAPTR, "a.test", &got);
	cr_assert_eq(got.n, 3);
	cr_expect_eq(got.v[0].transport, SIP_TCP);
	cr_expect_eq(got.v[1].transport, SIP_TLS);
	cr_expect_eq(got.v[2].transport, SIP_UDP);
	cr_expect_str_eq(got.v[2].name, "_sip._udp.a.test");
	cr_expect(got.odd);
}

Test(dns_records, what_is_kept_says_the_same_and_is_small)
{
	static const char zone[] = "_sip._udp.a.test SRV 1 2 5060 b.test\n"
				   "_sip._udp.a.test SRV 1 2 5061 b.test\n"
				   "_sip._udp.a.test SRV 0 0 0 .\n";
	struct dns_rrset *a = lab_rrset(zone, DNS_SRV, "_sip._udp.a.test");
	struct dns_rrset *b = lab_rrset(zone, DNS_SRV, "_sip._udp.a.test");

	cr_assert(a && b);
	cr_expect(dns_rrset_same(a, b));
	cr_expect_eq(a->n, 3);
	cr_expect_str_eq(a->v[0].name, "");
	cr_expect_str_eq(a->v[1].name, "b.test");
	cr_expect_eq(a->v[1].name, a->v[2].name);
	cr_expect_eq(a->v[2].port, 5061);
	b->v[2].weight = 7;
	cr_expect(!dns_rrset_same(a, b));
	mem_free(a);
	mem_free(b);
}

Test(dns_records, names_have_the_characters_of_host_names)
{
	static const struct {
		const char *text, *name; /* NULL: none */
	} rows[] = {
		{ "a.test", "a.test" },
		{ "A.Test.", "a.test" },
		{ "_sip._udp.a.test", "_sip._udp.a.test" },
		{ "a-1.test", "a-1.test" },
		{ "", NULL },
		{ ".", NULL },
		{ "a..test", NULL },
		{ ".a.test", NULL },
		{ "a.test..", NULL },
		{ "a b.test", NULL },
		{ "a\\.test", NULL },
		{ "a%2e.test", NULL },
		{ "\xc3\xa4.test", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", NULL },
	};
	char name[DNS_NAME_MAX + 1], text[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = dns_name_copy(rows[i].text, strlen(rows[i].text), name);

		cr_expect_eq(ok, rows[i].name != NULL, "%s", rows[i].text);
		if (ok && rows[i].name)
			cr_expect_str_eq(name, rows[i].name);
	}
	for (size_t n = 250; n < 260; n++) {
		memset(text, 'a', n);
		for (size_t i = 50; i < n; i += 50)
			text[i] = '.';
		cr_expect_eq(dns_name_copy(text, n, name), n <= 253, "%zu", n);
	}
}
