/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Collecting of routes and neighbours for fib_build().
 *
 * Order decides between equals (fib.h: lowest metric, then first): routes of the file, then Linux's
 * local table, then its main table, as Linux itself asks them. Link-local prefixes (fe80::/10) are
 * left out: every interface has them, and an address without its interface leads nowhere. Gateways
 * may be link-local, they are looked up together with their interface.
 */
#include "control/network/net_fib.h"

#include "control/config/alloc.h"
#include "control/config/block.h"

#include <errno.h>

#define V4_BITS 96

/* What is collected; arrays are as long as they can need to be. */
struct parts {
	struct fib_route *routes;
	struct fib_neighbor *neighbors;
	uint32_t n_routes, n_neighbors;
};

static bool is_static(const struct net_iface *iface)
{
	return iface->given->kernel == CONFIG_KERNEL_NONE;
}

/* The interface of the configuration that is link @index of Linux. */
static uint16_t iface_of(const struct net_fib_input *in, int index)
{
	for (uint16_t i = 0; i < in->n_ifaces; i++) {
		if (index != 0 && in->ifaces[i].index == index)
			return i;
	}
	return FIB_NO_IFACE;
}

static void add_route(struct parts *p, const struct ip *prefix, uint8_t len, uint8_t kind,
		      uint16_t iface)
{
	p->routes[p->n_routes++] =
		(struct fib_route){ .prefix = *prefix, .len = len, .kind = kind, .iface = iface };
}

/* The address with all bits beyond @len set to @bit. */
static struct ip fill_host(const struct ip *ip, uint8_t len, bool bit)
{
	struct ip out = *ip;

	for (unsigned int i = len; i < 128; i++) {
		uint8_t mask = (uint8_t)(0x80 >> (i % 8));

		out.b[i / 8] = bit ? out.b[i / 8] | mask : (uint8_t)(out.b[i / 8] & ~mask);
	}
	return out;
}

/* Address, subnet, and what of the subnet is no host (RFC 1122 3.2.1.3; none in a /31, RFC 3021).
 */
static void add_subnet(struct parts *p, const struct config_address *a, uint16_t iface)
{
	struct ip first = fill_host(&a->ip, a->len, false), last = fill_host(&a->ip, a->len, true);

	add_route(p, &a->ip, 128, FIB_LOCAL, iface);
	if (ip_is_v4(&a->ip) && a->len < 127) {
		add_route(p, &first, 128, FIB_REJECT, iface);
		add_route(p, &last, 128, FIB_REJECT, iface);
	}
	add_route(p, &first, a->len, FIB_UNICAST, iface);
}

static void add_gateway(struct parts *p, const struct ip *gateway, uint16_t iface)
{
	static const uint8_t any_v4[4];
	bool v4 = ip_is_v4(gateway);
	struct ip any = v4 ? ip_from_v4(any_v4) : (struct ip){ { 0 } };

	p->routes[p->n_routes++] = (struct fib_route){ .prefix = any,
						       .len = v4 ? V4_BITS : 0,
						       .kind = FIB_UNICAST,
						       .iface = iface,
						       .gateway = *gateway };
}

static void add_static(struct parts *p, const struct net_iface *iface, uint16_t index)
{
	const struct config_interface *c = iface->given;

	for (uint32_t i = 0; i < c->n_addresses; i++)
		add_subnet(p, &c->addresses[i], index);
	for (uint32_t i = 0; i < c->n_gateway; i++)
		add_gateway(p, &c->gateway[i].ip, index);
	for (uint32_t i = 0; i < c->n_neighbors; i++) {
		struct fib_neighbor *n = &p->neighbors[p->n_neighbors++];

		n->ip = c->neighbors[i].address;
		n->iface = index;
		memcpy(n->mac, c->neighbors[i].mac, sizeof(n->mac));
	}
}

static bool link_local(const struct ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

static void add_linux_routes(const struct net_fib_input *in, bool local_table, struct parts *p)
{
	for (uint32_t i = 0; i < in->view->n_routes; i++) {
		const struct net_route *r = &in->view->routes[i];

		if (r->local_table != local_table ||
		    (r->kind == FIB_UNICAST && link_local(&r->prefix)))
			continue;
		p->routes[p->n_routes++] = (struct fib_route){
			.prefix = r->prefix,
			.len = r->len,
			.kind = r->kind,
			.iface = iface_of(in, r->index),
			.metric = r->local_table ? 0 : r->metric,
			.mtu = r->mtu,
			.gateway = r->gateway,
		};
	}
}

static void add_linux_neighbors(const struct net_fib_input *in, struct parts *p)
{
	const struct neighbors *t = in->view->neighbors;

	for (uint32_t i = 0; t && i < t->n_slots; i++) {
		const struct net_neighbor *known = neighbors_at(t, i);
		uint16_t iface = known ? iface_of(in, known->index) : FIB_NO_IFACE;
		struct fib_neighbor *n = &p->neighbors[p->n_neighbors];

		if (iface == FIB_NO_IFACE)
			continue;
		n->ip = known->ip;
		n->iface = iface;
		memcpy(n->mac, known->mac, sizeof(n->mac));
		p->n_neighbors++;
	}
}

static int make_room(const struct net_fib_input *in, struct parts *p)
{
	size_t routes = in->view ? in->view->n_routes : 0;
	size_t neighbors = in->view && in->view->neighbors ? in->view->neighbors->n : 0;

	for (uint16_t i = 0; i < in->n_ifaces; i++) {
		routes += 4 * in->ifaces[i].given->n_addresses + in->ifaces[i].given->n_gateway;
		neighbors += in->ifaces[i].given->n_neighbors;
	}
	p->routes = mem_alloc(routes * sizeof(*p->routes));
	/* One more: a candidate is written before it is known to count. */
	p->neighbors = mem_alloc((neighbors + 1) * sizeof(*p->neighbors));
	return p->routes && p->neighbors ? 0 : -ENOMEM;
}

static void collect(const struct net_fib_input *in, struct parts *p)
{
	for (uint16_t i = 0; i < in->n_ifaces; i++) {
		if (is_static(&in->ifaces[i]))
			add_static(p, &in->ifaces[i], i);
	}
	if (!in->view)
		return;
	add_linux_routes(in, true, p);
	add_linux_routes(in, false, p);
	add_linux_neighbors(in, p);
}

int net_fib_build(const struct net_fib_input *in, struct fib **out)
{
	struct parts p = { 0 };
	int rc = make_room(in, &p);
	void *block = NULL;

	if (rc == 0) {
		collect(in, &p);
		block = block_new(fib_size(p.n_routes, p.n_neighbors, in->n_pmtus));
		rc = block ? 0 : -ENOMEM;
	}
	if (rc == 0)
		*out = fib_build(block, in->seed, p.routes, p.n_routes, p.neighbors, p.n_neighbors,
				 in->pmtus, in->n_pmtus);
	mem_free(p.routes);
	mem_free(p.neighbors);
	return rc;
}

uint32_t net_addresses(const struct net_view *view, const struct net_iface *iface,
		       struct world_address *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; iface->index && i < view->n_addresses && n < max; i++) {
		const struct net_address *a = &view->addresses[i];

		if (a->index == iface->index && a->usable && !a->temporary && !link_local(&a->ip))
			out[n++] = (struct world_address){ a->ip, a->len };
	}
	return n;
}

bool net_addresses_tentative(const struct net_view *view, const struct net_iface *ifaces,
			     uint16_t n)
{
	for (uint32_t i = 0; i < view->n_addresses; i++) {
		const struct net_address *a = &view->addresses[i];

		for (uint16_t k = 0; k < n && !a->usable; k++) {
			if (a->index == ifaces[k].index && ifaces[k].index && !link_local(&a->ip))
				return true;
		}
	}
	return false;
}
