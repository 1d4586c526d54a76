/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From rtnetlink's attributes to structs. Every attribute is checked for its length before it is
 * read: the kernel is trusted, a change of its formats is not.
 */
#include "control/network/nl_parse.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define V4_BITS 96

/* The attributes of one message, by type; types of @max and above are left out. */
struct attrs {
	const struct nlattr **v;
	uint16_t max;
};

static int keep(const struct nlattr *a, void *arg)
{
	struct attrs *attrs = arg;
	uint16_t type = mnl_attr_get_type(a);

	if (type < attrs->max)
		attrs->v[type] = a;
	return MNL_CB_OK;
}

/* Sorts the attributes behind the @header bytes of @h's own header. False if the message is too
 * short. */
static bool sort(const struct nlmsghdr *h, size_t header, const struct nlattr **v, uint16_t max)
{
	struct attrs attrs = { v, max };

	/* libmnl walks to the next multiple of four, which a whole message ends at. */
	if (h->nlmsg_len < MNL_NLMSG_HDRLEN + MNL_ALIGN(header) || h->nlmsg_len % MNL_ALIGNTO)
		return false;
	return mnl_attr_parse(h, (unsigned int)header, keep, &attrs) >= MNL_CB_OK;
}

static bool get_u32(const struct nlattr *a, uint32_t *out)
{
	if (!a || mnl_attr_get_payload_len(a) < sizeof(*out))
		return false;
	*out = mnl_attr_get_u32(a);
	return true;
}

static bool family_known(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static bool get_ip(const struct nlattr *a, uint8_t family, struct ip *out)
{
	size_t need = family == AF_INET ? 4 : 16;

	if (!a || mnl_attr_get_payload_len(a) < need)
		return false;
	*out = family == AF_INET ? ip_from_v4(mnl_attr_get_payload(a))
				 : ip_from_v6(mnl_attr_get_payload(a));
	return true;
}

/* Prefix length in the common form; false if there is no such length. */
static bool get_len(uint8_t len, uint8_t family, uint8_t *out)
{
	if (len > (family == AF_INET ? 32 : 128))
		return false;
	*out = family == AF_INET ? len + V4_BITS : len;
	return true;
}

bool nl_parse_link(const struct nlmsghdr *h, struct net_link *out)
{
	const struct nlattr *a[IFLA_MAX + 1] = { NULL };
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	size_t n;

	if (!sort(h, sizeof(*m), a, IFLA_MAX + 1) || !a[IFLA_IFNAME])
		return false;
	n = strnlen(mnl_attr_get_payload(a[IFLA_IFNAME]), mnl_attr_get_payload_len(a[IFLA_IFNAME]));
	if (n == 0 || n >= sizeof(out->name))
		return false;
	*out = (struct net_link){ .index = m->ifi_index,
				  .up = m->ifi_flags & IFF_UP,
				  .running = m->ifi_flags & IFF_RUNNING };
	memcpy(out->name, mnl_attr_get_payload(a[IFLA_IFNAME]), n);
	get_u32(a[IFLA_MTU], &out->mtu);
	return true;
}

bool nl_parse_address(const struct nlmsghdr *h, struct net_address *out)
{
	const struct nlattr *a[IFA_MAX + 1] = { NULL };
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct net_address address = { 0 };
	uint32_t flags;

	if (!sort(h, sizeof(*m), a, IFA_MAX + 1) || !family_known(m->ifa_family))
		return false;
	flags = m->ifa_flags;
	get_u32(a[IFA_FLAGS], &flags);
	/* On a point-to-point link IFA_ADDRESS is the peer and IFA_LOCAL is ours; IPv6 may have
	 * IFA_ADDRESS only. */
	if (!get_ip(a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS], m->ifa_family, &address.ip) ||
	    !get_len(m->ifa_prefixlen, m->ifa_family, &address.len))
		return false;
	address.index = (int)m->ifa_index;
	address.usable = !(flags & IFA_F_DADFAILED) &&
			 (!(flags & IFA_F_TENTATIVE) || (flags & IFA_F_OPTIMISTIC));
	/* The same bit says "secondary" of an IPv4 address, which is as good as the first. */
	address.temporary = m->ifa_family == AF_INET6 && (flags & IFA_F_TEMPORARY);
	*out = address;
	return true;
}

/* Where one next hop leads. */
struct next_hop {
	uint32_t index;
	struct ip gateway;
};

/* The gateway of a route of @family, or of one next hop of it; on link if there is none. */
static bool get_gateway(const struct nlattr *gateway, const struct nlattr *via, uint8_t family,
			struct ip *out)
{
	const struct rtvia *v;
	size_t n;

	*out = (struct ip){ { 0 } };
	if (gateway)
		return get_ip(gateway, family, out);
	if (!via)
		return true;
	v = mnl_attr_get_payload(via);
	n = mnl_attr_get_payload_len(via);
	/* An IPv4 route by an IPv6 neighbour (RFC 8950). */
	if (n >= sizeof(*v) + 16 && v->rtvia_family == AF_INET6)
		*out = ip_from_v6(v->rtvia_addr);
	else if (n >= sizeof(*v) + 4 && v->rtvia_family == AF_INET)
		*out = ip_from_v4(v->rtvia_addr);
	else
		return false;
	return true;
}

/* The first next hop of the list that is alive. */
static bool first_alive(const struct nlattr *list, uint8_t family, struct next_hop *out)
{
	const struct rtnexthop *nh = mnl_attr_get_payload(list);
	size_t left = mnl_attr_get_payload_len(list);

	while (left >= sizeof(*nh) && nh->rtnh_len >= sizeof(*nh) && nh->rtnh_len <= left) {
		const struct nlattr *a[RTA_MAX + 1] = { NULL };
		struct attrs attrs = { a, RTA_MAX + 1 };
		size_t step = RTNH_ALIGN(nh->rtnh_len);

		if (!(nh->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) &&
		    mnl_attr_parse_payload(RTNH_DATA(nh), nh->rtnh_len - sizeof(*nh), keep,
					   &attrs) >= MNL_CB_OK &&
		    get_gateway(a[RTA_GATEWAY], a[RTA_VIA], family, &out->gateway)) {
			out->index = (uint32_t)nh->rtnh_ifindex;
			return true;
		}
		if (step >= left)
			break;
		left -= step;
		nh = (const struct rtnexthop *)(const void *)((const char *)nh + step);
	}
	return false;
}

static uint32_t get_mtu(const struct nlattr *metrics)
{
	const struct nlattr *a[RTAX_MAX + 1] = { NULL };
	struct attrs attrs = { a, RTAX_MAX + 1 };
	uint32_t mtu = 0;

	if (metrics && mnl_attr_parse_nested(metrics, keep, &attrs) >= MNL_CB_OK)
		get_u32(a[RTAX_MTU], &mtu);
	return mtu;
}

static bool get_kind(uint8_t type, uint8_t *out)
{
	switch (type) {
	case RTN_UNICAST:
		*out = FIB_UNICAST;
		return true;
	case RTN_LOCAL:
	case RTN_ANYCAST:
		*out = FIB_LOCAL;
		return true;
	case RTN_BROADCAST:
	case RTN_MULTICAST:
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
		*out = FIB_REJECT;
		return true;
	default:
		return false; /* throw, nat, xresolve: no answer of their own */
	}
}

static bool get_prefix(const struct rtmsg *m, const struct nlattr *dst, struct net_route *out)
{
	static const uint8_t any_v4[4];

	out->prefix = m->rtm_family == AF_INET ? ip_from_v4(any_v4) : (struct ip){ { 0 } };
	if (dst && !get_ip(dst, m->rtm_family, &out->prefix))
		return false;
	if (!dst && m->rtm_dst_len != 0)
		return false;
	return get_len(m->rtm_dst_len, m->rtm_family, &out->len);
}

static bool get_next_hop(const struct rtmsg *m, const struct nlattr **a, struct next_hop *out)
{
	if (a[RTA_MULTIPATH])
		return first_alive(a[RTA_MULTIPATH], m->rtm_family, out);
	get_u32(a[RTA_OIF], &out->index);
	return get_gateway(a[RTA_GATEWAY], a[RTA_VIA], m->rtm_family, &out->gateway);
}

bool nl_parse_route(const struct nlmsghdr *h, struct net_route *out)
{
	const struct nlattr *a[RTA_MAX + 1] = { NULL };
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct next_hop hop = { 0 };
	struct net_route route = { 0 };
	uint32_t table;

	if (!sort(h, sizeof(*m), a, RTA_MAX + 1) || !family_known(m->rtm_family))
		return false;
	table = m->rtm_table;
	get_u32(a[RTA_TABLE], &table);
	if (table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL)
		return false;
	/* Cached copies, source routes and routes for one type of service are no general way. */
	if ((m->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD)) || m->rtm_src_len || m->rtm_tos)
		return false;
	if (!get_kind(m->rtm_type, &route.kind) || !get_prefix(m, a[RTA_DST], &route) ||
	    !get_next_hop(m, a, &hop))
		return false;
	route.local_table = table == RT_TABLE_LOCAL;
	route.index = (int)hop.index;
	route.gateway = hop.gateway;
	get_u32(a[RTA_PRIORITY], &route.metric);
	route.mtu = get_mtu(a[RTA_METRICS]);
	*out = route;
	return true;
}

bool nl_parse_neighbor(const struct nlmsghdr *h, struct net_neighbor *out)
{
	const uint16_t good =
		NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
	const struct nlattr *a[NDA_MAX + 1] = { NULL };
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	struct net_neighbor n = { 0 };

	if (!sort(h, sizeof(*m), a, NDA_MAX + 1) || !family_known(m->ndm_family) ||
	    (m->ndm_flags & NTF_PROXY) || !get_ip(a[NDA_DST], m->ndm_family, &n.ip))
		return false;
	n.index = m->ndm_ifindex;
	if (a[NDA_LLADDR] && mnl_attr_get_payload_len(a[NDA_LLADDR]) == sizeof(n.mac)) {
		memcpy(n.mac, mnl_attr_get_payload(a[NDA_LLADDR]), sizeof(n.mac));
		n.usable = h->nlmsg_type == RTM_NEWNEIGH && (m->ndm_state & good);
	}
	n.stale = n.usable && (m->ndm_state & NUD_STALE);
	n.permanent = n.usable && (m->ndm_state & NUD_PERMANENT);
	*out = n;
	return true;
}
