/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From messages to frames. The peer writes each message into a packet buffer with room for headers
 * before it; here it is only queued. Headers and checksums follow when the burst is sent, when all
 * stores to the messages have long retired. The room is such that the frame of the usual address
 * family starts where a cache line does: drivers that copy frames copy those faster.
 *
 * What a device does not take at once is counted and kept, TX_ROOM frames at most: as a network
 * card would. What finds no room there is dropped, and missed by the peer in time.
 */
#include "bench/load/engine/core.h"

#include <rte_ethdev.h>

#include <string.h>

#define FRAMES_MAX 128 /* 65,515 bytes in pieces of 528 */
#define MTU_MIN 576
#define MORE_V4 0x2000
#define MORE_V6 1

/* The IPv6 fragment header, RFC 8200 4.5. */
struct frag_hdr {
	uint8_t next, reserved;
	rte_be16_t off;
	rte_be32_t id;
} __rte_packed;

/* --- room -------------------------------------------------------------------------------- */

/* Gives place @i of c->out an empty buffer. */
static inline bool renew(struct core *c, unsigned int i)
{
	struct rte_mbuf *m;

	c->of[i] = NULL;
	if (unlikely(c->n_blank == 0)) {
		if (rte_pktmbuf_alloc_bulk(c->sh->pool, c->blank, BLANK_ROOM) != 0)
			return false;
		c->n_blank = BLANK_ROOM;
	}
	m = c->blank[--c->n_blank];
	c->of[i] = m;
	c->out[i].p = (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM + c->sh->lead;
	c->out[i].room = m->buf_len - RTE_PKTMBUF_HEADROOM - c->sh->lead;
	return true;
}

/* After a shortage of buffers. */
static __attribute__((noinline)) bool make_ready(struct core *c)
{
	c->n_out = 0;
	for (unsigned int i = 0; i < PEER_OUT; i++)
		c->n_out += c->of[i] || renew(c, i);
	return c->n_out == PEER_OUT;
}

bool give_ready(struct core *c)
{
	return likely(c->n_out == PEER_OUT) || make_ready(c);
}

void give_fini(struct core *c)
{
	for (uint16_t p = 0; c->tx && p < c->sh->devices.n; p++)
		rte_pktmbuf_free_bulk(c->tx[p].m, c->tx[p].n);
	for (unsigned int i = 0; i < PEER_OUT; i++)
		rte_pktmbuf_free(c->of[i]);
	rte_pktmbuf_free_bulk(c->blank, c->n_blank);
	c->n_blank = 0;
}

/* --- the way ----------------------------------------------------------------------------- */

/* Place of @at in the list of its side; 0 if it is not in it. */
static unsigned int place_of(const struct load_side *s, const struct endpoint *at)
{
	for (unsigned int i = 0; i < s->n_local; i++) {
		if (endpoint_equal(&s->local[i], at))
			return i;
	}
	return 0;
}

/* Headers of all that have none. */
static void put_headers(struct core *c, struct tx_queue *t)
{
	for (unsigned int i = t->framed; i < t->n; i++) {
		const struct header *h = t->h[i];
		struct rte_mbuf *m = t->m[i];

		if (!h)
			continue; /* a fragment */
		c->ip_id += c->sh->n_cores;
		header_put(h, rte_pktmbuf_mtod(m, uint8_t *), m->data_len, (uint16_t)c->ip_id);
		m->data_off = (uint16_t)(m->data_off - h->len);
		m->data_len = (uint16_t)(m->data_len + h->len);
		m->pkt_len = m->data_len;
	}
	t->framed = t->n;
}

/* Makes the header of @o in its slot, which nothing queued may want as it is any more. False if the
 * next hop is not known. */
static bool find_way(struct core *c, const struct peer_out *o, struct header *h)
{
	const struct load_plan *plan = c->sh->plan;
	const struct load_side *s = o->side == PEER_CALLER ? &plan->caller : &plan->server;
	const struct devices *v = &c->sh->devices;
	struct path path = { .src = &o->from, .dst = &o->to, .v6 = !ip_is_v4(&o->to.ip) };

	if (!c->hop_known[o->side] || s->n_devices == 0)
		return false;
	path.port = v->of[o->side][place_of(s, &o->from) % s->n_devices];
	path.mtu = v->d[path.port].port.mtu > MTU_MIN ? v->d[path.port].port.mtu : MTU_MIN;
	path.dst_mac = c->hop[o->side];
	for (uint16_t i = 0; i < v->n; i++)
		put_headers(c, &c->tx[i]);
	header_build(h, &path, v->d[path.port].port.mac);
	return true;
}

static inline void queue(struct core *c, struct tx_queue *t, struct rte_mbuf *m,
			 const struct header *h)
{
	if (unlikely(t->n == TX_ROOM)) {
		rte_pktmbuf_free(m);
		c->counts->c[L_TX_FULL]++;
		return;
	}
	t->m[t->n] = m;
	t->h[t->n++] = h;
}

/* --- fragments --------------------------------------------------------------------------- */

/* Headers of the piece of @len bytes at @off of a datagram; returns where its data goes. */
static uint8_t *piece_headers(uint8_t *f, const struct header *h, uint32_t id, uint32_t off,
			      uint32_t len, bool more)
{
	struct frag_hdr *frag;

	if (!h->v6)
		return net_out_v4(f, &h->path, h->src_mac, len, (uint16_t)id,
				  (uint16_t)(off / 8 | (more ? MORE_V4 : 0)));
	frag = (struct frag_hdr *)net_out_v6(f, &h->path, h->src_mac, (uint32_t)sizeof(*frag) + len,
					     IPPROTO_FRAGMENT);
	*frag = (struct frag_hdr){
		.next = IPPROTO_UDP,
		.off = rte_cpu_to_be_16((uint16_t)(off | (more ? MORE_V6 : 0))),
		.id = rte_cpu_to_be_32(id),
	};
	return (uint8_t *)(frag + 1);
}

/* Writes the piece of @len bytes at @off of the datagram with message @o to @m. */
static void fill_piece(struct rte_mbuf *m, const struct header *h, uint32_t id,
		       const struct outgoing *o, uint32_t off, uint32_t len, bool more)
{
	uint32_t udp = off == 0 ? sizeof(struct rte_udp_hdr) : 0;
	uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t *data = piece_headers(f, h, id, off, len, more);

	if (udp)
		net_out_udp(data, &h->path, o);
	memcpy(data + udp, o->p + off + udp - sizeof(struct rte_udp_hdr), len - udp);
	m->data_len = (uint16_t)(data + len - f);
	m->pkt_len = m->data_len;
}

/* Sends the @len bytes at @p in pieces, all of them or none. */
static void give_pieces(struct core *c, struct tx_queue *t, const struct header *h, uint8_t *p,
			uint32_t len)
{
	struct outgoing o = { .p = p, .len = len };
	uint32_t ip = h->v6 ? sizeof(struct rte_ipv6_hdr) + sizeof(struct frag_hdr)
			    : sizeof(struct rte_ipv4_hdr);
	uint32_t total = (uint32_t)sizeof(struct rte_udp_hdr) + len;
	uint32_t step = (h->path.mtu - ip) & ~7u;
	uint32_t n = (total + step - 1) / step;
	uint32_t id = c->ip_id += c->sh->n_cores;
	struct rte_mbuf *m[FRAMES_MAX];

	if (n > FRAMES_MAX || n > TX_ROOM - t->n ||
	    rte_pktmbuf_alloc_bulk(c->sh->pool, m, n) != 0) {
		c->counts->c[L_TX_FULL]++;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t off = i * step;

		fill_piece(m[i], h, id, &o, off, i + 1 < n ? step : total - off, i + 1 < n);
		queue(c, t, m[i], NULL);
	}
}

/* --- messages ---------------------------------------------------------------------------- */

/* Message @i of c->out does not go out in a buffer of its own. */
static void give_other(struct core *c, unsigned int i, const struct header *h)
{
	const struct peer_out *o = &c->out[i];
	struct tx_queue *t = &c->tx[h->port];
	struct rte_mbuf *m;

	if (o->len > h->longest) {
		give_pieces(c, t, h, o->p, o->len);
		return;
	}
	m = rte_pktmbuf_alloc(c->sh->pool);
	if (!m || o->len > (uint32_t)rte_pktmbuf_tailroom(m) - h->len) {
		rte_pktmbuf_free(m);
		c->counts->c[L_TX_FULL]++;
		return;
	}
	m->data_off += h->len;
	m->data_len = (uint16_t)o->len;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), o->p, o->len);
	queue(c, t, m, h);
}

void give(struct core *c, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct peer_out *o = &c->out[i];
		struct header *h = header_slot(c->headers, &o->from, &o->to);

		c->given++;
		if (unlikely(!header_is(h, &o->from, &o->to)) && !find_way(c, o, h)) {
			c->counts->c[L_TX_FULL]++;
			continue;
		}
		if (unlikely(c->sh->big || o->len > h->longest)) {
			give_other(c, i, h);
			continue;
		}
		c->of[i]->data_off = (uint16_t)(RTE_PKTMBUF_HEADROOM + c->sh->lead);
		c->of[i]->data_len = (uint16_t)o->len;
		queue(c, &c->tx[h->port], c->of[i], h);
		c->n_out -= !renew(c, i);
	}
}

/* --- sending ----------------------------------------------------------------------------- */

static unsigned int offer(struct core *c, struct tx_queue *t)
{
	uint16_t sent;

	put_headers(c, t);
	sent = rte_eth_tx_burst(t->dev, t->queue, t->m, t->n);
	if (likely(sent == t->n)) {
		t->n = t->framed = t->refused = 0;
		return sent;
	}
	/* What was refused before does not count again. */
	c->counts->c[L_TX_FULL] += t->n - (sent > t->refused ? sent : t->refused);
	t->n -= sent;
	memmove(t->m, t->m + sent, t->n * sizeof(t->m[0]));
	t->framed = t->refused = t->n;
	return sent;
}

unsigned int give_flush(struct core *c)
{
	unsigned int n = 0;

	for (uint16_t p = 0; p < c->sh->devices.n; p++) {
		if (c->tx[p].n)
			n += offer(c, &c->tx[p]);
	}
	return n;
}
