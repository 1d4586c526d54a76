/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding table: every lookup against a walk over all routes, neighbours and path MTUs.
 */
#include "dataplane/proxy/fib.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUTES 300
#define NEIGHBORS 100
#define PMTUS 40

static uint64_t random_state = 0xfedcba9876543210;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % n;
}

static struct ip v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return ip_from_v4((uint8_t[]){ a, b, c, d });
}

/* 2001:db8:a::b */
static struct ip v6(uint8_t a, uint8_t b)
{
	return (struct ip){ { 0x20, 0x01, 0x0d, 0xb8, 0, a, [15] = b } };
}

/* An address of few different bits, so that prefixes nest and repeat; v4 or v6. */
static struct ip random_ip(void)
{
	struct ip a = random_below(2) ? v4(10, 0, 0, 0) : v6(0, 0);

	for (int i = ip_is_v4(&a) ? 12 : 4; i < 16; i++)
		a.b[i] |= (uint8_t)(random_below(4) == 0 ? 1 << random_below(8) : 0);
	return a;
}

/* --- the slow reference --- */

static bool in_prefix(const struct ip *prefix, unsigned int len, const struct ip *a)
{
	if (ip_is_v4(a) && !(len >= 96 && ip_is_v4(prefix)))
		return false;
	for (unsigned int i = 0; i < len; i++) {
		if ((prefix->b[i / 8] ^ a->b[i / 8]) & (0x80 >> i % 8))
			return false;
	}
	return true;
}

struct tables {
	struct fib_route routes[ROUTES];
	struct fib_neighbor neighbors[NEIGHBORS];
	struct fib_pmtu pmtus[PMTUS];
	uint32_t n_routes, n_neighbors, n_pmtus;
};

static const struct fib_route *slow_route(const struct tables *t, const struct ip *dst)
{
	const struct fib_route *best = NULL;

	for (uint32_t i = 0; i < t->n_routes; i++) {
		const struct fib_route *r = &t->routes[i];

		if (!in_prefix(&r->prefix, r->len, dst))
			continue;
		if (!best || r->len > best->len ||
		    (r->len == best->len && r->metric < best->metric))
			best = r;
	}
	return best;
}

static bool slow_lookup(const struct tables *t, const struct ip *dst, struct fib_hop *out)
{
	const struct fib_route *r = slow_route(t, dst);
	static const struct ip zero;

	memset(out, 0, sizeof(*out));
	if (!r)
		return false;
	out->kind = r->kind;
	out->iface = r->iface;
	out->next =
		r->kind == FIB_UNICAST && r->iface != FIB_NO_IFACE && !ip_equal(&r->gateway, &zero)
			? r->gateway
			: *dst;
	out->mtu = r->mtu;
	for (uint32_t i = 0; i < t->n_pmtus; i++) {
		uint32_t mtu = t->pmtus[i].mtu;

		if (mtu != 0 && ip_equal(&t->pmtus[i].ip, dst) && (out->mtu == 0 || mtu < out->mtu))
			out->mtu = mtu;
	}
	for (uint32_t i = 0;
	     r->kind == FIB_UNICAST && r->iface != FIB_NO_IFACE && i < t->n_neighbors; i++) {
		if (t->neighbors[i].iface == r->iface &&
		    ip_equal(&t->neighbors[i].ip, &out->next)) {
			out->has_mac = true;
			memcpy(out->mac, t->neighbors[i].mac, 6);
		}
	}
	return true;
}

static bool hops_equal(const struct fib_hop *a, const struct fib_hop *b)
{
	return a->kind == b->kind && a->iface == b->iface && a->has_mac == b->has_mac &&
	       memcmp(a->mac, b->mac, 6) == 0 && a->mtu == b->mtu && ip_equal(&a->next, &b->next);
}

static struct fib *build(const struct tables *t, uint64_t seed)
{
	size_t size = (fib_size(t->n_routes, t->n_neighbors, t->n_pmtus) + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, size);
	struct fib *f = fib_build(mem, seed, t->routes, t->n_routes, t->neighbors, t->n_neighbors,
				  t->pmtus, t->n_pmtus);

	cr_assert_eq((void *)f, mem);
	return f;
}

static void random_tables(struct tables *t)
{
	memset(t, 0, sizeof(*t));
	t->n_routes = random_below(ROUTES + 1);
	t->n_neighbors = random_below(NEIGHBORS + 1);
	t->n_pmtus = random_below(2) ? random_below(PMTUS + 1) : 0;
	for (uint32_t i = 0; i < t->n_routes; i++) {
		struct fib_route *r = &t->routes[i];

		r->prefix = random_ip();
		r->len =
			(uint8_t)(ip_is_v4(&r->prefix) ? 96 + random_below(33) : random_below(129));
		r->kind = (uint8_t)(random_below(4) ? FIB_UNICAST : random_below(3));
		r->iface = random_below(10) ? (uint16_t)random_below(3) : FIB_NO_IFACE;
		r->metric = random_below(4);
		r->mtu = random_below(2) ? 1280 + random_below(400) : 0;
		if (random_below(2))
			r->gateway = random_ip();
	}
	for (uint32_t i = 0; i < t->n_neighbors; i++) {
		t->neighbors[i].ip = random_below(2) && t->n_routes
					     ? t->routes[random_below(t->n_routes)].gateway
					     : random_ip();
		t->neighbors[i].iface = (uint16_t)random_below(3);
		t->neighbors[i].mac[0] = (uint8_t)(2 + i);
	}
	for (uint32_t i = 0; i < t->n_pmtus; i++)
		t->pmtus[i] = (struct fib_pmtu){ random_ip(),
						 random_below(5) ? 1000 + random_below(800) : 0 };
}

Test(fib, random_tables_answer_as_a_walk_over_all_routes_does)
{
	static struct tables t;
	uint32_t found = 0, with_mac = 0;

	for (int round = 0; round < 200; round++) {
		struct fib *f;

		random_tables(&t);
		f = build(&t, round % 3 ? random_state : (uint64_t)round);
		for (int i = 0; i < 300; i++) {
			struct ip dst = i % 3 || t.n_pmtus == 0
						? random_ip()
						: t.pmtus[random_below(t.n_pmtus)].ip;
			struct fib_hop got, want;
			bool has = slow_lookup(&t, &dst, &want);

			cr_assert_eq(fib_lookup(f, &dst, &got), has);
			cr_assert(!has || hops_equal(&got, &want), "round %d lookup %d", round, i);
			cr_assert_eq(fib_iface(f, &dst), has ? want.iface : FIB_NO_IFACE);
			found += has;
			with_mac += has && want.has_mac;
		}
		free(f);
	}
	/* The comparison means something only if both outcomes are common. */
	cr_assert_gt(found, 10000);
	cr_assert_gt(with_mac, 1000);
}

Test(fib, an_empty_table_knows_no_route)
{
	static struct tables t;
	struct fib *f = build(&t, 1);
	struct fib_hop hop;
	struct ip dst = v4(10, 0, 0, 1);

	cr_assert_not(fib_lookup(f, &dst, &hop));
	cr_assert_eq(fib_iface(f, &dst), FIB_NO_IFACE);
	free(f);
}

/* A host with two interfaces, as Linux reports it. */
static void host_tables(struct tables *t)
{
	memset(t, 0, sizeof(*t));
	t->routes[0] = (struct fib_route){
		.prefix = v4(0, 0, 0, 0), .len = 96, .iface = 0, .gateway = v4(192, 0, 2, 1)
	};
	t->routes[1] = (struct fib_route){ .prefix = v4(192, 0, 2, 0), .len = 96 + 24, .iface = 0 };
	t->routes[2] = (struct fib_route){
		.prefix = v4(192, 0, 2, 10), .len = 128, .kind = FIB_LOCAL, .iface = 0
	};
	t->routes[3] = (struct fib_route){
		.prefix = v4(192, 0, 2, 255), .len = 128, .kind = FIB_REJECT, .iface = 0
	};
	t->routes[4] = (struct fib_route){
		.prefix = v4(10, 1, 0, 0), .len = 96 + 16, .iface = 1, .mtu = 1400, .metric = 20
	};
	t->routes[5] = (struct fib_route){ .prefix = v6(0, 0), .len = 64, .iface = 1 };
	t->routes[6] = (struct fib_route){
		.prefix = { { 0 } }, .len = 0, .iface = 1, .gateway = v6(0, 1)
	};
	t->routes[7] = (struct fib_route){
		.prefix = v4(10, 1, 0, 0), .len = 96 + 16, .iface = 0, .metric = 10
	};
	t->n_routes = 8;
	t->neighbors[0] = (struct fib_neighbor){ v4(192, 0, 2, 1), 0, { 2, 1 } };
	t->neighbors[1] = (struct fib_neighbor){ v4(192, 0, 2, 20), 0, { 2, 2 } };
	t->neighbors[2] = (struct fib_neighbor){ v6(0, 1), 1, { 2, 3 } };
	t->neighbors[3] = (struct fib_neighbor){ v4(192, 0, 2, 21), 1, { 2, 4 } };
	t->n_neighbors = 4;
	t->pmtus[0] = (struct fib_pmtu){ v4(198, 51, 100, 1), 1300 };
	t->n_pmtus = 1;
}

Test(fib, a_host_routes_as_linux_would)
{
	static struct tables t;
	const struct {
		struct ip dst, next;
		enum fib_kind kind;
		uint16_t iface;
		uint8_t mac1; /* second byte of the MAC; 0 = unknown */
		uint32_t mtu;
	} rows[] = {
		{ v4(8, 8, 8, 8), v4(192, 0, 2, 1), FIB_UNICAST, 0, 1, 0 },
		{ v4(198, 51, 100, 1), v4(192, 0, 2, 1), FIB_UNICAST, 0, 1, 1300 },
		{ v4(192, 0, 2, 20), v4(192, 0, 2, 20), FIB_UNICAST, 0, 2, 0 },
		{ v4(192, 0, 2, 21), v4(192, 0, 2, 21), FIB_UNICAST, 0, 0, 0 },
		{ v4(192, 0, 2, 10), v4(192, 0, 2, 10), FIB_LOCAL, 0, 0, 0 },
		{ v4(192, 0, 2, 255), v4(192, 0, 2, 255), FIB_REJECT, 0, 0, 0 },
		{ v4(10, 1, 2, 3), v4(10, 1, 2, 3), FIB_UNICAST, 0, 0, 0 },
		{ v6(0, 9), v6(0, 9), FIB_UNICAST, 1, 0, 0 },
		{ v6(7, 9), v6(0, 1), FIB_UNICAST, 1, 3, 0 },
	};
	struct fib *f;

	host_tables(&t);
	f = build(&t, 77);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fib_hop hop;

		cr_assert(fib_lookup(f, &rows[i].dst, &hop), "row %zu", i);
		cr_assert_eq(hop.kind, rows[i].kind, "row %zu", i);
		cr_assert_eq(hop.iface, rows[i].iface, "row %zu", i);
		cr_assert(ip_equal(&hop.next, &rows[i].next), "row %zu", i);
		cr_assert_eq(hop.has_mac, rows[i].mac1 != 0, "row %zu", i);
		cr_assert_eq(hop.mac[1], rows[i].mac1, "row %zu", i);
		cr_assert_eq(hop.mtu, rows[i].mtu, "row %zu", i);
	}
	free(f);
}

Test(fib, the_ipv6_default_route_takes_no_ipv4)
{
	static struct tables t;
	struct fib_hop hop;
	struct fib *f;
	struct ip dst = v4(8, 8, 8, 8);

	host_tables(&t);
	t.routes[0] = t.routes[6];
	t.n_routes = 1;
	f = build(&t, 3);
	cr_assert_not(fib_lookup(f, &dst, &hop));
	dst = v6(1, 1);
	cr_assert(fib_lookup(f, &dst, &hop));
	free(f);
}

Test(fib, of_equal_prefixes_the_lowest_metric_wins_then_the_first)
{
	static struct tables t;
	struct ip dst = v4(10, 9, 9, 9);
	struct fib *f;

	memset(&t, 0, sizeof(t));
	/* Host bits of a prefix do not count. */
	t.routes[0] = (struct fib_route){
		.prefix = v4(10, 1, 2, 3), .len = 96 + 8, .iface = 0, .metric = 9
	};
	t.routes[1] = (struct fib_route){
		.prefix = v4(10, 0, 0, 0), .len = 96 + 8, .iface = 1, .metric = 5
	};
	t.routes[2] = (struct fib_route){
		.prefix = v4(10, 7, 0, 0), .len = 96 + 8, .iface = 2, .metric = 5
	};
	t.n_routes = 3;
	f = build(&t, 4);
	cr_assert_eq(fib_iface(f, &dst), 1);
	free(f);
}

Test(fib, the_table_does_not_depend_on_the_memory_it_is_built_in)
{
	static struct tables t;
	struct fib_hop a, b;
	struct fib *f, *g;
	size_t size;

	random_tables(&t);
	t.n_routes = ROUTES;
	size = (fib_size(t.n_routes, t.n_neighbors, t.n_pmtus) + 63) & ~(size_t)63;
	f = aligned_alloc(64, size);
	g = aligned_alloc(64, size);
	memset(f, 0xff, size);
	memset(g, 0x55, size);
	fib_build(f, 9, t.routes, t.n_routes, t.neighbors, t.n_neighbors, t.pmtus, t.n_pmtus);
	fib_build(g, 9, t.routes, t.n_routes, t.neighbors, t.n_neighbors, t.pmtus, t.n_pmtus);
	for (int i = 0; i < 1000; i++) {
		struct ip dst = random_ip();
		bool has = fib_lookup(f, &dst, &a);

		cr_assert_eq(fib_lookup(g, &dst, &b), has);
		cr_assert(!has || hops_equal(&a, &b));
	}
	free(f);
	free(g);
}

Test(fib, prefixes_hold_their_addresses_and_no_others)
{
	for (int i = 0; i < 20000; i++) {
		struct ip a = random_ip();
		struct prefix p = { .ip = random_ip() };

		p.len = (uint8_t)(ip_is_v4(&p.ip) ? 96 + random_below(33) : random_below(129));
		cr_assert_eq(prefix_has(&p, &a), in_prefix(&p.ip, p.len, &a), "round %d", i);
	}
}

Test(fib, prefixes_of_either_family_hold_only_their_own)
{
	struct prefix all6 = { .len = 0 }, all4 = { .ip = v4(0, 0, 0, 0), .len = 96 };
	struct ip a4 = v4(1, 2, 3, 4), a6 = v6(1, 2);

	cr_assert(prefix_has(&all4, &a4));
	cr_assert(prefix_has(&all6, &a6));
	cr_assert_not(prefix_has(&all4, &a6));
	cr_assert_not(prefix_has(&all6, &a4));
}

/* The route that counts of the longest prefix of @longest bits or less that holds the prefix of
 * route @index. */
static uint32_t slow_prefix(const struct tables *t, uint32_t index, int longest)
{
	uint32_t best = FIB_NONE;

	for (uint32_t i = 0; i < t->n_routes; i++) {
		const struct fib_route *r = &t->routes[i],
				       *b = &t->routes[best == FIB_NONE ? 0 : best];

		if (r->len > longest || !in_prefix(&r->prefix, r->len, &t->routes[index].prefix))
			continue;
		if (best == FIB_NONE || r->len > b->len ||
		    (r->len == b->len && r->metric < b->metric))
			best = i;
	}
	return best;
}

Test(fib, each_prefix_knows_its_like_and_the_next_wider_one)
{
	static struct tables t;
	uint32_t parents = 0;

	for (int round = 0; round < 50; round++) {
		struct fib *f;

		random_tables(&t);
		f = build(&t, (uint64_t)round);
		for (uint32_t i = 0; i < t.n_routes; i++) {
			uint32_t parent = slow_prefix(&t, i, t.routes[i].len - 1);

			cr_assert_eq(fib_same(f, i), slow_prefix(&t, i, t.routes[i].len));
			cr_assert_eq(fib_parent(f, i), parent, "round %d route %u", round, i);
			cr_assert_eq(fib_index(f, &t.routes[i].prefix), slow_prefix(&t, i, 128));
			parents += parent != FIB_NONE;
		}
		free(f);
	}
	cr_assert_gt(parents, 1000);
}
