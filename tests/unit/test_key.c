/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Affinity keys: what is one key however it is written, and what is not (requirements R16.11-4,
 * LB-2, LB-3).
 */
#include "dataplane/proxy/key.h"
#include "tests/unit/parsed.h"

static struct keys keys;
static const struct ip source = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1 } };

static void setup(void)
{
	cr_assert_eq(keys_derive("key tests, secret", 17, &keys), 0);
}

TestSuite(key, .init = setup);

static uint64_t hash_text(const struct key_spec *spec, const char *text)
{
	struct parsed p;
	uint64_t h;

	parsed_text(&p, text);
	h = key_hash(&keys, spec, &p.m, &source);
	parsed_free(&p);
	return h;
}

static uint64_t hash_request(enum key_kind kind, struct request r)
{
	struct key_spec spec = { .kind = kind };
	struct parsed p;
	uint64_t h;

	parsed_request(&p, r);
	h = key_hash(&keys, &spec, &p.m, &source);
	parsed_free(&p);
	return h;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- one request in 20 layouts (LB-3) --- */

#define LINE "INVITE sip:bob@Example.com:5060;transport=udp SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"
#define FROM "From: \"Alice\" <sip:alice@example.org>;tag=a\r\n"
#define TO "To: Bob <sip:bob@example.com>\r\n"
#define CALL_ID "Call-ID: f81d4fae-7dec@a.example\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define ACCOUNT "X-Account: gold  member 17\r\n"
#define END "Content-Length: 0\r\n\r\n"

static const char *const layouts[] = {
	LINE VIA FROM TO CALL_ID CSEQ ACCOUNT END,
	LINE ACCOUNT CSEQ CALL_ID TO FROM VIA END,
	LINE VIA FROM TO ACCOUNT CSEQ "Content-Length: 0\r\n" CALL_ID "\r\n",
	LINE
	"v: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nf: \"Alice\" <sip:alice@example.org>;tag=a\r\n"
	"t: Bob <sip:bob@example.com>\r\ni: f81d4fae-7dec@a.example\r\n" CSEQ ACCOUNT
	"l: 0\r\n\r\n",
	LINE VIA FROM TO "CALL-ID: f81d4fae-7dec@a.example\r\n" CSEQ
			 "x-account: gold member 17\r\n" END,
	LINE VIA FROM TO "Call-ID:f81d4fae-7dec@a.example\r\n" CSEQ
			 "X-ACCOUNT:gold member 17\r\n" END,
	LINE VIA FROM TO "Call-ID  : \t f81d4fae-7dec@a.example \t \r\n" CSEQ
			 "X-Account\t: gold member 17   \r\n" END,
	LINE VIA FROM TO "Call-ID:\r\n f81d4fae-7dec@a.example\r\n" CSEQ
			 "X-Account:\r\n\tgold\r\n member\r\n  17\r\n" END,
	LINE VIA FROM TO "i:\r\n\t f81d4fae-7dec@a.example\r\n" CSEQ
			 "X-Account: gold\t\tmember \t17\r\n" END,
	LINE VIA "From: <sip:alice@example.org>;tag=a\r\nTo: <sip:bob@example.com>\r\n" CALL_ID CSEQ
		ACCOUNT END,
	LINE VIA
	"From: sip:alice@example.org;tag=a\r\nTo: sip:bob@example.com\r\n" CALL_ID CSEQ ACCOUNT END,
	LINE VIA "From: Alice A <sip:alice@EXAMPLE.org:5060>;tag=a\r\nTo: "
		 "<sip:bob@example.COM;transport=tcp>\r\n" CALL_ID CSEQ ACCOUNT END,
	LINE VIA "From:\r\n \"Alice\"\r\n <sip:alice@example.org>\r\n "
		 ";tag=a\r\nTo:\r\n\tBob\r\n\t<sip:bob@example.com>\r\n" CALL_ID CSEQ ACCOUNT END,
	LINE VIA
	"From: <sip:%61lice@example.org>;tag=a\r\nTo: <sip:b%6Fb@example.com>\r\n" CALL_ID CSEQ
		ACCOUNT END,
	LINE VIA "From: <sip:alice:secret@example.org>;tag=a\r\nTo: "
		 "<sip:bob@example.com?subject=x>\r\n" CALL_ID CSEQ ACCOUNT END,
	LINE VIA
	"From: <sips:alice@example.org:5061>;tag=a\r\nTo: <SIP:bob@example.com;lr>\r\n" CALL_ID CSEQ
		ACCOUNT END,
	LINE VIA VIA FROM TO CALL_ID CSEQ ACCOUNT END,
	"INVITE sip:bob@example.com SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ ACCOUNT END,
	"INVITE sip:%62ob@EXAMPLE.COM;user=phone SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ ACCOUNT END,
	LINE VIA FROM TO CALL_ID CSEQ ACCOUNT "X-Account: another\r\nX: y\r\n" END "body",
};

Test(key, one_request_in_20_layouts_has_one_key_of_each_kind)
{
	struct key_spec specs[] = { { .kind = KEY_CALL_ID }, { .kind = KEY_FROM },
				    { .kind = KEY_TO },      { .kind = KEY_REQUEST_URI },
				    { .kind = KEY_SOURCE },  { .kind = KEY_USER },
				    { .kind = KEY_HEADER } };

	cr_assert_eq(COUNT(layouts), 20);
	cr_assert(key_spec_header(&specs[6], "X-Account", 9));
	for (size_t k = 0; k < COUNT(specs); k++) {
		uint64_t want = hash_text(&specs[k], layouts[0]);

		for (size_t i = 1; i < COUNT(layouts); i++)
			cr_assert_eq(hash_text(&specs[k], layouts[i]), want, "kind %d layout %zu",
				     specs[k].kind, i);
	}
}

Test(key, the_messages_of_a_call_share_the_key_of_their_call_id)
{
	static const struct request same[] = {
		{ .method = "CANCEL" },
		{ .method = "ACK", .to = "<sip:bob@example.com>;tag=x" },
		{ .method = "BYE",
		  .cseq = "2",
		  .uri = "sip:bob@192.0.2.7",
		  .via = "SIP/2.0/UDP b.example;branch=z9hG4bKx" },
		{ .method = "BYE",
		  .from = "<sip:bob@example.com>;tag=b",
		  .to = "<sip:alice@example.org>;tag=a1" },
	};
	uint64_t want = hash_request(KEY_CALL_ID, (struct request){ 0 });

	for (size_t i = 0; i < COUNT(same); i++)
		cr_assert_eq(hash_request(KEY_CALL_ID, same[i]), want, "row %zu", i);
}

Test(key, every_octet_of_a_call_id_counts_whatever_its_length)
{
	static const unsigned int lengths[] = { 1,   8,   16,  17,  32,  43,  63,  64,   65,   66,
						100, 127, 128, 129, 130, 240, 241, 1000, 30000 };
	static char id[30001];
	static uint64_t seen[COUNT(lengths) * 3];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(id, 'k', lengths[i]);
		id[lengths[i]] = '\0';
		seen[n++] = hash_request(KEY_CALL_ID, (struct request){ .call_id = id });
		id[lengths[i] - 1] = 'K';
		seen[n++] = hash_request(KEY_CALL_ID, (struct request){ .call_id = id });
		if (lengths[i] > 1) {
			id[lengths[i] - 1] = 'k';
			id[0] = 'K';
			seen[n++] = hash_request(KEY_CALL_ID, (struct request){ .call_id = id });
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(seen[i], seen[j], "%zu and %zu", i, j);
	}
}

/* The last bytes of a datagram are read in another way. */
Test(key, a_call_id_at_the_end_of_the_datagram_has_the_same_key)
{
	static const unsigned int lengths[] = { 1, 30, 60, 64, 65, 100, 124, 128, 129, 200 };
	static char middle[1000], end[1000], id[201];
	struct key_spec spec = { .kind = KEY_CALL_ID };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(id, 'c', lengths[i]);
		id[lengths[i]] = '\0';
		snprintf(middle, sizeof(middle),
			 LINE "Call-ID: %s\r\n" VIA FROM TO CSEQ ACCOUNT END, id);
		snprintf(end, sizeof(end), LINE VIA FROM TO CSEQ "i:%s\r\n\r\n", id);
		cr_assert_eq(hash_text(&spec, middle), hash_text(&spec, end), "%u bytes",
			     lengths[i]);
	}
}

/* --- addresses of record --- */

static uint64_t hash_aor(const char *uri)
{
	char from[800], to[800];
	uint64_t by_from, by_to;

	snprintf(from, sizeof(from), "<%s>;tag=1", uri);
	snprintf(to, sizeof(to), "<%s>", uri);
	by_from = hash_request(KEY_FROM, (struct request){ .from = from });
	by_to = hash_request(KEY_TO, (struct request){ .to = to });
	cr_assert_eq(by_from, by_to, "%s", uri);
	cr_assert_eq(hash_request(KEY_REQUEST_URI, (struct request){ .uri = uri }), by_to, "%s",
		     uri);
	return by_from;
}

Test(key, equal_addresses_of_record_share_a_key)
{
	static const char *const pairs[][2] = {
		{ "sip:u@h.example", "sips:u@H.Example:5061" },
		{ "sip:u@h.example", "sip:u:pw@h.example:5060;user=phone;lr" },
		{ "sip:u@[2001:db8::1]", "sip:u@[2001:DB8:0:0:0:0:0:1]:5060" },
		{ "sip:u@192.0.2.1", "sip:u@[::ffff:192.0.2.1]" },
		{ "sip:h.example", "sip:H.EXAMPLE;maddr=192.0.2.1" },
		{ "sip:%7Eu%2d%2E@h.example", "sip:~u-.@h.example" },
		{ "sip:a%3bb@h.example", "sip:a%3Bb@h.example" },
		{ "tel:+1-201-555-0123", "tel:+1(201)555.0123" },
		{ "tel:+12015550123;ext=5", "TEL:+12015550123" },
	};

	for (size_t i = 0; i < COUNT(pairs); i++)
		cr_assert_eq(hash_aor(pairs[i][0]), hash_aor(pairs[i][1]), "row %zu", i);
}

Test(key, different_addresses_of_record_have_different_keys)
{
	static const char *const uris[] = {
		"sip:u@h.example",       "sip:U@h.example",      "sip:u@h.example:5070",
		"sip:u@h2.example",      "sip:h.example",        "sip:u2@h.example",
		"sip:u%40h.example@x",   "sip:a%3Bb@h.example",  "sip:a;b@h.example",
		"sip:u@192.0.2.1",       "sip:u@192.0.2.2",      "sip:u@[2001:db8::1]",
		"tel:+12015550123",      "tel:+12015550124",     "sip:+12015550123@h.example",
		"sips:u@h.example:5060", "sip:u@h.example:5061", "sip:192.0.2.1",
	};
	uint64_t seen[COUNT(uris)];

	for (size_t i = 0; i < COUNT(uris); i++) {
		seen[i] = hash_aor(uris[i]);
		for (size_t j = 0; j < i; j++) {
			/* a port that is usual for the other scheme counts like any other */
			bool same = strcmp(uris[i], "sip:u@h.example:5061") == 0 &&
				    strcmp(uris[j], "sips:u@h.example") == 0;

			cr_assert_eq(seen[i] == seen[j], same, "%s and %s", uris[i], uris[j]);
		}
	}
}

/* Longer than the buffer for canonical bytes, in every position of its end. */
Test(key, long_users_count_to_their_last_byte)
{
	static char uri[700], escaped[700];

	for (int n = 240; n < 280; n++) {
		snprintf(uri, sizeof(uri), "sip:%.*d@h.example", n, 7);
		snprintf(escaped, sizeof(escaped), "sip:%%30%.*d@H.example", n - 1, 7);
		cr_assert_eq(hash_aor(uri), hash_aor(escaped), "%d bytes", n);
		snprintf(escaped, sizeof(escaped), "sip:%.*d@h.example", n, 8);
		cr_assert_neq(hash_aor(uri), hash_aor(escaped), "%d bytes", n);
	}
}

Test(key, user_is_to_in_a_register_and_from_elsewhere)
{
	struct request reg = { .method = "REGISTER",
			       .uri = "sip:example.org",
			       .from = "<sip:admin@example.org>;tag=1",
			       .to = "<sip:alice@example.org>" };
	struct request call = { .from = "<sip:alice@example.org:5060>;tag=2",
				.to = "<sip:bob@example.com>" };

	cr_assert_eq(hash_request(KEY_USER, reg), hash_request(KEY_USER, call));
	cr_assert_neq(hash_request(KEY_FROM, reg), hash_request(KEY_FROM, call));
}

Test(key, source_is_the_address_alone)
{
	struct key_spec spec = { .kind = KEY_SOURCE };
	struct ip other = source;
	struct parsed a, b;

	parsed_request(&a, (struct request){ 0 });
	parsed_request(&b, (struct request){ .call_id = "x", .method = "REGISTER" });
	other.b[15]++;
	cr_assert_eq(key_hash(&keys, &spec, &a.m, &source), key_hash(&keys, &spec, &b.m, &source));
	cr_assert_neq(key_hash(&keys, &spec, &a.m, &source), key_hash(&keys, &spec, &a.m, &other));
	parsed_free(&a);
	parsed_free(&b);
}

/* --- headers by name --- */

static uint64_t hash_header(const char *name, const char *extra)
{
	struct key_spec spec;
	struct parsed p;
	uint64_t h;

	cr_assert(key_spec_header(&spec, name, strlen(name)));
	parsed_request(&p, (struct request){ .extra = extra });
	h = key_hash(&keys, &spec, &p.m, &source);
	parsed_free(&p);
	return h;
}

Test(key, a_header_is_found_in_either_form_by_either_name)
{
	uint64_t want = hash_header("Contact", "Contact: <sip:a@b.example>\r\n");

	cr_assert_eq(hash_header("contact", "m: <sip:a@b.example>\r\n"), want);
	cr_assert_eq(hash_header("M", "CONTACT: <sip:a@b.example>\r\n"), want);
	cr_assert_eq(hash_header("m", "m: <sip:a@b.example>\r\n"), want);
	cr_assert_eq(hash_header("i", ""), hash_header("Call-ID", ""));
	cr_assert_eq(hash_header("t", ""), hash_header("To", ""));
	cr_assert_neq(hash_header("t", ""), hash_header("f", ""));
}

Test(key, the_first_row_counts_in_whatever_form)
{
	uint64_t a = hash_header("contact", "Contact: a\r\n"),
		 b = hash_header("contact", "m: b\r\n");

	cr_assert_neq(a, b);
	cr_assert_eq(hash_header("contact", "Contact: a\r\nm: b\r\n"), a);
	cr_assert_eq(hash_header("contact", "m: b\r\nContact: a\r\n"), b);
	cr_assert_eq(hash_header("X-A", "X-A: 1\r\nX-A: 2\r\n"), hash_header("x-a", "X-A: 1\r\n"));
}

Test(key, a_header_that_is_absent_or_empty_falls_back_to_the_call_id)
{
	uint64_t want = hash_request(KEY_CALL_ID, (struct request){ 0 });

	cr_assert_eq(hash_header("X-A", ""), want);
	cr_assert_eq(hash_header("X-A", "X-A:\r\n"), want);
	cr_assert_eq(hash_header("X-A", "X-A:  \t \r\n"), want);
	cr_assert_eq(hash_header("Route", ""), want);
	cr_assert_neq(hash_header("X-A", "X-A: 0\r\n"), want);
}

Test(key, header_names_are_folded_and_bounded)
{
	struct key_spec spec = { .kind = KEY_SOURCE };
	char name[KEY_HEADER_MAX + 2];

	memset(name, 'N', sizeof(name));
	cr_assert_not(key_spec_header(&spec, name, KEY_HEADER_MAX + 1));
	cr_assert_not(key_spec_header(&spec, name, 0));
	cr_assert_eq(spec.kind, KEY_SOURCE);
	cr_assert(key_spec_header(&spec, name, KEY_HEADER_MAX));
	cr_assert_eq(spec.kind, KEY_HEADER);
	cr_assert_eq(spec.header_len, KEY_HEADER_MAX);
	cr_assert_eq(spec.header[KEY_HEADER_MAX - 1], 'n');
}

Test(key, another_secret_gives_other_keys)
{
	uint64_t id = hash_request(KEY_CALL_ID, (struct request){ 0 });
	uint64_t from = hash_request(KEY_FROM, (struct request){ 0 });

	cr_assert_eq(keys_derive("key tests, Secret", 17, &keys), 0);
	cr_assert_neq(hash_request(KEY_CALL_ID, (struct request){ 0 }), id);
	cr_assert_neq(hash_request(KEY_FROM, (struct request){ 0 }), from);
}

/* A fleet of mixed versions must agree, so the functions may never change. */
Test(key, the_functions_are_the_ones_that_running_fleets_use)
{
	static const struct {
		unsigned int len;
		uint64_t key;
	} rows[] = {
		{ 16, 0xc596c27a1e25222e },  { 64, 0xfb4e917c15a2062a },
		{ 65, 0xa98b102520de2941 },  { 128, 0xbeaa524156b9bbc7 },
		{ 200, 0x6be49c3581e5f81c },
	};
	char call_id[201];

	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(call_id, 'x', rows[i].len);
		call_id[rows[i].len] = '\0';
		cr_assert_eq(hash_request(KEY_CALL_ID, (struct request){ .call_id = call_id }),
			     rows[i].key, "%u bytes", rows[i].len);
	}
	cr_assert_eq(
		hash_request(KEY_FROM, (struct request){ .from = "<sip:alice@example.org>;tag=a" }),
		0x91bfe97a8dc7eaac);
	cr_assert_eq(hash_request(KEY_SOURCE, (struct request){ 0 }), 0xc96d11eff525d7d7);
}
