/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds forwarding tables (fib_table.h). Control thread only. Pure: the same input gives the same
 * bytes.
 */
#include "dataplane/proxy/fib_table.h"

/* Number of slots for @n entries: a power of two, at least twice as many. */
static uint32_t slots_for(uint32_t n)
{
	uint32_t slots = 2;

	while (slots < 2 * n)
		slots *= 2;
	return slots;
}

/* The same for the numbers of @n hosts; of few a sixteenth at most. */
static uint32_t host_slots_for(uint32_t n)
{
	return slots_for(n <= 1024 ? 8 * n : n);
}

static size_t aligned(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

size_t fib_size(uint32_t n_routes, uint32_t n_neighbors, uint32_t n_pmtus)
{
	/* Whatever lengths the prefixes have: slots_for(n) < 4 * n for n > 0. */
	return aligned(sizeof(struct fib)) + aligned(n_routes * sizeof(struct fib_route)) +
	       aligned((size_t)n_routes * 4 * sizeof(struct route_slot)) +
	       aligned(slots_for(n_neighbors) * sizeof(struct neighbor_slot)) +
	       aligned(slots_for(n_pmtus) * sizeof(struct pmtu_slot)) +
	       aligned(n_routes * sizeof(struct fib_hop)) +
	       aligned((n_neighbors + n_pmtus + UINT64_C(1)) * sizeof(struct host)) +
	       aligned(host_slots_for(n_neighbors + n_pmtus) * sizeof(uint32_t));
}

static bool is_v4(const struct fib_route *r)
{
	return r->len >= V4_BITS && ip_is_v4(&r->prefix);
}

static uint32_t count_routes(const struct fib *f, uint32_t n_routes, uint8_t len, bool v4)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_routes; i++)
		n += f->routes[i].len == len && is_v4(&f->routes[i]) == v4;
	return n;
}

/* Makes the level for the IPv4 routes of @len, if there are any, in the slots at @mem. Returns the
 * bytes used. */
static size_t add_v4_level(struct fib *f, uint32_t n_routes, uint8_t len, void *mem)
{
	uint32_t n = count_routes(f, n_routes, len, true);
	struct v4_level *l = f->v4 + f->n_v4;
	uint64_t mask[2];

	if (n == 0)
		return 0;
	f->n_v4++;
	mask_of(len, mask);
	l->len = len;
	l->mask = (uint32_t)(mask[1] >> 32);
	l->slots = mem;
	l->slot_mask = slots_for(n) - 1;
	for (uint32_t i = 0; i <= l->slot_mask; i++)
		l->slots[i].route = NO_ROUTE;
	return slots_for(n) * sizeof(struct v4_slot);
}

/* The same for those that are in the IPv6 list. */
static size_t add_v6_level(struct fib *f, uint32_t n_routes, uint8_t len, void *mem)
{
	uint32_t n = count_routes(f, n_routes, len, false);
	struct level *l = f->v6 + f->n_v6;

	if (n == 0)
		return 0;
	f->n_v6++;
	l->len = len;
	l->slots = mem;
	l->slot_mask = slots_for(n) - 1;
	mask_of(len, l->mask);
	for (uint32_t i = 0; i <= l->slot_mask; i++)
		l->slots[i].route = NO_ROUTE;
	return slots_for(n) * sizeof(struct route_slot);
}

/* Notes that addresses with the first bytes of prefix @a may have a route in level @index. */
static void note_first_bytes(struct fib *f, uint32_t a, unsigned int index)
{
	uint8_t byte, mask;

	memcpy(&byte, &a, 1);
	memcpy(&mask, &f->v4[index].mask, 1);
	for (unsigned int i = 0; i < 256; i++)
		if ((i & mask) == byte)
			f->v4_by_byte[i] |= 1ULL << index;
}

static void add_v4_route(struct fib *f, uint32_t index)
{
	const struct fib_route *r = &f->routes[index];
	unsigned int level = 0;
	struct v4_slot *slot;
	uint32_t a;

	while (f->v4[level].len != r->len)
		level++;
	a = v4_of(&r->prefix) & f->v4[level].mask;
	slot = v4_slot(f, &f->v4[level], a);
	if (slot->route != NO_ROUTE && f->routes[slot->route].metric <= r->metric)
		return;
	*slot = (struct v4_slot){ a, index };
	note_first_bytes(f, a, level);
}

static void add_route(struct fib *f, uint32_t index)
{
	const struct fib_route *r = &f->routes[index];
	struct level *l = f->v6;
	struct route_slot *slot;
	uint64_t a[2];

	if (is_v4(r)) {
		add_v4_route(f, index);
		return;
	}
	while (l->len != r->len)
		l++;
	split(&r->prefix, a);
	a[0] &= l->mask[0];
	a[1] &= l->mask[1];
	slot = route_slot(f, l, a);
	if (slot->route != NO_ROUTE && f->routes[slot->route].metric <= r->metric)
		return;
	memcpy(slot->prefix.b, a, sizeof(slot->prefix.b));
	slot->route = index;
}

static void add_neighbor(struct fib *f, const struct fib_neighbor *n)
{
	struct neighbor_slot *slot;
	uint64_t a[2];

	if (n->iface == FIB_NO_IFACE)
		return;
	split(&n->ip, a);
	slot = neighbor_slot(f, a, n->iface);
	slot->ip = n->ip;
	slot->iface = n->iface;
	memcpy(slot->mac, n->mac, sizeof(slot->mac));
}

static void add_pmtu(struct fib *f, const struct fib_pmtu *p)
{
	struct pmtu_slot *slot;
	uint64_t a[2];

	if (p->mtu == 0)
		return;
	split(&p->ip, a);
	slot = pmtu_slot(f, a);
	if (slot->mtu != 0 && slot->mtu <= p->mtu)
		return;
	slot->ip = p->ip;
	slot->mtu = p->mtu;
}

/* True if some route has the length @len: keeps the search for levels short for big tables. */
static void lengths_in_use(const struct fib_route *routes, uint32_t n, bool used[129])
{
	for (uint32_t i = 0; i < n; i++) {
		assert(routes[i].len <= 128);
		used[routes[i].len] = true;
	}
}

static uint32_t smaller_mtu(uint32_t a, uint32_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

/* How the route @r sends to its gateway, or to @dst (all zero = whatever it is) if that is on link.
 */
static struct fib_hop make_hop(const struct fib *f, const struct fib_route *r, const struct ip *dst)
{
	static const struct ip on_link;
	struct fib_hop hop = { .kind = r->kind, .iface = r->iface, .mtu = r->mtu, .next = *dst };
	const struct neighbor_slot *n;
	uint64_t a[2];

	if (r->kind != FIB_UNICAST || r->iface == FIB_NO_IFACE)
		return hop;
	if (!ip_equal(&r->gateway, &on_link))
		hop.next = r->gateway;
	split(&hop.next, a);
	n = neighbor_slot(f, a, r->iface);
	if ((a[0] | a[1]) != 0 && n->iface != FIB_NO_IFACE) {
		hop.has_mac = true;
		memcpy(hop.mac, n->mac, sizeof(hop.mac));
	}
	return hop;
}

/* Notes the whole answer for @dst, if there is one, beside those of @n_hosts others. */
static void add_host(struct fib *f, const struct ip *dst, uint32_t *n_hosts)
{
	uint32_t route = find_route(f, dst);
	uint32_t *slot = host_slot(f, dst);
	struct host *host;
	uint64_t a[2];

	if (route == NO_ROUTE)
		return;
	if (*slot == 0)
		*slot = ++*n_hosts;
	host = &f->hosts[*slot];
	split(dst, a);
	host->ip = *dst;
	host->hop = make_hop(f, &f->routes[route], dst);
	host->hop.mtu = smaller_mtu(host->hop.mtu, pmtu_slot(f, a)->mtu);
}

/* What is worked out beforehand, once all tables are there. */
static void add_answers(struct fib *f, uint32_t n_routes, const struct fib_neighbor *neighbors,
			uint32_t n_neighbors, const struct fib_pmtu *pmtus, uint32_t n_pmtus)
{
	static const struct ip destination;
	uint32_t n_hosts = 0;

	for (uint32_t i = 0; i < n_routes; i++)
		f->hops[i] = make_hop(f, &f->routes[i], &destination);
	for (uint32_t i = 0; i < n_neighbors; i++)
		if (neighbors[i].iface != FIB_NO_IFACE)
			add_host(f, &neighbors[i].ip, &n_hosts);
	for (uint32_t i = 0; i < n_pmtus; i++)
		if (pmtus[i].mtu != 0)
			add_host(f, &pmtus[i].ip, &n_hosts);
}

/* Takes the next @n bytes of the block. */
static void *take(uint8_t **at, size_t n)
{
	void *mem = *at;

	*at += aligned(n);
	return mem;
}

struct fib *fib_build(void *mem, uint64_t seed, const struct fib_route *routes, uint32_t n_routes,
		      const struct fib_neighbor *neighbors, uint32_t n_neighbors,
		      const struct fib_pmtu *pmtus, uint32_t n_pmtus)
{
	struct fib *f = mem;
	uint8_t *at = (uint8_t *)mem + aligned(sizeof(*f));
	bool used[129] = { false };

	memset(mem, 0, fib_size(n_routes, n_neighbors, n_pmtus));
	f->seed = (seed ^ 0xa0761d6478bd642f) * 0x9e3779b97f4a7c15 | 1;
	f->neighbor_mask = slots_for(n_neighbors) - 1;
	f->pmtu_mask = slots_for(n_pmtus) - 1;
	f->host_mask = host_slots_for(n_neighbors + n_pmtus) - 1;
	f->hosts = take(&at, (n_neighbors + n_pmtus + UINT64_C(1)) * sizeof(*f->hosts));
	f->host_slots = take(&at, (f->host_mask + UINT64_C(1)) * sizeof(*f->host_slots));
	f->routes = take(&at, n_routes * sizeof(*f->routes));
	f->hops = take(&at, n_routes * sizeof(*f->hops));
	f->neighbors = take(&at, (f->neighbor_mask + UINT64_C(1)) * sizeof(*f->neighbors));
	f->pmtus = take(&at, (f->pmtu_mask + UINT64_C(1)) * sizeof(*f->pmtus));
	if (n_routes > 0)
		memcpy(f->routes, routes, n_routes * sizeof(*routes));
	for (uint32_t i = 0; i <= f->neighbor_mask; i++)
		f->neighbors[i].iface = FIB_NO_IFACE;
	lengths_in_use(routes, n_routes, used);
	for (int len = 128; len >= 0; len--) {
		if (!used[len])
			continue;
		at += add_v6_level(f, n_routes, (uint8_t)len, at);
		at += add_v4_level(f, n_routes, (uint8_t)len, at);
	}
	for (uint32_t i = 0; i < n_routes; i++)
		add_route(f, i);
	for (uint32_t i = 0; i < n_neighbors; i++)
		add_neighbor(f, &neighbors[i]);
	for (uint32_t i = 0; i < n_pmtus; i++)
		add_pmtu(f, &pmtus[i]);
	add_answers(f, n_routes, neighbors, n_neighbors, pmtus, n_pmtus);
	return f;
}
