/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses from text and to text (RFC 3986 IPv6address, RFC 5952, RFC 5118 4.10).
 */
#include "dataplane/sip/ip.h"
#include "tests/unit/guard.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>

static struct guard guard;

static void open_guard(void)
{
	guard = guard_open(256);
}

TestSuite(ip, .init = open_guard);

static bool parse(const char *text, struct ip *out)
{
	size_t n = strlen(text);

	return ip_parse(guard_at_end(&guard, text, n), n, out);
}

/* Text in, text out; NULL: no address. */
static const struct {
	const char *in, *out;
} texts[] = {
	{ "0.0.0.0", "0.0.0.0" },
	{ "1.2.3.4", "1.2.3.4" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "10.20.30.40", "10.20.30.40" },
	{ "192.0.2.1", "192.0.2.1" },
	{ "9.99.199.249", "9.99.199.249" },
	{ "100.9.10.200", "100.9.10.200" },
	{ "010.001.000.007", "10.1.0.7" },
	{ "256.1.1.1", NULL },
	{ "1.1.1.256", NULL },
	{ "1.999.1.1", NULL },
	{ "1.2.3", NULL },
	{ "1.2.3.", NULL },
	{ ".1.2.3", NULL },
	{ "1..2.3", NULL },
	{ "1.2.3.4.", NULL },
	{ "1.2.3.4.5", NULL },
	{ "1.2.3.0004", NULL },
	{ "0001.2.3.4", NULL },
	{ "1.2.3.4a", NULL },
	{ "1.2.3.-4", NULL },
	{ "1.2.3.4 ", NULL },
	{ " 1.2.3.4", NULL },
	{ "1.2.3/4", NULL },
	{ "1.2.3:4", NULL },
	{ "1234", NULL },
	{ "...", NULL },
	{ "", NULL },
	{ "1111.1111.1111.1111", NULL },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "2001:db8::10", "2001:db8::10" },
	{ "2001:DB8:0:0::10", "2001:db8::10" },
	{ "2001:0db8:0000:0000:0000:0000:0000:0010", "2001:db8::10" },
	{ "2001:db8::10:5070", "2001:db8::10:5070" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
	{ "1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
	{ "1:0:0:4:0:0:0:8", "1:0:0:4::8" },
	{ "1:0:0:4:5:0:0:8", "1::4:5:0:0:8" },
	{ "::ffff:192.0.2.33", "192.0.2.33" },
	{ "::ffff:c000:221", "192.0.2.33" },
	{ "::FFFF:192.0.2.33", "192.0.2.33" },
	{ ":::192.0.2.1", "::c000:201" },
	{ "2001:db8:::192.0.2.1", "2001:db8::c000:201" },
	{ "2001:db8::192.0.2.1", "2001:db8::c000:201" },
	{ "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201" },
	{ "[2001:db8::1]", "2001:db8::1" },
	{ "[::]", "::" },
	{ "[1.2.3.4]", NULL },
	{ "[2001:db8::1", NULL },
	{ "2001:db8::1]", NULL },
	{ "[]", NULL },
	{ "[[::1]]", NULL },
	{ ":", NULL },
	{ ":::", NULL },
	{ ":::1", NULL },
	{ "1:::2", NULL },
	{ "::::192.0.2.1", NULL },
	{ "1:::192.0.2.1:2", NULL },
	{ "1:2:3:4:5:6:7", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "1:2:3:4:5:6:7:8::", NULL },
	{ "1:2:3:4:5:6:7:", NULL },
	{ ":1:2:3:4:5:6:7", NULL },
	{ "1::2::3", NULL },
	{ "1::2:", NULL },
	{ "12345::", NULL },
	{ "g::", NULL },
	{ "::1.2.3", NULL },
	{ "::1.2.3.4:5", NULL },
	{ "1:2:3:4:5:6:7:1.2.3.4", NULL },
	{ "fe80::1%eth0", NULL },
	{ "2001:db8::1 ", NULL },
};

Test(ip, reads_what_is_an_address_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip a;
		char out[IP_TEXT_MAX];
		bool ok = parse(texts[i].in, &a);

		cr_expect_eq(ok, texts[i].out != NULL, "%s", texts[i].in);
		if (!ok || !texts[i].out)
			continue;
		cr_expect_eq(ip_format(&a, out), strlen(texts[i].out), "%s", texts[i].in);
		cr_expect_eq(memcmp(out, texts[i].out, strlen(texts[i].out)), 0, "%s -> %.40s",
			     texts[i].in, out);
	}
}

Test(ip, leaves_the_result_alone_on_an_error)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip a, before;

		memset(&a, 0x5a, sizeof(a));
		before = a;
		if (!texts[i].out) {
			parse(texts[i].in, &a);
			cr_expect(ip_equal(&a, &before), "%s", texts[i].in);
		}
	}
}

Test(ip, reads_every_shape_of_ipv4_like_the_system_does)
{
	static const unsigned int parts[] = { 0, 7, 9, 10, 42, 99, 100, 127, 199, 200, 255 };
	const unsigned int n = sizeof(parts) / sizeof(parts[0]);

	for (unsigned int i = 0; i < n * n * n * n; i++) {
		char text[INET_ADDRSTRLEN];
		uint8_t wanted[4];
		struct ip a;

		snprintf(text, sizeof(text), "%u.%u.%u.%u", parts[i % n], parts[i / n % n],
			 parts[i / n / n % n], parts[i / n / n / n]);
		cr_assert(parse(text, &a), "%s", text);
		cr_assert_eq(inet_pton(AF_INET, text, wanted), 1);
		cr_assert_eq(memcmp(ip_v4_bytes(&a), wanted, 4), 0, "%s", text);
	}
}

/* Bits drawn so that runs of zero groups are common. */
static struct ip random_v6(uint64_t *state)
{
	struct ip a;

	for (unsigned int i = 0; i < 16; i += 2) {
		*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
		a.b[i] = *state >> 40 & 1 ? (uint8_t)(*state >> 56) : 0;
		a.b[i + 1] = *state >> 41 & 1 ? (uint8_t)(*state >> 48) : 0;
	}
	return a;
}

Test(ip, writes_ipv6_that_the_system_reads_back_equal)
{
	uint64_t state = 1;

	for (unsigned int i = 0; i < 20000; i++) {
		struct ip a = random_v6(&state), b;
		char text[IP_TEXT_MAX + 1] = "", wanted[INET6_ADDRSTRLEN];
		uint8_t back[16];

		if (ip_is_v4(&a))
			continue;
		text[ip_format(&a, text)] = 0;
		cr_assert_eq(inet_pton(AF_INET6, text, back), 1, "%s", text);
		cr_assert_eq(memcmp(back, a.b, 16), 0, "%s", text);
		cr_assert(parse(text, &b) && ip_equal(&a, &b), "%s", text);
		/* Below 96 zero bits the system writes dotted decimals, which RFC 5952 leaves open.
		 */
		inet_ntop(AF_INET6, a.b, wanted, sizeof(wanted));
		if (!strchr(wanted, '.'))
			cr_assert_str_eq(text, wanted);
	}
}

Test(ip, reads_random_text_like_the_system_does)
{
	static const char alphabet[] = "0123456789abcdef::::..";
	uint64_t state = 7;

	for (unsigned int i = 0; i < 200000; i++) {
		char text[20];
		uint8_t wanted[16];
		size_t n = i % 19 + 1;
		struct ip a;
		bool ok;

		for (size_t k = 0; k < n; k++) {
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			text[k] = alphabet[(state >> 33) % (sizeof(alphabet) - 1)];
		}
		text[n] = 0;
		if (strstr(text, ":::"))
			continue;
		ok = ip_parse_v6(guard_at_end(&guard, text, n), n, &a);
		cr_assert_eq(ok, inet_pton(AF_INET6, text, wanted) == 1, "%s", text);
		if (ok)
			cr_assert_eq(memcmp(a.b, wanted, 16), 0, "%s", text);
	}
}

Test(ip, puts_brackets_around_ipv6_only)
{
	char out[IP_TEXT_MAX + 2];
	struct ip a;

	cr_assert(parse("2001:db8::1", &a));
	cr_expect_eq(ip_format_host(&a, out), 13u);
	cr_expect_eq(memcmp(out, "[2001:db8::1]", 13), 0);
	cr_assert(parse("::ffff:1.2.3.4", &a));
	cr_expect_eq(ip_format_host(&a, out), 7u);
	cr_expect_eq(memcmp(out, "1.2.3.4", 7), 0);
}

Test(ip, knows_addresses_that_no_message_may_go_to)
{
	static const struct {
		const char *text;
		bool unusable, loopback;
	} rows[] = {
		{ "0.0.0.0", true, false },
		{ "255.255.255.255", true, false },
		{ "224.0.0.1", true, false },
		{ "239.255.255.255", true, false },
		{ "223.255.255.255", false, false },
		{ "240.0.0.1", false, false },
		{ "::", true, false },
		{ "ff02::1", true, false },
		{ "fe80::1", false, false },
		{ "::1", false, true },
		{ "127.0.0.1", false, true },
		{ "127.255.0.9", false, true },
		{ "128.0.0.1", false, false },
		{ "::ffff:127.0.0.1", false, true },
		{ "::ffff:224.0.1.75", true, false },
		{ "2001:db8::1", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip a;

		cr_assert(parse(rows[i].text, &a));
		cr_expect_eq(ip_is_unusable(&a), rows[i].unusable, "%s", rows[i].text);
		cr_expect_eq(ip_is_loopback(&a), rows[i].loopback, "%s", rows[i].text);
	}
}
