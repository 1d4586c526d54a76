/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * URIs, hosts and transports (RFC 3261 19.1, 25.1; RFC 4475; RFC 5118).
 */
#include "dataplane/sip/uri.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>

static struct guard guard;

static void open_guard(void)
{
	guard = guard_open(4096);
}

TestSuite(uri, .init = open_guard);

/* A URI and what must come out; what is not named must be absent. */
static const struct row {
	const char *text;
	const char *user, *host, *params, *headers, *maddr, *method, *token;
	const char *transport;
	unsigned int port;
	bool lr;
} good[] = {
	{ "sip:example.com", .host = "example.com" },
	{ "sip:alice@example.com", .user = "alice", .host = "example.com" },
	{ "SIP:alice@example.com:5070", .user = "alice", .host = "example.com", .port = 5070 },
	{ "sips:alice@192.0.2.1:65535", .user = "alice", .host = "192.0.2.1", .port = 65535 },
	{ "sip:alice:secret@192.0.2.1;transport=tcp", .user = "alice:secret", .host = "192.0.2.1",
	  .params = ";transport=tcp", .transport = "tcp" },
	{ "sip:a@h;Transport=UDP;LR;maddr=239.1.2.3", .user = "a", .host = "h",
	  .params = ";Transport=UDP;LR;maddr=239.1.2.3", .transport = "udp", .maddr = "239.1.2.3",
	  .lr = true },
	{ "sip:a@h;transport=TlS", .user = "a", .host = "h", .params = ";transport=TlS",
	  .transport = "tls" },
	{ "sip:a@h;transport=sctp", .user = "a", .host = "h", .params = ";transport=sctp",
	  .transport = "other" },
	{ "sip:a@h;xtransport=udp", .user = "a", .host = "h", .params = ";xtransport=udp" },
	{ "sip:a@h;transpor=udp", .user = "a", .host = "h", .params = ";transpor=udp" },
	{ "sip:h;lr", .host = "h", .params = ";lr", .lr = true },
	{ "sip:h;lr=on", .host = "h", .params = ";lr=on", .lr = true },
	{ "sip:h;lr=", .host = "h", .params = ";lr=", .lr = true },
	{ "sip:h;lrx", .host = "h", .params = ";lrx" },
	{ "sip:h;l", .host = "h", .params = ";l" },
	{ "sip:h;x=lr", .host = "h", .params = ";x=lr" },
	{ "sip:h:5060;vt=0a1b.2c;lr", .host = "h", .port = 5060, .params = ";vt=0a1b.2c;lr",
	  .token = "0a1b.2c", .lr = true },
	{ "sip:b@h;method=INVITE?x=y", .user = "b", .host = "h", .params = ";method=INVITE",
	  .headers = "?x=y", .method = ";method=INVITE" },
	{ "sip:b@h?Route=%3Csip:x%3E&a=b", .user = "b", .host = "h",
	  .headers = "?Route=%3Csip:x%3E&a=b" },
	{ "sip:h?", .host = "h", .headers = "?" },
	{ "sip:user;par=u%40example.net@example.com", .user = "user;par=u%40example.net",
	  .host = "example.com" },
	{ "sip:a%20b%00@example.net", .user = "a%20b%00", .host = "example.net" },
	{ "sip:%5b%5D@h", .user = "%5b%5D", .host = "h" },
	{ "sip:(a)&b=c+d$e,f;g?h/i:j@h", .user = "(a)&b=c+d$e,f;g?h/i:j", .host = "h" },
	{ "sip:*21#@example.com", .user = "*21#", .host = "example.com" },
	{ "sip:+1-212-555-0101;ext=9@gw;user=phone", .user = "+1-212-555-0101;ext=9", .host = "gw",
	  .params = ";user=phone" },
	{ "sip:[2001:db8::10]", .host = "[2001:db8::10]" },
	{ "sip:a@[2001:db8::10]:5070;lr", .user = "a", .host = "[2001:db8::10]", .port = 5070,
	  .params = ";lr", .lr = true },
	{ "sip:[2001:db8::10:5070]", .host = "[2001:db8::10:5070]" },
	{ "sip:a@[2001:db8:::192.0.2.1]", .user = "a", .host = "[2001:db8:::192.0.2.1]" },
	{ "sip:h;maddr=[2001:db8::1]", .host = "h", .params = ";maddr=[2001:db8::1]",
	  .maddr = "[2001:db8::1]" },
	{ "sip:h;maddr=a.example", .host = "h", .params = ";maddr=a.example",
	  .maddr = "a.example" },
	{ "sip:h;p=a=b;q=[x]/:&+$", .host = "h", .params = ";p=a=b;q=[x]/:&+$" },
	{ "sip:h;unknown;and-more=%41", .host = "h", .params = ";unknown;and-more=%41" },
	{ "sip:core_1.example.", .host = "core_1.example." },
	{ "sip:core1", .host = "core1" },
	{ "sip:a.5gc", .host = "a.5gc" },
	{ "sip:very-long-host-name-with-more-than-64-bytes.and-some-more-of-it.in.example.com:5061",
	  .host = "very-long-host-name-with-more-than-64-bytes.and-some-more-of-it.in.example.com",
	  .port = 5061 },
	{ "sip:a@h:05060", .user = "a", .host = "h", .port = 5060 },
};

static const char *const bad[] = {
	"",
	"sip",
	"sip:",
	":h",
	"sips:",
	"alice@example.com",
	"sip:@example.com",
	"sip:alice@",
	"sip:alice@@example.com",
	"sip:a@b@example.com",
	"sip:a@b;x=c@d",
	"sip:a b@example.com",
	" sip:a@example.com",
	"sip:a@example.com ",
	"sip:a@example.com; lr",
	"sip:a@exam\tple.com",
	"sip:a@example.com\r\n",
	"sip:a\x01@example.com",
	"sip:a\x7f@example.com",
	"sip:a\x80@example.com",
	"<sip:a@example.com>",
	"sip:a@example.com>",
	"sip:<a@example.com",
	"sip:\"a\"@example.com",
	"sip:a\\b@example.com",
	"sip:{a}@example.com",
	"sip:a@exam%70le.com",
	"sip:a@ex!ample.com",
	"sip:a@ex*ample.com",
	"sip:a@.example.com",
	"sip:a@example..com",
	"sip:a@example.com:",
	"sip:a@example.com:0",
	"sip:a@example.com:65536",
	"sip:a@example.com:99999999999999999999",
	"sip:a@example.com:5060a",
	"sip:a@example.com:-1",
	"sip:a@example.com:5060:5061",
	"sip:a@2001:db8::10",
	"sip:2001:db8::10",
	"sip:[2001:db8::10",
	"sip:[2001:db8::10]x",
	"sip:[2001:db8::10]5060",
	"sip:[]",
	"sip:[example.com]",
	"sip:[192.0.2.1]",
	"sip:1.2.3",
	"sip:1.2.3.4.5",
	"sip:256.1.1.1",
	"sip:10.",
	"sip:a%@h",
	"sip:a%4@h",
	"sip:a%4g@h",
	"sip:a%@4",
	"sip:h;x=%",
	"sip:h;x=%4",
	"sip:h;",
	"sip:h;;lr",
	"sip:h;=x",
	"sip:h;a;",
	"sip:a@h;a@b",
	"sip:h;a,b",
	"sip:h;a=b\"c\"",
	"sip:h;transport=udp;transport=tcp",
	"sip:h;transport=udp;TRANSPORT=udp",
	"sip:h;transport",
	"sip:h;transport=",
	"sip:h;maddr=1.2.3.4;maddr=1.2.3.5",
	"sip:h;maddr",
	"sip:h;maddr=",
	"sip:h;maddr=a..b",
	"sip:h;method=A;method=B",
	"sip:h;vt=1;vt=2",
	"sip:h x",
	"tel:",
	"tel:+1 212",
	"tel:<1>",
	"1sip:a",
	"si_p:a",
	"-x:a",
	"s<p:a",
};

static const struct {
	const char *text;
	enum uri_scheme scheme;
} schemes[] = {
	{ "sip:a", URI_SIP },
	{ "sIpS:a", URI_SIPS },
	{ "tel:+1-212-555-0101;phone-context=example.com", URI_TEL },
	{ "TEL:112", URI_TEL },
	{ "isbn:2983792873", URI_OTHER },
	{ "http://example.com/a?b", URI_OTHER },
	{ "nobodyKnowsThisScheme:totallyopaquecontent", URI_OTHER },
	{ "soap.beep://192.0.2.103:3002", URI_OTHER },
	{ "sipx:a", URI_OTHER },
	{ "si:a", URI_OTHER },
	{ "mailto:100%", URI_OTHER },
};

static const uint8_t *place(const char *text, struct span *s)
{
	*s = span_of(0, (unsigned int)strlen(text));
	return guard_at_end(&guard, text, s->len);
}

static enum sip_transport transport_of(const char *word)
{
	if (!word)
		return SIP_TRANSPORT_NONE;
	return transport_parse((const uint8_t *)word, span_of(0, (unsigned int)strlen(word)));
}

static void expect_span(const uint8_t *p, struct span s, const char *wanted, const char *what,
			const char *text)
{
	if (!wanted)
		cr_expect_eq(s.len, 0, "%s of %s: %.*s", what, text, s.len, p + s.off);
	else
		cr_expect(span_is(p, s, wanted), "%s of %s: %.*s", what, text, s.len, p + s.off);
}

Test(uri, reads_every_part_of_a_well_formed_uri)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct row *r = &good[i];
		struct sip_uri u;
		struct span s;
		const uint8_t *p = place(r->text, &s);

		cr_expect(uri_parse(p, s, &u), "%s", r->text);
		expect_span(p, u.whole, r->text, "whole", r->text);
		expect_span(p, u.user, r->user, "user", r->text);
		expect_span(p, u.host.text, r->host, "host", r->text);
		cr_expect_eq(u.port, r->port, "port %u of %s", u.port, r->text);
		expect_span(p, u.params, r->params, "params", r->text);
		expect_span(p, u.headers, r->headers, "headers", r->text);
		cr_expect_eq(u.transport, transport_of(r->transport), "transport of %s", r->text);
		cr_expect_eq(u.maddr.kind == HOST_NONE, r->maddr == NULL, "maddr of %s", r->text);
		expect_span(p, u.maddr.text, r->maddr, "maddr", r->text);
		expect_span(p, u.method, r->method, "method", r->text);
		expect_span(p, u.token, r->token, "token", r->text);
		cr_expect_eq(u.lr, r->lr, "lr of %s", r->text);
	}
}

Test(uri, refuses_what_is_not_well_formed)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sip_uri u;
		struct span s;
		const uint8_t *p = place(bad[i], &s);

		cr_expect(!uri_parse(p, s, &u), "%s", bad[i]);
	}
}

Test(uri, refuses_zero_bytes)
{
	struct sip_uri u;

	cr_expect(!uri_parse((const uint8_t *)"sip:a\0b@h", span_of(0, 9), &u));
	cr_expect(!uri_parse((const uint8_t *)"sip:a@h\0", span_of(0, 8), &u));
}

Test(uri, tells_the_schemes_apart)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct sip_uri u;
		struct span s;
		const uint8_t *p = place(schemes[i].text, &s);

		cr_expect(uri_parse(p, s, &u), "%s", schemes[i].text);
		cr_expect_eq(u.scheme, schemes[i].scheme, "%s", schemes[i].text);
	}
}

/* The same URI in the middle of other text gives the same result, moved. */
Test(uri, does_not_look_around_itself)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (unsigned int shift = 1; shift < 70; shift += 3) {
			size_t n = strlen(good[i].text);
			struct sip_uri u;
			struct span s = span_of(shift, shift + (unsigned int)n);
			char text[300];

			memset(text, 'a', sizeof(text));
			memcpy(text + shift, good[i].text, n);
			cr_expect(uri_parse((const uint8_t *)text, s, &u), "%s", good[i].text);
			expect_span((const uint8_t *)text, u.host.text, good[i].host, "host",
				    good[i].text);
			expect_span((const uint8_t *)text, u.params, good[i].params, "params",
				    good[i].text);
		}
}

static const struct {
	const char *text;
	bool bare_v6;
	enum host_kind kind;
} hosts[] = {
	{ "a", false, HOST_NAME },
	{ "example.com", false, HOST_NAME },
	{ "Example.COM.", false, HOST_NAME },
	{ "1.2.3.4", false, HOST_IP },
	{ "[::1]", false, HOST_IP },
	{ "[::ffff:1.2.3.4]", false, HOST_IP },
	{ "::1", false, HOST_NONE },
	{ "::1", true, HOST_IP },
	{ "2001:db8::9:1", true, HOST_IP },
	{ "[2001:db8::9:1]", true, HOST_IP },
	{ "1.2.3.4", true, HOST_IP },
	{ "", false, HOST_NONE },
	{ "", true, HOST_NONE },
	{ ".", false, HOST_NONE },
	{ "a..b", false, HOST_NONE },
	{ "0123456789abcde..b", false, HOST_NONE },
	{ "0123456789abcdef..b", false, HOST_NONE },
	{ "0123456789abcdef.b", false, HOST_NAME },
	{ "0123456789abcde.bc", false, HOST_NAME },
	{ "a b", false, HOST_NONE },
	{ "a:5060", true, HOST_NONE },
	{ "a@b", false, HOST_NONE },
	{ "a/b", false, HOST_NONE },
	{ "a[", false, HOST_NONE },
	{ "\xc3\xa4.example", false, HOST_NONE },
	{ "10.1", false, HOST_NONE },
	{ "a.10", false, HOST_NONE },
	{ "a.10.", false, HOST_NONE },
	{ "a10", false, HOST_NAME },
};

Test(uri, tells_names_from_addresses)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct sip_host h;
		struct span s;
		const uint8_t *p = place(hosts[i].text, &s);
		bool ok = host_parse(p, s, hosts[i].bare_v6, &h);

		cr_expect_eq(ok, hosts[i].kind != HOST_NONE, "%s", hosts[i].text);
		cr_expect_eq(h.kind, hosts[i].kind, "%s", hosts[i].text);
	}
}

Test(uri, accepts_in_host_names_exactly_the_letters_that_may_be_there)
{
	for (unsigned int c = 0; c < 256; c++)
		for (unsigned int at = 1; at < 40; at += 13) {
			uint8_t text[40];
			struct sip_host h;
			bool wanted = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				      (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';

			memset(text, 'h', sizeof(text));
			text[at] = (uint8_t)c;
			cr_expect_eq(host_parse(text, span_of(0, 40), false, &h), wanted, "byte %u",
				     c);
		}
}

Test(uri, reads_host_and_port)
{
	static const struct {
		const char *text;
		int port; /* -1 = malformed */
	} rows[] = {
		{ "h", 0 },
		{ "h:1", 1 },
		{ "h:65535", 65535 },
		{ "h:65536", -1 },
		{ "h:0", -1 },
		{ "h:", -1 },
		{ ":1", -1 },
		{ "h:1;x", -1 },
		{ "h :1", -1 },
		{ "1.2.3.4:5060", 5060 },
		{ "[::1]:5060", 5060 },
		{ "::1", -1 },
		{ "[::1]", 0 },
		{ "", -1 },
		{ "h:000005060", 5060 },
		{ "h:5060 ", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_host h;
		struct span s;
		uint16_t port;
		const uint8_t *p = place(rows[i].text, &s);
		bool ok = hostport_parse(p, s, &h, &port);

		cr_expect_eq(ok, rows[i].port >= 0, "%s", rows[i].text);
		if (ok)
			cr_expect_eq(port, rows[i].port, "%s", rows[i].text);
	}
}

Test(uri, knows_transports_in_any_case)
{
	static const struct {
		const char *text;
		enum sip_transport transport;
	} rows[] = {
		{ "UDP", SIP_UDP },
		{ "udp", SIP_UDP },
		{ "Tcp", SIP_TCP },
		{ "tls", SIP_TLS },
		{ "TLS", SIP_TLS },
		{ "SCTP", SIP_TRANSPORT_OTHER },
		{ "", SIP_TRANSPORT_OTHER },
		{ "UD", SIP_TRANSPORT_OTHER },
		{ "UDPX", SIP_TRANSPORT_OTHER },
		{ "WS", SIP_TRANSPORT_OTHER },
		{ "U\x04P", SIP_TRANSPORT_OTHER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span s;
		const uint8_t *p = place(rows[i].text, &s);

		cr_expect_eq(transport_parse(p, s), rows[i].transport, "%s", rows[i].text);
	}
}

/* Byte by byte damage: no crash at the guard page, and never a host that runs out of the span. */
Test(uri, survives_every_change_of_one_byte)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i].text);

		for (size_t at = 0; at < n; at++)
			for (unsigned int c = 0; c < 256; c += 1 + c % 3) {
				struct sip_uri u;
				struct span s;
				uint8_t *p = (uint8_t *)place(good[i].text, &s);

				p[at] = (uint8_t)c;
				if (uri_parse(p, s, &u))
					cr_assert(span_end(u.host.text) <= n &&
						  span_end(u.params) <= n);
			}
	}
}
