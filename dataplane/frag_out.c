/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/frag_out.h"

#include "dataplane/worker.h"

#include <string.h>

#define FRAMES_MAX 128 /* 65,515 bytes in pieces of 528, for the least MTU */
#define MORE_V4 0x2000
#define MORE_V6 1

/* The IPv6 fragment header, RFC 8200 4.5. */
struct frag_hdr {
	uint8_t next;
	uint8_t reserved;
	rte_be16_t off; /* offset in the upper 13 bits, in units of 8; lowest bit: more */
	rte_be32_t id;
} __rte_packed;

/* One piece of the UDP datagram. */
struct piece {
	uint32_t off; /* in the datagram, UDP header included */
	uint32_t len;
	bool more;
};

/* Headers of one fragment; returns where its data goes. */
static uint8_t *headers(uint8_t *f, const struct path *path, const uint8_t *mac, uint32_t id,
			const struct piece *piece)
{
	struct frag_hdr *h;

	if (!path->v6)
		return net_out_v4(f, path, mac, piece->len, (uint16_t)id,
				  (uint16_t)(piece->off / 8 | (piece->more ? MORE_V4 : 0)));
	h = (struct frag_hdr *)net_out_v6(f, path, mac, (uint32_t)sizeof(*h) + piece->len,
					  IPPROTO_FRAGMENT);
	h->next = IPPROTO_UDP;
	h->reserved = 0;
	h->off = rte_cpu_to_be_16((uint16_t)(piece->off | (piece->more ? MORE_V6 : 0)));
	h->id = rte_cpu_to_be_32(id);
	return (uint8_t *)(h + 1);
}

/* Fills @m with one fragment. */
static void fill(struct rte_mbuf *m, const struct path *path, const uint8_t *mac, uint32_t id,
		 const struct piece *piece, const struct outgoing *o)
{
	uint32_t udp = piece->off == 0 ? sizeof(struct rte_udp_hdr) : 0;
	uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t *data = headers(f, path, mac, id, piece);

	if (udp)
		net_out_udp(data, path, o);
	memcpy(data + udp, o->p + piece->off + udp - sizeof(struct rte_udp_hdr), piece->len - udp);
	m->data_len = (uint16_t)(data + piece->len - f);
	m->pkt_len = m->data_len;
}

bool frag_out(struct worker *w, uint16_t i, const struct path *path, const struct outgoing *o)
{
	const struct port *port = &w->sh->ports[path->port];
	uint32_t ip = path->v6 ? sizeof(struct rte_ipv6_hdr) + sizeof(struct frag_hdr)
			       : sizeof(struct rte_ipv4_hdr);
	uint32_t total = (uint32_t)sizeof(struct rte_udp_hdr) + o->len;
	uint32_t step = (path->mtu - ip) & ~7u;
	uint32_t n = (total + step - 1) / step;
	uint32_t id = worker_ip_id(w);
	struct rte_mbuf *m[FRAMES_MAX];

	if (n > FRAMES_MAX || rte_pktmbuf_alloc_bulk(port->pool, m, n) != 0)
		return false;
	for (uint32_t j = 0; j < n; j++) {
		struct piece piece = { .off = j * step, .len = step, .more = j + 1 < n };

		if (!piece.more)
			piece.len = total - piece.off;
		fill(m[j], path, port->mac, id, &piece, o);
		tx_frame(w, path->port, m[j], i);
	}
	stat_add(&w->stats->c[C_TX_FRAGMENTED], 1);
	return true;
}
