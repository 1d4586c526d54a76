/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The index of many rules against the walk through them: the same rule for every request, whatever
 * the rules. And what the index costs in memory.
 */
#include "dataplane/proxy/rules.h"
#include "dataplane/proxy/rules_index.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define CONDITIONS 4 /* of one kind in one rule, at most */

/* A generator of our own: the same on every machine (SplitMix64). */
static uint64_t state = 20240611;

static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next() % n);
}

#define PICK(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

/* Hosts of which rules and requests are made: parts of each other, so that they meet. */
static const char *const hosts[] = {
	"example.com",
	"a.example.com",
	"b.a.example.com",
	"c.b.a.example.com",
	"ims.example.com",
	"com",
	"xexample.com",
	"example.co",
	"example.net",
	"a.b.c.d.e.f.g.h.i.example.net",
	"192.0.2.7",
	"192.0.2.8",
	"[2001:db8::7]",
	"a-name-that-is-longer-than-any-block-of-sixty-four-bytes-but-allowed.example.com",
	"d4.x1",
};

static const char *const sources[] = {
	"10.0.0.0",      "10.1.0.0",   "10.1.2.0",     "10.1.2.3", "192.0.2.0",
	"198.51.100.77", "2001:db8::", "2001:db8:1::", "::",       "fe80::1",
};

static const char *const methods[] = { "INVITE", "ACK", "CANCEL", "REGISTER", "OPTIONS",
				       "FOO",    "foo", "FOOBAR", "MESSAGE",  "BAR" };

static struct ip ip_of(const char *text)
{
	struct ip ip;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &ip), "%s", text);
	return ip;
}

/* --- random rules ------------------------------------------------------------------------ */

static struct domain_match random_domain(void)
{
	struct domain_match d = { .suffix = below(2) };
	const char *host = PICK(hosts);
	struct ip ip;
	char *text;

	if (below(40) == 0)
		return (struct domain_match){ .text = (const uint8_t *)"", .suffix = true };
	if (ip_parse((const uint8_t *)host, strlen(host), &ip)) {
		d.suffix = false;
		d.is_ip = true;
		d.ip = ip;
	}
	text = malloc(strlen(host) + 2);
	d.len = (uint16_t)snprintf(text, strlen(host) + 2, "%s%s", d.suffix ? "." : "", host);
	d.text = (const uint8_t *)text;
	return d;
}

static struct prefix random_prefix(void)
{
	const char *text = PICK(sources);
	bool v4 = strchr(text, '.') != NULL;

	return (struct prefix){ ip_of(text), (uint8_t)(v4 ? 96 + below(33) : below(129)) };
}

/* Conditions of each kind, or none with a chance of @open in 10. */
static struct rule random_rule(uint32_t open)
{
	struct method_match *m = calloc(CONDITIONS, sizeof(*m));
	struct domain_match *d = calloc(CONDITIONS, sizeof(*d));
	struct prefix *p = calloc(CONDITIONS, sizeof(*p));
	struct rule r = { .method_names = m, .domains = d, .sources = p, .pool = 1 };

	for (uint32_t n = below(10) < open ? 0 : 1 + below(CONDITIONS); n > 0; n--) {
		const char *name = PICK(methods);
		enum sip_method id = sip_method_of((const uint8_t *)name,
						   span_of(0, (unsigned int)strlen(name)));

		if (id != SIP_M_OTHER)
			r.methods |= 1u << id;
		else
			m[r.n_method_names++] =
				(struct method_match){ name, (uint16_t)strlen(name) };
	}
	for (uint32_t n = below(10) < open ? 0 : 1 + below(CONDITIONS); n > 0; n--)
		d[r.n_domains++] = random_domain();
	for (uint32_t n = below(10) < open ? 0 : 1 + below(CONDITIONS); n > 0; n--)
		p[r.n_sources++] = random_prefix();
	return r;
}

static void free_rule(const struct rule *r)
{
	for (uint16_t i = 0; i < r->n_domains; i++)
		if (r->domains[i].len)
			free((void *)(uintptr_t)r->domains[i].text);
	free((void *)(uintptr_t)r->method_names);
	free((void *)(uintptr_t)r->domains);
	free((void *)(uintptr_t)r->sources);
}

/* --- random requests --------------------------------------------------------------------- */

static void random_uri(char *out, size_t size)
{
	static const char *const before[] = { "", "", "", "x.", "a.b.", "X.A." };
	const char *host = PICK(hosts);
	bool name = !strchr(host, ':') && host[0] != '1';

	if (below(12) == 0) {
		snprintf(out, size, "tel:+1555%u", below(10));
		return;
	}
	snprintf(out, size, "sip:u@%s%s%s", name ? PICK(before) : "", host,
		 name && below(4) == 0 ? "." : "");
	for (char *c = out + 6; *c; c++)
		if (below(8) == 0 && *c >= 'a' && *c <= 'z')
			*c = (char)(*c & ~0x20);
}

static void parse_request(const char *method, const char *uri, struct sip_msg *m)
{
	static char text[2000];
	int n = snprintf(
		text, sizeof(text),
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 %s\r\n\r\n",
		method, uri, method);

	cr_assert_eq(sip_parse((const uint8_t *)text, (size_t)n, SIP_EXACT, m), SIP_OK, "%s", text);
}

static struct ip random_source(void)
{
	struct ip ip = ip_of(PICK(sources));

	for (unsigned int flips = below(3); flips > 0; flips--)
		ip.b[ip_is_v4(&ip) ? 12 + below(4) : below(16)] ^= (uint8_t)(1u << below(8));
	return ip;
}

/* --- both ways --------------------------------------------------------------------------- */

struct both {
	struct world walked, indexed;
	void *mem, *scratch;
	size_t size;
};

static void make_both(struct both *b, const struct rule *rules, uint16_t n)
{
	struct rules_counts counts = { .rules = 0 };

	for (uint16_t i = 0; i < n; i++)
		rules_count(&rules[i], &counts);
	b->size = rules_index_size(&counts);
	b->walked = (struct world){ .rules = rules, .n_rules = n, .n_walked = n };
	b->indexed = (struct world){ .rules = NULL };
	keys_derive("secret of the test", 18, &b->indexed.keys);
	b->mem = aligned_alloc(64, (b->size + 127) & ~(size_t)63);
	b->scratch = aligned_alloc(64, (rules_scratch_size(&counts) + 127) & ~(size_t)63);
	memset(b->scratch, 0xa5, rules_scratch_size(&counts));
	rules_use(&b->indexed, rules, n, b->mem, b->scratch);
	memset(b->scratch, 0x5a, rules_scratch_size(&counts));
}

static void free_both(struct both *b)
{
	free(b->mem);
	free(b->scratch);
}

static void expect_same(const struct both *b, unsigned int requests)
{
	static struct sip_msg m;

	for (unsigned int i = 0; i < requests; i++) {
		const char *method = PICK(methods);
		struct ip src = random_source();
		uint16_t want, got;
		char uri[400];

		random_uri(uri, sizeof(uri));
		parse_request(method, uri, &m);
		want = rules_find(&b->walked, &m, &src);
		got = rules_find(&b->indexed, &m, &src);
		cr_assert_eq(got, want, "%u rules, %s %s: rule %u in place of %u",
			     b->walked.n_rules, method, uri, got, want);
	}
}

static void try_random(uint16_t n, uint32_t open, unsigned int requests)
{
	struct rule *rules = calloc(n, sizeof(*rules));
	struct both b;

	for (uint16_t i = 0; i < n; i++)
		rules[i] = random_rule(open);
	make_both(&b, rules, n);
	cr_assert_eq(b.indexed.rule_index != NULL, n > RULES_WALKED);
	expect_same(&b, requests);
	free_both(&b);
	for (uint16_t i = 0; i < n; i++)
		free_rule(&rules[i]);
	free(rules);
}

Test(rules, the_index_finds_the_rule_that_the_walk_finds)
{
	static const uint16_t sizes[] = { 1, 8, 9, 10, 20, 63, 64, 65, 128, 300, 1000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (uint32_t open = 0; open <= 9; open += 3)
			for (unsigned int k = 0; k < 20; k++)
				try_random(sizes[i], open, 100);
}

/* Rules that take nothing but a host of their own: what is found lies anywhere. */
Test(rules, each_of_ten_thousand_rules_is_found)
{
	enum { N = 10000 };
	struct rule *rules = calloc(N, sizeof(*rules));
	struct domain_match *domains = calloc(N, sizeof(*domains));
	struct prefix *prefixes = calloc(N, sizeof(*prefixes));
	char(*names)[32] = calloc(N, sizeof(*names));
	static struct sip_msg m;
	struct both b;

	for (uint16_t i = 0; i < N; i++) {
		domains[i].len =
			(uint16_t)snprintf(names[i], sizeof(names[i]), "customer%u.example", i);
		domains[i].text = (const uint8_t *)names[i];
		prefixes[i] = (struct prefix){ ip_of("10.0.0.0"), 128 };
		prefixes[i].ip.b[14] = (uint8_t)(i >> 8);
		prefixes[i].ip.b[15] = (uint8_t)i;
		rules[i] = i % 2 ? (struct rule){ .domains = &domains[i], .n_domains = 1 }
				 : (struct rule){ .sources = &prefixes[i], .n_sources = 1 };
	}
	make_both(&b, rules, N);
	for (uint16_t i = 0; i < N; i++) {
		struct ip stranger = ip_of("192.0.2.1");
		char uri[64];

		snprintf(uri, sizeof(uri), "sip:a@%s", i % 2 ? names[i] : "nobody.example");
		parse_request("INVITE", uri, &m);
		cr_assert_eq(rules_find(&b.indexed, &m, i % 2 ? &stranger : &prefixes[i].ip), i);
	}
	cr_expect_lt(b.size, (size_t)8 << 20, "%zu bytes", b.size);
	free_both(&b);
	free(rules);
	free(domains);
	free(prefixes);
	free(names);
}

/* Bits of one set for each value would be 10,000 times 10,000. */
Test(rules, memory_grows_with_the_conditions_not_with_their_product)
{
	struct rules_counts one = { 10000, 0, 10000, 10000, 200000 };
	struct rules_counts two = { 20000, 0, 20000, 20000, 400000 };
	struct rules_counts none = { RULES_WALKED, 4, 4, 4, 100 };

	cr_expect_lt(rules_index_size(&one), (size_t)12 << 20, "%zu", rules_index_size(&one));
	cr_expect_lt(rules_index_size(&two), 3 * rules_index_size(&one));
	cr_expect_eq(rules_index_size(&none), 0);
	cr_expect_eq(rules_scratch_size(&none), 0);
}

Test(rules, what_no_key_can_say_is_walked)
{
	static const struct domain_match inner = {
		(const uint8_t *)"ample.com", 9, true, false, { { 0 } }
	};
	struct rule rules[RULES_WALKED + 2] = { { .domains = &inner, .n_domains = 1 } };
	struct ip src = ip_of("10.0.0.1");
	static struct sip_msg m;
	struct both b;

	make_both(&b, rules, RULES_WALKED + 2);
	cr_expect_null(b.indexed.rule_index);
	parse_request("INVITE", "sip:a@example.com", &m);
	cr_expect_eq(rules_find(&b.indexed, &m, &src), 0);
	free_both(&b);
}

Test(rules, hosts_of_any_length_are_looked_up)
{
	struct rule rules[RULES_WALKED + 2] = { { .pool = 0 } };
	static const struct domain_match d = {
		(const uint8_t *)".example.com", 12, true, false, { { 0 } }
	};
	static struct sip_msg m;
	struct both b;

	for (unsigned int i = 0; i < RULES_WALKED + 2; i++)
		rules[i] = (struct rule){ .domains = &d, .n_domains = 1 };
	make_both(&b, rules, RULES_WALKED + 2);
	cr_assert(b.indexed.rule_index);
	for (unsigned int n = 0; n < 600; n++) {
		struct ip src = ip_of("10.0.0.1");
		char label[600], uri[800];

		memset(label, 'a', sizeof(label));
		snprintf(uri, sizeof(uri), "sip:a@%.*s%sexample.com", (int)n, label, n ? "." : "");
		parse_request("INVITE", uri, &m);
		cr_assert_eq(rules_find(&b.indexed, &m, &src), n ? 0 : WORLD_NONE, "%u", n);
		cr_assert_eq(rules_find(&b.walked, &m, &src), n ? 0 : WORLD_NONE, "%u", n);
	}
	free_both(&b);
}

Test(rules, reads_nothing_behind_the_message)
{
	/* Looked up with the whole message at a guard page: see parsed.h. */
	struct rule rules[RULES_WALKED + 1] = { { .pool = 0 } };
	static const struct domain_match d = { (const uint8_t *)"b", 1, false, false, { { 0 } } };
	struct ip src = ip_of("10.0.0.1");
	struct sip_msg *m = malloc(sizeof(*m));
	struct both b;

	for (unsigned int i = 0; i < RULES_WALKED + 1; i++)
		rules[i] = (struct rule){ .domains = &d, .n_domains = 1 };
	make_both(&b, rules, RULES_WALKED + 1);
	parse_request("INVITE", "sip:b", m);
	m->datagram_len = m->uri.host.text.off + 1u;
	m->p = memcpy(malloc(m->datagram_len), m->p, m->datagram_len);
	cr_expect_eq(rules_find(&b.indexed, m, &src), 0);
	free((void *)(uintptr_t)m->p);
	free(m);
	free_both(&b);
}
