/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network part: interfaces of the configuration matched with those of Linux, the copy of Linux'
 * tables, path MTUs, and the rhythm in which all of it becomes a new forwarding table.
 *
 * Changes are gathered for a few milliseconds before they are published, longer when reading Linux'
 * tables is slow.
 */
#pragma once

#include "control/app.h"
#include "control/network/net_fib.h"
#include "control/network/pmtu.h"

struct network;

/** Builds the forwarding table as it would be with the interfaces of @c. 0 with *@out owned by the
 * caller, or -ENOMEM. */
int network_fib(struct network *net, const struct config *c, struct fib **out);

/** Fills what world_build() needs to know of the interfaces; valid until the next call. */
void network_facts(struct network *net, struct world_facts *facts);

/** @c is in force from now on; it has the same interfaces as the one before. Borrowed. */
void network_use_config(struct network *net, const struct config *c);

/** Takes in an ICMP error (PUNT_ICMP) about a packet of ours. */
void network_icmp(struct app *app, uint16_t iface, const uint8_t *p, size_t len);

/** From now on Linux has interface @i as @name. For network_reread(). */
void network_set_link(struct network *net, uint16_t i, const char *name);

/** Reads Linux' tables again, at the start when links were made. 0 or a negative errno, logged. */
int network_reread(struct app *app);

/**
 * Writes the links of Linux whose frames workers have a copy of (packet:) to @out, @max at most.
 * Returns how many.
 */
uint32_t network_copied(const struct network *net, uint32_t *out, uint32_t max);

/** What Linux calls interface @i; NULL = Linux does not have it. Valid until the end. */
const char *network_link_name(const struct network *net, uint16_t i);

/** Interface @i has no link of Linux now. */
bool network_lost(const struct network *net, uint16_t i);
