/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux knows of the network, kept as a copy: links, addresses, routes of the tables main and
 * local, neighbours (RFC 3549; libmnl).
 *
 * Neighbour events are applied one by one, since they are many and each is complete. All else is
 * read anew when an event says that it changed: a copy patched by route events goes wrong in
 * silence (Linux flushes IPv4 routes of a dead link without a word), a copy read whole cannot, and
 * the reads are put off so that a burst of changes costs one. After an overrun of the event socket
 * everything is read anew. No threads, no event loop here: control/network/network.c decides when.
 * Control thread only.
 */
#pragma once

#include "control/network/neighbors.h"
#include "control/network/nl_parse.h"

#include <stddef.h>

/* What has changed, as bits. */
enum { NET_LINKS = 1, NET_ADDRESSES = 2, NET_ROUTES = 4, NET_NEIGHBORS = 8, NET_ALL = 15 };

/* The copy. Valid until the next call of netlink_read() or netlink_refresh(). */
struct net_view {
	const struct net_link *links;
	const struct net_address *addresses;
	const struct net_route *routes;
	uint32_t n_links, n_addresses, n_routes;
	const struct neighbors *neighbors;
};

struct netlink;

/** Opens the sockets and starts to listen for changes; nothing is read yet, everything is due. 0 or
 * a negative errno. */
int netlink_open(struct netlink **out);

void netlink_close(struct netlink *nl);

/** Readable when there are changes. */
int netlink_fd(const struct netlink *nl);

/**
 * Takes in the changes that wait, a bounded number. Returns bits: those for which netlink_refresh()
 * is due now, and NET_NEIGHBORS if the neighbours of the copy have changed.
 */
unsigned int netlink_read(struct netlink *nl);

/** What is due. */
unsigned int netlink_due(const struct netlink *nl);

/**
 * Reads anew what is due. Returns 0 with the bits of what has changed added to *@changed, or a
 * negative errno: then the copy is as before and stays due.
 */
int netlink_refresh(struct netlink *nl, unsigned int *changed);

/** The copy. */
void netlink_view(const struct netlink *nl, struct net_view *out);

/** The table of neighbours, for neighbors_stale(). */
struct neighbors *netlink_neighbors(struct netlink *nl);

/** Asks Linux to find out, or to make sure of, the link address of @ip on link @index. */
int netlink_probe(struct netlink *nl, int index, const struct ip *ip);

/**
 * Enters again what operators have entered in the interfaces of the copy (NUD_PERMANENT). A device
 * driver that sets the link address of an interface, even to what it was, makes Linux forget its
 * neighbours; DPDK does so at each start of an AF_PACKET device.
 */
void netlink_restore_permanent(struct netlink *nl);

/** The link called @name in the copy, or NULL. */
const struct net_link *net_link_named(const struct net_view *v, const char *name);
