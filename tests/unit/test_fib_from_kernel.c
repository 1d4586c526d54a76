/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From Linux' tables and the configuration to the forwarding table: what look-ups then find.
 */
#include "control/config/alloc.h"
#include "control/config/block.h"
#include "control/network/net_fib.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define LAN 5  /* link index of the interface "net" */
#define MGMT 6 /* a link that is not ours */

static struct ip ip(const char *text)
{
	struct ip a;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &a), "%s", text);
	return a;
}

static struct net_route route(const char *prefix, uint8_t len, int index, const char *gateway,
			      uint32_t metric)
{
	struct net_route r = { .prefix = ip(prefix),
			       .len = (uint8_t)(strchr(prefix, ':') ? len : len + 96),
			       .kind = FIB_UNICAST,
			       .index = index,
			       .metric = metric };

	if (gateway)
		r.gateway = ip(gateway);
	return r;
}

static struct net_route local(const char *address, uint8_t kind)
{
	struct net_route r = route(address, strchr(address, ':') ? 128 : 32, LAN, NULL, 0);

	r.kind = kind;
	r.local_table = true;
	return r;
}

/* A host with the interface "net" in 192.0.2.0/24 and 2001:db8::/64, a gateway there, and a link
 * for management. */
struct host {
	struct config_interface config[2];
	struct config_address addresses[2];
	struct config_neighbor neighbor;
	struct config_gateway gateway;
	struct net_iface ifaces[2];
	struct net_route routes[24];
	struct net_address linux_addresses[8];
	struct neighbors neighbors;
	struct net_view view;
	struct net_fib_input in;
};

static void know(struct host *h, const char *address, int index, uint8_t mac)
{
	struct net_neighbor n = {
		.index = index, .ip = ip(address), .usable = true, .mac = { 2, 0, 0, 0, 0, mac }
	};

	neighbors_update(&h->neighbors, &n);
}

static void host_init(struct host *h)
{
	uint32_t n = 0;

	memset(h, 0, sizeof(*h));
	h->config[0] = (struct config_interface){ .name = "net", .kernel = CONFIG_KERNEL_SHARED };
	h->ifaces[0] = (struct net_iface){ &h->config[0], LAN };
	h->routes[n++] = local("192.0.2.10", FIB_LOCAL);
	h->routes[n++] = local("192.0.2.255", FIB_REJECT);
	h->routes[n++] = local("2001:db8::10", FIB_LOCAL);
	h->routes[n++] = route("192.0.2.0", 24, LAN, NULL, 0);
	h->routes[n++] = route("0.0.0.0", 0, LAN, "192.0.2.254", 100);
	h->routes[n++] = route("0.0.0.0", 0, MGMT, "172.16.0.1", 200);
	h->routes[n++] = route("172.16.0.0", 16, MGMT, NULL, 0);
	h->routes[n++] = route("2001:db8::", 64, LAN, NULL, 256);
	h->routes[n++] = route("::", 0, LAN, "fe80::fe", 1024);
	h->routes[n++] = route("fe80::", 64, MGMT, NULL, 256);
	h->routes[n++] = route("fe80::", 64, LAN, NULL, 256);
	h->routes[n] = route("10.9.0.0", 16, LAN, "192.0.2.253", 0);
	h->routes[n++].mtu = 1300;
	/* The same prefix as an address of ours, in the other table. */
	h->routes[n++] = route("192.0.2.10", 32, MGMT, NULL, 0);
	neighbors_init(&h->neighbors, 1);
	know(h, "192.0.2.99", LAN, 0x99);
	know(h, "192.0.2.254", LAN, 0xfe);
	know(h, "192.0.2.98", MGMT, 0x98);
	know(h, "fe80::fe", LAN, 0x6f);
	know(h, "fe80::fe", MGMT, 0x6e);
	h->view =
		(struct net_view){ .routes = h->routes, .n_routes = n, .neighbors = &h->neighbors };
	h->in = (struct net_fib_input){
		.ifaces = h->ifaces, .n_ifaces = 1, .view = &h->view, .seed = 77
	};
}

/* What one look-up finds. */
struct want {
	const char *dst;
	bool found;
	enum fib_kind kind;
	uint16_t iface;
	uint8_t mac; /* last byte; 0 = unknown */
	const char *next;
	uint32_t mtu;
};

static void expect(const struct net_fib_input *in, const struct want *rows, size_t n)
{
	struct fib *f;

	cr_assert_eq(net_fib_build(in, &f), 0);
	for (size_t i = 0; i < n; i++) {
		const struct want *w = &rows[i];
		struct ip dst = ip(w->dst), next = ip(w->next ? w->next : w->dst);
		struct fib_hop hop;

		cr_expect_eq(fib_lookup(f, &dst, &hop), w->found, "%s", w->dst);
		if (!w->found)
			continue;
		cr_expect_eq(hop.kind, w->kind, "%s", w->dst);
		if (w->kind != FIB_UNICAST)
			continue;
		cr_expect_eq(hop.iface, w->iface, "%s", w->dst);
		cr_expect_eq(hop.has_mac, w->mac != 0, "%s", w->dst);
		if (w->mac)
			cr_expect_eq(hop.mac[5], w->mac, "%s", w->dst);
		cr_expect(ip_equal(&hop.next, &next), "%s", w->dst);
		cr_expect_eq(hop.mtu, w->mtu, "%s", w->dst);
	}
	block_free(f);
}

Test(fib_from_kernel, packets_go_where_linux_would_send_them)
{
	static const struct want rows[] = {
		{ "192.0.2.99", true, FIB_UNICAST, 0, 0x99, NULL, 0 },
		{ "192.0.2.98", true, FIB_UNICAST, 0, 0, NULL, 0 }, /* known on another link only */
		{ "192.0.2.10", true, FIB_LOCAL, 0, 0, NULL, 0 }, /* the local table comes first */
		{ "192.0.2.255", true, FIB_REJECT, 0, 0, NULL, 0 },
		{ "203.0.113.1", true, FIB_UNICAST, 0, 0xfe, "192.0.2.254", 0 }, /* lowest metric */
		{ "172.16.3.4", true, FIB_UNICAST, FIB_NO_IFACE, 0, NULL, 0 },
		{ "10.9.1.1", true, FIB_UNICAST, 0, 0, "192.0.2.253", 1300 },
		{ "2001:db8::77", true, FIB_UNICAST, 0, 0, NULL, 0 },
		{ "2001:db8::10", true, FIB_LOCAL, 0, 0, NULL, 0 },
		{ "2001:db9::1", true, FIB_UNICAST, 0, 0x6f, "fe80::fe",
		  0 }, /* gateway with its own link */
		{ "fe80::1", true, FIB_UNICAST, 0, 0x6f, "fe80::fe", 0 }, /* never as on link */
	};
	struct host h;

	host_init(&h);
	expect(&h.in, rows, sizeof(rows) / sizeof(rows[0]));
	neighbors_free(&h.neighbors);
}

Test(fib_from_kernel, an_interface_that_is_gone_is_not_ours)
{
	static const struct want rows[] = {
		{ "192.0.2.99", true, FIB_UNICAST, FIB_NO_IFACE, 0, NULL, 0 },
	};
	struct host h;

	host_init(&h);
	h.ifaces[0].index = 0;
	expect(&h.in, rows, 1);
	neighbors_free(&h.neighbors);
}

Test(fib_from_kernel, path_mtus_arrive)
{
	static const struct want rows[] = {
		{ "192.0.2.99", true, FIB_UNICAST, 0, 0x99, NULL, 1400 },
		{ "10.9.1.1", true, FIB_UNICAST, 0, 0, "192.0.2.253",
		  1300 }, /* the route allows less */
	};
	struct fib_pmtu pmtus[] = { { ip("192.0.2.99"), 1400 }, { ip("10.9.1.1"), 1350 } };
	struct host h;

	host_init(&h);
	h.in.pmtus = pmtus;
	h.in.n_pmtus = 2;
	expect(&h.in, rows, 2);
	neighbors_free(&h.neighbors);
}

/* Makes the host's second interface one without a kernel: 10.0.0.1/24 and 10.0.8.0/31. */
static void add_static(struct host *h)
{
	h->addresses[0] = (struct config_address){ .ip = ip("10.0.0.1"), .len = 96 + 24 };
	h->addresses[1] = (struct config_address){ .ip = ip("10.0.8.0"), .len = 96 + 31 };
	h->neighbor = (struct config_neighbor){ .address = ip("10.0.0.254"),
						.mac = { 2, 0, 0, 0, 0, 0x54 } };
	h->gateway = (struct config_gateway){ .ip = ip("10.0.0.254") };
	h->config[1] = (struct config_interface){
		.name = "mem",
		.kernel = CONFIG_KERNEL_NONE,
		.addresses = h->addresses,
		.n_addresses = 2,
		.neighbors = &h->neighbor,
		.n_neighbors = 1,
		.gateway = &h->gateway,
		.n_gateway = 1,
	};
	h->ifaces[1] = (struct net_iface){ &h->config[1], 0 };
	h->in.n_ifaces = 2;
}

Test(fib_from_kernel, without_a_kernel_the_file_says_it_all)
{
	static const struct want rows[] = {
		{ "10.0.0.1", true, FIB_LOCAL, 0, 0, NULL, 0 },
		{ "10.0.0.0", true, FIB_REJECT, 0, 0, NULL, 0 },
		{ "10.0.0.255", true, FIB_REJECT, 0, 0, NULL, 0 },
		{ "10.0.0.254", true, FIB_UNICAST, 1, 0x54, NULL, 0 },
		{ "10.0.0.7", true, FIB_UNICAST, 1, 0, NULL, 0 },
		{ "10.0.8.0", true, FIB_LOCAL, 0, 0, NULL, 0 },
		{ "10.0.8.1", true, FIB_UNICAST, 1, 0, NULL, 0 }, /* a /31 has no broadcast */
		{ "203.0.113.1", true, FIB_UNICAST, 1, 0x54, "10.0.0.254", 0 },
		{ "2001:db8::1", false, FIB_REJECT, 0, 0, NULL, 0 },
	};
	struct host h;

	host_init(&h);
	add_static(&h);
	h.in.view = NULL;
	expect(&h.in, rows, sizeof(rows) / sizeof(rows[0]));
	neighbors_free(&h.neighbors);
}

Test(fib_from_kernel, both_kinds_of_interface_live_side_by_side)
{
	static const struct want rows[] = {
		{ "10.0.0.254", true, FIB_UNICAST, 1, 0x54, NULL, 0 },
		{ "192.0.2.99", true, FIB_UNICAST, 0, 0x99, NULL, 0 },
		{ "203.0.113.1", true, FIB_UNICAST, 1, 0x54, "10.0.0.254",
		  0 }, /* the file's gateway wins */
		{ "2001:db9::1", true, FIB_UNICAST, 0, 0x6f, "fe80::fe", 0 },
	};
	struct host h;

	host_init(&h);
	add_static(&h);
	expect(&h.in, rows, sizeof(rows) / sizeof(rows[0]));
	neighbors_free(&h.neighbors);
}

Test(fib_from_kernel, nothing_known_is_a_table_that_finds_nothing)
{
	static const struct want rows[] = { { "192.0.2.1", false, FIB_REJECT, 0, 0, NULL, 0 } };
	struct net_view view = { 0 };
	struct host h;

	host_init(&h);
	h.in.view = &view;
	expect(&h.in, rows, 1);
	neighbors_free(&h.neighbors);
}

Test(fib_from_kernel, survives_the_lack_of_memory)
{
	size_t live;
	struct fib *f = NULL;
	struct host h;

	host_init(&h);
	live = mem_live();
	for (unsigned long n = 1; n <= 3; n++) {
		alloc_fail_at(n);
		cr_expect_eq(net_fib_build(&h.in, &f), -ENOMEM, "%lu", n);
		alloc_fail_at(0);
		cr_expect_null(f);
		cr_expect_eq(mem_live(), live);
	}
	cr_expect_eq(net_fib_build(&h.in, &f), 0);
	block_free(f);
	cr_expect_eq(mem_live(), live);
	neighbors_free(&h.neighbors);
}

static void give_addresses(struct host *h)
{
	static const struct {
		const char *ip;
		int index;
		uint8_t len;
		bool usable, temporary;
	} rows[] = {
		{ "192.0.2.10", LAN, 120, true, false },
		{ "172.16.0.9", MGMT, 112, true, false },
		{ "2001:db8::10", LAN, 64, true, false },
		{ "2001:db8::dead", LAN, 64, true, true },
		{ "2001:db8::7e", LAN, 64, false, false },
		{ "fe80::10", LAN, 64, true, false },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		h->linux_addresses[i] =
			(struct net_address){ rows[i].index, ip(rows[i].ip), rows[i].len,
					      rows[i].usable, rows[i].temporary };
	h->view.addresses = h->linux_addresses;
	h->view.n_addresses = sizeof(rows) / sizeof(rows[0]);
}

Test(fib_from_kernel, listeners_may_stand_on_lasting_addresses_of_their_own_link)
{
	static const char *const want[] = { "192.0.2.10", "2001:db8::10" };
	struct world_address out[8];
	struct host h;
	uint32_t n;

	host_init(&h);
	give_addresses(&h);
	n = net_addresses(&h.view, &h.ifaces[0], out, 8);
	cr_assert_eq(n, 2);
	for (uint32_t i = 0; i < n; i++) {
		struct ip a = ip(want[i]);

		cr_expect(ip_equal(&out[i].ip, &a), "%u", i);
	}
	cr_expect_eq(out[0].len, 120);
	cr_expect_eq(net_addresses(&h.view, &h.ifaces[0], out, 1), 1,
		     "no more than there is room for");
	h.ifaces[0].index = 0;
	cr_expect_eq(net_addresses(&h.view, &h.ifaces[0], out, 8), 0);
	neighbors_free(&h.neighbors);
}

Test(fib_from_kernel, tentative_addresses_are_waited_for_if_they_matter)
{
	struct host h;

	host_init(&h);
	give_addresses(&h);
	cr_expect(net_addresses_tentative(&h.view, h.ifaces, 1));
	h.linux_addresses[4].usable = true;
	cr_expect_not(net_addresses_tentative(&h.view, h.ifaces, 1));
	h.linux_addresses[1].usable = false; /* another link's */
	h.linux_addresses[5].usable = false; /* link-local */
	cr_expect_not(net_addresses_tentative(&h.view, h.ifaces, 1));
	neighbors_free(&h.neighbors);
}
