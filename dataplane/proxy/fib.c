/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups in a forwarding table (fib_table.h). Workers call these for each message; pure.
 */
#include "dataplane/proxy/fib_table.h"

static_assert(FIB_NONE == NO_ROUTE, "the same, inside and outside");

bool fib_lookup(const struct fib *f, const struct ip *dst, struct fib_hop *out)
{
	static const struct ip destination;
	uint32_t host = *host_slot(f, dst), route;

	if (host != 0) {
		*out = f->hosts[host].hop;
		return true;
	}
	/* No neighbour on link and without a path MTU of its own: the route says it all. */
	route = find_route(f, dst);
	if (route == NO_ROUTE)
		return false;
	*out = f->hops[route];
	if (ip_equal(&out->next, &destination))
		out->next = *dst;
	return true;
}

uint16_t fib_iface(const struct fib *f, const struct ip *dst)
{
	uint32_t route = find_route(f, dst);

	return route != NO_ROUTE ? f->routes[route].iface : FIB_NO_IFACE;
}

uint32_t fib_index(const struct fib *f, const struct ip *dst)
{
	return find_route(f, dst);
}

/* The longest prefix of @longest bits or less that holds the one of route @index. */
static uint32_t find_prefix(const struct fib *f, uint32_t index, int longest)
{
	const struct fib_route *r = &f->routes[index];
	uint32_t route = NO_ROUTE;
	uint64_t a[2];

	if (r->len >= V4_BITS && ip_is_v4(&r->prefix)) {
		uint32_t a4 = v4_of(&r->prefix);

		for (unsigned int i = 0; i < f->n_v4 && route == NO_ROUTE; i++)
			if (f->v4[i].len <= longest)
				route = v4_slot(f, &f->v4[i], a4 & f->v4[i].mask)->route;
		return route;
	}
	split(&r->prefix, a);
	for (unsigned int i = 0; i < f->n_v6 && route == NO_ROUTE; i++) {
		uint64_t masked[2] = { a[0] & f->v6[i].mask[0], a[1] & f->v6[i].mask[1] };

		if (f->v6[i].len <= longest)
			route = route_slot(f, &f->v6[i], masked)->route;
	}
	return route;
}

uint32_t fib_same(const struct fib *f, uint32_t index)
{
	return find_prefix(f, index, f->routes[index].len);
}

uint32_t fib_parent(const struct fib *f, uint32_t index)
{
	return find_prefix(f, index, f->routes[index].len - 1);
}

bool fib_covers(const struct fib *f, const struct ip *dst)
{
	return find_route(f, dst) != NO_ROUTE;
}

bool prefix_has(const struct prefix *p, const struct ip *a)
{
	uint64_t mask[2], x[2], y[2];

	if (p->len < V4_BITS && ip_is_v4(a))
		return false;
	mask_of(p->len, mask);
	split(&p->ip, x);
	split(a, y);
	return (((x[0] ^ y[0]) & mask[0]) | ((x[1] ^ y[1]) & mask[1])) == 0;
}
