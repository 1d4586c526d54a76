/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the configuration and the facts of the machine to the snapshot that workers read (world.h).
 *
 * No DPDK, no sockets, no clock: the daemon, `--check`, fuzzers, benches and tests build the same
 * world from the same input. What only the machine knows comes in as facts. Control thread only.
 */
#pragma once

#include "control/config/config.h"
#include "control/world/world_past.h"

#define WORLD_LISTENERS_MAX 4096u /* more addresses than that take no default listener */

/* An address with the length of its subnet; host bits kept. The form of config_address without a
 * mark. */
struct world_address {
	struct ip ip;
	uint8_t len; /* 0 to 128; IPv4 counts from 96 */
};

/* What Linux has on an interface; counts only where the configuration names no addresses. */
struct world_iface {
	const struct world_address *addresses; /* those a listener may use: see net_addresses() */
	uint32_t n_addresses;
};

/* A name of /etc/hosts. */
struct world_host {
	const char *name; /* lower case, no final dot */
	struct ip ip;
};

/* A backend as it is at run time; its place in the array is its number. */
struct world_server {
	const char *name; /* NULL = no backend has this number */
	struct endpoint addr;
	uint16_t pool; /* index; WORLD_NONE = gone */
	uint16_t weight;
	uint8_t transports;
	uint8_t tier;
	uint8_t state;        /* enum backend_state */
	uint8_t ramp;         /* what counts of the weight for now, in eighths; 1 to 8 */
	uint16_t tls_port;    /* if it takes TLS; 0 = the one by default */
	const char *tls_name; /* that its certificate must be for; NULL = that of its pool */
	const struct config_backend *given; /* as it stands in the file, to name the place; NULL =
					       not there */
};

/* The backends of a pool, by number, in order. */
struct world_members {
	const uint16_t *numbers;
	uint16_t n;
};

/* What is known of backends beyond the file. */
struct world_overlay {
	const struct world_server *servers;
	uint32_t n_servers;
	const struct world_members *pools; /* one per pool of the configuration */
};

struct world_facts {
	const struct world_iface
		*ifaces; /* one per interface of the configuration; NULL = nothing known */
	const struct world_host *hosts; /* after those of the configuration, which win */
	uint32_t n_hosts;
	const struct fib *fib; /* tells by which interface a backend is reached; NULL = unknown */
	const void *secret;    /* 16 bytes or more */
	size_t secret_len;
	uint64_t generation;                 /* of the new world */
	bool draining;                       /* the node is */
	const struct world_overlay *overlay; /* NULL = backends as the file has them, numbered in
						its order */
	const struct world *before; /* shares its tables where they are the same; NULL = none */
};

/**
 * Builds the world of @c. Returns 0 with *@out owned by the caller, to be freed by world_free()
 * (world_past.h) when no worker can read it any more; -EINVAL with every fault added to @errs;
 * -ENOMEM. On failure *@out is untouched. A world without listeners is valid: their addresses may
 * still come.
 */
int world_build(const struct config *c, const struct world_facts *facts, struct world **out,
		struct config_errors *errs);
