/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A world and its network out of a few static tables: for benches, tests and fuzzers.
 *
 * The daemon builds its world from a YAML file (control/world/world_build.c), on top of DPDK's
 * libraries. The pure core has to run without either, so this is the same thing from C
 * initialisers, in text forms that read like the configuration. Built once, never on a packet path;
 * what cannot be built ends the program with a message, since only a wrong table can cause it.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

#define LAB_MAX 16 /* entries of each list in place */

struct lab_listener {
	const char *address;   /* "192.0.2.1:5060", "[2001:db8::1]:5060" */
	const char *advertise; /* "sip.example.com:5060", NULL = the address */
	uint16_t iface;
	uint16_t transports; /* WORLD_UDP | ...; 0 = WORLD_UDP */
};

struct lab_backend {
	const char *name, *address;
	uint16_t weight; /* 0 = 1 */
	uint8_t tier;
	uint8_t state;      /* enum backend_state */
	uint8_t transports; /* 0 = WORLD_UDP */
};

/* A backend as most are: up, by UDP, of weight 1. */
#define LAB_SERVER(name_, address_)                                 \
	{                                                           \
		.name = (name_), .address = (address_), .weight = 1 \
	}

struct lab_pool {
	const char *name;
	enum key_kind key;
	const char *header; /* for KEY_HEADER, lower case */
	struct lab_backend backends[LAB_MAX];
	const struct lab_backend *more_backends;
	uint32_t n_more_backends;
};

struct lab_rule {
	const char *pool;
	uint32_t methods;        /* bit per enum sip_method; 0 = any */
	const char *method_name; /* a method without a number; NULL = none */
	const char *domain;      /* "example.com", "*.example.com", "192.0.2.1"; NULL = any */
	const char *source;      /* "198.51.100.0/24"; NULL = any */
};

struct lab_host {
	const char *name, *address;
};

struct lab_route {
	const char *prefix; /* "10.0.0.0/8", "2001:db8::/32" */
	uint16_t iface;
	uint8_t kind;        /* enum fib_kind */
	const char *gateway; /* NULL = on link */
};

struct lab_neighbor {
	const char *address;
	uint16_t iface;
};

/*
 * Lists in place end with the first entry that is all zero. For worlds of any size, entries behind
 * a pointer follow those in place: more_backends of a pool and those at the end here.
 */
struct lab {
	const char *secret; /* 16 characters or more */
	struct lab_listener listeners[LAB_MAX];
	const char *domains[LAB_MAX];
	const char *trusted[LAB_MAX]; /* prefixes; the backends are trusted anyway */
	struct lab_pool pools[LAB_MAX];
	struct lab_rule rules[LAB_MAX];
	struct lab_host hosts[LAB_MAX];
	struct lab_route routes[LAB_MAX];
	struct lab_neighbor neighbors[LAB_MAX];
	uint8_t max_breadth;
	bool record_route;
	bool no_preloaded_route;
	bool draining;
	const struct lab_pool *more_pools;
	const struct lab_rule *more_rules;
	const struct lab_route *more_routes;
	const struct lab_neighbor *more_neighbors;
	uint32_t n_more_pools, n_more_rules, n_more_routes, n_more_neighbors;
};

struct lab_world {
	struct world world;
	const struct fib *fib;
};

/** Builds world and fib of @lab into @out; @lab must outlive them. The memory stays until the
 * program ends. */
void lab_build(const struct lab *lab, struct lab_world *out);

/** Reads "address:port" or "address" (port 0) in the project's text forms; ends the program if it
 * is neither. */
struct endpoint lab_endpoint(const char *text);
