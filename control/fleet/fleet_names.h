/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backends that are names. The fleet has one backend for each address of a name, called
 * "NAME/ADDRESS:PORT", or, as long as there is none, one called as the name is: it has no address
 * and is down, for the cause "dns".
 *
 * What operators say of the name they say of all its addresses, also of those that come later; of
 * single addresses they can say something else. Control thread only; who asks the resolvers is
 * names_part.c.
 */
#pragma once

#include "control/fleet/expand.h"
#include "control/fleet/fleet.h"

struct fleet_name {
	uint64_t id; /* no other name of this process ever has the same, unless it is equal */
	char *pool;  /* names of pool and backend */
	char *name;
	char *host;        /* lower case */
	uint16_t port;     /* 0 = none given */
	uint16_t tls_port; /* as the configuration says */
	char *tls_name;    /* NULL = that of the pool, else the host */
	uint32_t transports, weight, tier;
	enum config_state state;
	bool added;     /* by an operator */
	uint32_t given; /* index in the pool's backends in the file; UINT32_MAX = not there */
	struct fleet_change hand; /* set by operators, for addresses to come */
	struct expand_server *v;  /* known last */
	uint32_t n;
	char why[FLEET_WHY_MAX]; /* if there are none */
};

/** Name @i, or NULL beyond the last. */
const struct fleet_name *fleet_name_at(const struct fleet *f, uint32_t i);

/** The name that is backend @backend of @pool, or NULL. */
struct fleet_name *fleet_find_name(struct fleet *f, const char *pool, const char *backend);

/**
 * The servers of name @id are the @n at @v from now on; none: for the reason @why. 0; -ENOENT:
 * there is no such name; -ENOMEM, -ENOSPC: not all of them are there now. In force with the next
 * fleet_commit().
 */
int fleet_resolve(struct fleet *f, uint64_t id, const struct expand_server *v, uint32_t n,
		  const char *why);

/** Changes what an operator says of all addresses of @name. */
void fleet_set_name(struct fleet *f, struct fleet_name *name, const struct fleet_change *change);

/** Adds the backend @new, whose pool, name, host, port, transports, weight, tier and TLS are given
 * (copied). 0, or a negative errno with @why filled. */
int fleet_add_name(struct fleet *f, const struct fleet_name *new, char *why, size_t n);

/** Takes @name and all its addresses out of the pool. 0 or -ENOMEM. */
int fleet_remove_name(struct fleet *f, struct fleet_name *name);
