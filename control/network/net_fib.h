/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what is known of the network to the forwarding table of the workers (fib.h).
 *
 * Interfaces that Linux has (kernel: shared, tap) get Linux's routes and neighbours; those without
 * a kernel (kernel: none) get what the file says: their addresses, the subnets of these, static
 * neighbours and a gateway. Pure but for memory: no sockets, no clock. Control thread only.
 */
#pragma once

#include "control/config/config.h"
#include "control/network/netlink.h"
#include "control/world/world_build.h"

/* An interface of the configuration, as it stands on this machine. */
struct net_iface {
	const struct config_interface *given;
	int index; /* of its link in Linux; 0 = none of Linux's, or not there now */
};

struct net_fib_input {
	const struct net_iface *ifaces;
	uint16_t n_ifaces;
	const struct net_view *view; /* NULL = Linux has no interface of ours */
	const struct fib_pmtu *pmtus;
	uint32_t n_pmtus;
	uint64_t seed; /* of the table's hashes */
};

/**
 * Builds the table. Returns 0 with *@out owned by the caller (block_free()), or -ENOMEM.
 * Deterministic.
 */
int net_fib_build(const struct net_fib_input *in, struct fib **out);

/**
 * Writes the addresses of @iface that a listener may stand on to @out, @max at most: those of Linux
 * that are not tentative, not duplicates, not temporary and not link-local, in Linux's order.
 * Returns how many.
 */
uint32_t net_addresses(const struct net_view *view, const struct net_iface *iface,
		       struct world_address *out, uint32_t max);

/** True if Linux is still making sure that an address of one of @ifaces is unique (RFC 4862 5.4).
 */
bool net_addresses_tentative(const struct net_view *view, const struct net_iface *ifaces,
			     uint16_t n);
