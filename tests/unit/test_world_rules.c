/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of a file in the world made of it: few are walked, many are indexed, and each request gets
 * the pool that the file says.
 */
#include "control/world/world_build.h"
#include "dataplane/proxy/rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define SECRET "secret of the test"
#define FILE_SIZE 200000

/* A file with a pool for each of @n routes, by domain, source or method in turn, and one for the
 * rest. */
static char *file_of(unsigned int n)
{
	char *text = malloc(FILE_SIZE);
	size_t at = 0;

#define PUT(...) at += (size_t)snprintf(text + at, FILE_SIZE - at, __VA_ARGS__)
	PUT("interfaces: [{name: net, device: \"packet:eth0\", addresses: [\"192.0.2.1/24\"]}]\n");
	PUT("pools:\n");
	for (unsigned int i = 0; i <= n; i++)
		PUT("  - {name: p%u, backends: [{name: b, address: \"10.0.0.1:5060\"}], "
		    "table_size: 251}\n",
		    i);
	PUT("routes:\n");
	for (unsigned int i = 0; i < n; i++) {
		if (i % 4 == 0)
			PUT("  - {match: {domain: c%u.example.com}, pool: p%u}\n", i, i);
		else if (i % 4 == 1)
			PUT("  - {match: {domain: \"*.c%u.example.com\"}, pool: p%u}\n", i, i);
		else if (i % 4 == 2)
			PUT("  - {match: {source: \"10.%u.%u.0/24\"}, pool: p%u}\n", i / 256,
			    i % 256, i);
		else
			PUT("  - {match: {method: [M%u]}, pool: p%u}\n", i, i);
	}
	PUT("  - {pool: p%u}\n", n);
#undef PUT
	cr_assert_lt(at, FILE_SIZE);
	return text;
}

static struct world *world_of(unsigned int n)
{
	struct world_facts facts = { .secret = SECRET, .secret_len = sizeof(SECRET) - 1 };
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w = NULL;
	char *text = file_of(n);

	cr_assert_eq(config_load_memory("t", text, strlen(text), &c, &errs), 0);
	cr_assert_eq(world_build(&c, &facts, &w, &errs), 0);
	config_free(&c);
	config_errors_free(&errs);
	free(text);
	return w;
}

static uint16_t pool_of(const struct world *w, const char *method, const char *host,
			const char *source)
{
	static struct sip_msg m;
	static char text[512];
	struct ip ip;
	int n = snprintf(
		text, sizeof(text),
		"%s sip:u@%s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 %s\r\n\r\n",
		method, host, method);

	cr_assert_eq(sip_parse((const uint8_t *)text, (size_t)n, SIP_EXACT, &m), SIP_OK);
	cr_assert(ip_parse((const uint8_t *)source, strlen(source), &ip));
	return world_route(w, &m, &ip);
}

static void expect_pools(unsigned int n, bool indexed)
{
	struct world *w = world_of(n);
	char name[64];

	cr_expect_eq(w->rule_index != NULL, indexed, "%u routes", n);
	cr_expect_eq(w->n_rules, n + 1);
	cr_expect_eq(w->n_walked, indexed ? 0 : n + 1);
	for (unsigned int i = 0; i < n; i++) {
		const char *host = "nobody.example", *source = "192.0.2.9", *method = "INVITE";

		if (i % 4 == 0)
			snprintf(name, sizeof(name), "C%u.Example.com", i);
		else if (i % 4 == 1)
			snprintf(name, sizeof(name), "a.b.c%u.example.com", i);
		else if (i % 4 == 2)
			snprintf(name, sizeof(name), "10.%u.%u.77", i / 256, i % 256);
		else
			snprintf(name, sizeof(name), "M%u", i);
		host = i % 4 < 2 ? name : host;
		source = i % 4 == 2 ? name : source;
		method = i % 4 == 3 ? name : method;
		cr_expect_eq(pool_of(w, method, host, source), i, "%s %s %s", method, host, source);
	}
	cr_expect_eq(pool_of(w, "INVITE", "c1.example.com", "192.0.2.9"), n, "the suffix itself");
	cr_expect_eq(pool_of(w, "INVITE", "x.c0.example.com", "192.0.2.9"), n, "below a name");
	world_free(w);
}

Test(world_rules, few_routes_are_walked)
{
	expect_pools(RULES_WALKED - 1, false);
}

Test(world_rules, many_routes_are_found_by_their_index)
{
	expect_pools(RULES_WALKED, true);
	expect_pools(1000, true);
}
