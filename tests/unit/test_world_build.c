/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * World builder: configuration text and facts in, answers of the built world out.
 */
#include "control/config/alloc.h"
#include "control/world/world_build.h"
#include "dataplane/proxy/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECRET "secret of the test"

static const char smallest[] = "interfaces:\n"
			       "  - {name: net, device: \"packet:eth0\"}\n"
			       "pools:\n"
			       "  - name: core\n"
			       "    backends:\n"
			       "      - {name: core1, address: \"10.0.0.11:5060\"}\n"
			       "      - {name: core2, address: \"10.0.0.12:5060\"}\n"
			       "routes:\n"
			       "  - {pool: core}\n";

static struct ip ip(const char *text)
{
	struct ip a;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &a), "%s", text);
	return a;
}

/* What Linux has on the one or two interfaces of the tests. */
static struct world_address on_eth0[4], on_eth1[1];
static struct world_iface ifaces[2];

static struct world_facts facts(void)
{
	on_eth0[0] = (struct world_address){ ip("192.0.2.10"), 96 + 24 };
	on_eth0[1] = (struct world_address){ ip("2001:db8::10"), 64 };
	on_eth0[2] = (struct world_address){ ip("fe80::10"), 64 };
	on_eth0[3] = (struct world_address){ ip("192.0.2.11"), 96 + 24 };
	on_eth1[0] = (struct world_address){ ip("10.0.0.1"), 96 + 8 };
	ifaces[0] = (struct world_iface){ on_eth0, 4 };
	ifaces[1] = (struct world_iface){ on_eth1, 1 };
	return (struct world_facts){ .ifaces = ifaces,
				     .secret = SECRET,
				     .secret_len = sizeof(SECRET) - 1,
				     .generation = 7 };
}

/* Builds the world of @text; NULL if it has faults, which then are in @errs. */
static struct world *build(const char *text, const struct world_facts *f,
			   struct config_errors *errs)
{
	struct world *w = NULL;
	struct config c = { 0 };
	int rc = config_load_memory("test.yaml", text, strlen(text), &c, errs);

	if (rc)
		config_errors_print(errs, stderr);
	cr_assert_eq(rc, 0);
	rc = world_build(&c, f, &w, errs);
	config_free(&c);
	cr_assert_eq(rc == 0, w != NULL);
	cr_assert_eq(rc != 0, errs->n != 0);
	return w;
}

static struct world *build_good(const char *text, const struct world_facts *f)
{
	struct config_errors errs = { 0 };
	struct world *w = build(text, f, &errs);

	config_errors_print(&errs, stderr);
	cr_assert(w);
	config_errors_free(&errs);
	return w;
}

/* The one fault of @text at @line mentions @what. */
static void expect_fault(const char *text, const struct world_facts *f, uint32_t line,
			 const char *what)
{
	struct config_errors errs = { 0 };
	struct world *w = build(text, f, &errs);

	cr_assert_null(w);
	cr_expect_eq(errs.n, 1);
	cr_expect_eq(errs.v[0].mark.line, line, "line %u", errs.v[0].mark.line);
	cr_expect(strstr(errs.v[0].text, what), "%s", errs.v[0].text);
	config_errors_free(&errs);
}

static bool text_is(const struct world_text *t, const char *want)
{
	return t->len == strlen(want) && memcmp(t->s, want, t->len) == 0;
}

Test(world_build, the_smallest_file_listens_on_every_address_but_link_local_ones)
{
	static const char *const want[] = { "192.0.2.10:5060", "[2001:db8::10]:5060",
					    "192.0.2.11:5060" };
	struct world_facts f = facts();
	struct world *w = build_good(smallest, &f);

	cr_assert_eq(w->n_listeners, 3);
	for (uint16_t i = 0; i < 3; i++) {
		const struct listener *l = &w->listeners[i];
		char line[128];

		cr_expect(text_is(&l->sent_by, want[i]), "%s", l->sent_by.s);
		snprintf(line, sizeof(line), "Via: SIP/2.0/UDP %s;branch=", want[i]);
		cr_expect(text_is(&l->via, line), "%s", l->via.s);
		snprintf(line, sizeof(line), "<sip:%s;lr;vt=", want[i]);
		cr_expect(text_is(&l->rr, line), "%s", l->rr.s);
		cr_expect_eq(l->addr.port, 5060);
		cr_expect_eq(l->transports, WORLD_UDP | WORLD_TCP);
		cr_expect_eq(world_listener_at(w, &l->addr), i);
		cr_expect_eq(names_find(w->listener_ids, &l->id, sizeof(l->id)), i);
	}
	cr_expect_eq(w->generation, 7);
	cr_expect(w->record_route);
	cr_expect_not(w->draining);
	world_free(w);
}

Test(world_build, no_address_yet_is_a_world_without_listeners)
{
	struct world_facts f = facts();
	struct world *w;

	f.ifaces = NULL;
	w = build_good(smallest, &f);
	cr_assert_eq(w->n_listeners, 0);
	cr_assert_eq(w->n_backends, 2);
	world_free(w);
}

static const char full[] =
	"interfaces:\n"
	"  - {name: outside, device: \"packet:eth0\"}\n"
	"  - {name: inside, device: \"packet:eth1\", mtu: 9000}\n"
	"listeners:\n"
	"  - {name: ext, address: \"192.0.2.10:5060\", advertise: \"sip.example.com\"}\n"
	"  - {name: nat, address: \"192.0.2.11:5070\", advertise: \"203.0.113.5:5071\"}\n"
	"  - {name: vip, address: \"192.0.2.200\"}\n"
	"  - {name: core, address: \"10.0.0.1:5060\", transports: [udp]}\n"
	"domains: [example.com, \"198.51.100.9\"]\n"
	"record_route: false\n"
	"max_breadth: 60\n"
	"trusted: [\"172.16.0.0/12\", \"2001:db8:5::/48\"]\n"
	"hosts:\n"
	"  - {name: p1.example.net, address: \"10.0.0.90\"}\n"
	"pools:\n"
	"  - name: reg\n"
	"    key: user\n"
	"    table_size: 251\n"
	"    mtu: 1400\n"
	"    backends:\n"
	"      - {name: r1, address: \"10.0.0.31\"}\n"
	"  - name: core\n"
	"    key: \"header:X-Call\"\n"
	"    table_size: 1009\n"
	"    backends:\n"
	"      - {name: c1, address: \"10.0.0.41\", state: down}\n"
	"      - {name: c2, address: \"10.0.0.42\", tier: 1, weight: 3}\n"
	"      - {name: c3, address: \"10.0.0.43:5080\", tier: 1, weight: 1}\n"
	"      - {name: c4, address: \"10.0.0.44\", tier: 2}\n"
	"      - {name: c5, address: \"192.0.2.45\", tier: 1, state: drain}\n"
	"      - {name: c6, address: \"10.0.0.46\", weight: 0}\n"
	"routes:\n"
	"  - {match: {method: [REGISTER, FOO]}, pool: reg}\n"
	"  - {match: {domain: \"*.ims.example.com\", source: \"198.51.100.0/24\"}, pool: reg}\n"
	"  - {pool: core}\n";

Test(world_build, listeners_of_the_file_find_their_interface_and_names)
{
	struct world_facts f = facts();
	struct world *w = build_good(full, &f);
	struct endpoint advertised = { ip("203.0.113.5"), 5071 };
	struct sip_host host = { .kind = HOST_IP, .ip = advertised.ip };
	struct sip_host name = { .kind = HOST_NAME, .text = { 0, 15 } };

	cr_assert_eq(w->n_listeners, 4);
	cr_expect(text_is(&w->listeners[0].sent_by, "sip.example.com"));
	cr_expect(text_is(&w->listeners[1].via, "Via: SIP/2.0/UDP 203.0.113.5:5071;branch="));
	cr_expect(text_is(&w->listeners[2].sent_by, "192.0.2.200:5060"));
	cr_expect(text_is(&w->listeners[3].name, "core"));
	cr_expect_eq(w->listeners[0].iface, 0);
	cr_expect_eq(w->listeners[2].iface, 0, "by its subnet");
	cr_expect_eq(w->listeners[3].iface, 1);
	cr_expect_eq(w->listeners[3].transports, WORLD_UDP);
	cr_expect_eq(world_own(w, NULL, &host, 5071, URI_SIP), OWN_LISTENER);
	cr_expect_eq(world_own(w, NULL, &host, 0, URI_SIP), OWN_NOT);
	cr_expect_eq(world_listener_at(w, &advertised), WORLD_NONE);
	cr_expect_eq(world_own(w, (const uint8_t *)"SIP.example.com", &name, 0, URI_SIP),
		     OWN_LISTENER);
	cr_expect_eq(world_own(w, (const uint8_t *)"sip.example.org", &name, 0, URI_SIP), OWN_NOT);
	world_free(w);
}

Test(world_build, domains_hosts_and_switches_arrive)
{
	struct world_host etc[] = { { "p1.example.net", ip("10.9.9.9") },
				    { "p2.example.net", ip("10.9.9.8") } };
	struct world_facts f = facts();
	struct sip_host host = { .kind = HOST_NAME, .text = { 0, 11 } };
	struct ip expected;
	struct world *w;
	int64_t i;

	f.hosts = etc;
	f.n_hosts = 2;
	w = build_good(full, &f);
	cr_expect_eq(world_own(w, (const uint8_t *)"Example.COM", &host, 5999, URI_SIP),
		     OWN_DOMAIN);
	host = (struct sip_host){ .kind = HOST_IP, .ip = ip("198.51.100.9") };
	cr_expect_eq(world_own(w, NULL, &host, 0, URI_SIP), OWN_DOMAIN);
	cr_expect_not(w->record_route);
	cr_expect_eq(w->max_breadth, 60);
	i = names_find(w->hosts, "p1.example.net", 14);
	expected = ip("10.0.0.90");
	cr_assert_geq(i, 0);
	cr_expect(ip_equal(&w->host_ips[i], &expected), "the file wins over /etc/hosts");
	i = names_find(w->hosts, "p2.example.net", 14);
	cr_assert_geq(i, 0);
	cr_expect(ip_equal(&w->host_ips[i], &etc[1].ip));
	world_free(w);
}

Test(world_build, the_table_holds_the_live_backends_of_the_lowest_live_tier_by_weight)
{
	struct world_facts f = facts();
	struct world *w = build_good(full, &f);
	const struct pool *p = &w->pools[1];
	uint32_t n[8] = { 0 };

	cr_assert_eq(w->n_pools, 2);
	cr_assert_eq(w->n_backends, 7);
	cr_assert_eq(p->n_members, 6);
	for (uint16_t i = 0; i < 6; i++)
		cr_expect_eq(p->members[i], 1 + i);
	cr_assert_eq(p->n_live, 2);
	cr_assert_eq(p->table_size, 1009);
	for (uint32_t i = 0; i < p->table_size; i++) {
		cr_assert_lt(p->table[i], 7);
		n[p->table[i]]++;
	}
	/* c2 and c3 at 3 to 1; all others have no slot. */
	cr_expect_eq(n[2] + n[3], 1009);
	cr_expect(n[2] > 740 && n[2] < 772, "%u", n[2]);
	cr_expect_str_eq(w->backends[2].name, "c2");
	cr_expect_eq(w->backends[2].pool, 1);
	cr_expect_eq(w->backends[3].addr.port, 5080);
	cr_expect_eq(w->backends[5].state, BACKEND_DRAIN);
	cr_expect_eq(p->key.kind, KEY_HEADER);
	cr_expect_eq(p->key.header_len, 6);
	cr_expect_eq(memcmp(p->key.header, "x-call", 6), 0);
	cr_expect_eq(w->pools[0].key.kind, KEY_USER);
	cr_expect_eq(w->pools[0].n_live, 1);
	world_free(w);
}

Test(world_build, a_backend_keeps_its_slots_wherever_it_stands_in_the_file)
{
	char swapped[sizeof(smallest)];
	struct world_facts f = facts();
	struct world *a = build_good(smallest, &f), *b;
	uint32_t differ = 0;

	memcpy(swapped, smallest, sizeof(smallest));
	strstr(swapped, "core1")[4] = 'x';
	strstr(swapped, "core2")[4] = '1';
	strstr(swapped, "corex")[4] = '2';
	b = build_good(swapped, &f);
	for (uint32_t i = 0; i < a->pools[0].table_size; i++)
		differ += strcmp(a->backends[a->pools[0].table[i]].name,
				 b->backends[b->pools[0].table[i]].name) != 0;
	cr_expect_eq(differ, 0);
	world_free(a);
	world_free(b);
}

Test(world_build, path_mtu_is_the_pools_else_that_of_the_interface_on_the_way)
{
	struct fib_route routes[] = { { .prefix = ip("10.0.0.0"), .len = 104, .iface = 1 },
				      { .prefix = ip("192.0.2.0"), .len = 120, .iface = 0 } };
	struct world_facts f = facts();
	void *mem = aligned_alloc(64, (fib_size(2, 0, 0) + 63) & ~(size_t)63);
	struct world *w;

	f.fib = fib_build(mem, 1, routes, 2, NULL, 0, NULL, 0);
	w = build_good(full, &f);
	cr_expect_eq(w->backends[0].path_mtu, 1400);
	cr_expect_eq(w->backends[2].path_mtu, 9000);
	cr_expect_eq(w->backends[5].path_mtu, 0, "interface outside states no MTU");
	world_free(w);
	free(mem);
}

Test(world_build, rules_keep_methods_domains_and_sources)
{
	struct world_facts f = facts();
	struct world *w = build_good(full, &f);
	const struct rule *r = w->rules;

	cr_assert_eq(w->n_rules, 3);
	cr_expect_eq(r[0].methods, 1u << SIP_M_REGISTER);
	cr_assert_eq(r[0].n_method_names, 1);
	cr_expect_eq(r[0].method_names[0].len, 3);
	cr_expect_eq(memcmp(r[0].method_names[0].name, "FOO", 3), 0);
	cr_assert_eq(r[1].n_domains, 1);
	cr_expect(r[1].domains[0].suffix);
	cr_expect_eq(r[1].domains[0].len, 16);
	cr_expect_eq(memcmp(r[1].domains[0].text, ".ims.example.com", 16), 0);
	cr_expect_eq(r[1].n_sources, 1);
	cr_expect_eq(r[1].pool, 0);
	cr_expect_eq(r[2].pool, 1);
	cr_expect_eq(r[2].methods, 0);
	world_free(w);
}

Test(world_build, trusted_prefixes_and_all_backends_are_trusted)
{
	static const struct {
		const char *src;
		bool trusted;
	} rows[] = {
		{ "172.16.0.1", true },    { "172.31.255.255", true }, { "172.32.0.1", false },
		{ "2001:db8:5::1", true }, { "2001:db8:6::1", false }, { "10.0.0.41", true },
		{ "192.0.2.45", true },    { "10.0.0.40", false },
	};
	struct world_facts f = facts();
	struct world *w = build_good(full, &f);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip src = ip(rows[i].src);

		cr_expect_eq(world_trusts(w, &src), rows[i].trusted, "%s", rows[i].src);
	}
	world_free(w);
}

#define TAIL                                                                \
	"pools:\n"                                                          \
	"  - {name: core, backends: [{name: c, address: \"10.0.0.11\"}]}\n" \
	"routes:\n"                                                         \
	"  - {pool: core}\n"

Test(world_build, a_listener_on_no_interface_is_a_fault_with_its_place)
{
	struct world_facts f = facts();

	expect_fault("interfaces:\n"
		     "  - {name: net, device: \"packet:eth0\"}\n"
		     "listeners:\n"
		     "  - {name: a, address: \"192.0.2.10\"}\n"
		     "  - {name: b, address: \"198.51.100.1\"}\n" TAIL,
		     &f, 5, "no interface has this address");
}

Test(world_build, a_backend_that_is_the_proxy_itself_is_a_fault)
{
	struct world_facts f = facts();

	expect_fault("interfaces:\n"
		     "  - {name: net, device: \"packet:eth0\"}\n"
		     "pools:\n"
		     "  - name: core\n"
		     "    backends:\n"
		     "      - {name: c, address: \"192.0.2.11\"}\n"
		     "routes:\n"
		     "  - {pool: core}\n",
		     &f, 6, "address of listener net-192.0.2.11");
}

Test(world_build, every_address_of_linux_counts_unless_the_file_names_some)
{
	struct world_facts f = facts();
	struct world *w = build_good(
		"interfaces:\n"
		"  - {name: net, device: \"packet:eth0\", addresses: [\"192.0.2.11/24\"]}\n" TAIL,
		&f);

	cr_assert_eq(w->n_listeners, 1);
	cr_expect(text_is(&w->listeners[0].sent_by, "192.0.2.11:5060"));
	world_free(w);
}

Test(world_build, the_same_input_gives_the_same_ids_and_another_secret_others)
{
	struct world_facts f = facts();
	struct world *a = build_good(smallest, &f), *b = build_good(smallest, &f), *c;

	f.secret = "secret of another";
	f.secret_len = 17;
	c = build_good(smallest, &f);
	for (uint16_t i = 0; i < a->n_listeners; i++) {
		cr_expect_eq(a->listeners[i].id, b->listeners[i].id);
		cr_expect_neq(a->listeners[i].id, c->listeners[i].id);
	}
	cr_expect_eq(memcmp(a->pools[0].table, b->pools[0].table, a->pools[0].table_size * 2), 0);
	cr_expect_neq(memcmp(a->pools[0].table, c->pools[0].table, a->pools[0].table_size * 2), 0);
	world_free(a);
	world_free(b);
	world_free(c);
}

Test(world_build, survives_the_lack_of_memory_at_every_step)
{
	struct world_facts f = facts();
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w = NULL;
	size_t live;
	int rc = -ENOMEM;

	cr_assert_eq(config_load_memory("test.yaml", full, strlen(full), &c, &errs), 0);
	live = mem_live();
	for (unsigned long n = 1; rc; n++) {
		struct config_errors e = { 0 };

		cr_assert_lt(n, 1000);
		alloc_fail_at(n);
		rc = world_build(&c, &f, &w, &e);
		alloc_fail_at(0);
		config_errors_free(&e);
		if (rc) {
			cr_assert_eq(rc, -ENOMEM);
			cr_assert_null(w);
			cr_assert_eq(mem_live(), live, "leak at %lu", n);
		}
	}
	world_free(w);
	cr_assert_eq(mem_live(), live);
	config_free(&c);
	config_errors_free(&errs);
}

Test(world_build, ten_thousand_backends_are_built_in_a_moment)
{
	enum { N = 10000 };
	size_t room = N * 64 + 512, n;
	char *text = malloc(room);
	struct world_facts f = facts();
	struct timespec before, after;
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w;
	double ms;

	n = (size_t)snprintf(text, room,
			     "interfaces:\n  - {name: net, device: \"packet:eth0\"}\n"
			     "routes:\n  - {pool: core}\n"
			     "pools:\n  - name: core\n    backends:\n");
	for (unsigned int i = 0; i < N; i++)
		n += (size_t)snprintf(text + n, room - n,
				      "      - {name: b%u, address: \"10.1.%u.%u\"}\n", i, i / 250,
				      i % 250 + 1);
	cr_assert_eq(config_load_memory("test.yaml", text, n, &c, &errs), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	cr_assert_eq(world_build(&c, &f, &w, &errs), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
	     (double)(after.tv_nsec - before.tv_nsec) / 1e6;
	fprintf(stderr, "# world of %d backends: %.1f ms\n", N, ms);
	cr_expect_eq(w->pools[0].n_live, N);
	/* Generous: sanitizers and busy machines are slow, but not quadratic. */
	cr_expect_lt(ms, 2000.0);
	world_free(w);
	config_free(&c);
	config_errors_free(&errs);
	free(text);
}
