/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The usual case writes new headers right before the message, in the mbuf it came in; the family
 * may be another than the one it came by. All else (answers, messages that outgrew their mbuf,
 * datagrams put together) is copied into an mbuf of the port it leaves by.
 */
#include "dataplane/net_out.h"

#include "dataplane/checksum.h"
#include "dataplane/frag_out.h"
#include "dataplane/worker.h"

#include <string.h>

#define TTL 64
#define UDP (uint64_t) IPPROTO_UDP
#define UDP_ALWAYS 65000 /* bytes that fit a UDP datagram of either family */
#define HEADERS_V4 \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr))
/* Less than any link has: a forged "fragmentation needed" must not make a thousand frames of a
 * message. Linux has the same bound (RFC 1191 is of 1990); RFC 8200 5 for IPv6. */
#define MTU_MIN_V4 552
#define MTU_MIN_V6 1280

static void refuse(struct pkt *k, enum sip_reason reason)
{
	k->verdict = V_REASON;
	k->reason = (uint16_t)reason;
}

/* --- headers ----------------------------------------------------------------------------- */

static uint8_t *ethernet(uint8_t *f, const struct path *path, const uint8_t src_mac[6],
			 uint16_t type)
{
	/* By bytes: a frame may start at an odd address, and struct rte_ether_hdr may not. */
	memcpy(f, path->dst_mac, RTE_ETHER_ADDR_LEN);
	memcpy(f + RTE_ETHER_ADDR_LEN, src_mac, RTE_ETHER_ADDR_LEN);
	type = rte_cpu_to_be_16(type);
	memcpy(f + 2 * RTE_ETHER_ADDR_LEN, &type, sizeof(type));
	return f + RTE_ETHER_HDR_LEN;
}

/*
 * The sum is taken from the values, not from the header: bytes that were just written in pieces
 * cannot be read back at once.
 */
uint8_t *net_out_v4(uint8_t *f, const struct path *path, const uint8_t src_mac[6], uint32_t payload,
		    uint16_t id, uint16_t frag)
{
	struct rte_ipv4_hdr *h;
	const uint8_t *src = ip_v4_bytes(&path->src->ip), *dst = ip_v4_bytes(&path->dst->ip);
	uint16_t len = rte_cpu_to_be_16((uint16_t)(sizeof(*h) + payload));
	uint64_t sum = RTE_IPV4_VHL_DEF + (TTL | IPPROTO_UDP << 8);

	id = rte_cpu_to_be_16(id);
	frag = rte_cpu_to_be_16(frag);
	sum += (uint64_t)len + id + frag + csum_wide(src, 4) + csum_wide(dst, 4);
	h = (struct rte_ipv4_hdr *)ethernet(f, path, src_mac, RTE_ETHER_TYPE_IPV4);
	h->version_ihl = RTE_IPV4_VHL_DEF;
	h->type_of_service = 0;
	h->total_length = len;
	h->packet_id = id;
	h->fragment_offset = frag;
	h->time_to_live = TTL;
	h->next_proto_id = IPPROTO_UDP;
	h->hdr_checksum = (uint16_t)~csum_fold(sum);
	memcpy(&h->src_addr, src, 4);
	memcpy(&h->dst_addr, dst, 4);
	return (uint8_t *)(h + 1);
}

uint8_t *net_out_v6(uint8_t *f, const struct path *path, const uint8_t src_mac[6], uint32_t payload,
		    uint8_t next)
{
	struct rte_ipv6_hdr *h;

	h = (struct rte_ipv6_hdr *)ethernet(f, path, src_mac, RTE_ETHER_TYPE_IPV6);
	h->vtc_flow = rte_cpu_to_be_32(6u << 28);
	h->payload_len = rte_cpu_to_be_16((uint16_t)payload);
	h->proto = next;
	h->hop_limits = TTL;
	memcpy(h->src_addr, path->src->ip.b, 16);
	memcpy(h->dst_addr, path->dst->ip.b, 16);
	return (uint8_t *)(h + 1);
}

/* Header with field 0; returns the sum over the pseudo header, not folded. */
static uint64_t udp_plain(struct rte_udp_hdr *h, const struct path *path, uint32_t len)
{
	uint32_t udp_len = (uint32_t)sizeof(*h) + len;

	h->src_port = rte_cpu_to_be_16(path->src->port);
	h->dst_port = rte_cpu_to_be_16(path->dst->port);
	h->dgram_len = rte_cpu_to_be_16((uint16_t)udp_len);
	h->dgram_cksum = 0;
	return csum_wide_pseudo(&path->src->ip, &path->dst->ip, IPPROTO_UDP, udp_len);
}

void net_out_udp(uint8_t *at, const struct path *path, const struct outgoing *o)
{
	struct rte_udp_hdr *h = (struct rte_udp_hdr *)at;
	uint64_t sum = udp_plain(h, path, o->len);

	sum += csum_wide(h, sizeof(*h)) + csum_bytes(o->p, o->len);
	h->dgram_cksum = csum_udp_field(csum_fold(sum));
}

void net_out_sum(struct rte_mbuf *m)
{
	uint32_t ip = m->ol_flags & RTE_MBUF_F_TX_IPV6 ? sizeof(struct rte_ipv6_hdr)
						       : sizeof(struct rte_ipv4_hdr);
	uint32_t off = (uint32_t)sizeof(struct rte_ether_hdr) + ip;
	struct rte_udp_hdr *h = rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, off);

	h->dgram_cksum = csum_udp_field(csum_bytes(h, m->data_len - off));
	m->ol_flags = 0;
}

/* --- the way ----------------------------------------------------------------------------- */

/* A way out other than by a device of ours: Linux, if it has a part in this at all. */
static void through_linux(struct worker *w, struct pkt *k, const struct path *path,
			  const struct outgoing *o)
{
	struct punt p = {
		.kind = PUNT_SEND,
		.iface = k->port,
		.listener = w->out.listener,
		.generation = w->view.world->generation,
		.src = *path->src,
		.dst = *path->dst,
		.data = o->p,
		.len = o->len,
	};

	k->verdict = punt_put(&w->punt, &p) ? V_PUNTED : V_DROP_PUNT_FULL;
}

static uint32_t path_mtu(const struct port *port, const struct fib_hop *hop, bool v6)
{
	uint32_t mtu = hop->mtu && hop->mtu < port->mtu ? hop->mtu : port->mtu;
	uint32_t least = v6 ? MTU_MIN_V6 : MTU_MIN_V4;

	return mtu > least ? mtu : least;
}

/* Finds the way of w->out. True if it is a frame from a port of ours; else the verdict is set. */
static bool find_path(struct worker *w, struct pkt *k, const struct outgoing *o, struct path *path)
{
	struct proxy_out *out = &w->out;
	struct fib_hop *hop = &out->hop;
	const struct port *port;

	path->src = &w->view.world->listeners[out->listener].addr;
	path->dst = &out->dst;
	path->v6 = !ip_is_v4(&out->dst.ip);
	if (path->v6 == ip_is_v4(&path->src->ip)) {
		refuse(k, SIP_R_UNUSABLE_TARGET);
		return false;
	}
	if (o->len > UDP_ALWAYS && !proxy_fits_udp(&out->dst.ip, o->len)) {
		refuse(k, SIP_R_TOO_LARGE);
		return false;
	}
	if (!out->has_hop && !fib_lookup(w->view.fib, &out->dst.ip, hop))
		hop->kind = FIB_REJECT;
	if (hop->kind == FIB_UNICAST && hop->iface < w->sh->n_ports) {
		port = &w->sh->ports[hop->iface];
		path->port = hop->iface;
		path->mtu = path_mtu(port, hop, path->v6);
		path->dst_mac = hop->mac;
		if (hop->has_mac)
			return true;
		if (port_has_linux(port))
			through_linux(w, k, path, o);
		else
			k->verdict = V_DROP_NO_NEIGHBOR;
	} else if (hop->kind != FIB_REJECT && w->sh->any_linux) {
		through_linux(w, k, path, o);
	} else {
		refuse(k, SIP_R_NO_NETWORK_ROUTE);
	}
	return false;
}

/* --- one frame --------------------------------------------------------------------------- */

/* An mbuf of the port with the message in it, where the headers leave it. */
static struct rte_mbuf *copy_out(struct worker *w, const struct path *path, struct outgoing *o)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->sh->ports[path->port].pool);
	uint8_t *to;

	if (!m)
		return NULL;
	if (rte_pktmbuf_tailroom(m) < NET_OUT_HEADERS_MAX + o->len) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	to = rte_pktmbuf_mtod_offset(m, uint8_t *, NET_OUT_HEADERS_MAX);
	memcpy(to, o->p, o->len);
	o->p = to;
	return m;
}

/* The first 48 bits of what is at @p. */
static inline uint64_t load48(const uint8_t *p)
{
	uint32_t low;
	uint16_t high;

	memcpy(&low, p, 4);
	memcpy(&high, p + 4, 2);
	return low | (uint64_t)high << 32;
}

static inline void store64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, 8);
}

/* The headers of a whole IPv4 datagram, as net_out_v4() and udp_plain() write them, eight bytes at
 * a time; the UDP checksum field has the sum over the pseudo header. */
static inline void plain_headers(uint8_t *f, const struct path *path, const uint8_t *src_mac,
				 uint32_t len, uint16_t id)
{
	uint64_t from = load48(src_mac), be_id = __builtin_bswap16(id), rest = TTL | UDP << 8;
	uint64_t sport = __builtin_bswap16(path->src->port);
	uint64_t dport = __builtin_bswap16(path->dst->port);
	uint64_t src = csum_wide(ip_v4_bytes(&path->src->ip), 4);
	uint64_t dst = csum_wide(ip_v4_bytes(&path->dst->ip), 4);
	uint64_t udp_len = __builtin_bswap16((uint16_t)(sizeof(struct rte_udp_hdr) + len));
	uint64_t total = __builtin_bswap16((uint16_t)(HEADERS_V4 - RTE_ETHER_HDR_LEN + len));
	uint16_t pseudo = csum_fold(src + dst + (UDP << 8) + udp_len);
	uint16_t check = (uint16_t)~csum_fold(src + dst + RTE_IPV4_VHL_DEF + total + be_id + rest);

	store64(f, load48(path->dst_mac) | from << 48);
	store64(f + 8, from >> 16 | (uint64_t)RTE_BE16(RTE_ETHER_TYPE_IPV4) << 32 |
			       (uint64_t)RTE_IPV4_VHL_DEF << 48);
	store64(f + 16, total | be_id << 16 | rest << 48);
	store64(f + 24, check | src << 16 | dst << 48);
	store64(f + 32, dst >> 16 | sport << 16 | dport << 32 | udp_len << 48);
	memcpy(f + 40, &pseudo, 2);
}

/*
 * Writes all headers before the message in @m and makes @m that frame. The UDP checksum is left to
 * the device; for one that makes none tx.c sums up right before it sends, when the bytes written
 * here can be read without waiting for them.
 */
static void frame(struct worker *w, const struct path *path, const struct outgoing *o,
		  struct rte_mbuf *m)
{
	const struct port *port = &w->sh->ports[path->port];
	uint32_t headers = path->v6 ? NET_OUT_HEADERS_MAX : HEADERS_V4;
	uint8_t *f = o->p - headers;

	if (path->v6) {
		struct rte_udp_hdr *udp = (struct rte_udp_hdr *)net_out_v6(
			f, path, port->mac, (uint32_t)sizeof(*udp) + o->len, IPPROTO_UDP);

		udp->dgram_cksum = csum_fold(udp_plain(udp, path, o->len));
	} else {
		plain_headers(f, path, port->mac, o->len, (uint16_t)worker_ip_id(w));
	}
	m->data_off = (uint16_t)(f - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)(headers + o->len);
	m->pkt_len = headers + o->len;
	m->tx_offload = rte_mbuf_tx_offload(
		sizeof(struct rte_ether_hdr),
		headers - sizeof(struct rte_ether_hdr) - sizeof(struct rte_udp_hdr), 0, 0, 0, 0, 0);
	m->ol_flags =
		RTE_MBUF_F_TX_UDP_CKSUM | (path->v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
}

/* Whether something was made of the message; the verdict says why not. */
static bool send_message(struct worker *w, uint16_t i, const struct path *path, struct outgoing *o)
{
	struct batch *b = &w->batch;
	struct rte_mbuf *m = o->m;

	uint32_t headers = path->v6 ? NET_OUT_HEADERS_MAX : HEADERS_V4;

	if (headers - sizeof(struct rte_ether_hdr) + o->len > path->mtu)
		return frag_out(w, i, path, o);
	if (m)
		b->m[i] = NULL;
	else
		m = copy_out(w, path, o);
	if (!m)
		return false;
	frame(w, path, o, m);
	tx_frame(w, path->port, m, i);
	return true;
}

void net_out(struct worker *w, uint16_t i, struct outgoing *o)
{
	struct pkt *k = &w->batch.pkt[i];
	struct path path;

	if (!find_path(w, k, o, &path))
		return;
	k->verdict = k->flags & PKT_ANSWER ? V_ANSWERED : V_FORWARDED;
	if (!send_message(w, i, &path, o))
		k->verdict = V_DROP_NO_MBUF;
}
