/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of a forwarding table: one block of memory, written once by fib_build() and then only
 * read, by any number of workers. For fib_build.c and fib.c alone.
 *
 *   struct fib | routes as given | their hops | slots of routes, one table per family and length |
 *   neighbours | path MTUs | hosts | slots of hosts
 *
 * All tables are open-addressing hashes with linear probing, at most half full. That of hosts is of
 * their numbers alone, which takes little room, and for few hosts hardly filled: whether the first
 * slot is the right one is asked for each message, and can then be predicted. IPv4 and IPv6
 * prefixes have lists of their own: an IPv4 address lies in no IPv6 prefix, not even in ::/0, and
 * takes no probe for one.
 *
 * What can be known beforehand is worked out by fib_build(): the whole answer for each address that
 * is a neighbour on link or has a path MTU of its own (hosts), the neighbour of each gateway
 * (hops), and in which lengths an IPv4 address can have a route at all, by its first byte. So a
 * look-up mostly takes one probe for a server next door and two for a peer behind a gateway.
 */
#pragma once

#include "dataplane/proxy/fib.h"

#include <assert.h>

#define V4_BITS 96 /* mapped part of an IPv4 address */
#define NO_ROUTE UINT32_MAX

struct route_slot {
	struct ip prefix;
	uint32_t route; /* index into routes; NO_ROUTE = empty */
};

struct v4_slot {
	uint32_t prefix; /* as it lies in memory */
	uint32_t route;
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

/* The answer for one address. */
struct host {
	struct ip ip;
	struct fib_hop hop;
} __attribute__((aligned(64)));

static_assert(sizeof(struct host) == 64, "one line for each answer");

/* All prefixes of one length. */
struct level {
	uint64_t mask[2]; /* as the address lies in memory */
	struct route_slot *slots;
	uint32_t slot_mask;
	uint8_t len;
};

struct v4_level {
	struct v4_slot *slots;
	uint32_t mask; /* as the address lies in memory */
	uint32_t slot_mask;
	uint8_t len;
};

struct fib {
	uint64_t seed;
	struct fib_route *routes;
	struct fib_hop *hops; /* of each route; next all zero = the destination itself */
	struct neighbor_slot *neighbors;
	struct pmtu_slot *pmtus;
	struct host *hosts;   /* [0] is none */
	uint32_t *host_slots; /* numbers of hosts; 0 = empty */
	uint32_t neighbor_mask;
	uint32_t pmtu_mask;
	uint32_t host_mask;
	uint8_t n_v4, n_v6;
	uint64_t v4_by_byte[256]; /* by the first byte of an address: bit i = v4[i] may have it */
	struct v4_level v4[128 - V4_BITS + 1]; /* longest first */
	struct level v6[128 + 1];
};

static inline void split(const struct ip *a, uint64_t out[2])
{
	memcpy(out, a->b, sizeof(a->b));
}

/* Mixes by the two halves of a 128-bit product; seeded, since neighbours on a link choose their own
 * addresses. */
static inline uint32_t hash(uint64_t seed, const uint64_t a[2], uint16_t iface)
{
	uint64_t x = a[0] ^ seed;
	uint64_t y =
		a[1] ^ (seed * 0x9e3779b97f4a7c15 + 0xd1b54a32d192ed03 * (iface + UINT64_C(1)));
	unsigned __int128 product = (unsigned __int128)x * y;
	uint64_t mixed = (uint64_t)product ^ (uint64_t)(product >> 64) ^ x;

	return (uint32_t)(mixed ^ mixed >> 32);
}

static inline bool same(const struct ip *slot, const uint64_t a[2])
{
	uint64_t b[2];

	split(slot, b);
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

/* Multiply-shift by a secret odd number. */
static inline uint32_t hash4(uint64_t seed, uint32_t a)
{
	return (uint32_t)(a * seed >> 32);
}

static inline uint32_t v4_of(const struct ip *a)
{
	uint32_t x;

	memcpy(&x, ip_v4_bytes(a), sizeof(x));
	return x;
}

/* The slot that holds the prefix @a, or the empty one where it would be. */
static inline struct route_slot *route_slot(const struct fib *f, const struct level *l,
					    const uint64_t a[2])
{
	uint32_t i = hash(f->seed, a, 0) & l->slot_mask;

	while (l->slots[i].route != NO_ROUTE && !same(&l->slots[i].prefix, a))
		i = (i + 1) & l->slot_mask;
	return &l->slots[i];
}

static inline struct v4_slot *v4_slot(const struct fib *f, const struct v4_level *l, uint32_t a)
{
	uint32_t i = hash4(f->seed, a) & l->slot_mask;

	while (l->slots[i].route != NO_ROUTE && l->slots[i].prefix != a)
		i = (i + 1) & l->slot_mask;
	return &l->slots[i];
}

/* The slot that holds the number of @dst, or the empty one where it would be. */
static inline uint32_t *host_slot(const struct fib *f, const struct ip *dst)
{
	uint64_t a[2];
	uint32_t i;

	split(dst, a);
	i = (ip_is_v4(dst) ? hash4(f->seed, v4_of(dst)) : hash(f->seed, a, 0)) & f->host_mask;

	while (f->host_slots[i] != 0 && !same(&f->hosts[f->host_slots[i]].ip, a))
		i = (i + 1) & f->host_mask;
	return &f->host_slots[i];
}

static inline struct neighbor_slot *neighbor_slot(const struct fib *f, const uint64_t a[2],
						  uint16_t iface)
{
	uint32_t i = hash(f->seed, a, iface) & f->neighbor_mask;

	while (f->neighbors[i].iface != FIB_NO_IFACE &&
	       !(f->neighbors[i].iface == iface && same(&f->neighbors[i].ip, a)))
		i = (i + 1) & f->neighbor_mask;
	return &f->neighbors[i];
}

static inline struct pmtu_slot *pmtu_slot(const struct fib *f, const uint64_t a[2])
{
	uint32_t i = hash(f->seed, a, 0) & f->pmtu_mask;

	while (f->pmtus[i].mtu != 0 && !same(&f->pmtus[i].ip, a))
		i = (i + 1) & f->pmtu_mask;
	return &f->pmtus[i];
}

/* The first @len bits of an address, as it lies in memory. */
static inline void mask_of(uint8_t len, uint64_t mask[2])
{
	uint64_t high = len >= 64 ? UINT64_MAX : ~(UINT64_MAX >> len);
	uint64_t low = len >= 128 ? UINT64_MAX : len <= 64 ? 0 : ~(UINT64_MAX >> (len - 64));

	mask[0] = __builtin_bswap64(high);
	mask[1] = __builtin_bswap64(low);
}

/* The route of @dst by longest prefix; NO_ROUTE = none. */
static inline uint32_t find_route(const struct fib *f, const struct ip *dst)
{
	uint64_t levels, a[2];
	uint32_t a4;

	if (__builtin_expect(!ip_is_v4(dst), 0)) {
		split(dst, a);
		for (const struct level *l = f->v6; l < f->v6 + f->n_v6; l++) {
			uint64_t masked[2] = { a[0] & l->mask[0], a[1] & l->mask[1] };
			uint32_t route = route_slot(f, l, masked)->route;

			if (route != NO_ROUTE)
				return route;
		}
		return NO_ROUTE;
	}
	a4 = v4_of(dst);
	for (levels = f->v4_by_byte[dst->b[12]]; levels != 0; levels &= levels - 1) {
		const struct v4_level *l = &f->v4[__builtin_ctzll(levels)];
		uint32_t route = v4_slot(f, l, a4 & l->mask)->route;

		if (route != NO_ROUTE)
			return route;
	}
	return NO_ROUTE;
}
