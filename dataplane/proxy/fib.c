/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forwarding table: one block of memory, written once by fib_build() and then only read, by any
 * number of workers.
 *
 *   struct fib | routes as given | slots of routes, one table per family and length | neighbours |
 * path MTUs
 *
 * All tables are open-addressing hashes with linear probing, at most half full. IPv4 and IPv6
 * prefixes have lists of their own: an IPv4 address lies in no IPv6 prefix, not even in ::/0, and
 * takes no probe for one.
 */
#include "dataplane/proxy/fib.h"

#include <assert.h>

#define V4_BITS 96 /* mapped part of an IPv4 address */
#define NO_ROUTE UINT32_MAX

struct route_slot {
	struct ip prefix;
	uint32_t route; /* index into routes; NO_ROUTE = empty */
};

struct neighbor_slot {
	struct ip ip;
	uint16_t iface; /* FIB_NO_IFACE = empty */
	uint8_t mac[6];
};

struct pmtu_slot {
	struct ip ip;
	uint32_t mtu; /* 0 = empty */
};

/* All prefixes of one family and length. */
struct level {
	uint64_t mask[2]; /* as the address lies in memory */
	struct route_slot *slots;
	uint32_t slot_mask;
	uint8_t len;
};

enum { V4, V6, N_FAMILIES };

struct fib {
	uint64_t seed;
	struct fib_route *routes;
	struct neighbor_slot *neighbors;
	struct pmtu_slot *pmtus;
	uint32_t neighbor_mask;
	uint32_t pmtu_mask;
	bool has_pmtu;
	uint8_t n_levels[N_FAMILIES];
	struct level v4[128 - V4_BITS + 1]; /* longest first */
	struct level v6[128 + 1];
};

/* Number of slots for @n entries: a power of two, at least twice as many. */
static uint32_t slots_for(uint32_t n)
{
	uint32_t slots = 2;

	while (slots < 2 * n)
		slots *= 2;
	return slots;
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
	       aligned(slots_for(n_pmtus) * sizeof(struct pmtu_slot));
}

static void split(const struct ip *a, uint64_t out[2])
{
	memcpy(out, a->b, sizeof(a->b));
}

/* Mixes by the two halves of a 128-bit product; seeded, since neighbours on a link choose their own
 * addresses. */
static uint32_t hash(uint64_t seed, const uint64_t a[2], uint16_t iface)
{
	uint64_t x = a[0] ^ seed;
	uint64_t y =
		a[1] ^ (seed * 0x9e3779b97f4a7c15 + 0xd1b54a32d192ed03 * (iface + UINT64_C(1)));
	unsigned __int128 product = (unsigned __int128)x * y;
	uint64_t mixed = (uint64_t)product ^ (uint64_t)(product >> 64) ^ x;

	return (uint32_t)(mixed ^ mixed >> 32);
}

static bool same(const struct ip *slot, const uint64_t a[2])
{
	uint64_t b[2];

	split(slot, b);
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

/* The slot that holds the prefix @a, or the empty one where it would be. */
static struct route_slot *route_slot(const struct fib *f, const struct level *l,
				     const uint64_t a[2])
{
	uint32_t i = hash(f->seed, a, 0) & l->slot_mask;

	while (l->slots[i].route != NO_ROUTE && !same(&l->slots[i].prefix, a))
		i = (i + 1) & l->slot_mask;
	return &l->slots[i];
}

static struct neighbor_slot *neighbor_slot(const struct fib *f, const uint64_t a[2], uint16_t iface)
{
	uint32_t i = hash(f->seed, a, iface) & f->neighbor_mask;

	while (f->neighbors[i].iface != FIB_NO_IFACE &&
	       !(f->neighbors[i].iface == iface && same(&f->neighbors[i].ip, a)))
		i = (i + 1) & f->neighbor_mask;
	return &f->neighbors[i];
}

static struct pmtu_slot *pmtu_slot(const struct fib *f, const uint64_t a[2])
{
	uint32_t i = hash(f->seed, a, 0) & f->pmtu_mask;

	while (f->pmtus[i].mtu != 0 && !same(&f->pmtus[i].ip, a))
		i = (i + 1) & f->pmtu_mask;
	return &f->pmtus[i];
}

/* The first @len bits of an address, as it lies in memory. */
static void mask_of(uint8_t len, uint64_t mask[2])
{
	uint64_t high = len >= 64 ? UINT64_MAX : ~(UINT64_MAX >> len);
	uint64_t low = len >= 128 ? UINT64_MAX : len <= 64 ? 0 : ~(UINT64_MAX >> (len - 64));

	mask[0] = __builtin_bswap64(high);
	mask[1] = __builtin_bswap64(low);
}

static int family_of(const struct ip *prefix, uint8_t len)
{
	return len >= V4_BITS && ip_is_v4(prefix) ? V4 : V6;
}

/* Makes the level for the routes of @family and @len, if there are any, in the slots at @mem.
 * Returns the bytes used. */
static size_t add_level(struct fib *f, uint32_t n_routes, int family, uint8_t len, void *mem)
{
	struct level *l = (family == V4 ? f->v4 : f->v6) + f->n_levels[family];
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_routes; i++)
		n += f->routes[i].len == len && family_of(&f->routes[i].prefix, len) == family;
	if (n == 0)
		return 0;
	f->n_levels[family]++;
	l->len = len;
	l->slots = mem;
	l->slot_mask = slots_for(n) - 1;
	mask_of(len, l->mask);
	for (uint32_t i = 0; i <= l->slot_mask; i++)
		l->slots[i].route = NO_ROUTE;
	return slots_for(n) * sizeof(struct route_slot);
}

static struct level *level_of(struct fib *f, const struct fib_route *r)
{
	struct level *l = family_of(&r->prefix, r->len) == V4 ? f->v4 : f->v6;

	while (l->len != r->len)
		l++;
	return l;
}

static void add_route(struct fib *f, uint32_t index)
{
	const struct fib_route *r = &f->routes[index];
	struct level *l = level_of(f, r);
	struct route_slot *slot;
	uint64_t a[2];

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
	f->has_pmtu = true;
}

/* True if some route has the length @len: keeps the search for levels short for big tables. */
static void lengths_in_use(const struct fib_route *routes, uint32_t n, bool used[129])
{
	for (uint32_t i = 0; i < n; i++) {
		assert(routes[i].len <= 128);
		used[routes[i].len] = true;
	}
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
	f->routes = (struct fib_route *)at;
	if (n_routes > 0)
		memcpy(f->routes, routes, n_routes * sizeof(*routes));
	at += aligned(n_routes * sizeof(*routes));
	lengths_in_use(routes, n_routes, used);
	for (int len = 128; len >= 0; len--) {
		if (!used[len])
			continue;
		at += add_level(f, n_routes, V4, (uint8_t)len, at);
		at += add_level(f, n_routes, V6, (uint8_t)len, at);
	}
	at = (uint8_t *)mem + aligned((size_t)(at - (uint8_t *)mem));
	f->neighbors = (struct neighbor_slot *)at;
	f->neighbor_mask = slots_for(n_neighbors) - 1;
	for (uint32_t i = 0; i <= f->neighbor_mask; i++)
		f->neighbors[i].iface = FIB_NO_IFACE;
	at += aligned(slots_for(n_neighbors) * sizeof(struct neighbor_slot));
	f->pmtus = (struct pmtu_slot *)at;
	f->pmtu_mask = slots_for(n_pmtus) - 1;
	for (uint32_t i = 0; i < n_routes; i++)
		add_route(f, i);
	for (uint32_t i = 0; i < n_neighbors; i++)
		add_neighbor(f, &neighbors[i]);
	for (uint32_t i = 0; i < n_pmtus; i++)
		add_pmtu(f, &pmtus[i]);
	return f;
}

/* The route of @dst by longest prefix; NULL = none. */
static const struct fib_route *find_route(const struct fib *f, const uint64_t dst[2], bool v4)
{
	const struct level *l = v4 ? f->v4 : f->v6;
	const struct level *end = l + f->n_levels[v4 ? V4 : V6];

	for (; l < end; l++) {
		uint64_t a[2] = { dst[0] & l->mask[0], dst[1] & l->mask[1] };
		const struct route_slot *slot = route_slot(f, l, a);

		if (slot->route != NO_ROUTE)
			return &f->routes[slot->route];
	}
	return NULL;
}

static uint32_t smaller_mtu(uint32_t a, uint32_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

bool fib_lookup(const struct fib *f, const struct ip *dst, struct fib_hop *out)
{
	static const struct ip on_link;
	const struct neighbor_slot *n;
	const struct fib_route *r;
	uint64_t a[2];

	split(dst, a);
	r = find_route(f, a, ip_is_v4(dst));
	if (!r)
		return false;
	out->kind = r->kind;
	out->iface = r->iface;
	out->has_mac = false;
	out->mtu = f->has_pmtu ? smaller_mtu(r->mtu, pmtu_slot(f, a)->mtu) : r->mtu;
	out->next = *dst;
	memset(out->mac, 0, sizeof(out->mac));
	if (r->kind != FIB_UNICAST || r->iface == FIB_NO_IFACE)
		return true;
	if (!ip_equal(&r->gateway, &on_link)) {
		out->next = r->gateway;
		split(&r->gateway, a);
	}
	n = neighbor_slot(f, a, r->iface);
	if (n->iface != FIB_NO_IFACE) {
		out->has_mac = true;
		memcpy(out->mac, n->mac, sizeof(out->mac));
	}
	return true;
}

uint16_t fib_iface(const struct fib *f, const struct ip *dst)
{
	const struct fib_route *r;
	uint64_t a[2];

	split(dst, a);
	r = find_route(f, a, ip_is_v4(dst));
	return r ? r->iface : FIB_NO_IFACE;
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
