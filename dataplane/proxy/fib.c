/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups in a forwarding table (fib_table.h). Workers call these for each message; pure.
 */
#include "dataplane/proxy/fib_table.h"

bool fib_lookup(const struct fib *f, const struct ip *dst, struct fib_hop *out)
{
	static const struct ip destination;
	const struct host_slot *host;
	uint32_t route;

	host = host_slot(f, dst);
	if (host->used) {
		*out = host->hop;
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
