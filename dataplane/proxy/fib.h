/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a packet goes: routes by longest prefix, then the neighbour's link address. Immutable once
 * built; the control thread builds a new one when Linux reports a change and publishes it by RCU.
 *
 * Both families in one table (IPv4 as mapped addresses, prefix length + 96). The answer for each
 * neighbour is worked out beforehand; for other addresses a lookup probes one hash table per prefix
 * length that can hold them, longest first.
 * rte_fib is not used: it takes 64 MiB and more for its direct table, changes in place under the
 * readers, and this pure form serves the tests, the fuzzers and `explain` too.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIB_NO_IFACE UINT16_MAX

enum fib_kind {
	FIB_UNICAST, /* out of iface, to gateway or on link */
	FIB_LOCAL,   /* an address of this host */
	FIB_REJECT   /* unreachable, blackhole, prohibit, broadcast */
};

struct fib_route {
	struct ip prefix;
	uint8_t len;       /* 0 to 128; IPv4 prefixes count from 96 */
	uint8_t kind;      /* enum fib_kind */
	uint16_t iface;    /* interface of the configuration; FIB_NO_IFACE = one not ours */
	uint32_t metric;   /* lowest wins among equal prefixes */
	uint32_t mtu;      /* route's MTU, 0 = the interface's */
	struct ip gateway; /* all zero = on link */
};

struct fib_neighbor {
	struct ip ip;
	uint16_t iface;
	uint8_t mac[6];
};

/* Path MTU learned from ICMP (RFC 1191, RFC 8201). */
struct fib_pmtu {
	struct ip ip;
	uint32_t mtu;
};

struct fib; /* one block of memory */

/* What a lookup finds. */
struct fib_hop {
	enum fib_kind kind;
	uint16_t iface; /* FIB_NO_IFACE: Linux sends it by an interface that is not ours */
	bool has_mac;   /* mac is known; else Linux must resolve it */
	uint8_t mac[6];
	uint32_t mtu;   /* bytes of IP packet; 0 = the interface's */
	struct ip next; /* the neighbour: gateway or the destination itself */
};

/** Bytes that a table of these counts needs. */
size_t fib_size(uint32_t n_routes, uint32_t n_neighbors, uint32_t n_pmtus);

/**
 * Builds a table in @mem (fib_size() bytes, 64-byte aligned, owned by the caller) from copies of
 * the arrays. Duplicate prefixes: lowest metric, then first. Duplicate neighbours: the last.
 * Duplicate path MTUs: the smallest. Deterministic. Returns the table (== mem).
 */
struct fib *fib_build(void *mem, uint64_t seed, const struct fib_route *routes, uint32_t n_routes,
		      const struct fib_neighbor *neighbors, uint32_t n_neighbors,
		      const struct fib_pmtu *pmtus, uint32_t n_pmtus);

/**
 * Looks @dst up. False: no route at all. An IPv4 address lies in IPv4 prefixes only, not in ::/0. A
 * path MTU is one of @dst, not of its gateway. Pure, no allocation.
 */
bool fib_lookup(const struct fib *f, const struct ip *dst, struct fib_hop *out);

/** Only the interface by which @dst is reached; FIB_NO_IFACE if by none of ours or no route. */
uint16_t fib_iface(const struct fib *f, const struct ip *dst);

#define FIB_NONE UINT32_MAX

/** Index of the route of @dst in the array that the table was built from; FIB_NONE = none. Of equal
 * prefixes with equal metric the first. */
uint32_t fib_index(const struct fib *f, const struct ip *dst);

/** Index of the route that counts among those with the prefix of route @index. Not for the packet
 * path. */
uint32_t fib_same(const struct fib *f, uint32_t index);

/** Index of the next shorter prefix that holds the one of route @index, or FIB_NONE. Not for the
 * packet path. */
uint32_t fib_parent(const struct fib *f, uint32_t index);

/** True if there is a route for @dst: whether it lies in one of the prefixes. */
bool fib_covers(const struct fib *f, const struct ip *dst);

/* A set of prefixes (trusted sources, route matches), same technique. */
struct prefix {
	struct ip ip;
	uint8_t len; /* 0 to 128; IPv4 counts from 96 */
};

/** True if @a lies in @p; addresses of one family never lie in prefixes of the other. */
bool prefix_has(const struct prefix *p, const struct ip *a);
