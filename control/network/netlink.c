/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events from Linux, and the copy. Reading of whole tables stands in netlink_dump.c.
 */
#include "control/config/alloc.h"
#include "control/network/netlink_state.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/random.h>
#include <sys/socket.h>

#define READ_MAX 256           /* datagrams taken in one call of netlink_read() */
#define EVENT_BUFFER (4 << 20) /* bytes of receive buffer */

static int subscribe(struct mnl_socket *s)
{
	static const int groups[] = { RTNLGRP_LINK,        RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
				      RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };
	int size = EVENT_BUFFER, fd = mnl_socket_get_fd(s);

	/* Beyond net.core.rmem_max only with CAP_NET_ADMIN; what is granted is enough, overruns are
	 * handled. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

int netlink_open(struct netlink **out)
{
	struct netlink *nl = mem_alloc(sizeof(*nl));
	uint64_t seed = 0;
	int rc = 0;

	if (!nl)
		return -ENOMEM;
	nl->links.size = sizeof(struct net_link);
	nl->addresses.size = sizeof(struct net_address);
	nl->routes.size = sizeof(struct net_route);
	nl->due = NET_ALL;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		rc = -EIO;
	neighbors_init(&nl->neighbors, seed);
	nl->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!nl->events || mnl_socket_bind(nl->events, 0, MNL_SOCKET_AUTOPID) < 0)
		rc = -errno;
	rc = rc ? rc : subscribe(nl->events);
	if (rc)
		netlink_close(nl);
	else
		*out = nl;
	return rc;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->events)
		mnl_socket_close(nl->events);
	mem_free(nl->links.v);
	mem_free(nl->addresses.v);
	mem_free(nl->routes.v);
	neighbors_free(&nl->neighbors);
	mem_free(nl);
}

int netlink_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->events);
}

unsigned int netlink_due(const struct netlink *nl)
{
	return nl->due;
}

struct neighbors *netlink_neighbors(struct netlink *nl)
{
	return &nl->neighbors;
}

void netlink_view(const struct netlink *nl, struct net_view *out)
{
	*out = (struct net_view){
		.links = (const struct net_link *)(const void *)nl->links.v,
		.addresses = (const struct net_address *)(const void *)nl->addresses.v,
		.routes = (const struct net_route *)(const void *)nl->routes.v,
		.n_links = nl->links.n,
		.n_addresses = nl->addresses.n,
		.n_routes = nl->routes.n,
		.neighbors = &nl->neighbors,
	};
}

const struct net_link *net_link_named(const struct net_view *v, const char *name)
{
	for (uint32_t i = 0; i < v->n_links; i++) {
		if (strcmp(v->links[i].name, name) == 0)
			return &v->links[i];
	}
	return NULL;
}

/* Whether a link event says anything new: drivers send them for much that is not our concern. */
static bool link_news(const struct netlink *nl, const struct nlmsghdr *h)
{
	const struct net_link *known = (const struct net_link *)(const void *)nl->links.v;
	struct net_link heard;

	if (h->nlmsg_type == RTM_DELLINK || !nl_parse_link(h, &heard))
		return true;
	for (uint32_t i = 0; i < nl->links.n; i++) {
		if (known[i].index == heard.index)
			return memcmp(&known[i], &heard, sizeof(heard)) != 0;
	}
	return true;
}

/* Takes in one event. Returns NET_NEIGHBORS if it changed the copy. */
static unsigned int take_event(struct netlink *nl, const struct nlmsghdr *h)
{
	struct net_neighbor neighbor;
	struct net_route route;
	int rc;

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (link_news(nl, h))
			nl->due |= NET_ALL;
		return 0;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		nl->due |= NET_ADDRESSES | NET_ROUTES;
		return 0;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (nl_parse_route(h, &route))
			nl->due |= NET_ROUTES;
		return 0;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (!nl_parse_neighbor(h, &neighbor))
			return 0;
		rc = neighbors_update(&nl->neighbors, &neighbor);
		if (rc < 0)
			nl->due |= NET_NEIGHBORS;
		return rc > 0 ? NET_NEIGHBORS : 0;
	default:
		return 0; /* also errors of netlink_probe(): an interface that went away is told by
			     its own event */
	}
}

unsigned int netlink_read(struct netlink *nl)
{
	unsigned int changed = 0;

	for (int i = 0; i < READ_MAX; i++) {
		ssize_t n = mnl_socket_recvfrom(nl->events, nl->buffer, sizeof(nl->buffer));
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)nl->buffer;
		int left = (int)n;

		if (n < 0 && errno == ENOBUFS) {
			nl->due = NET_ALL;
			continue;
		}
		if (n <= 0)
			break;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			changed |= take_event(nl, h);
	}
	return nl->due | changed;
}

/* A request about the neighbour @ip on link @index into @buffer, its ndmsg into *@m. */
static struct nlmsghdr *neighbor_request(void *buffer, int index, const struct ip *ip,
					 struct ndmsg **m)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	bool v4 = ip_is_v4(ip);

	h->nlmsg_type = RTM_NEWNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	*m = mnl_nlmsg_put_extra_header(h, sizeof(**m));
	(*m)->ndm_family = v4 ? AF_INET : AF_INET6;
	(*m)->ndm_ifindex = index;
	if (v4)
		mnl_attr_put(h, NDA_DST, 4, ip_v4_bytes(ip));
	else
		mnl_attr_put(h, NDA_DST, 16, ip->b);
	return h;
}

int netlink_probe(struct netlink *nl, int index, const struct ip *ip)
{
	char buffer[128];
	struct ndmsg *m;
	struct nlmsghdr *h = neighbor_request(buffer, index, ip, &m);

	m->ndm_state = NUD_NONE;
	m->ndm_flags = NTF_USE;
	return mnl_socket_sendto(nl->events, h, h->nlmsg_len) < 0 ? -errno : 0;
}

void netlink_restore_permanent(struct netlink *nl)
{
	for (uint32_t i = 0; i < nl->neighbors.n_slots; i++) {
		const struct net_neighbor *n = neighbors_at(&nl->neighbors, i);
		char buffer[128];
		struct nlmsghdr *h;
		struct ndmsg *m;

		if (!n || !n->permanent)
			continue;
		h = neighbor_request(buffer, n->index, &n->ip, &m);
		m->ndm_state = NUD_PERMANENT;
		mnl_attr_put(h, NDA_LLADDR, sizeof(n->mac), n->mac);
		mnl_socket_sendto(nl->events, h, h->nlmsg_len);
	}
}
