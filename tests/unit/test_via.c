/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Via values (RFC 3261 20.42, RFC 3581, RFC 4475 3.1.1.1, 3.1.1.10, 3.1.2.1, RFC 5118 4.5).
 */
#include "dataplane/sip/via.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct guard guard;

static void open_guard(void)
{
	guard = guard_open(65536);
}

TestSuite(via, .init = open_guard);

/* A value and what must come out; what is not named must be absent. */
static const struct row {
	const char *text;
	const char *value; /* if it is not all of the text */
	const char *version, *transport, *sent_by, *host, *params, *branch;
	const char *received, *received_param, *rport, *maddr, *listener, *rest;
	unsigned int port, rport_value, ttl;
	bool no_cookie;
} good[] = {
	{ "SIP/2.0/UDP 192.0.2.1", .sent_by = "192.0.2.1", .host = "192.0.2.1" },
	{ "SIP/2.0/UDP a.example:5060;branch=z9hG4bK776asdhds", .sent_by = "a.example:5060",
	  .host = "a.example", .port = 5060, .params = ";branch=z9hG4bK776asdhds",
	  .branch = "z9hG4bK776asdhds" },
	{ "sip/2.0/udp h;BRANCH=Z9HG4BKa;RPORT", .transport = "udp", .host = "h",
	  .params = ";BRANCH=Z9HG4BKa;RPORT", .branch = "Z9HG4BKa", .rport = ";RPORT" },
	{ "SIP/2.0/TCP h;branch=z9hG4bK", .transport = "TCP", .host = "h",
	  .params = ";branch=z9hG4bK", .branch = "z9hG4bK", .no_cookie = true },
	{ "SIP/2.0/TLS h;branch=390skdjuw", .transport = "TLS", .host = "h",
	  .params = ";branch=390skdjuw", .branch = "390skdjuw", .no_cookie = true },
	{ "SIP/2.0/UDP h;branch=z9hG4bJ1", .host = "h", .params = ";branch=z9hG4bJ1",
	  .branch = "z9hG4bJ1", .no_cookie = true },
	{ "SIP/2.0/UDP h;branch=z\x19hG4bK1", .host = NULL },
	{ "SIP/2.0/SCTP h;branch=z9hG4bK1", .transport = "SCTP", .host = "h",
	  .params = ";branch=z9hG4bK1", .branch = "z9hG4bK1" },
	{ "SIP/2.0/TLS-SCTP h", .transport = "TLS-SCTP", .host = "h" },
	{ "SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK56", .transport = "WS",
	  .host = "df7jal23ls0d.invalid", .params = ";branch=z9hG4bK56", .branch = "z9hG4bK56" },
	{ "SIP/7.0/UDP h", .version = "7.0", .host = "h" },
	{ "FOO/2.0/UDP h", .host = "h" },
	{ "SIP/2.0/UDP h;rport;branch=z9hG4bK1", .host = "h", .params = ";rport;branch=z9hG4bK1",
	  .branch = "z9hG4bK1", .rport = ";rport" },
	{ "SIP/2.0/UDP h;rport=40000;received=192.0.2.9;branch=z9hG4bK1", .host = "h",
	  .params = ";rport=40000;received=192.0.2.9;branch=z9hG4bK1", .branch = "z9hG4bK1",
	  .rport = ";rport=40000", .rport_value = 40000, .received = "192.0.2.9",
	  .received_param = ";received=192.0.2.9" },
	{ "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3",
	  .sent_by = "[2001:db8::9:1]", .host = "[2001:db8::9:1]",
	  .params = ";received=[2001:db8::9:255];branch=z9hG4bKas3", .branch = "z9hG4bKas3",
	  .received = "[2001:db8::9:255]", .received_param = ";received=[2001:db8::9:255]" },
	{ "SIP/2.0/UDP [2001:db8::9:1]:6050;received=2001:db8::9:255",
	  .sent_by = "[2001:db8::9:1]:6050", .host = "[2001:db8::9:1]", .port = 6050,
	  .params = ";received=2001:db8::9:255", .received = "2001:db8::9:255",
	  .received_param = ";received=2001:db8::9:255" },
	{ "SIP/2.0/UDP h;maddr=224.0.1.75;ttl=16", .host = "h",
	  .params = ";maddr=224.0.1.75;ttl=16", .maddr = "224.0.1.75", .ttl = 16 },
	{ "SIP/2.0/UDP h;vl=3;branch=z9hG4bK1", .host = "h", .params = ";vl=3;branch=z9hG4bK1",
	  .branch = "z9hG4bK1", .listener = "3" },
	{ "SIP/2.0/UDP h;alias;keep;oc=20;oc-algo=\"loss,x;y\";hidden", .host = "h",
	  .params = ";alias;keep;oc=20;oc-algo=\"loss,x;y\";hidden" },
	{ "SIP/2.0/UDP h;a=\"\\\"\\\\\";rport", .host = "h", .params = ";a=\"\\\"\\\\\";rport",
	  .rport = ";rport" },
	{ "SIP/2.0/UDP h;a=[::1]:5/x@y=?&;rport", .host = "h", .params = ";a=[::1]:5/x@y=?&;rport",
	  .rport = ";rport" },
	{ "SIP/2.0/UDP a;branch=z9hG4bKx, SIP/2.0/UDP b", .value = "SIP/2.0/UDP a;branch=z9hG4bKx",
	  .host = "a", .params = ";branch=z9hG4bKx", .branch = "z9hG4bKx",
	  .rest = "SIP/2.0/UDP b" },
	{ "SIP/2.0/UDP a,SIP/2.0/UDP b , SIP/2.0/UDP c", .value = "SIP/2.0/UDP a", .host = "a",
	  .rest = "SIP/2.0/UDP b , SIP/2.0/UDP c" },
	{ "SIP/2.0/UDP a:1 ,\r\n SIP/2.0/UDP b", .value = "SIP/2.0/UDP a:1", .sent_by = "a:1",
	  .host = "a", .port = 1, .rest = "SIP/2.0/UDP b" },
	{ "SIP / 2.0 / UDP  a.example : 4000 ;ttl=16", .sent_by = "a.example : 4000",
	  .host = "a.example", .port = 4000, .params = ";ttl=16", .ttl = 16 },
	{ "SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw", .sent_by = "192.0.2.2",
	  .host = "192.0.2.2", .params = ";branch=390skdjuw", .branch = "390skdjuw",
	  .no_cookie = true },
	{ "SIP/2.0/UDP\th ;\tbranch\t=\r\n\tz9hG4bK1 ; rport = 7 ", .sent_by = "h",
	  .value = "SIP/2.0/UDP\th ;\tbranch\t=\r\n\tz9hG4bK1 ; rport = 7", .host = "h",
	  .params = ";\tbranch\t=\r\n\tz9hG4bK1 ; rport = 7", .branch = "z9hG4bK1",
	  .rport = "; rport = 7", .rport_value = 7 },
	{ "SIP/2.0/UDP h; received = 192.0.2.9 ;x", .host = "h",
	  .params = "; received = 192.0.2.9 ;x", .received = "192.0.2.9",
	  .received_param = "; received = 192.0.2.9" },
	{ "SIP/2.0/UDP h;branch=z9hG4bK209%fzsnel234.!*_+`'~-", .host = "h",
	  .params = ";branch=z9hG4bK209%fzsnel234.!*_+`'~-",
	  .branch = "z9hG4bK209%fzsnel234.!*_+`'~-" },
	{ "SIP/2.0/UDP h;rport=0", .host = "h", .params = ";rport=0", .rport = ";rport=0" },
};

static const char *const bad[] = {
	"",
	"SIP/2.0/UDP",
	"SIP/2.0/UDP ",
	"SIP/2.0 h",
	"SIP/2.0/ h",
	"/2.0/UDP h",
	"SIP//UDP h",
	"SIP/2.0/UDP;branch=z9hG4bK1",
	"SIP/2.0/UDP ;branch=z9hG4bK1",
	"SIP 2.0 UDP h",
	"SIP/2.0/UDP h x",
	"SIP/2.0/UDP h (comment)",
	"SIP/2.0/UDP h:",
	"SIP/2.0/UDP h:0",
	"SIP/2.0/UDP h:65536",
	"SIP/2.0/UDP h:5060x",
	"SIP/2.0/UDP a..b",
	"SIP/2.0/UDP 2001:db8::1",
	"SIP/2.0/UDP [2001:db8::1",
	"SIP/2.0/UDP u@h",
	"SIP/2.0/UDP h;",
	"SIP/2.0/UDP h;;",
	"SIP/2.0/UDP h;;branch=z9hG4bK1",
	"SIP/2.0/UDP h;=x",
	"SIP/2.0/UDP h;branch=z9hG4bK1;",
	"SIP/2.0/UDP h;branch=",
	"SIP/2.0/UDP h;branch=;rport",
	"SIP/2.0/UDP h;branch",
	"SIP/2.0/UDP h;branch=\"z9hG4bK1\"",
	"SIP/2.0/UDP h;branch=z9hG4bK/1",
	"SIP/2.0/UDP h;branch=z9hG4bK1=",
	"SIP/2.0/UDP h;branch=a;branch=b",
	"SIP/2.0/UDP h;branch=a;x;BRANCH=a",
	"SIP/2.0/UDP h;rport;rport",
	"SIP/2.0/UDP h;rport=",
	"SIP/2.0/UDP h;rport=65536",
	"SIP/2.0/UDP h;rport=x",
	"SIP/2.0/UDP h;received",
	"SIP/2.0/UDP h;received=",
	"SIP/2.0/UDP h;received=name.example",
	"SIP/2.0/UDP h;received=1.2.3.4;received=1.2.3.4",
	"SIP/2.0/UDP h;maddr",
	"SIP/2.0/UDP h;maddr=a..b",
	"SIP/2.0/UDP h;maddr=1.2.3.4;maddr=1.2.3.4",
	"SIP/2.0/UDP h;ttl",
	"SIP/2.0/UDP h;ttl=256",
	"SIP/2.0/UDP h;ttl=x",
	"SIP/2.0/UDP h;vl=1;vl=2",
	"SIP/2.0/UDP h;x=\"unbalanced",
	"SIP/2.0/UDP h;x=\"unbalanced\\\"",
	"SIP/2.0/UDP h;x=\"a\"b",
	"SIP/2.0/UDP h;x=a\"b\"",
	"SIP/2.0/UDP h;x=<a>",
	"SIP/2.0/UDP h;x=\x01",
	"SIP/2.0/UDP h;x=a\x01",
	"SIP/2.0/UDP h,",
	"SIP/2.0/UDP h, \r\n ",
	",SIP/2.0/UDP h",
	"SIP/2.0/UDP h;;,;,,",
};

static const uint8_t *place(const char *text, struct span *s)
{
	*s = span_of(0, (unsigned int)strlen(text));
	return guard_at_end(&guard, text, s->len);
}

static void expect_span(const uint8_t *p, struct span s, const char *wanted, const char *what,
			const char *text)
{
	if (!wanted)
		cr_expect_eq(s.len, 0, "%s of %s: %.*s", what, text, s.len, p + s.off);
	else
		cr_expect(span_is(p, s, wanted), "%s of %s: %.*s", what, text, s.len, p + s.off);
}

static void expect_row(const struct row *r, const uint8_t *p, const struct sip_via *v,
		       struct span rest)
{
	const char *transport = r->transport ? r->transport : "UDP";

	expect_span(p, v->value, r->value ? r->value : r->text, "value", r->text);
	expect_span(p, v->version, r->version ? r->version : "2.0", "version", r->text);
	expect_span(p, v->transport_text, transport, "transport", r->text);
	cr_expect_eq(v->transport,
		     transport_parse((const uint8_t *)transport,
				     span_of(0, (unsigned int)strlen(transport))),
		     "%s", r->text);
	expect_span(p, v->sent_by, r->sent_by ? r->sent_by : r->host, "sent-by", r->text);
	expect_span(p, v->host.text, r->host, "host", r->text);
	cr_expect_neq(v->host.kind, HOST_NONE, "%s", r->text);
	cr_expect_eq(v->port, r->port, "port %u of %s", v->port, r->text);
	expect_span(p, v->params, r->params, "params", r->text);
	expect_span(p, v->branch, r->branch, "branch", r->text);
	cr_expect_eq(v->has_branch, r->branch != NULL, "%s", r->text);
	cr_expect_eq(v->cookie, r->branch && !r->no_cookie, "cookie of %s", r->text);
	expect_span(p, v->received, r->received, "received", r->text);
	expect_span(p, v->received_param, r->received_param, "received param", r->text);
	cr_expect_eq(v->received_host.kind, r->received ? HOST_IP : HOST_NONE, "%s", r->text);
	expect_span(p, v->rport, r->rport, "rport", r->text);
	cr_expect_eq(v->has_rport, r->rport != NULL, "%s", r->text);
	cr_expect_eq(v->rport_value, r->rport_value, "%s", r->text);
	expect_span(p, v->maddr.text, r->maddr, "maddr", r->text);
	expect_span(p, v->listener, r->listener, "vl", r->text);
	cr_expect_eq(v->ttl, r->ttl, "%s", r->text);
	expect_span(p, rest, r->rest, "rest", r->text);
}

Test(via, reads_every_part_of_a_well_formed_value)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct sip_via v;
		struct span s, rest;
		const uint8_t *p = place(good[i].text, &s);
		bool ok = via_parse(p, s, &v, &rest);

		cr_expect_eq(ok, good[i].host != NULL, "%s", good[i].text);
		if (ok && good[i].host)
			expect_row(&good[i], p, &v, rest);
	}
}

Test(via, refuses_what_is_not_well_formed)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sip_via v;
		struct span s, rest;
		const uint8_t *p = place(bad[i], &s);

		cr_expect(!via_parse(p, s, &v, &rest), "%s", bad[i]);
	}
}

Test(via, tells_of_a_malformed_value_whether_sent_by_was_readable)
{
	static const struct {
		const char *text;
		bool readable;
	} rows[] = {
		{ "SIP/2.0/UDP 192.0.2.15;;,;,,", true },
		{ "SIP/2.0/UDP h:5070;branch=", true },
		{ "SIP/2.0/UDP h:99999;branch=z9hG4bK1", false },
		{ "SIP/2.0/UDP a..b;branch=z9hG4bK1", false },
		{ "SIP/2.0 h", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_via v;
		struct span s, rest;
		const uint8_t *p = place(rows[i].text, &s);

		cr_expect(!via_parse(p, s, &v, &rest));
		cr_expect_eq(v.host.kind != HOST_NONE, rows[i].readable, "%s", rows[i].text);
	}
}

Test(via, walks_a_list_of_thousands_to_its_end)
{
	static char text[65535];
	struct span rest;
	unsigned int n = 0, found = 0;
	const uint8_t *p;

	for (; n + 40 < sizeof(text); found++)
		n += (unsigned int)snprintf(text + n, sizeof(text) - n,
					    "%sSIP/2.0/UDP h%u;x=\"a,b\"", n ? " , " : "", found);
	p = guard_at_end(&guard, text, n);
	rest = span_of(0, n);
	for (unsigned int i = 0; i < found; i++) {
		struct sip_via v;
		char host[16];

		cr_assert(via_parse(p, rest, &v, &rest), "value %u", i);
		snprintf(host, sizeof(host), "h%u", i);
		expect_span(p, v.host.text, host, "host", host);
	}
	cr_expect_eq(rest.len, 0);
}

Test(via, reads_values_and_parameters_of_any_length)
{
	static char text[9000], fill[8000];

	memset(fill, 'a', sizeof(fill));
	for (int n = 1; n < 8000; n += n < 1100 ? 1 : 501) {
		int len =
			snprintf(text, sizeof(text),
				 "SIP/2.0/UDP h;branch=z9hG4bK%.*s;rport , SIP/2.0/UDP b", n, fill);
		const uint8_t *p = guard_at_end(&guard, text, (size_t)len);
		struct sip_via v;
		struct span rest;

		cr_assert(via_parse(p, span_of(0, (unsigned int)len), &v, &rest), "%d", n);
		cr_assert_eq(v.branch.len, 7 + n);
		cr_assert(v.has_rport);
		expect_span(p, rest, "SIP/2.0/UDP b", "rest", "long branch");
	}
}

Test(via, survives_every_change_of_one_byte)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i].text);

		for (size_t at = 0; at < n; at++)
			for (unsigned int c = 0; c < 256; c += 1 + c % 3) {
				struct sip_via v;
				struct span s, rest;
				uint8_t *p = (uint8_t *)place(good[i].text, &s);

				p[at] = (uint8_t)c;
				if (via_parse(p, s, &v, &rest))
					cr_assert(span_end(v.value) <= n && span_end(rest) <= n &&
						  span_end(v.branch) <= span_end(v.value));
			}
	}
}

Test(via, survives_every_cut)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (unsigned int n = 0; n <= strlen(good[i].text); n++) {
			const uint8_t *p = guard_at_end(&guard, good[i].text, n);
			struct sip_via v;
			struct span rest;

			if (via_parse(p, span_of(0, n), &v, &rest))
				cr_assert(span_end(v.value) <= n && span_end(rest) <= n);
		}
}
