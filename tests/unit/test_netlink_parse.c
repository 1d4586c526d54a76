/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink parsers: messages made here with libmnl, as the kernel makes them, and broken ones.
 */
#include "control/network/nl_parse.h"

#include <criterion/criterion.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char buffer[1024];

static struct ip ip(const char *text)
{
	struct ip a;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &a), "%s", text);
	return a;
}

static bool same_ip(const struct ip *a, const char *text)
{
	struct ip b = ip(text);

	return ip_equal(a, &b);
}

static void put_ip(struct nlmsghdr *h, uint16_t type, const char *text)
{
	struct ip a = ip(text);

	if (ip_is_v4(&a))
		mnl_attr_put(h, type, 4, ip_v4_bytes(&a));
	else
		mnl_attr_put(h, type, 16, a.b);
}

static struct nlmsghdr *start(uint16_t type)
{
	struct nlmsghdr *h;

	memset(buffer, 0, sizeof(buffer));
	h = mnl_nlmsg_put_header(buffer);
	h->nlmsg_type = type;
	return h;
}

/* --- links --- */

static struct nlmsghdr *link_message(const char *name, unsigned int flags)
{
	struct nlmsghdr *h = start(RTM_NEWLINK);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifi_index = 7;
	m->ifi_flags = flags;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_MTU, 1500);
	return h;
}

Test(netlink_parse, links_have_index_name_mtu_and_state)
{
	struct net_link l;

	cr_assert(nl_parse_link(link_message("eth0", IFF_UP | IFF_RUNNING), &l));
	cr_expect_eq(l.index, 7);
	cr_expect_str_eq(l.name, "eth0");
	cr_expect_eq(l.mtu, 1500);
	cr_expect(l.up && l.running);
	cr_assert(nl_parse_link(link_message("eth0", IFF_UP), &l));
	cr_expect(l.up && !l.running);
	cr_assert(nl_parse_link(link_message("eth0", 0), &l));
	cr_expect_not(l.up);
}

Test(netlink_parse, names_longer_than_linux_has_are_refused)
{
	struct net_link l;

	cr_expect(nl_parse_link(link_message("fifteen-letters", 0), &l));
	cr_expect_not(nl_parse_link(link_message("sixteen-letters!", 0), &l));
	cr_expect_not(nl_parse_link(link_message("", 0), &l));
}

/* --- addresses --- */

struct address_row {
	uint8_t family, len;
	uint32_t flags;
	const char *local, *address;
	bool ok, usable, temporary;
	const char *want;
	uint8_t want_len;
};

static struct nlmsghdr *address_message(const struct address_row *r)
{
	struct nlmsghdr *h = start(RTM_NEWADDR);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = r->family;
	m->ifa_prefixlen = r->len;
	m->ifa_index = 3;
	m->ifa_flags = (uint8_t)r->flags;
	if (r->address)
		put_ip(h, IFA_ADDRESS, r->address);
	if (r->local)
		put_ip(h, IFA_LOCAL, r->local);
	mnl_attr_put_u32(h, IFA_FLAGS, r->flags);
	return h;
}

Test(netlink_parse, addresses_are_ours_with_the_length_of_their_subnet)
{
	static const struct address_row rows[] = {
		{ AF_INET, 24, 0, "192.0.2.1", "192.0.2.1", true, true, false, "192.0.2.1", 120 },
		{ AF_INET, 24, IFA_F_SECONDARY, "192.0.2.2", "192.0.2.2", true, true, false,
		  "192.0.2.2", 120 },
		/* point to point: the other attribute is the peer */
		{ AF_INET, 32, 0, "10.0.0.1", "10.0.0.2", true, true, false, "10.0.0.1", 128 },
		{ AF_INET6, 64, IFA_F_PERMANENT, NULL, "2001:db8::1", true, true, false,
		  "2001:db8::1", 64 },
		{ AF_INET6, 64, IFA_F_TENTATIVE, NULL, "2001:db8::1", true, false, false,
		  "2001:db8::1", 64 },
		{ AF_INET6, 64, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, NULL, "2001:db8::1", true, true,
		  false, "2001:db8::1", 64 },
		{ AF_INET6, 64, IFA_F_DADFAILED, NULL, "2001:db8::1", true, false, false,
		  "2001:db8::1", 64 },
		{ AF_INET6, 64, IFA_F_TEMPORARY, NULL, "2001:db8::1", true, true, true,
		  "2001:db8::1", 64 },
		{ AF_INET, 33, 0, "192.0.2.1", NULL, false, false, false, NULL, 0 },
		{ AF_INET6, 129, 0, NULL, "2001:db8::1", false, false, false, NULL, 0 },
		{ AF_INET, 24, 0, NULL, NULL, false, false, false, NULL, 0 },
		{ AF_BRIDGE, 24, 0, "192.0.2.1", NULL, false, false, false, NULL, 0 },
		/* an IPv6 message with an IPv4 address in it */
		{ AF_INET6, 64, 0, NULL, "192.0.2.1", false, false, false, NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct address_row *r = &rows[i];
		struct net_address a;

		cr_expect_eq(nl_parse_address(address_message(r), &a), r->ok, "row %zu", i);
		if (!r->ok)
			continue;
		cr_expect_eq(a.index, 3);
		cr_expect(same_ip(&a.ip, r->want), "row %zu", i);
		cr_expect_eq(a.len, r->want_len, "row %zu", i);
		cr_expect_eq(a.usable, r->usable, "row %zu", i);
		cr_expect_eq(a.temporary, r->temporary, "row %zu", i);
	}
}

/* --- routes --- */

struct route_row {
	uint8_t family, type, len;
	uint32_t table;
	const char *dst, *gateway, *via;
	uint32_t oif, metric, mtu;
	unsigned int flags;
	bool ok;
	const char *prefix;
	uint8_t want_len, kind;
};

static struct nlmsghdr *route_header(uint8_t family, uint8_t type, uint8_t len, uint32_t table)
{
	struct nlmsghdr *h = start(RTM_NEWROUTE);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = family;
	m->rtm_type = type;
	m->rtm_dst_len = len;
	m->rtm_table = (uint8_t)(table > 255 ? RT_TABLE_COMPAT : table);
	mnl_attr_put_u32(h, RTA_TABLE, table);
	return h;
}

static void put_via(struct nlmsghdr *h, const char *text)
{
	struct {
		struct rtvia via;
		uint8_t ip[16];
	} v = { .via = { .rtvia_family = AF_INET6 } };
	struct ip a = ip(text);

	memcpy(v.via.rtvia_addr, a.b, 16);
	mnl_attr_put(h, RTA_VIA, sizeof(v.via) + 16, &v);
}

static struct nlmsghdr *route_message(const struct route_row *r)
{
	struct nlmsghdr *h = route_header(r->family, r->type, r->len, r->table);

	((struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_flags = r->flags;
	if (r->dst)
		put_ip(h, RTA_DST, r->dst);
	if (r->gateway)
		put_ip(h, RTA_GATEWAY, r->gateway);
	if (r->via)
		put_via(h, r->via);
	if (r->oif)
		mnl_attr_put_u32(h, RTA_OIF, r->oif);
	if (r->metric)
		mnl_attr_put_u32(h, RTA_PRIORITY, r->metric);
	if (r->mtu) {
		struct nlattr *nest = mnl_attr_nest_start(h, RTA_METRICS);

		mnl_attr_put_u32(h, RTAX_HOPLIMIT, 64);
		mnl_attr_put_u32(h, RTAX_MTU, r->mtu);
		mnl_attr_nest_end(h, nest);
	}
	return h;
}

#define MAIN RT_TABLE_MAIN
#define LOCAL RT_TABLE_LOCAL

static const struct route_row route_rows[] = {
	{ AF_INET, RTN_UNICAST, 24, MAIN, "192.0.2.0", NULL, NULL, 2, 0, 0, 0, true, "192.0.2.0",
	  120, FIB_UNICAST },
	{ AF_INET, RTN_UNICAST, 0, MAIN, NULL, "192.0.2.254", NULL, 2, 100, 1400, 0, true,
	  "0.0.0.0", 96, FIB_UNICAST },
	{ AF_INET6, RTN_UNICAST, 0, MAIN, NULL, "fe80::1", NULL, 2, 1024, 0, 0, true, "::", 0,
	  FIB_UNICAST },
	{ AF_INET, RTN_UNICAST, 8, MAIN, "10.0.0.0", NULL, "fe80::1", 2, 0, 0, 0, true, "10.0.0.0",
	  104, FIB_UNICAST },
	{ AF_INET, RTN_LOCAL, 32, LOCAL, "192.0.2.1", NULL, NULL, 2, 0, 0, 0, true, "192.0.2.1",
	  128, FIB_LOCAL },
	{ AF_INET6, RTN_ANYCAST, 128, LOCAL, "2001:db8::", NULL, NULL, 2, 0, 0, 0, true,
	  "2001:db8::", 128, FIB_LOCAL },
	{ AF_INET, RTN_BROADCAST, 32, LOCAL, "192.0.2.255", NULL, NULL, 2, 0, 0, 0, true,
	  "192.0.2.255", 128, FIB_REJECT },
	{ AF_INET6, RTN_MULTICAST, 8, LOCAL, "ff00::", NULL, NULL, 2, 0, 0, 0, true, "ff00::", 8,
	  FIB_REJECT },
	{ AF_INET, RTN_BLACKHOLE, 8, MAIN, "10.0.0.0", NULL, NULL, 0, 0, 0, 0, true, "10.0.0.0",
	  104, FIB_REJECT },
	{ AF_INET, RTN_UNREACHABLE, 8, MAIN, "10.0.0.0", NULL, NULL, 0, 0, 0, 0, true, "10.0.0.0",
	  104, FIB_REJECT },
	{ AF_INET6, RTN_PROHIBIT, 32, MAIN, "2001:db8::", NULL, NULL, 0, 0, 0, 0, true,
	  "2001:db8::", 32, FIB_REJECT },
	/* of no use */
	{ AF_INET, RTN_THROW, 8, MAIN, "10.0.0.0", NULL, NULL, 0, 0, 0, 0, false, NULL, 0, 0 },
	{ AF_INET, RTN_UNICAST, 8, 100, "10.0.0.0", NULL, NULL, 2, 0, 0, 0, false, NULL, 0, 0 },
	{ AF_INET, RTN_UNICAST, 8, 1000, "10.0.0.0", NULL, NULL, 2, 0, 0, 0, false, NULL, 0, 0 },
	{ AF_INET, RTN_UNICAST, 8, MAIN, "10.0.0.0", NULL, NULL, 2, 0, 0, RTM_F_CLONED, false, NULL,
	  0, 0 },
	{ AF_INET, RTN_UNICAST, 8, MAIN, "10.0.0.0", NULL, NULL, 2, 0, 0, RTNH_F_DEAD, false, NULL,
	  0, 0 },
	{ AF_BRIDGE, RTN_UNICAST, 8, MAIN, "10.0.0.0", NULL, NULL, 2, 0, 0, 0, false, NULL, 0, 0 },
	/* not well formed */
	{ AF_INET, RTN_UNICAST, 8, MAIN, NULL, NULL, NULL, 2, 0, 0, 0, false, NULL, 0, 0 },
	{ AF_INET, RTN_UNICAST, 33, MAIN, "10.0.0.0", NULL, NULL, 2, 0, 0, 0, false, NULL, 0, 0 },
	{ AF_INET6, RTN_UNICAST, 64, MAIN, "10.0.0.0", NULL, NULL, 2, 0, 0, 0, false, NULL, 0, 0 },
};

Test(netlink_parse, routes_of_the_tables_main_and_local_are_read_in_full)
{
	for (size_t i = 0; i < sizeof(route_rows) / sizeof(route_rows[0]); i++) {
		const struct route_row *r = &route_rows[i];
		const char *gateway = r->gateway ? r->gateway : r->via ? r->via : "::";
		struct net_route route;

		cr_expect_eq(nl_parse_route(route_message(r), &route), r->ok, "row %zu", i);
		if (!r->ok)
			continue;
		cr_expect(same_ip(&route.prefix, r->prefix), "row %zu", i);
		cr_expect_eq(route.len, r->want_len, "row %zu", i);
		cr_expect_eq(route.kind, r->kind, "row %zu", i);
		cr_expect_eq(route.index, (int)r->oif, "row %zu", i);
		cr_expect_eq(route.metric, r->metric, "row %zu", i);
		cr_expect_eq(route.mtu, r->mtu, "row %zu", i);
		cr_expect(same_ip(&route.gateway, gateway), "row %zu", i);
		cr_expect_eq(route.local_table, r->table == LOCAL, "row %zu", i);
	}
}

/* Adds one next hop to a RTA_MULTIPATH attribute that begins at @nest. */
static void put_next_hop(struct nlmsghdr *h, int index, uint8_t flags, const char *gateway)
{
	struct rtnexthop *nh = mnl_nlmsg_get_payload_tail(h);

	h->nlmsg_len += sizeof(*nh);
	nh->rtnh_flags = flags;
	nh->rtnh_hops = 0;
	nh->rtnh_ifindex = index;
	if (gateway)
		put_ip(h, RTA_GATEWAY, gateway);
	nh->rtnh_len = (uint16_t)((char *)mnl_nlmsg_get_payload_tail(h) - (char *)nh);
}

Test(netlink_parse, of_several_next_hops_the_first_that_is_alive_counts)
{
	static const struct {
		uint8_t flags[3];
		int index; /* 0 = the route is of no use */
		const char *gateway;
	} rows[] = {
		{ { 0, 0, 0 }, 11, "10.0.0.1" },
		{ { RTNH_F_DEAD, 0, 0 }, 12, "10.0.0.2" },
		{ { RTNH_F_LINKDOWN, RTNH_F_DEAD | RTNH_F_LINKDOWN, 0 }, 13, "::" },
		{ { RTNH_F_DEAD, RTNH_F_DEAD, RTNH_F_DEAD }, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nlmsghdr *h = route_header(AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN);
		struct nlattr *nest = mnl_attr_nest_start(h, RTA_MULTIPATH);
		struct net_route r;

		put_next_hop(h, 11, rows[i].flags[0], "10.0.0.1");
		put_next_hop(h, 12, rows[i].flags[1], "10.0.0.2");
		put_next_hop(h, 13, rows[i].flags[2], NULL);
		mnl_attr_nest_end(h, nest);
		cr_expect_eq(nl_parse_route(h, &r), rows[i].index != 0, "row %zu", i);
		if (!rows[i].index)
			continue;
		cr_expect_eq(r.index, rows[i].index, "row %zu", i);
		cr_expect(same_ip(&r.gateway, rows[i].gateway), "row %zu", i);
	}
}

Test(netlink_parse, a_next_hop_with_a_wrong_length_is_not_followed)
{
	static const uint16_t lengths[] = { 0, 1, sizeof(struct rtnexthop) - 1, 500, UINT16_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct nlmsghdr *h = route_header(AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN);
		struct nlattr *nest = mnl_attr_nest_start(h, RTA_MULTIPATH);
		struct rtnexthop *nh = mnl_nlmsg_get_payload_tail(h);
		struct net_route r;

		put_next_hop(h, 11, 0, "10.0.0.1");
		mnl_attr_nest_end(h, nest);
		nh->rtnh_len = lengths[i];
		cr_expect_not(nl_parse_route(h, &r), "length %u", lengths[i]);
	}
}

/* --- neighbours --- */

static struct nlmsghdr *neighbor_message(uint16_t type, uint16_t state, uint8_t flags,
					 size_t mac_len)
{
	static const uint8_t mac[20] = { 2, 0, 0, 0, 0, 9 };
	struct nlmsghdr *h = start(type);
	struct ndmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ndm_family = AF_INET;
	m->ndm_ifindex = 4;
	m->ndm_state = state;
	m->ndm_flags = flags;
	put_ip(h, NDA_DST, "192.0.2.9");
	if (mac_len)
		mnl_attr_put(h, NDA_LLADDR, mac_len, mac);
	return h;
}

Test(netlink_parse, neighbours_may_be_sent_to_in_some_states)
{
	static const struct {
		uint16_t type, state;
		uint8_t flags;
		size_t mac_len;
		bool ok, usable, stale, permanent;
	} rows[] = {
		{ RTM_NEWNEIGH, NUD_REACHABLE, 0, 6, true, true, false, false },
		{ RTM_NEWNEIGH, NUD_STALE, 0, 6, true, true, true, false },
		{ RTM_NEWNEIGH, NUD_DELAY, 0, 6, true, true, false, false },
		{ RTM_NEWNEIGH, NUD_PROBE, 0, 6, true, true, false, false },
		{ RTM_NEWNEIGH, NUD_PERMANENT, 0, 6, true, true, false, true },
		{ RTM_DELNEIGH, NUD_PERMANENT, 0, 6, true, false, false, false },
		{ RTM_NEWNEIGH, NUD_NOARP, 0, 6, true, true, false, false },
		{ RTM_NEWNEIGH, NUD_INCOMPLETE, 0, 0, true, false, false, false },
		{ RTM_NEWNEIGH, NUD_FAILED, 0, 6, true, false, false, false },
		{ RTM_NEWNEIGH, NUD_FAILED, 0, 0, true, false, false, false },
		{ RTM_NEWNEIGH, NUD_NONE, 0, 6, true, false, false, false },
		{ RTM_DELNEIGH, NUD_REACHABLE, 0, 6, true, false, false, false },
		/* Infiniband and IP tunnels have other addresses */
		{ RTM_NEWNEIGH, NUD_REACHABLE, 0, 20, true, false, false, false },
		{ RTM_NEWNEIGH, NUD_REACHABLE, 0, 4, true, false, false, false },
		{ RTM_NEWNEIGH, NUD_PERMANENT, NTF_PROXY, 6, false, false, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
		struct net_neighbor n;

		cr_expect_eq(nl_parse_neighbor(neighbor_message(rows[i].type, rows[i].state,
								rows[i].flags, rows[i].mac_len),
					       &n),
			     rows[i].ok, "row %zu", i);
		if (!rows[i].ok)
			continue;
		cr_expect_eq(n.index, 4);
		cr_expect(same_ip(&n.ip, "192.0.2.9"));
		cr_expect_eq(n.usable, rows[i].usable, "row %zu", i);
		cr_expect_eq(n.stale, rows[i].stale, "row %zu", i);
		cr_expect_eq(n.permanent, rows[i].permanent, "row %zu", i);
		if (n.usable)
			cr_expect_eq(memcmp(n.mac, mac, 6), 0);
	}
}

/* --- broken messages --- */

static bool parse_any(const struct nlmsghdr *h)
{
	union {
		struct net_link link;
		struct net_address address;
		struct net_route route;
		struct net_neighbor neighbor;
	} u;

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
		return nl_parse_link(h, &u.link);
	case RTM_NEWADDR:
		return nl_parse_address(h, &u.address);
	case RTM_NEWROUTE:
		return nl_parse_route(h, &u.route);
	default:
		return nl_parse_neighbor(h, &u.neighbor);
	}
}

/* Every length and every one-byte change of the message in the buffer, in a block of exactly its
 * size. */
static void torment(void)
{
	const struct nlmsghdr *whole = (const struct nlmsghdr *)(const void *)buffer;
	uint32_t full = whole->nlmsg_len;

	cr_assert(parse_any(whole));
	for (uint32_t n = MNL_NLMSG_HDRLEN; n <= full; n++) {
		struct nlmsghdr *cut = malloc(n);

		memcpy(cut, buffer, n);
		cut->nlmsg_len = n;
		parse_any(cut);
		free(cut);
	}
	for (uint32_t at = MNL_NLMSG_HDRLEN; at < full; at++) {
		for (unsigned int value = 0; value < 256; value += 5) {
			struct nlmsghdr *changed = malloc(full);

			memcpy(changed, buffer, full);
			((uint8_t *)changed)[at] = (uint8_t)value;
			parse_any(changed);
			free(changed);
		}
	}
}

Test(netlink_parse, cut_and_changed_messages_are_read_within_their_bounds)
{
	static const struct address_row address = { AF_INET6, 64,   0,     NULL, "2001:db8::1",
						    true,     true, false, NULL, 0 };
	struct nlattr *nest;
	struct nlmsghdr *h;

	link_message("eth0", IFF_UP);
	torment();
	address_message(&address);
	torment();
	route_message(&route_rows[1]);
	torment();
	route_message(&route_rows[3]);
	torment();
	h = route_header(AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN);
	nest = mnl_attr_nest_start(h, RTA_MULTIPATH);
	put_next_hop(h, 11, 0, "10.0.0.1");
	put_next_hop(h, 12, 0, "10.0.0.2");
	mnl_attr_nest_end(h, nest);
	torment();
	neighbor_message(RTM_NEWNEIGH, NUD_REACHABLE, 0, 6);
	torment();
}
