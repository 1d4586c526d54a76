/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Differences of two files, in words.
 */
#include "control/config/alloc.h"
#include "control/config/config_diff.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

static const char start[] =
	"node: lab\n"
	"interfaces:\n"
	"  - name: net\n"
	"    device: \"vdev:net_null0\"\n"
	"    kernel: none\n"
	"    addresses: [\"192.0.2.1/24\", \"2001:db8::1/64\"]\n"
	"    neighbors:\n"
	"      - {address: \"192.0.2.9\", mac: \"02:00:00:00:00:01\"}\n"
	"listeners:\n"
	"  - {name: ext, address: \"192.0.2.1:5060\", transports: [udp]}\n"
	"domains: [example.com, example.net]\n"
	"trusted: [\"10.0.0.0/8\"]\n"
	"transaction_window: 200s\n"
	"pools:\n"
	"  - name: core\n"
	"    backends:\n"
	"      - {name: c1, address: \"10.0.0.11\"}\n"
	"      - {name: c2, address: \"10.0.0.12\", weight: 2}\n"
	"  - name: reg\n"
	"    key: user\n"
	"    backends:\n"
	"      - {name: r1, address: \"10.0.0.21\"}\n"
	"routes:\n"
	"  - {match: {method: [REGISTER]}, pool: reg}\n"
	"  - {match: {domain: \"*.example.org\", source: \"10.1.0.0/16\"}, pool: reg}\n"
	"  - {pool: core}\n"
	"log: {level: info}\n";

static struct config load(const char *text)
{
	struct config_errors errs = { 0 };
	struct config c = { 0 };

	if (config_load_memory("diff.yaml", text, strlen(text), &c, &errs)) {
		config_errors_print(&errs, stderr);
		cr_assert_fail("the file of a test is wrong");
	}
	config_errors_free(&errs);
	return c;
}

struct lines {
	char text[4096];
	size_t n;
};

static void add(void *arg, const char *text)
{
	struct lines *l = arg;

	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n, "%s\n", text);
}

/* The file above with @find replaced by @put. */
static void replaced(char *out, size_t n, const char *find, const char *put)
{
	const char *at = strstr(start, find);

	cr_assert(at, "%s", find);
	snprintf(out, n, "%.*s%s%s", (int)(at - start), start, put, at + strlen(find));
}

Test(config_diff, every_change_is_said_with_its_place_and_both_values)
{
	static const struct {
		const char *find, *put, *want;
	} rows[] = {
		{ "node", "node", "" },
		{ "level: info", "level: debug", "log: level: info -> debug\n" },
		{ "log: {level: info}\n", "", "" },
		{ "window: 200s", "window: 1500ms", "transaction_window: 200s -> 1500ms\n" },
		{ "window: 200s", "window: 5m", "transaction_window: 200s -> 5m\n" },
		{ "log:", "record_route: false\nlog:", "record_route: true -> false\n" },
		{ "example.net]", "example.org]",
		  "domains: example.net removed\ndomains: example.org added\n" },
		{ "[example.com, example.net]", "[example.net, example.com]", "" },
		{ "10.0.0.0/8", "2001:db8:5::/48",
		  "trusted: 10.0.0.0/8 removed\ntrusted: 2001:db8:5::/48 added\n" },
		{ "weight: 2", "weight: 3", "pool core: backend c2: weight: 2 -> 3\n" },
		{ ", weight: 2", "", "pool core: backend c2: weight: 2 -> 1\n" },
		{ "10.0.0.12\"", "10.0.0.13:5070\"",
		  "pool core: backend c2: address: 10.0.0.12:5060 -> 10.0.0.13:5070\n" },
		{ "weight: 2", "weight: 2, state: drain, transports: [udp, tcp]",
		  "pool core: backend c2: transports: udp -> udp,tcp\n"
		  "pool core: backend c2: state: up -> drain\n" },
		{ "name: c2", "name: c3",
		  "pool core: backend c2 removed\n"
		  "pool core: backend c3 added: address 10.0.0.12:5060, weight 2\n" },
		{ "key: user", "key: \"header:X-Tenant\"",
		  "pool reg: key: user -> header:x-tenant\n" },
		{ "key: user", "key: user\n    probe: {interval: 2s}", "pool reg: probe added\n" },
		{ "192.0.2.1:5060", "192.0.2.1:5070",
		  "listener ext: address: 192.0.2.1:5060 -> 192.0.2.1:5070\n" },
		{ "udp]}", "udp], advertise: \"sip.example.com\"}",
		  "listener ext: advertise: (the address) -> sip.example.com\n" },
		{ "  - {pool: core}", "  - {match: {method: INVITE}, pool: core}\n  - {pool: core}",
		  "route 3 added: match method INVITE, pool core\n" },
		{ "  - {match: {method: [REGISTER]}, pool: reg}\n", "",
		  "route 1 removed: match method REGISTER, pool reg\n" },
		{ "10.1.0.0/16", "10.2.0.0/16",
		  "route 2 removed: match domain *.example.org, source 10.1.0.0/16, pool reg\n"
		  "route 2 added: match domain *.example.org, source 10.2.0.0/16, pool reg\n" },
		{ "02:00:00:00:00:01", "02:00:00:00:00:02",
		  "interface net: neighbor 1 removed: address 192.0.2.9, mac 02:00:00:00:00:01\n"
		  "interface net: neighbor 1 added: address 192.0.2.9, mac 02:00:00:00:00:02\n" },
		{ "none\n", "none\n    mtu: 1500\n",
		  "interface net: mtu: (what the device says) -> 1500\n" },
		{ "2001:db8::1/64", "2001:db8::1/56",
		  "interface net: addresses: 2001:db8::1/64 removed\n"
		  "interface net: addresses: 2001:db8::1/56 added\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lines got = { 0 };
		char text[sizeof(start) + 256];
		struct config a = load(start), b;

		replaced(text, sizeof(text), rows[i].find, rows[i].put);
		b = load(text);
		cr_expect_eq(config_diff(&a, &b, add, &got), 0);
		cr_expect_str_eq(got.text, rows[i].want, "row %zu: %s", i, got.text);
		config_free(&a);
		config_free(&b);
	}
}

/* In 2 MB of text; a part of the elements would take minutes if each looked for its like. */
Test(config_diff, ten_thousand_backends_are_compared_in_a_moment)
{
	enum { N = 10000 };
	size_t room = N * 64 + 512;
	char *text = malloc(room);
	struct config c[2];
	struct lines got = { 0 };

	for (unsigned int k = 0; k < 2; k++) {
		size_t n =
			(size_t)snprintf(text, room,
					 "interfaces:\n  - {name: net, device: \"packet:eth0\"}\n"
					 "routes:\n  - {pool: core}\n"
					 "pools:\n  - name: core\n    backends:\n");

		for (unsigned int i = 0; i < N; i++) {
			unsigned int name = k ? N - 1 - i : i;

			n += (size_t)snprintf(text + n, room - n,
					      "      - {name: b%u, address: \"10.1.%u.%u\"}\n",
					      name, name / 250, name % 250 + 1);
		}
		c[k] = load(text);
	}
	cr_expect_eq(config_diff(&c[0], &c[1], add, &got), 0);
	cr_expect_str_eq(got.text, "", "the order alone says nothing");
	config_free(&c[0]);
	config_free(&c[1]);
	free(text);
}

Test(config_diff, without_memory_it_says_so)
{
	struct config a = load(start), b = load(start);
	struct lines got = { 0 };
	int rc = -ENOMEM;

	for (unsigned long n = 1; rc; n++) {
		cr_assert_lt(n, 1000);
		alloc_fail_at(n);
		rc = config_diff(&a, &b, add, &got);
		alloc_fail_at(0);
		cr_expect(rc == 0 || rc == -ENOMEM);
	}
	config_free(&a);
	config_free(&b);
}
