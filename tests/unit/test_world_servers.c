/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which backend an address is, in worlds built from text.
 */
#include "control/world/world_build.h"
#include "dataplane/proxy/servers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECRET "secret of the test"

static struct world *build(const char *text)
{
	struct world_facts facts = { .secret = SECRET, .secret_len = sizeof(SECRET) - 1 };
	struct config_errors errs = { 0 };
	struct world *w = NULL;
	struct config c = { 0 };

	cr_assert_eq(config_load_memory("t", text, strlen(text), &c, &errs), 0);
	cr_assert_eq(world_build(&c, &facts, &w, &errs), 0);
	config_free(&c);
	config_errors_free(&errs);
	return w;
}

static uint16_t find(const struct world *w, const char *ip, uint16_t port)
{
	struct endpoint e = { .port = port };

	cr_assert(ip_parse((const uint8_t *)ip, strlen(ip), &e.ip));
	return servers_find(w, &e);
}

Test(world_servers, addresses_are_known_by_number)
{
	struct world *w = build("interfaces:\n"
				"  - {name: net, device: \"packet:eth0\"}\n"
				"pools:\n"
				"  - name: a\n"
				"    backends:\n"
				"      - {name: a0, address: \"10.0.0.1:5060\"}\n"
				"      - {name: a1, address: \"10.0.0.2:5060\"}\n"
				"      - {name: a2, address: \"10.0.0.2:5070\", state: down}\n"
				"  - name: b\n"
				"    backends:\n"
				"      - {name: b0, address: \"10.0.0.1:5060\"}\n"
				"      - {name: b1, address: \"[2001:db8::1]:5060\"}\n"
				"routes:\n"
				"  - {pool: a}\n");
	static const struct {
		const char *ip;
		uint16_t port, number;
		const char *why;
	} rows[] = {
		{ "10.0.0.1", 5060, 0, "the lowest of both pools" },
		{ "10.0.0.2", 5060, 1, "exact" },
		{ "10.0.0.2", 5070, 2, "exact, down" },
		{ "10.0.0.1", 40000, 0, "another port of the only server there" },
		{ "10.0.0.2", 40000, WORLD_NONE, "two servers there: nobody can tell" },
		{ "2001:db8::1", 5060, 4, "IPv6" },
		{ "2001:db8::1", 9, 4, "IPv6, another port" },
		{ "10.0.0.3", 5060, WORLD_NONE, "unknown" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(find(w, rows[i].ip, rows[i].port), rows[i].number, "%s port %u: %s",
			     rows[i].ip, rows[i].port, rows[i].why);
	world_free(w);
}

/* Every one of many is found, by its own number. */
Test(world_servers, ten_thousand_are_told_apart)
{
	static char text[1 << 20];
	size_t n = (size_t)snprintf(text, sizeof(text),
				    "interfaces:\n  - {name: net, device: \"packet:eth0\"}\n"
				    "pools:\n  - name: a\n    backends:\n");
	struct world *w;
	char ip[32];

	for (unsigned int i = 0; i < 10000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "      - {name: n%u, address: \"10.%u.%u.%u\"}\n", i, i % 7,
				      i / 250, i % 250 + 1);
	snprintf(text + n, sizeof(text) - n, "routes:\n  - {pool: a}\n");
	w = build(text);
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(ip, sizeof(ip), "10.%u.%u.%u", i % 7, i / 250, i % 250 + 1);
		cr_assert_eq(find(w, ip, 5060), i, "%s", ip);
	}
	world_free(w);
}
