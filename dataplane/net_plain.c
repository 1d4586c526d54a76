/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first stage over a batch, and its short way for the usual frame. net_in.c is the whole truth;
 * nothing is refused here.
 */
#include "dataplane/checksum.h"
#include "dataplane/net_bytes.h"
#include "dataplane/net_in.h"
#include "dataplane/ports.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

/*
 * Lines of the cache asked for of a frame that comes some packets later: most of it, and those
 * before it, into which a message grows. A device has left the frame in memory, not in our caches.
 * More lines, or fewer frames at a time, were slower (bench/plane, "net_ring cold").
 */
#define FETCH_AHEAD 4
#define FETCH_LINES 12
#define FETCH_ROOM 2

#define PLAIN_HEADERS                                                \
	(RTE_ETHER_HDR_LEN + (uint32_t)sizeof(struct rte_ipv4_hdr) + \
	 (uint32_t)sizeof(struct rte_udp_hdr))

/* Lengths in host order, and whether Ethernet and IPv4 header are the usual ones for @port. */
static inline bool plain_headers(const struct port *port, const uint8_t *f, uint32_t len,
				 uint32_t *udp_len)
{
	const struct rte_ipv4_hdr *h = (const struct rte_ipv4_hdr *)(f + RTE_ETHER_HDR_LEN);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(h + 1);
	uint32_t total = be16(&h->total_length);

	*udp_len = be16(&udp->dgram_len);
	return memcmp(f, port->mac, 6) == 0 &&
	       be16(f + RTE_ETHER_HDR_LEN - RTE_ETHER_TYPE_LEN) == RTE_ETHER_TYPE_IPV4 &&
	       h->version_ihl == RTE_IPV4_VHL_DEF && h->next_proto_id == IPPROTO_UDP &&
	       !(h->fragment_offset & RTE_BE16(0x3fff)) && total <= len - RTE_ETHER_HDR_LEN &&
	       *udp_len >= sizeof(*udp) && sizeof(*h) + *udp_len <= total;
}

/* Both checksums, by the device or here; the addresses stand right before the UDP header. */
static inline bool plain_sums(const uint8_t *f, uint32_t udp_len, uint64_t ol_flags)
{
	const struct rte_ipv4_hdr *h = (const struct rte_ipv4_hdr *)(f + RTE_ETHER_HDR_LEN);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(h + 1);
	uint64_t known = ol_flags & (RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	uint64_t pseudo = (IPPROTO_UDP << 8) + __builtin_bswap16((uint16_t)udp_len);

	if (known == (RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD))
		return true;
	if (known & RTE_MBUF_F_RX_L4_CKSUM_MASK || csum_header(h, sizeof(*h)) != 0xffff)
		return false;
	return udp->dgram_cksum == 0 ||
	       csum_fold(pseudo + csum_bytes(&h->src_addr, 8 + udp_len)) == 0xffff;
}

bool net_in_plain(const struct view *v, const struct port *port, const uint8_t *f, uint32_t len,
		  uint64_t ol_flags, struct pkt *k)
{
	const struct rte_ipv4_hdr *h = (const struct rte_ipv4_hdr *)(f + RTE_ETHER_HDR_LEN);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(h + 1);
	uint64_t to;
	uint32_t udp_len;
	unsigned int slot;

	if (len < PLAIN_HEADERS || !plain_headers(port, f, len, &udp_len))
		return false;
	to = view_key(&h->dst_addr, &udp->dst_port);
	slot = view_slot(to);
	set_v4(&k->src.ip, &h->src_addr);
	k->src.port = be16(&udp->src_port);
	if (v->v4[slot].key != to || !k->src.port || !view_usual_source(v, &k->src.ip) ||
	    !plain_sums(f, udp_len, ol_flags))
		return false;
	set_v4(&k->dst, &h->dst_addr);
	k->listener = v->v4[slot].listener;
	k->off = PLAIN_HEADERS;
	k->len = (uint16_t)(udp_len - sizeof(*udp));
	k->flags = 0;
	k->verdict = V_GO;
	return true;
}

/* --- the batch ----------------------------------------------------------------------------- */

static inline void fetch(const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	for (int i = -FETCH_ROOM; i < FETCH_LINES; i++)
		__builtin_prefetch(p + i * RTE_CACHE_LINE_SIZE, 1, 3);
}

void net_in(const struct view *v, const struct port *port, uint16_t port_index, struct batch *b)
{
	for (uint16_t i = 0; i < b->n && i < FETCH_AHEAD; i++)
		fetch(b->m[i]);
	for (uint16_t i = 0; i < b->n; i++) {
		const struct rte_mbuf *m = b->m[i];
		const uint8_t *f = rte_pktmbuf_mtod(m, const uint8_t *);
		struct pkt *k = &b->pkt[i];

		if (i + FETCH_AHEAD < b->n)
			fetch(b->m[i + FETCH_AHEAD]);
		k->port = port_index;
		k->n_frames = 0;
		k->reason = SIP_OK;
		if (m->nb_segs != 1 || rte_mbuf_refcnt_read(m) != 1 || !RTE_MBUF_DIRECT(m)) {
			k->flags = PKT_CHAIN;
			k->verdict = V_GO;
		} else if (!net_in_plain(v, port, f, m->data_len, m->ol_flags, k)) {
			net_in_frame(v, port, f, m->data_len, m->ol_flags, k);
		}
	}
}
