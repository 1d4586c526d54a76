/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * World builder: configuration text and facts in, answers of the built world out.
 */
#include "control/config/alloc.h"
#include "dataplane/proxy/own.h"
#include "tests/unit/world_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static bool text_is(const struct world_text *t, const char *want)
{
	return t->len == strlen(want) && memcmp(t->s, want, t->len) == 0;
}

Test(world_build, the_smallest_file_listens_on_every_address_but_link_local_ones)
{
	static const char *const want[] = { "192.0.2.10:5060", "[2001:db8::10]:5060",
					    "192.0.2.11:5060" };
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build(world_lab_smallest, &f);

	cr_assert_eq(w->n_listeners, 3);
	for (uint16_t i = 0; i < 3; i++) {
		const struct listener *l = &w->listeners[i];
		char line[128];

		cr_expect(text_is(&l->sent_by, want[i]), "%s", l->sent_by.s);
		snprintf(line, sizeof(line), "Via: SIP/2.0/UDP %s;branch=", want[i]);
		cr_expect(text_is(&l->via[SIP_UDP], line), "%s", l->via[SIP_UDP].s);
		snprintf(line, sizeof(line), "Via: SIP/2.0/TCP %s;branch=", want[i]);
		cr_expect(text_is(&l->via[SIP_TCP], line), "%s", l->via[SIP_TCP].s);
		snprintf(line, sizeof(line), "<sip:%s;lr;vt=", want[i]);
		cr_expect(text_is(&l->rr[SIP_UDP], line), "%s", l->rr[SIP_UDP].s);
		snprintf(line, sizeof(line), "<sip:%s;transport=tcp;lr;vt=", want[i]);
		cr_expect(text_is(&l->rr[SIP_TCP], line), "%s", l->rr[SIP_TCP].s);
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
	struct world_facts f = world_lab_facts();
	struct world *w;

	f.ifaces = NULL;
	w = world_lab_build(world_lab_smallest, &f);
	cr_assert_eq(w->n_listeners, 0);
	cr_assert_eq(w->n_backends, 2);
	world_free(w);
}

Test(world_build, listeners_of_the_file_find_their_interface_and_names)
{
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build(world_lab_full, &f);
	struct endpoint advertised = { world_lab_ip("203.0.113.5"), 5071 };
	struct sip_host host = { .kind = HOST_IP, .ip = advertised.ip };
	struct sip_host name = { .kind = HOST_NAME, .text = { 0, 15 } };

	cr_assert_eq(w->n_listeners, 4);
	cr_expect(text_is(&w->listeners[0].sent_by, "sip.example.com"));
	cr_expect(text_is(&w->listeners[1].via[SIP_UDP],
			  "Via: SIP/2.0/UDP 203.0.113.5:5071;branch="));
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
	struct world_host etc[] = { { "p1.example.net", world_lab_ip("10.9.9.9") },
				    { "p2.example.net", world_lab_ip("10.9.9.8") } };
	struct world_facts f = world_lab_facts();
	struct sip_host host = { .kind = HOST_NAME, .text = { 0, 11 } };
	struct ip expected;
	struct world *w;
	int64_t i;

	f.hosts = etc;
	f.n_hosts = 2;
	w = world_lab_build(world_lab_full, &f);
	cr_expect_eq(world_own(w, (const uint8_t *)"Example.COM", &host, 5999, URI_SIP),
		     OWN_DOMAIN);
	host = (struct sip_host){ .kind = HOST_IP, .ip = world_lab_ip("198.51.100.9") };
	cr_expect_eq(world_own(w, NULL, &host, 0, URI_SIP), OWN_DOMAIN);
	cr_expect_not(w->record_route);
	cr_expect_eq(w->max_breadth, 60);
	i = names_find(w->hosts, "p1.example.net", 14);
	expected = world_lab_ip("10.0.0.90");
	cr_assert_geq(i, 0);
	cr_expect(ip_equal(&w->host_ips[i], &expected), "the file wins over /etc/hosts");
	i = names_find(w->hosts, "p2.example.net", 14);
	cr_assert_geq(i, 0);
	cr_expect(ip_equal(&w->host_ips[i], &etc[1].ip));
	world_free(w);
}

Test(world_build, the_table_holds_the_live_backends_of_the_lowest_live_tier_by_weight)
{
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build(world_lab_full, &f);
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

Test(world_build, backends_have_their_port_and_name_for_tls)
{
	static const char text[] =
		"interfaces: [{name: net, device: \"packet:eth0\"}]\n"
		"pools:\n"
		"  - name: core\n"
		"    tls_name: Core.Example\n"
		"    backends:\n"
		"      - {name: a, address: \"10.0.0.11\", transports: [tls]}\n"
		"      - {name: b, address: \"10.0.0.12:5080\", transports: [tls],\n"
		"         tls_name: b.example}\n"
		"      - {name: c, address: \"10.0.0.13\", transports: [udp, tls]}\n"
		"      - {name: d, address: \"10.0.0.14\", transports: [tcp, tls],\n"
		"         tls_port: 5071}\n"
		"      - {name: e, address: \"10.0.0.15\", transports: [tls], tls_port: 5072}\n"
		"      - {name: f, address: \"10.0.0.16\"}\n"
		"  - name: rest\n"
		"    backends: [{name: g, address: \"10.0.0.17\", transports: [tls]}]\n"
		"routes: [{pool: core}]\n";
	static const struct {
		uint16_t port, tls_port;
		const char *tls_name;
	} want[] = { { 5061, 5061, "core.example" },
		     { 5080, 5080, "b.example" },
		     { 5060, 5061, "core.example" },
		     { 5060, 5071, "core.example" },
		     { 5072, 5072, "core.example" },
		     { 5060, 0, NULL },
		     { 5061, 5061, NULL } };
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build(text, &f);

	cr_assert_eq(w->n_backends, 7);
	for (unsigned int i = 0; i < 7; i++) {
		const struct backend *b = &w->backends[i];

		cr_expect_eq(b->addr.port, want[i].port, "%s: port %u", b->name, b->addr.port);
		cr_expect_eq(b->tls_port, want[i].tls_port, "%s: %u", b->name, b->tls_port);
		cr_expect(!b->tls_name == !want[i].tls_name, "%s", b->name);
		if (b->tls_name && want[i].tls_name)
			cr_expect_str_eq(b->tls_name, want[i].tls_name);
	}
	world_free(w);
}

Test(world_build, a_backend_keeps_its_slots_wherever_it_stands_in_the_file)
{
	char swapped[512];
	struct world_facts f = world_lab_facts();
	struct world *a = world_lab_build(world_lab_smallest, &f), *b;
	uint32_t differ = 0;

	snprintf(swapped, sizeof(swapped), "%s", world_lab_smallest);
	strstr(swapped, "core1")[4] = 'x';
	strstr(swapped, "core2")[4] = '1';
	strstr(swapped, "corex")[4] = '2';
	b = world_lab_build(swapped, &f);
	for (uint32_t i = 0; i < a->pools[0].table_size; i++)
		differ += strcmp(a->backends[a->pools[0].table[i]].name,
				 b->backends[b->pools[0].table[i]].name) != 0;
	cr_expect_eq(differ, 0);
	world_free(a);
	world_free(b);
}

Test(world_build, path_mtu_is_the_pools_else_that_of_the_interface_on_the_way)
{
	struct fib_route routes[] = {
		{ .prefix = world_lab_ip("10.0.0.0"), .len = 104, .iface = 1 },
		{ .prefix = world_lab_ip("192.0.2.0"), .len = 120, .iface = 0 }
	};
	struct world_facts f = world_lab_facts();
	void *mem = aligned_alloc(64, (fib_size(2, 0, 0) + 63) & ~(size_t)63);
	struct world *w;

	f.fib = fib_build(mem, 1, routes, 2, NULL, 0, NULL, 0);
	w = world_lab_build(world_lab_full, &f);
	cr_expect_eq(w->backends[0].path_mtu, 1400);
	cr_expect_eq(w->large, 1200, "200 less than the least of them");
	cr_expect_eq(w->backends[2].path_mtu, 9000);
	cr_expect_eq(w->backends[5].path_mtu, 0, "interface outside states no MTU");
	world_free(w);
	free(mem);
}

Test(world_build, rules_keep_methods_domains_and_sources)
{
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build(world_lab_full, &f);
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
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build(world_lab_full, &f);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip src = world_lab_ip(rows[i].src);

		cr_expect_eq(world_trusts(w, &src), rows[i].trusted, "%s", rows[i].src);
	}
	world_free(w);
}

Test(world_build, every_address_of_linux_counts_unless_the_file_names_some)
{
	struct world_facts f = world_lab_facts();
	struct world *w = world_lab_build("interfaces:\n"
					  "  - {name: net, device: \"packet:eth0\",\n"
					  "     addresses: [\"192.0.2.11/24\"]}\n" WORLD_LAB_TAIL,
					  &f);

	cr_assert_eq(w->n_listeners, 1);
	cr_expect(text_is(&w->listeners[0].sent_by, "192.0.2.11:5060"));
	world_free(w);
}

Test(world_build, the_same_input_gives_the_same_ids_and_another_secret_others)
{
	struct world_facts f = world_lab_facts();
	struct world *a = world_lab_build(world_lab_smallest, &f),
		     *b = world_lab_build(world_lab_smallest, &f), *c;

	f.secret = "secret of another";
	f.secret_len = 17;
	c = world_lab_build(world_lab_smallest, &f);
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
