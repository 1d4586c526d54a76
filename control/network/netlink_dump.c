/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading Linux' tables whole. Each dump has a socket of its own: one that was cut short leaves
 * nothing behind that the next could take for its answer. A table is replaced when its successor is
 * complete, so a failure changes nothing.
 */
#include "control/config/alloc.h"
#include "control/network/netlink_state.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#define DUMP_TRIES 5 /* a dump is repeated if the table changed meanwhile */
#define DUMP_TIMEOUT_S 2

/* Adds a copy of the element at @e. */
static int list_add(struct nl_list *l, const void *e)
{
	if (l->n == l->room) {
		uint32_t room = l->room ? l->room * 2 : 32;
		uint8_t *v = mem_alloc(room * l->size);

		if (!v)
			return -ENOMEM;
		if (l->n)
			memcpy(v, l->v, l->n * l->size);
		mem_free(l->v);
		l->v = v;
		l->room = room;
	}
	memcpy(l->v + l->n++ * l->size, e, l->size);
	return 0;
}

/* Puts @fresh in the place of @l. True if they differ. */
static bool list_replace(struct nl_list *l, const struct nl_list *fresh)
{
	bool same = l->n == fresh->n && (l->n == 0 || memcmp(l->v, fresh->v, l->n * l->size) == 0);

	mem_free(l->v);
	*l = *fresh;
	return !same;
}

/* One dump: the request, and what to do with each message of the answer. */
struct dump {
	struct netlink *nl;
	uint16_t type;
	uint8_t family;
	uint32_t table;
	struct nl_list *into; /* NULL for neighbours */
	int rc; /* of what was done with the messages, besides how the dump itself ended */
};

static int take_answer(const struct nlmsghdr *h, void *arg)
{
	struct dump *d = arg;
	union {
		struct net_link link;
		struct net_address address;
		struct net_route route;
		struct net_neighbor neighbor;
	} u;
	int rc = 0;

	memset(&u, 0, sizeof(u));
	if (h->nlmsg_type == RTM_NEWLINK && nl_parse_link(h, &u.link))
		rc = list_add(d->into, &u.link);
	else if (h->nlmsg_type == RTM_NEWADDR && nl_parse_address(h, &u.address))
		rc = list_add(d->into, &u.address);
	else if (h->nlmsg_type == RTM_NEWROUTE && nl_parse_route(h, &u.route))
		rc = list_add(d->into, &u.route);
	else if (h->nlmsg_type == RTM_NEWNEIGH && nl_parse_neighbor(h, &u.neighbor) &&
		 u.neighbor.usable)
		rc = neighbors_update(&d->nl->neighbors, &u.neighbor);
	if (rc > 0)
		d->rc = 1;
	if (rc >= 0)
		return MNL_CB_OK;
	errno = -rc;
	return MNL_CB_ERROR;
}

static struct nlmsghdr *make_request(struct dump *d)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(d->nl->buffer);

	h->nlmsg_type = d->type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++d->nl->seq;
	/* The kernel checks requests strictly and skips other tables only then. */
	if (d->type == RTM_GETLINK) {
		mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	} else if (d->type == RTM_GETADDR) {
		mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
	} else if (d->type == RTM_GETNEIGH) {
		mnl_nlmsg_put_extra_header(h, sizeof(struct ndmsg));
	} else {
		struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->rtm_family = d->family;
		mnl_attr_put_u32(h, RTA_TABLE, d->table);
	}
	return h;
}

static struct mnl_socket *dump_socket(void)
{
	struct timeval timeout = { .tv_sec = DUMP_TIMEOUT_S };
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int on = 1;

	if (!s)
		return NULL;
	(void)mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ==
		    0)
		return s;
	mnl_socket_close(s);
	return NULL;
}

/* Sends the request and reads the answer to its end. 0 or a negative errno; -EINTR: it changed
 * meanwhile. */
static int dump_once(struct dump *d)
{
	struct mnl_socket *s = dump_socket();
	struct nlmsghdr *h = make_request(d);
	int rc = -1;
	ssize_t n;

	if (!s)
		return -errno;
	if (mnl_socket_sendto(s, h, h->nlmsg_len) >= 0) {
		do {
			n = mnl_socket_recvfrom(s, d->nl->buffer, sizeof(d->nl->buffer));
			rc = n <= 0 ? -1
				    : mnl_cb_run(d->nl->buffer, (size_t)n, d->nl->seq,
						 mnl_socket_get_portid(s), take_answer, d);
		} while (rc > 0);
	}
	rc = rc < 0 ? (errno ? -errno : -EIO) : 0;
	mnl_socket_close(s);
	/* A table that is not there yet has no routes. */
	return rc == -ENOENT && d->type == RTM_GETROUTE ? 0 : rc;
}

static int dump(struct dump *d)
{
	uint32_t before = d->into ? d->into->n : 0;
	int rc = -EINTR;

	for (int i = 0; i < DUMP_TRIES && rc == -EINTR; i++) {
		if (d->into)
			d->into->n = before;
		rc = dump_once(d);
	}
	return rc;
}

static int dump_list(struct netlink *nl, uint16_t type, struct nl_list *l, unsigned int bit,
		     unsigned int *changed)
{
	struct nl_list fresh = { .size = l->size };
	struct dump d = { .nl = nl, .type = type, .into = &fresh };
	int rc = dump(&d);

	if (rc) {
		mem_free(fresh.v);
		return rc;
	}
	nl->due &= ~bit;
	if (list_replace(l, &fresh))
		*changed |= bit;
	return 0;
}

static int dump_routes(struct netlink *nl, unsigned int *changed)
{
	static const struct {
		uint8_t family;
		uint32_t table;
	} parts[] = { { AF_INET, RT_TABLE_LOCAL },
		      { AF_INET, RT_TABLE_MAIN },
		      { AF_INET6, RT_TABLE_LOCAL },
		      { AF_INET6, RT_TABLE_MAIN } };
	struct nl_list fresh = { .size = nl->routes.size };
	int rc = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && rc == 0; i++) {
		struct dump d = { .nl = nl,
				  .type = RTM_GETROUTE,
				  .family = parts[i].family,
				  .table = parts[i].table,
				  .into = &fresh };

		rc = dump(&d);
		/* A kernel without IPv6. */
		if (parts[i].family == AF_INET6 && (rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP))
			rc = 0;
	}
	if (rc) {
		mem_free(fresh.v);
		return rc;
	}
	nl->due &= ~(unsigned int)NET_ROUTES;
	if (list_replace(&nl->routes, &fresh))
		*changed |= NET_ROUTES;
	return 0;
}

static int dump_neighbors(struct netlink *nl, unsigned int *changed)
{
	struct dump d = { .nl = nl, .type = RTM_GETNEIGH };
	int rc;

	neighbors_begin(&nl->neighbors);
	rc = dump(&d);
	if (rc)
		return rc;
	nl->due &= ~(unsigned int)NET_NEIGHBORS;
	if (neighbors_end(&nl->neighbors) || d.rc)
		*changed |= NET_NEIGHBORS;
	return 0;
}

int netlink_refresh(struct netlink *nl, unsigned int *changed)
{
	int rc = 0;

	if (nl->due & NET_LINKS)
		rc = dump_list(nl, RTM_GETLINK, &nl->links, NET_LINKS, changed);
	if (rc == 0 && (nl->due & NET_ADDRESSES))
		rc = dump_list(nl, RTM_GETADDR, &nl->addresses, NET_ADDRESSES, changed);
	if (rc == 0 && (nl->due & NET_ROUTES))
		rc = dump_routes(nl, changed);
	if (rc == 0 && (nl->due & NET_NEIGHBORS))
		rc = dump_neighbors(nl, changed);
	return rc;
}
