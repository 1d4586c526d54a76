/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/network/tap_settings.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

#define TIMEOUT_S 2    /* Linux answers at once, unless something is very wrong */
#define TX_QUEUE 2048  /* frames that wait in Linux for us; a TAP has 1000 */
#define LEN_V4 96      /* what IPv4 prefix lengths count from */
#define MTU_MAX 65521u /* of a TAP */
#define WHAT_MAX (IP_TEXT_MAX + 32)

/* One round of requests. */
struct settings {
	struct mnl_socket *s;
	int index;
	uint32_t seq;
	tap_fault_fn fault;
	void *arg;
	int rc; /* the first failure */
	char buffer[512];
};

static int settings_open(struct settings *t, int index)
{
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int rc;

	*t = (struct settings){ .index = index };
	t->s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!t->s)
		return -errno;
	if (mnl_socket_bind(t->s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    setsockopt(mnl_socket_get_fd(t->s), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)) == 0)
		return 0;
	rc = -errno;
	mnl_socket_close(t->s);
	return rc;
}

static struct nlmsghdr *request(struct settings *t, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(t->buffer);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = ++t->seq;
	return h;
}

/* Sends @h and waits for the answer. 0 or a negative errno. */
static int ask(struct settings *t, const struct nlmsghdr *h)
{
	char answer[4096];
	ssize_t n;
	int rc;

	if (mnl_socket_sendto(t->s, h, h->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(t->s, answer, sizeof(answer));
		rc = n < 0 ? -1
			   : mnl_cb_run(answer, (size_t)n, t->seq, mnl_socket_get_portid(t->s),
					NULL, NULL);
	} while (rc > 0);
	return rc < 0 ? -errno : 0;
}

static void put_ip(struct nlmsghdr *h, uint16_t attribute, const struct ip *ip)
{
	if (ip_is_v4(ip))
		mnl_attr_put(h, attribute, 4, ip_v4_bytes(ip));
	else
		mnl_attr_put(h, attribute, 16, ip->b);
}

static uint8_t family_of(const struct ip *ip)
{
	return ip_is_v4(ip) ? AF_INET : AF_INET6;
}

/* Takes note of a request about @kind @ip that failed with @rc. */
static void failed(struct settings *t, struct config_mark mark, const char *kind,
		   const struct ip *ip, int rc)
{
	char what[WHAT_MAX], text[IP_TEXT_MAX];

	text[ip_format(ip, text)] = '\0';
	snprintf(what, sizeof(what), "%s %s", kind, text);
	t->fault(t->arg, mark, what, rc);
	/* Another default route is the operator's: the interface works without ours. */
	if (rc != -EEXIST && t->rc == 0)
		t->rc = rc;
}

int tap_settings_link(int index, const uint8_t mac[6], uint32_t mtu)
{
	struct settings t;
	int rc = settings_open(&t, index);
	struct ifinfomsg *m;
	struct nlmsghdr *h;

	if (rc)
		return rc;
	h = request(&t, RTM_NEWLINK, 0);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_index = index;
	m->ifi_flags = m->ifi_change = IFF_UP;
	mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_u32(h, IFLA_MTU, mtu < MTU_MAX ? mtu : MTU_MAX);
	mnl_attr_put_u32(h, IFLA_TXQLEN, TX_QUEUE);
	rc = ask(&t, h);
	mnl_socket_close(t.s);
	return rc;
}

/* --- one thing each ------------------------------------------------------------------------ */

static int change_address(struct settings *t, uint16_t type, const struct config_address *a)
{
	struct nlmsghdr *h = request(t, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = family_of(&a->ip);
	m->ifa_prefixlen = (uint8_t)(ip_is_v4(&a->ip) ? a->len - LEN_V4 : a->len);
	m->ifa_index = (uint32_t)t->index;
	put_ip(h, IFA_LOCAL, &a->ip);
	put_ip(h, IFA_ADDRESS, &a->ip);
	return ask(t, h);
}

static int change_neighbor(struct settings *t, uint16_t type, const struct config_neighbor *n)
{
	struct nlmsghdr *h =
		request(t, type, type == RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ndmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ndm_family = family_of(&n->address);
	m->ndm_ifindex = t->index;
	m->ndm_state = NUD_PERMANENT;
	put_ip(h, NDA_DST, &n->address);
	mnl_attr_put(h, NDA_LLADDR, sizeof(n->mac), n->mac);
	return ask(t, h);
}

/* A default route. The file was checked, so Linux need not see that the gateway is on the link. */
static int change_gateway(struct settings *t, uint16_t type, const struct config_gateway *g)
{
	struct nlmsghdr *h = request(t, type, type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = family_of(&g->ip);
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = RTN_UNICAST;
	m->rtm_flags = RTNH_F_ONLINK;
	put_ip(h, RTA_GATEWAY, &g->ip);
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)t->index);
	return ask(t, h);
}

/* --- lists --------------------------------------------------------------------------------- */

static bool has_address(const struct config_interface *c, const struct config_address *a)
{
	for (uint32_t i = 0; c && i < c->n_addresses; i++) {
		if (c->addresses[i].len == a->len && ip_equal(&c->addresses[i].ip, &a->ip))
			return true;
	}
	return false;
}

static bool has_neighbor(const struct config_interface *c, const struct config_neighbor *n)
{
	for (uint32_t i = 0; c && i < c->n_neighbors; i++) {
		if (ip_equal(&c->neighbors[i].address, &n->address))
			return true;
	}
	return false;
}

static bool has_gateway(const struct config_interface *c, const struct config_gateway *g)
{
	for (uint32_t i = 0; c && i < c->n_gateway; i++) {
		if (ip_equal(&c->gateway[i].ip, &g->ip))
			return true;
	}
	return false;
}

/* What @now has not. It may have gone by itself, so failures are no news. */
static void take_off(struct settings *t, const struct config_interface *before,
		     const struct config_interface *now)
{
	for (uint32_t i = 0; i < before->n_gateway; i++) {
		if (!has_gateway(now, &before->gateway[i]))
			(void)change_gateway(t, RTM_DELROUTE, &before->gateway[i]);
	}
	for (uint32_t i = 0; i < before->n_neighbors; i++) {
		if (!has_neighbor(now, &before->neighbors[i]))
			(void)change_neighbor(t, RTM_DELNEIGH, &before->neighbors[i]);
	}
	for (uint32_t i = 0; i < before->n_addresses; i++) {
		if (!has_address(now, &before->addresses[i]))
			(void)change_address(t, RTM_DELADDR, &before->addresses[i]);
	}
}

/* All that @now has, since Linux takes addresses and routes off together with others. What is
 * there already is right, but for a default route that is not ours. */
static void put_on(struct settings *t, const struct config_interface *before,
		   const struct config_interface *now)
{
	int rc;

	for (uint32_t i = 0; i < now->n_addresses; i++) {
		rc = change_address(t, RTM_NEWADDR, &now->addresses[i]);
		if (rc && rc != -EEXIST)
			failed(t, now->addresses[i].mark, "address", &now->addresses[i].ip, rc);
	}
	for (uint32_t i = 0; i < now->n_neighbors; i++) {
		rc = change_neighbor(t, RTM_NEWNEIGH, &now->neighbors[i]);
		if (rc)
			failed(t, now->neighbors[i].mark, "neighbor", &now->neighbors[i].address,
			       rc);
	}
	for (uint32_t i = 0; i < now->n_gateway; i++) {
		rc = change_gateway(t, RTM_NEWROUTE, &now->gateway[i]);
		if (rc && !(rc == -EEXIST && has_gateway(before, &now->gateway[i])))
			failed(t, now->gateway[i].mark, "gateway", &now->gateway[i].ip, rc);
	}
}

int tap_settings_apply(int index, const struct config_interface *before,
		       const struct config_interface *now, tap_fault_fn fault, void *arg)
{
	struct settings t;
	int rc = settings_open(&t, index);

	if (rc) {
		fault(arg, now->mark, "addresses", rc);
		return rc;
	}
	t.fault = fault;
	t.arg = arg;
	if (before)
		take_off(&t, before, now);
	put_on(&t, before, now);
	mnl_socket_close(t.s);
	return t.rc;
}
