/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From frames to messages. What is in one buffer goes through net_in_frame() and straight to the
 * peer; chains and fragments are put together in the core's scratch first.
 *
 * Messages of other cores cross a ring with what is known of them written before the frame, where
 * the headroom is. A datagram that was put together here but belongs to another core crosses as a
 * chain of buffers.
 */
#include "bench/load/engine/core.h"
#include "dataplane/gather.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#define PEER_AHEAD 4 /* messages */
#define PREFETCH_LINES 12

static_assert(sizeof(struct peer_in) <= RTE_PKTMBUF_HEADROOM, "notes fit the headroom");

/* Messages of a burst, ready for the peer. */
struct batch_in {
	unsigned int n;
	struct peer_in in[CORE_BURST];
};

/* --- to the peer ------------------------------------------------------------------------- */

static void to_peer(struct core *c, const struct peer_in *in)
{
	c->taken++;
	if (likely(give_ready(c)))
		give(c, peer_receive(c->peer, in, c->now, c->out));
	else
		c->counts->c[L_TX_FULL]++;
}

static void finish(struct core *c, const struct batch_in *b)
{
	for (unsigned int i = 0; i < b->n && i < PEER_AHEAD; i++)
		peer_prefetch(c->peer, &b->in[i]);
	for (unsigned int i = 0; i < b->n; i++) {
		if (i + PEER_AHEAD < b->n)
			peer_prefetch(c->peer, &b->in[i + PEER_AHEAD]);
		to_peer(c, &b->in[i]);
	}
}

/* Fills @in from what net_in found about the bytes at @f. */
static void describe(const struct core *c, const struct pkt *k, const uint8_t *f,
		     struct peer_in *in)
{
	const struct local *l = &c->sh->local;

	in->p = f + k->off;
	in->len = k->len;
	in->from = k->src;
	in->to = l->at[k->listener];
	in->side = l->side[k->listener];
}

/* Remembers who sends to this side, if nobody said who is the next hop. */
static void learn_hop(struct core *c, enum peer_side side, const uint8_t *frame)
{
	memcpy(c->hop[side], frame + 6, 6);
	c->hop_known[side] = true;
}

/* --- other cores ------------------------------------------------------------------------- */

static unsigned int owner(const struct core *c, const struct peer_in *in)
{
	return c->sh->n_cores > 1 ? peer_owner(c->sh->templates, in) : 0;
}

/* Passes the message in @m on. Takes the mbuf. */
static void pass(struct core *c, unsigned int to, struct rte_mbuf *m, const struct peer_in *in)
{
	memcpy(m->buf_addr, in, sizeof(*in));
	if (rte_ring_enqueue(c->sh->inbox[to], m) == 0)
		return;
	c->counts->c[L_FRAMES_OTHER]++;
	rte_pktmbuf_free(m);
}

/* Passes a message that lies in the scratch on, in as many buffers as it takes. */
static void pass_copy(struct core *c, unsigned int to, const struct peer_in *in)
{
	struct peer_in note = *in;
	struct rte_mbuf *head = NULL, *last = NULL;

	for (uint32_t done = 0; done < in->len;) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(c->sh->pool);
		uint32_t n = in->len - done, room = m ? rte_pktmbuf_tailroom(m) : 0;

		if (!m) {
			rte_pktmbuf_free(head);
			return;
		}
		n = n < room ? n : room;
		memcpy(rte_pktmbuf_mtod(m, uint8_t *), in->p + done, n);
		m->data_len = (uint16_t)n;
		done += n;
		if (last)
			last->next = m;
		else
			head = m;
		last = m;
		head->nb_segs += m != head;
		head->pkt_len += n;
	}
	note.p = NULL; /* in the chain */
	if (head)
		pass(c, to, head, &note);
}

/* A message in @m (or, if NULL, in the scratch): to its peer, here or elsewhere. */
static void deliver(struct core *c, struct rte_mbuf *m, const struct peer_in *in,
		    struct batch_in *b, struct rte_mbuf **mine)
{
	unsigned int to = owner(c, in);

	if (likely(to == c->id || to >= c->sh->n_cores)) {
		if (m)
			b->in[b->n++] = *in;
		else
			to_peer(c, in);
	} else if (m) {
		*mine = NULL;
		pass(c, to, m, in);
	} else {
		pass_copy(c, to, in);
	}
}

unsigned int take_inbox(struct core *c)
{
	struct rte_mbuf *m[CORE_BURST];
	struct batch_in b;
	unsigned int n;

	n = rte_ring_dequeue_burst(c->sh->inbox[c->id], (void **)m, CORE_BURST, NULL);
	if (n == 0)
		return 0;
	b.n = 0;
	c->now = c->last_taken = rte_rdtsc();
	for (unsigned int i = 0; i < n; i++) {
		struct peer_in *in = &b.in[b.n];

		memcpy(in, m[i]->buf_addr, sizeof(*in));
		if (in->p) {
			b.n++;
			continue;
		}
		in->p = rte_pktmbuf_read(m[i], 0, in->len, c->scratch);
		to_peer(c, in);
	}
	finish(c, &b);
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

/* --- frames ------------------------------------------------------------------------------ */

/* Takes fragment @k of the frame at @f. True if it made a datagram whole: @k and the scratch have
 * it. */
static bool take_fragment(struct core *c, const struct port *port, const uint8_t *f, struct pkt *k)
{
	struct frag_fate fate = { 0 };
	struct frag_whole whole;
	struct fragment piece = fragment_of(k, f);

	if (frag_in(c->frags, c->now, &piece, c->scratch, &whole, &fate) != FRAG_WHOLE)
		return false;
	net_in_whole(&c->view, port, c->scratch, whole.len, whole.proto, k);
	return k->verdict == V_GO;
}

/* A frame that is not one buffer with a whole message: the rare cases. True if @k and *@f have one
 * now. */
static bool put_together(struct core *c, const struct port *port, const struct rte_mbuf *m,
			 struct pkt *k, const uint8_t **f)
{
	if (m->nb_segs > 1) {
		if (m->pkt_len > SCRATCH_BYTES - SIP_PAD)
			return false;
		*f = rte_pktmbuf_read(m, 0, m->pkt_len, c->scratch);
		net_in_frame(&c->view, port, *f, m->pkt_len, m->ol_flags, k);
	}
	if (k->verdict != V_GO || k->flags & PKT_ICMP)
		return false;
	if (!(k->flags & PKT_FRAG))
		return true;
	if (!take_fragment(c, port, *f, k))
		return false;
	*f = c->scratch;
	return true;
}

static void take_frame(struct core *c, const struct rx_side *rx, struct rte_mbuf **mine,
		       struct batch_in *b)
{
	const struct port *port = &c->sh->devices.d[rx->port].port;
	struct rte_mbuf *m = *mine;
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *), *f = frame;
	struct peer_in in;
	struct pkt k;

	k.port = rx->port;
	k.flags = 0;
	k.verdict = V_GO;
	if (likely(m->nb_segs == 1))
		net_in_frame(&c->view, port, f, m->data_len, m->ol_flags, &k);
	if (unlikely(m->nb_segs > 1 || k.verdict != V_GO || k.flags & (PKT_FRAG | PKT_ICMP))) {
		bool piece = k.verdict == V_GO && k.flags & PKT_FRAG;

		if (!put_together(c, port, m, &k, &f)) {
			c->counts->c[L_FRAMES_OTHER] += !piece;
			return;
		}
	}
	describe(c, &k, f, &in);
	if (unlikely(!c->hop_known[in.side]))
		learn_hop(c, in.side, frame);
	deliver(c, f == frame ? m : NULL, &in, b, mine);
}

static inline void prefetch(const struct rte_mbuf *m)
{
	const char *p = rte_pktmbuf_mtod(m, const char *);

	for (int i = 0; i < PREFETCH_LINES; i++)
		rte_prefetch0(p + i * RTE_CACHE_LINE_SIZE);
}

unsigned int take_burst(struct core *c, const struct rx_side *rx)
{
	struct rte_mbuf *m[CORE_BURST];
	struct batch_in b;
	uint16_t n = rte_eth_rx_burst(rx->dev, rx->queue, m, CORE_BURST);

	if (n == 0)
		return 0;
	b.n = 0;
	c->now = c->last_taken = rte_rdtsc();
	for (uint16_t i = 0; i < n && i < 2; i++)
		prefetch(m[i]);
	for (uint16_t i = 0; i < n; i++) {
		if (i + 2 < n)
			prefetch(m[i + 2]);
		take_frame(c, rx, &m[i], &b);
	}
	finish(c, &b);
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

void take_nothing(struct core *c)
{
	struct rte_mbuf *m[CORE_BURST];

	for (unsigned int i = 0; i < c->n_rx; i++) {
		for (uint16_t n = CORE_BURST; n == CORE_BURST;) {
			n = rte_eth_rx_burst(c->rx[i].dev, c->rx[i].queue, m, CORE_BURST);
			rte_pktmbuf_free_bulk(m, n);
		}
	}
}
