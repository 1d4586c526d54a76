/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks by the netlink code of the proxy: routes for the gateway, neighbours for the address. A
 * neighbour that is not known is probed, as often as Linux itself would ask.
 */
#include "bench/load/engine/hop.h"

#include "control/network/netlink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ERROR_SIZE 256
#define LOOKS 150 /* at the table of neighbours */
#define LOOK_NS 20000000
#define PROBE_EVERY 25 /* looks */

/* True if the first @len bits of the addresses are the same. */
static bool same_prefix(const struct ip *a, const struct ip *b, unsigned int len)
{
	unsigned int bytes = len / 8, bits = len % 8;

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return bits == 0 || ((a->b[bytes] ^ b->b[bytes]) >> (8 - bits)) == 0;
}

/* What must be asked for: the gateway of the most exact route by @index, or @to itself. */
static struct ip next_hop(const struct net_view *v, int index, const struct ip *to)
{
	static const struct ip none;
	const struct net_route *best = NULL;

	for (uint32_t i = 0; i < v->n_routes; i++) {
		const struct net_route *r = &v->routes[i];

		if (r->index != index || r->local_table || ip_is_v4(&r->prefix) != ip_is_v4(to) ||
		    !same_prefix(&r->prefix, to, r->len))
			continue;
		if (!best || r->len > best->len)
			best = r;
	}
	return best && !ip_equal(&best->gateway, &none) ? best->gateway : *to;
}

static int ask(struct netlink *nl, int index, const struct ip *hop, uint8_t mac[6])
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	unsigned int changed = 0;

	for (int i = 0; i < LOOKS; i++) {
		const struct net_neighbor *n;

		netlink_read(nl);
		if (netlink_due(nl))
			netlink_refresh(nl, &changed);
		n = neighbors_find(netlink_neighbors(nl), index, hop);
		if (n && n->usable) {
			memcpy(mac, n->mac, 6);
			return 0;
		}
		if (i % PROBE_EVERY == 0)
			netlink_probe(nl, index, hop);
		nanosleep(&pause, NULL);
	}
	return -EHOSTUNREACH;
}

int hop_find(const char *iface, const struct ip *to, uint8_t mac[6], char *error)
{
	const struct net_link *link;
	struct netlink *nl = NULL;
	char text[IP_TEXT_MAX];
	unsigned int changed = 0;
	struct net_view v;
	struct ip hop;
	int rc = netlink_open(&nl);

	rc = rc ? rc : netlink_refresh(nl, &changed);
	if (rc) {
		snprintf(error, ERROR_SIZE, "netlink: %s", strerror(-rc));
		netlink_close(nl);
		return rc;
	}
	netlink_view(nl, &v);
	link = net_link_named(&v, iface);
	if (link) {
		hop = next_hop(&v, link->index, to);
		rc = ask(nl, link->index, &hop, mac);
	} else {
		hop = *to;
		rc = -ENODEV;
	}
	if (rc)
		snprintf(error, ERROR_SIZE, "%s: nobody answers for %.*s: %s", iface,
			 (int)ip_format(&hop, text), text, strerror(-rc));
	netlink_close(nl);
	return rc;
}
