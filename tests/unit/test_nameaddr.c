/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From, To and Route values (RFC 3261 20.10, 20.34, 25.1; RFC 4475).
 */
#include "dataplane/sip/nameaddr.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct guard guard;

static void open_guard(void)
{
	guard = guard_open(65536);
}

TestSuite(nameaddr, .init = open_guard);

/* A value and what must come out; what is not named must be absent. */
static const struct row {
	const char *text;
	const char *uri, *params, *tag;
	bool bare; /* no <> */
} good[] = {
	{ "<sip:a@b>", .uri = "sip:a@b" },
	{ "<sip:a@b>;tag=1", .uri = "sip:a@b", .params = ";tag=1", .tag = "1" },
	{ "sip:a@b", .uri = "sip:a@b", .bare = true },
	{ "sip:a@b;tag=1", .uri = "sip:a@b", .params = ";tag=1", .tag = "1", .bare = true },
	{ "sip:a@b ;   tag    = 1918181833n", .uri = "sip:a@b",
	  .params = ";   tag    = 1918181833n", .tag = "1918181833n", .bare = true },
	{ "Bob <sip:a@b>;TAG=x", .uri = "sip:a@b", .params = ";TAG=x", .tag = "x" },
	{ "A. G. Bell <sip:a@b>;tag=x", .uri = "sip:a@b", .params = ";tag=x", .tag = "x" },
	{ "caller<sip:a@b>;tag=323", .uri = "sip:a@b", .params = ";tag=323", .tag = "323" },
	{ "\"Bob\" <sip:a@b>", .uri = "sip:a@b" },
	{ "\"Bob\"<sip:a@b>", .uri = "sip:a@b" },
	{ "\"\" <sip:a@b>", .uri = "sip:a@b" },
	{ "\"a,b;c\\\" <x>\" <sip:u@h>;tag=9", .uri = "sip:u@h", .params = ";tag=9", .tag = "9" },
	{ "\"J Rosenberg \\\\\\\"\"       <sip:j@e>\r\n  ;\r\n  tag = 98asjd8", .uri = "sip:j@e",
	  .params = ";\r\n  tag = 98asjd8", .tag = "98asjd8" },
	{ "\"100%\" <sip:a@b>", .uri = "sip:a@b" },
	{ "\"\xd0\x91\xd0\xbe\xd0\xb1\" <sip:a@b>", .uri = "sip:a@b" },
	{ "\xd0\x91\xd0\xbe\xd0\xb1 <sip:a@b>", .uri = "sip:a@b" },
	{ "token1~` token2'+_ token3*%!.- <sip:m@e>;p''~+*_!.-%=\"\xd1\x80\";tag=_t~1'+`*%!-.",
	  .uri = "sip:m@e", .params = ";p''~+*_!.-%=\"\xd1\x80\";tag=_t~1'+`*%!-.",
	  .tag = "_t~1'+`*%!-." },
	{ "<sip:I%20have%20spaces@example.net>;tag=1", .uri = "sip:I%20have%20spaces@example.net",
	  .params = ";tag=1", .tag = "1" },
	{ "sip:%75se%72@example.com", .uri = "sip:%75se%72@example.com", .bare = true },
	{ "<sip:a@b;x=1?y=2>;tag=3;z", .uri = "sip:a@b;x=1?y=2", .params = ";tag=3;z", .tag = "3" },
	{ "<sip:a@b>;x=\";tag=5\";tag=6", .uri = "sip:a@b", .params = ";x=\";tag=5\";tag=6",
	  .tag = "6" },
	{ "sip:a@b;x=\"<q>\";tag=7", .uri = "sip:a@b", .params = ";x=\"<q>\";tag=7", .tag = "7",
	  .bare = true },
	{ "<sip:a@b>;x=1.2.3.4:5;y=[::1]", .uri = "sip:a@b", .params = ";x=1.2.3.4:5;y=[::1]" },
	{ "<http://www.example.com/x>;tag=q", .uri = "http://www.example.com/x", .params = ";tag=q",
	  .tag = "q" },
	{ "isbn:2983792873", .uri = "isbn:2983792873", .bare = true },
	{ "tel:+1-212-555-0101;tag=a", .uri = "tel:+1-212-555-0101", .params = ";tag=a", .tag = "a",
	  .bare = true },
	{ "<tel:+1-212-555-0101;phone-context=x>;tag=a",
	  .uri = "tel:+1-212-555-0101;phone-context=x", .params = ";tag=a", .tag = "a" },
	{ "<sip:a,b@h>", .uri = "sip:a,b@h" },
	{ "<sip:a@b> ; a ; b = c", .uri = "sip:a@b", .params = "; a ; b = c" },
};

static const char *const bad[] = {
	"",
	"a",
	"sip:",
	":a",
	"<>",
	"<sip:>",
	"<sip:a@b",
	"sip:a@b>",
	"<<sip:a@b>>",
	"<sip:a@b>>",
	"< sip:a@b>",
	"<sip:a@b >",
	"<sip:a @b>",
	"<sip:a\x01@b>",
	"<sip:\"a\"@b>",
	"<1:x>",
	"<sip:a@b> x",
	"<sip:a@b>x",
	"<sip:a@b>,<sip:c@d>",
	"<sip:a@b>;",
	"<sip:a@b>;;tag=1",
	"<sip:a@b>;tag",
	"<sip:a@b>;tag=",
	"<sip:a@b>;tag=;x",
	"<sip:a@b>;tag=\"1\"",
	"<sip:a@b>;tag=a:b",
	"<sip:a@b>;tag=1;tag=2",
	"<sip:a@b>;tag=1;TAG=1",
	"<sip:a@b>;=1",
	"<sip:a@b>;x=",
	"<sip:a@b>;x=\"y",
	"<sip:a@b>;x=<y>",
	"\"Mr. J. User <sip:j.user@example.com>",
	"\"a\\\" <sip:a@b>",
	"\"a\" sip:a@b",
	"\"a\"",
	"\"a\" b <sip:a@b>",
	"a \"b\" <sip:a@b>",
	"Bell, Alexander <sip:a@b>;tag=1",
	"a:b <sip:a@b>",
	"a@b <sip:a@b>",
	"sip:a,b@h",
	"sip:a@b,sip:c@d",
	"sip:a@b x",
	"sip:a\"b\"@h",
	";tag=1",
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

static void expect_row(const struct row *r, const uint8_t *p, const struct sip_nameaddr *na)
{
	expect_span(p, na->value, r->text, "value", r->text);
	expect_span(p, na->uri, r->uri, "URI", r->text);
	expect_span(p, na->params, r->params, "params", r->text);
	expect_span(p, na->tag, r->tag, "tag", r->text);
	cr_expect_eq(na->brackets, !r->bare, "%s", r->text);
}

Test(nameaddr, reads_every_part_of_a_well_formed_value)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct sip_nameaddr na;
		struct span s;
		const uint8_t *p = place(good[i].text, &s);

		cr_expect(nameaddr_parse(p, s, &na), "%s", good[i].text);
		expect_row(&good[i], p, &na);
	}
}

Test(nameaddr, refuses_what_is_not_well_formed)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sip_nameaddr na;
		struct span s;
		const uint8_t *p = place(bad[i], &s);

		cr_expect(!nameaddr_parse(p, s, &na), "%s", bad[i]);
	}
}

Test(nameaddr, reads_as_a_route_what_has_brackets)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct sip_nameaddr na;
		struct span s, rest;
		const uint8_t *p = place(good[i].text, &s);
		bool ok = route_parse(p, s, &na, &rest);

		cr_expect_eq(ok, !good[i].bare, "%s", good[i].text);
		if (ok)
			expect_row(&good[i], p, &na);
		cr_expect_eq(rest.len, 0, "%s", good[i].text);
	}
}

Test(nameaddr, takes_route_lists_apart)
{
	static const struct {
		const char *text;
		const char *uri[5];
	} rows[] = {
		{ "<sip:a,b@h;lr>,<sip:c@h;lr>", { "sip:a,b@h;lr", "sip:c@h;lr" } },
		{ "<sip:p1;lr> , <sip:p2;lr>,\r\n <sip:p3>;x=\"a,b\" ,\"d, e\" <sip:p4>",
		  { "sip:p1;lr", "sip:p2;lr", "sip:p3", "sip:p4" } },
		{ "<sip:p1;lr>,", { NULL } },
		{ "<sip:p1;lr>,,<sip:p2>", { "sip:p1;lr", NULL } },
		{ ",<sip:p1;lr>", { NULL } },
		{ "sip:x;lr", { NULL } },
		{ "<sip:p1;lr>,sip:p2;lr", { "sip:p1;lr", NULL } },
		{ "<sip:p1;lr> <sip:p2;lr>", { NULL } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_nameaddr na;
		struct span rest;
		const uint8_t *p = place(rows[i].text, &rest);
		unsigned int n = 0;

		while (route_parse(p, rest, &na, &rest)) {
			cr_assert(rows[i].uri[n], "%s: one value more", rows[i].text);
			expect_span(p, na.uri, rows[i].uri[n++], "URI", rows[i].text);
			if (rest.len == 0)
				break;
		}
		cr_expect(!rows[i].uri[n], "%s: value %u is missing", rows[i].text, n);
	}
}

Test(nameaddr, walks_a_route_list_of_thousands_to_its_end)
{
	static char text[65535];
	struct span rest;
	unsigned int n = 0, found = 0, i = 0;
	struct sip_nameaddr na;
	const uint8_t *p;

	for (; n + 40 < sizeof(text); found++)
		n += (unsigned int)snprintf(text + n, sizeof(text) - n, "%s<sip:h%u;lr>",
					    n ? "," : "", found);
	p = guard_at_end(&guard, text, n);
	for (rest = span_of(0, n); rest.len > 0; i++)
		cr_assert(route_parse(p, rest, &na, &rest), "value %u", i);
	cr_expect_eq(i, found);
}

Test(nameaddr, reads_parts_of_any_length)
{
	static char text[9000], fill[8000];

	memset(fill, 'u', sizeof(fill));
	for (int n = 1; n < 8000; n += n < 1100 ? 1 : 501) {
		int len = snprintf(text, sizeof(text), "\"%*s\" <sip:%.*s@h>;tag=last,<sip:x>", n,
				   "", n % 600 + 1, fill);
		const uint8_t *p = guard_at_end(&guard, text, (size_t)len);
		struct sip_nameaddr na;
		struct span rest;

		cr_assert(route_parse(p, span_of(0, (unsigned int)len), &na, &rest), "%d", n);
		expect_span(p, na.tag, "last", "tag", "long");
		expect_span(p, rest, "<sip:x>", "rest", "long");
	}
}

Test(nameaddr, survives_every_change_of_one_byte)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i].text);

		for (size_t at = 0; at < n; at++)
			for (unsigned int c = 0; c < 256; c += 1 + c % 3) {
				struct sip_nameaddr na;
				struct span s, rest;
				uint8_t *p = (uint8_t *)place(good[i].text, &s);

				p[at] = (uint8_t)c;
				if (nameaddr_parse(p, s, &na))
					cr_assert(span_end(na.uri) <= n && span_end(na.tag) <= n);
				if (route_parse(p, s, &na, &rest))
					cr_assert(span_end(na.uri) <= n && span_end(rest) <= n);
			}
	}
}

Test(nameaddr, survives_every_cut)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (unsigned int n = 0; n <= strlen(good[i].text); n++) {
			const uint8_t *p = guard_at_end(&guard, good[i].text, n);
			struct sip_nameaddr na;

			if (nameaddr_parse(p, span_of(0, n), &na))
				cr_assert(span_end(na.uri) <= n && span_end(na.params) <= n);
		}
}
