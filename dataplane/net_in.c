/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * On a shared interface Linux gets every frame too, and everything that is not SIP is its business:
 * such a frame is TO_KERNEL whatever is wrong with it, as soon as it is known not to be for a
 * listener. Only what is addressed to one is checked and dropped for a reason.
 *
 * On an interface with a TAP such frames go to it (kernel_path.h). On an xdp: interface Linux kept
 * them, and of what got here it has no copy.
 *
 * An AF_PACKET socket also shows what Linux itself sends: the destination MAC tells.
 */
#include "dataplane/net_in.h"

#include "dataplane/checksum.h"
#include "dataplane/net_bytes.h"
#include "dataplane/ports.h"
#include "dataplane/stats.h"
#include "dataplane/worker.h"

#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <string.h>

#define V6_HEADERS_MAX 8 /* extension headers of one packet */

/* A packet while it is looked at. */
struct look {
	const struct view *v;
	const struct port *port;
	const uint8_t *f;  /* first byte that offsets count from */
	uint64_t ol_flags; /* of the mbuf */
	struct pkt *k;
	bool tagged; /* has a VLAN tag */
};

/* --- helpers ----------------------------------------------------------------------------- */

/* Not for a listener: Linux's business, or nobody's. */
static inline enum verdict not_ours(const struct look *l, enum verdict otherwise)
{
	return port_leaves_to_linux(l->port) ? V_TO_KERNEL : otherwise;
}

/* Index of the UDP listener at @ip and the port in network order at @p; WORLD_NONE if there is
 * none. */
static uint16_t udp_listener(const struct view *v, const struct ip *ip, const void *p)
{
	struct endpoint at = { .ip = *ip, .port = be16(p) };
	uint16_t i = world_listener_at(v->world, &at);

	if (i != WORLD_NONE && !(v->world->listeners[i].transports & WORLD_UDP))
		return WORLD_NONE;
	return i;
}

/* Sources that nobody may have: no answer must ever go there (RFC 3261 18.2.2, RFC 1122 3.2.1.3).
 */
static inline bool bad_source(const struct look *l)
{
	const struct ip *ip = &l->k->src.ip;

	if (view_usual_source(l->v, ip))
		return false;
	return ip_is_unusable(ip) || ip_is_loopback(ip) || view_is_own(l->v, ip);
}

/* --- UDP --------------------------------------------------------------------------------- */

/*
 * Verifies the checksum of the @len bytes of UDP at @h. A sender on this host behind a veth leaves
 * the sum over the pseudo header in the field.
 */
static bool udp_checksum_ok(const struct look *l, const struct rte_udp_hdr *h, uint32_t len)
{
	uint64_t device = l->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	struct pkt *k = l->k;
	uint64_t pseudo;

	if (h->dgram_cksum == 0)
		return !(k->flags & PKT_V6); /* RFC 8200 8.1 */
	if (device == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		return false;
	if (device == RTE_MBUF_F_RX_L4_CKSUM_GOOD || device == RTE_MBUF_F_RX_L4_CKSUM_NONE)
		return true;
	pseudo = csum_wide_pseudo(&k->src.ip, &k->dst, IPPROTO_UDP, len);
	if (csum_fold(pseudo + csum_bytes(h, len)) == 0xffff)
		return true;
	if (!l->port->partial || h->dgram_cksum != csum_fold(pseudo))
		return false;
	k->flags |= PKT_PARTIAL;
	return true;
}

/* The UDP datagram in the @len bytes at offset @off, all of them there. */
static enum verdict look_udp(const struct look *l, uint32_t off, uint32_t len)
{
	const struct rte_udp_hdr *h = (const struct rte_udp_hdr *)(l->f + off);
	struct pkt *k = l->k;
	uint32_t udp_len;

	if (len < sizeof(*h))
		return not_ours(l, V_DROP_BAD_UDP);
	k->listener = udp_listener(l->v, &k->dst, &h->dst_port);
	if (k->listener == WORLD_NONE)
		return not_ours(l, V_DROP_NO_LISTENER);
	udp_len = be16(&h->dgram_len);
	if (udp_len < sizeof(*h) || udp_len > len)
		return V_DROP_BAD_UDP;
	k->src.port = be16(&h->src_port);
	if (k->src.port == 0 || bad_source(l))
		return V_DROP_BAD_SOURCE;
	if (!udp_checksum_ok(l, h, udp_len))
		return V_DROP_UDP_CHECKSUM;
	k->off = (uint16_t)(off + sizeof(*h));
	k->len = (uint16_t)(udp_len - sizeof(*h));
	return V_GO;
}

/* Notes a fragment of a datagram for us; it is looked into when the datagram is whole. */
static enum verdict look_fragment(const struct look *l, uint32_t off, uint32_t len,
				  uint32_t frag_off, bool more, uint32_t id, uint8_t proto)
{
	struct pkt *k = l->k;

	if (!view_is_own(l->v, &k->dst))
		return not_ours(l, V_DROP_NO_LISTENER);
	if (bad_source(l))
		return V_DROP_BAD_SOURCE;
	k->flags |= PKT_FRAG | (more ? PKT_MORE : 0);
	k->off = (uint16_t)off;
	k->len = (uint16_t)len;
	k->frag_off = (uint16_t)frag_off;
	k->frag_id = id;
	k->proto = proto;
	return V_GO;
}

/* --- ICMP -------------------------------------------------------------------------------- */

static enum verdict icmp_about_us(const struct look *l, uint32_t ip_off, uint32_t ip_len)
{
	struct pkt *k = l->k;

	k->flags |= PKT_ICMP;
	k->off = (uint16_t)ip_off;
	k->len = (uint16_t)ip_len;
	return V_GO;
}

/*
 * An ICMP message of @len bytes at @off in an IPv4 packet that starts at @ip_off: destination
 * unreachable and parameter problem (RFC 3261 18.4) about a UDP packet that a listener sent.
 */
static enum verdict look_icmp4(const struct look *l, uint32_t ip_off, uint32_t off, uint32_t len)
{
	const struct rte_icmp_hdr *h = (const struct rte_icmp_hdr *)(l->f + off);
	const struct rte_ipv4_hdr *in = (const struct rte_ipv4_hdr *)(h + 1);
	struct ip src;
	uint32_t ihl;

	if (len < sizeof(*h) + sizeof(*in) + 8 || (h->icmp_type != 3 && h->icmp_type != 12))
		return not_ours(l, V_DROP_NOT_UDP);
	ihl = (in->version_ihl & 0xfu) * 4;
	if (in->version_ihl >> 4 != 4 || ihl < sizeof(*in) || len < sizeof(*h) + ihl + 8 ||
	    in->next_proto_id != IPPROTO_UDP || (be16(&in->fragment_offset) & 0x1fff) != 0)
		return not_ours(l, V_DROP_NOT_UDP);
	src = ip_from_v4((const uint8_t *)&in->src_addr);
	if (udp_listener(l->v, &src, (const uint8_t *)in + ihl) == WORLD_NONE ||
	    csum_bytes(h, len) != 0xffff)
		return not_ours(l, V_DROP_NOT_UDP);
	return icmp_about_us(l, ip_off, off + len - ip_off);
}

/*
 * Walks the IPv6 extension headers from offset *@off on, up to @end; *@proto is the first header
 * and becomes the one that ends the walk: a fragment header, or what is no extension header. False
 * if they are malformed, too many, or a routing header wants the packet sent on.
 */
static bool walk_v6(const uint8_t *f, uint32_t end, uint32_t *off, uint8_t *proto)
{
	for (int n = 0; n < V6_HEADERS_MAX; n++) {
		uint32_t size;

		if (*proto != IPPROTO_HOPOPTS && *proto != IPPROTO_DSTOPTS &&
		    *proto != IPPROTO_ROUTING)
			return true;
		if (end - *off < 8)
			return false;
		size = (f[*off + 1] + 1u) * 8;
		if (size > end - *off || (*proto == IPPROTO_ROUTING && f[*off + 3] != 0))
			return false;
		*proto = f[*off];
		*off += size;
	}
	return false;
}

/* The same for ICMPv6: unreachable, too big, parameter problem (RFC 4443 3). */
static enum verdict look_icmp6(const struct look *l, uint32_t ip_off, uint32_t off, uint32_t len)
{
	const uint8_t *h = l->f + off;
	const struct rte_ipv6_hdr *in = (const struct rte_ipv6_hdr *)(h + 8);
	uint32_t at = off + 8 + sizeof(*in), end = off + len;
	uint8_t proto;
	struct ip src;
	uint16_t sum;

	if (len < 8 + sizeof(*in) + 8 || (h[0] != 1 && h[0] != 2 && h[0] != 4))
		return not_ours(l, V_DROP_NOT_UDP);
	proto = in->proto;
	if (!walk_v6(l->f, end, &at, &proto))
		return not_ours(l, V_DROP_NOT_UDP);
	/* A piece of what we sent: only the first one shows the ports. */
	if (proto == IPPROTO_FRAGMENT && end - at >= 8 && (be16(l->f + at + 2) & 0xfff8) == 0) {
		proto = l->f[at];
		at += 8;
	}
	src = ip_from_v6(in->src_addr);
	sum = csum_pseudo(&l->k->src.ip, &l->k->dst, IPPROTO_ICMPV6, len);
	if (proto != IPPROTO_UDP || end - at < 4 ||
	    udp_listener(l->v, &src, l->f + at) == WORLD_NONE ||
	    csum_add(sum, csum_bytes(h, len)) != 0xffff)
		return not_ours(l, V_DROP_NOT_UDP);
	return icmp_about_us(l, ip_off, end - ip_off);
}

/* --- IP ---------------------------------------------------------------------------------- */

/*
 * An IPv4 packet longer than what came. AF_PACKET cuts what does not fit its frame; Linux has the
 * whole and gives it to the control thread's socket.
 */
static enum verdict cut_v4(const struct look *l, const struct rte_ipv4_hdr *h, uint32_t ihl)
{
	const uint8_t *udp = (const uint8_t *)h + ihl;

	uint32_t limit = l->port->frame_limit;

	if (!l->port->shared || l->tagged || !limit || be16(&h->total_length) <= limit)
		return V_DROP_BAD_IP;
	return udp_listener(l->v, &l->k->dst, udp + 2) == WORLD_NONE ? V_TO_KERNEL
								     : V_FRAG_TO_KERNEL;
}

/* The IPv4 packet at offset @off of a frame of @len bytes, trailing padding included. */
static enum verdict look_v4(const struct look *l, uint32_t off, uint32_t len)
{
	const struct rte_ipv4_hdr *h = (const struct rte_ipv4_hdr *)(l->f + off);
	struct pkt *k = l->k;
	uint32_t ihl, total, frag;

	if (len - off < sizeof(*h) || h->version_ihl >> 4 != 4)
		return V_DROP_BAD_IP;
	ihl = (h->version_ihl & 0xfu) * 4;
	total = be16(&h->total_length);
	if (ihl < sizeof(*h) || total < ihl || len - off < ihl)
		return V_DROP_BAD_IP;
	if (h->next_proto_id != IPPROTO_UDP && h->next_proto_id != IPPROTO_ICMP)
		return not_ours(l, V_DROP_NOT_UDP);
	if ((l->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) != RTE_MBUF_F_RX_IP_CKSUM_GOOD &&
	    (ihl == sizeof(*h) ? csum_header(h, sizeof(*h)) : csum_bytes(h, ihl)) != 0xffff)
		return V_DROP_BAD_IP;
	set_v4(&k->src.ip, &h->src_addr);
	set_v4(&k->dst, &h->dst_addr);
	frag = be16(&h->fragment_offset);
	if (h->next_proto_id == IPPROTO_ICMP) {
		if (frag & 0x3fff || total > len - off)
			return not_ours(l, V_DROP_NOT_UDP);
		return look_icmp4(l, off, off + ihl, total - ihl);
	}
	if (total > len - off)
		return len - off >= ihl + 8 ? cut_v4(l, h, ihl) : V_DROP_BAD_IP;
	if (frag & 0x3fff)
		return look_fragment(l, off + ihl, total - ihl, (frag & 0x1fff) * 8,
				     frag & RTE_IPV4_HDR_MF_FLAG, be16(&h->packet_id), IPPROTO_UDP);
	return look_udp(l, off + ihl, total - ihl);
}

/* What is left of an IPv6 packet from its fragment header on. */
static enum verdict look_fragment_v6(const struct look *l, uint32_t off, uint32_t end)
{
	const uint8_t *h = l->f + off;
	uint8_t proto;
	uint16_t frag;

	if (end - off < 8)
		return V_DROP_BAD_IP;
	proto = h[0];
	frag = be16(h + 2);
	off += 8;
	if ((frag & 0xfff9) != 0) {
		if (proto != IPPROTO_UDP && proto != IPPROTO_DSTOPTS)
			return not_ours(l, V_DROP_NOT_UDP);
		return look_fragment(l, off, end - off, frag & 0xfff8, frag & 1, be32(h + 4),
				     proto);
	}
	/* A datagram in one "fragment" (RFC 6946). */
	if (!walk_v6(l->f, end, &off, &proto))
		return V_DROP_BAD_IP;
	return proto == IPPROTO_UDP ? look_udp(l, off, end - off) : not_ours(l, V_DROP_NOT_UDP);
}

static enum verdict look_v6(const struct look *l, uint32_t off, uint32_t len)
{
	const struct rte_ipv6_hdr *h = (const struct rte_ipv6_hdr *)(l->f + off);
	uint32_t at = off + sizeof(*h), end;
	struct pkt *k = l->k;
	uint8_t proto;

	if (len - off < sizeof(*h) || *(const uint8_t *)h >> 4 != 6)
		return V_DROP_BAD_IP;
	end = at + be16(&h->payload_len);
	k->flags |= PKT_V6;
	k->src.ip = ip_from_v6(h->src_addr);
	k->dst = ip_from_v6(h->dst_addr);
	proto = h->proto;
	if (end > len || ip_is_v4(&k->src.ip) || ip_is_v4(&k->dst) ||
	    !walk_v6(l->f, end, &at, &proto))
		return view_is_own(l->v, &k->dst) ? V_DROP_BAD_IP : not_ours(l, V_DROP_BAD_IP);
	if (proto == IPPROTO_UDP)
		return look_udp(l, at, end - at);
	if (proto == IPPROTO_FRAGMENT)
		return look_fragment_v6(l, at, end);
	if (proto == IPPROTO_ICMPV6)
		return look_icmp6(l, off, at, end - at);
	return not_ours(l, V_DROP_NOT_UDP);
}

/* --- Ethernet ---------------------------------------------------------------------------- */

static enum verdict look_ethernet(struct look *l, uint32_t len)
{
	uint32_t off = RTE_ETHER_HDR_LEN;
	uint16_t type;

	if (len < off)
		return V_DROP_ETHERNET;
	if (memcmp(l->f, l->port->mac, sizeof(l->port->mac)) != 0)
		return not_ours(l, V_DROP_ETHERNET);
	type = be16(l->f + off - RTE_ETHER_TYPE_LEN);
	for (int tags = 0; tags < 2; tags++) {
		if (type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ)
			break;
		if (len - off < sizeof(struct rte_vlan_hdr))
			return V_DROP_ETHERNET;
		type = be16(l->f + off + 2);
		off += sizeof(struct rte_vlan_hdr);
		l->tagged = true;
	}
	if (l->tagged)
		l->k->flags |= PKT_VLAN;
	if (type == RTE_ETHER_TYPE_IPV4)
		return look_v4(l, off, len);
	if (type == RTE_ETHER_TYPE_IPV6)
		return look_v6(l, off, len);
	return not_ours(l, V_DROP_NOT_IP);
}

void net_in_frame(const struct view *v, const struct port *port, const uint8_t *f, uint32_t len,
		  uint64_t ol_flags, struct pkt *k)
{
	struct look l = { .v = v, .port = port, .f = f, .ol_flags = ol_flags, .k = k };

	k->flags = 0;
	k->verdict = (uint8_t)look_ethernet(&l, len);
}

void net_in_whole(const struct view *v, const struct port *port, const uint8_t *d, uint32_t len,
		  uint8_t proto, struct pkt *k)
{
	struct look l = { .v = v, .port = port, .f = d, .k = k };
	uint32_t off = 0;

	k->flags = (k->flags & (PKT_V6 | PKT_VLAN)) | PKT_WHOLE;
	if (k->flags & PKT_V6 && !walk_v6(d, len, &off, &proto))
		k->verdict = V_DROP_BAD_IP;
	else if (proto != IPPROTO_UDP)
		k->verdict = (uint8_t)not_ours(&l, V_DROP_NOT_UDP);
	else
		k->verdict = (uint8_t)look_udp(&l, off, len - off);
}
