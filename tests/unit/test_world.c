/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to a world made by hand: own names, listeners, rules, trust.
 */
#include "dataplane/proxy/own.h"
#include "dataplane/proxy/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_NAMES 16

static struct ip ip(const char *text)
{
	struct ip a;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &a), "%s", text);
	return a;
}

static struct endpoint at(const char *text, uint16_t port)
{
	return (struct endpoint){ ip(text), port };
}

/* Listeners of the test, by index. */
static const struct {
	const char *ip;
	uint16_t port, iface, transports;
} listeners[] = {
	{ "192.0.2.1", 5060, 0, WORLD_UDP | WORLD_TCP },
	{ "192.0.2.1", 5061, 0, WORLD_TLS },
	{ "10.0.0.1", 5060, 1, WORLD_UDP },
	{ "10.0.0.2", 5060, 1, WORLD_UDP },
	{ "2001:db8::1", 5060, 1, WORLD_UDP },
};

#define N_LISTENERS (sizeof(listeners) / sizeof(listeners[0]))

struct fixture {
	struct world w;
	struct listener l[N_LISTENERS];
	uint8_t key[MAX_NAMES][OWN_KEY_MAX];
	struct name_entry e[MAX_NAMES];
	uint32_t n;
};

static void own(struct fixture *f, size_t len, uint32_t value)
{
	f->e[f->n] = (struct name_entry){ f->key[f->n], (uint16_t)len, value };
	f->n++;
}

static struct fixture *make(void)
{
	static const char domain[] = "example.com", advertised[] = "sip.example.net";
	struct fixture *f = calloc(1, sizeof(*f));
	struct ip a;

	keys_derive("secret of the test", 18, &f->w.keys);
	for (uint32_t i = 0; i < N_LISTENERS; i++) {
		f->l[i].addr = at(listeners[i].ip, listeners[i].port);
		f->l[i].iface = listeners[i].iface;
		f->l[i].transports = listeners[i].transports;
		own(f, own_key_listener(f->key[f->n], &f->l[i].addr.ip, listeners[i].port),
		    own_value(OWN_LISTENER, i + 1));
	}
	a = ip("198.51.100.7");
	own(f, own_key_listener(f->key[f->n], &a, 5060), own_value(OWN_LISTENER, 0));
	own(f, own_key_advertised(f->key[f->n], advertised, sizeof(advertised) - 1, 5080),
	    own_value(OWN_LISTENER, 0));
	own(f, own_key_domain(f->key[f->n], domain, sizeof(domain) - 1), own_value(OWN_DOMAIN, 0));
	a = ip("203.0.113.9");
	own(f, own_key_domain_ip(f->key[f->n], &a), own_value(OWN_DOMAIN, 0));
	f->w.advertises_names = true;
	f->w.listeners = f->l;
	f->w.n_listeners = N_LISTENERS;
	f->w.own = names_build(malloc(names_size(f->n, sizeof(f->key))), &f->w.keys, f->e, f->n);
	return f;
}

static void unmake(struct fixture *f)
{
	free((void *)(uintptr_t)f->w.own);
	free(f);
}

static struct sip_host host(const char *text)
{
	struct sip_host h = { .text = span_of(0, (unsigned int)strlen(text)), .kind = HOST_NAME };

	if (ip_parse((const uint8_t *)text, strlen(text), &h.ip))
		h.kind = HOST_IP;
	return h;
}

Test(world, own_names_are_told_by_host_port_and_scheme)
{
	static const struct {
		const char *host;
		uint16_t port;
		enum uri_scheme scheme;
		enum world_own own;
	} rows[] = {
		{ "192.0.2.1", 0, URI_SIP, OWN_LISTENER },
		{ "192.0.2.1", 5060, URI_SIP, OWN_LISTENER },
		{ "192.0.2.1", 5061, URI_SIP, OWN_LISTENER },
		{ "192.0.2.1", 0, URI_SIPS, OWN_LISTENER },
		{ "192.0.2.1", 5062, URI_SIP, OWN_NOT },
		{ "10.0.0.1", 0, URI_SIPS, OWN_NOT },
		{ "10.0.0.3", 5060, URI_SIP, OWN_NOT },
		{ "[2001:db8::1]", 0, URI_SIP, OWN_LISTENER },
		{ "[2001:DB8:0:0::1]", 5060, URI_SIP, OWN_LISTENER },
		{ "[::ffff:10.0.0.1]", 5060, URI_SIP, OWN_LISTENER },
		{ "198.51.100.7", 0, URI_SIP, OWN_LISTENER },
		{ "198.51.100.7", 5070, URI_SIP, OWN_NOT },
		{ "sip.example.net", 5080, URI_SIP, OWN_LISTENER },
		{ "SIP.Example.NET.", 5080, URI_SIP, OWN_LISTENER },
		{ "sip.example.net", 0, URI_SIP, OWN_NOT },
		{ "sip.example.net", 508, URI_SIP, OWN_NOT },
		{ "example.com", 0, URI_SIP, OWN_DOMAIN },
		{ "EXAMPLE.com.", 9999, URI_SIPS, OWN_DOMAIN },
		{ "www.example.com", 0, URI_SIP, OWN_NOT },
		{ "example.co", 0, URI_SIP, OWN_NOT },
		{ ".", 0, URI_SIP, OWN_NOT },
		{ "203.0.113.9", 7777, URI_SIP, OWN_DOMAIN },
	};
	struct fixture *f = make();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_host h = host(rows[i].host);

		cr_expect_eq(world_own(&f->w, (const uint8_t *)rows[i].host, &h, rows[i].port,
				       rows[i].scheme),
			     rows[i].own, "%s:%u", rows[i].host, rows[i].port);
	}
	unmake(f);
}

Test(world, no_host_is_not_ours_and_endless_names_neither)
{
	static uint8_t name[4096];
	struct sip_host none = { .kind = HOST_NONE };
	struct sip_host endless = { .kind = HOST_NAME, .text = { 0, sizeof(name) } };
	struct fixture *f = make();

	memset(name, 'a', sizeof(name));
	cr_assert_eq(world_own(&f->w, name, &none, 0, URI_SIP), OWN_NOT);
	for (uint16_t n = 0; n <= 300; n++) {
		endless.text.len = n;
		cr_assert_eq(world_own(&f->w, name, &endless, 65535, URI_SIP), OWN_NOT);
	}
	unmake(f);
}

Test(world, a_listener_is_found_by_its_true_address_only)
{
	struct fixture *f = make();
	struct endpoint e;

	for (uint16_t i = 0; i < N_LISTENERS; i++)
		cr_expect_eq(world_listener_at(&f->w, &f->l[i].addr), i);
	e = at("198.51.100.7", 5060); /* advertised */
	cr_expect_eq(world_listener_at(&f->w, &e), WORLD_NONE);
	e = at("203.0.113.9", 5060); /* domain */
	cr_expect_eq(world_listener_at(&f->w, &e), WORLD_NONE);
	e = at("192.0.2.1", 5062);
	cr_expect_eq(world_listener_at(&f->w, &e), WORLD_NONE);
	unmake(f);
}

Test(world, the_listener_to_send_from_follows_interface_and_family)
{
	static const struct {
		uint16_t preferred, iface;
		const char *dst;
		uint16_t want;
	} rows[] = {
		{ 0, 0, "192.0.2.99", 0 },           /* stays */
		{ 3, 1, "10.0.0.99", 3 },            /* stays, though 2 comes first */
		{ 0, 1, "10.0.0.99", 2 },            /* first of the interface */
		{ 0, 1, "2001:db8::99", 4 },         /* first of the interface and family */
		{ 2, 0, "2001:db8::99", 4 },         /* none there: first of the family */
		{ 3, 7, "10.0.0.99", 3 },            /* interface without listeners: preferred */
		{ 3, FIB_NO_IFACE, "10.0.0.99", 3 }, /* unknown interface: preferred */
		{ 4, FIB_NO_IFACE, "10.0.0.99", 0 }, /* wrong family: first of the right one */
		{ WORLD_NONE, 1, "10.0.0.99", 2 },
		{ WORLD_NONE, FIB_NO_IFACE, "2001:db8::99", 4 },
	};
	struct fixture *f = make();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip dst = ip(rows[i].dst);

		cr_expect_eq(world_listener_for(&f->w, rows[i].preferred, rows[i].iface, WORLD_UDP,
						&dst),
			     rows[i].want, "row %zu", i);
	}
	f->w.n_listeners = 4;
	cr_expect_eq(world_listener_for(&f->w, 0, 1, WORLD_UDP, &(struct ip){ { 0x20, 1 } }),
		     WORLD_NONE);
	unmake(f);
}

Test(world, a_listener_without_udp_is_not_chosen_to_send_from)
{
	struct fixture *f = make();
	struct ip dst = ip("192.0.2.99");

	f->l[0].transports = WORLD_TCP;
	cr_assert_eq(world_listener_for(&f->w, WORLD_NONE, 0, WORLD_UDP, &dst), 2);
	cr_assert_eq(world_listener_for(&f->w, WORLD_NONE, 0, WORLD_TCP, &dst), 0);
	unmake(f);
}

/* --- rules --- */

static const struct prefix office = { { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 0, 0 } },
				      112 };

#define TEXT(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct method_match named[] = { { "FOO", 3 } };
static const struct domain_match exact[] = { { TEXT("example.com"), false, false, { { 0 } } } };
static const struct domain_match suffix[] = {
	{ TEXT(".ims.example.com"), true, false, { { 0 } } }
};
static const struct domain_match any_host[] = { { TEXT(""), true, false, { { 0 } } } };
static const struct domain_match address[] = {
	{ TEXT("192.0.2.7"),
	  false,
	  true,
	  { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7 } } }
};

/* What one rule says of one request. */
static const struct {
	struct rule rule;
	const char *method, *uri, *src;
	bool match;
} rule_rows[] = {
	{ { 0 }, "INVITE", "sip:a@b", "10.0.0.1", true },
	{ { .methods = 1u << SIP_M_REGISTER }, "REGISTER", "sip:b", "10.0.0.1", true },
	{ { .methods = 1u << SIP_M_REGISTER }, "INVITE", "sip:b", "10.0.0.1", false },
	/* ACK and CANCEL go with their INVITE, whatever the rule names (16.11) */
	{ { .methods = 1u << SIP_M_INVITE }, "CANCEL", "sip:b", "10.0.0.1", true },
	{ { .methods = 1u << SIP_M_INVITE }, "ACK", "sip:b", "10.0.0.1", true },
	{ { .methods = 1u << SIP_M_CANCEL }, "CANCEL", "sip:b", "10.0.0.1", false },
	{ { .method_names = named, .n_method_names = 1 }, "FOO", "sip:b", "10.0.0.1", true },
	{ { .method_names = named, .n_method_names = 1 }, "foo", "sip:b", "10.0.0.1", false },
	{ { .method_names = named, .n_method_names = 1 }, "FOOO", "sip:b", "10.0.0.1", false },
	{ { .method_names = named, .n_method_names = 1 }, "INVITE", "sip:b", "10.0.0.1", false },
	{ { .domains = exact, .n_domains = 1 }, "INVITE", "sip:a@Example.COM", "10.0.0.1", true },
	{ { .domains = exact, .n_domains = 1 }, "INVITE", "sip:a@example.com.", "10.0.0.1", true },
	{ { .domains = exact, .n_domains = 1 },
	  "INVITE",
	  "sip:a@x.example.com",
	  "10.0.0.1",
	  false },
	{ { .domains = exact, .n_domains = 1 }, "INVITE", "sip:a@xample.com", "10.0.0.1", false },
	{ { .domains = exact, .n_domains = 1 }, "INVITE", "tel:+1", "10.0.0.1", false },
	{ { .domains = suffix, .n_domains = 1 },
	  "INVITE",
	  "sip:a@X.IMS.example.com",
	  "10.0.0.1",
	  true },
	{ { .domains = suffix, .n_domains = 1 },
	  "INVITE",
	  "sip:a@ims.example.com",
	  "10.0.0.1",
	  false },
	{ { .domains = suffix, .n_domains = 1 },
	  "INVITE",
	  "sip:a@xims.example.com",
	  "10.0.0.1",
	  false },
	{ { .domains = any_host, .n_domains = 1 }, "INVITE", "sip:a@192.0.2.1", "10.0.0.1", true },
	{ { .domains = any_host, .n_domains = 1 }, "INVITE", "tel:+1", "10.0.0.1", true },
	{ { .domains = address, .n_domains = 1 }, "INVITE", "sip:a@192.0.2.7", "10.0.0.1", true },
	{ { .domains = address, .n_domains = 1 }, "INVITE", "sip:a@192.0.2.8", "10.0.0.1", false },
	{ { .sources = &office, .n_sources = 1 }, "INVITE", "sip:b", "10.1.255.255", true },
	{ { .sources = &office, .n_sources = 1 }, "INVITE", "sip:b", "10.2.0.0", false },
	{ { .sources = &office, .n_sources = 1 }, "INVITE", "sip:b", "2001:db8::1", false },
	/* all conditions together */
	{ { .methods = 1u << SIP_M_INVITE,
	    .domains = exact,
	    .n_domains = 1,
	    .sources = &office,
	    .n_sources = 1 },
	  "INVITE",
	  "sip:a@example.com",
	  "10.1.0.1",
	  true },
	{ { .methods = 1u << SIP_M_INVITE,
	    .domains = exact,
	    .n_domains = 1,
	    .sources = &office,
	    .n_sources = 1 },
	  "INVITE",
	  "sip:a@example.com",
	  "10.2.0.1",
	  false },
};

static void parse(const char *method, const char *uri, struct sip_msg *m)
{
	static char text[512];
	int n = snprintf(
		text, sizeof(text),
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n"
		"To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 %s\r\n\r\n",
		method, uri, method);

	cr_assert_eq(sip_parse((const uint8_t *)text, (size_t)n, SIP_EXACT, m), SIP_OK, "%s", text);
}

Test(world, a_rule_matches_when_all_its_conditions_do)
{
	static struct sip_msg m;

	for (size_t i = 0; i < sizeof(rule_rows) / sizeof(rule_rows[0]); i++) {
		struct rule rule = rule_rows[i].rule;
		struct world w = { .rules = &rule, .n_rules = 1, .n_walked = 1 };
		struct ip src = ip(rule_rows[i].src);

		rule.pool = 3;
		parse(rule_rows[i].method, rule_rows[i].uri, &m);
		cr_expect_eq(world_route(&w, &m, &src), rule_rows[i].match ? 3 : WORLD_NONE,
			     "row %zu: %s %s", i, rule_rows[i].method, rule_rows[i].uri);
	}
}

Test(world, the_first_rule_that_matches_wins)
{
	struct rule rules[] = { { .methods = 1u << SIP_M_REGISTER, .pool = 1 },
				{ .pool = 2 },
				{ .pool = 3 } };
	struct world w = { .rules = rules, .n_rules = 3, .n_walked = 3 };
	struct ip src = ip("10.0.0.1");
	static struct sip_msg m;

	parse("REGISTER", "sip:b", &m);
	cr_expect_eq(world_route(&w, &m, &src), 1);
	parse("INVITE", "sip:b", &m);
	cr_expect_eq(world_route(&w, &m, &src), 2);
	w.n_rules = w.n_walked = 1;
	cr_expect_eq(world_route(&w, &m, &src), WORLD_NONE);
}

Test(world, sources_are_trusted_by_prefix)
{
	struct fib_route routes[] = { { .prefix = ip("10.1.0.0"), .len = 112 },
				      { .prefix = ip("2001:db8:1::"), .len = 48 } };
	struct world w = { 0 };
	struct ip a = ip("10.1.2.3"), b = ip("10.2.2.3"), c = ip("2001:db8:1::5"),
		  d = ip("2001:db8:2::5");
	void *mem = aligned_alloc(64, fib_size(2, 0, 0) + 64 - fib_size(2, 0, 0) % 64);

	cr_expect_not(world_trusts(&w, &a));
	w.trusted = fib_build(mem, 1, routes, 2, NULL, 0, NULL, 0);
	cr_expect(world_trusts(&w, &a));
	cr_expect_not(world_trusts(&w, &b));
	cr_expect(world_trusts(&w, &c));
	cr_expect_not(world_trusts(&w, &d));
	free(mem);
}
