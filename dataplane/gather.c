/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments after the first carry no ports, so neither a NIC nor Linux can send all pieces of a
 * datagram to the queue of its flow. The worker that a hash of the datagram names puts it together;
 * the others pass their pieces on, whole mbufs by a ring.
 */
#include "dataplane/gather.h"

#include "dataplane/kernel_path.h"
#include "dataplane/worker.h"

#include <rte_ring.h>

static void use_scratch(struct worker *w, struct buffer *buf)
{
	buf->f = w->scratch + SCRATCH_HEAD;
	buf->start = w->scratch;
	buf->end = w->scratch + SCRATCH_SIZE;
	buf->m = NULL;
}

static void gather_chain(struct worker *w, struct rte_mbuf *m, struct pkt *k, struct buffer *buf)
{
	const struct port *port = &w->sh->ports[k->port];
	const void *p;

	use_scratch(w, buf);
	if (m->pkt_len > SCRATCH_SIZE - SCRATCH_HEAD - SIP_PAD) {
		k->verdict = V_DROP_BAD_IP;
		return;
	}
	p = rte_pktmbuf_read(m, 0, m->pkt_len, buf->f);
	if (p != buf->f)
		memcpy(buf->f, p, m->pkt_len); /* one segment, shared with others */
	net_in_frame(&w->view, port, buf->f, m->pkt_len, m->ol_flags, k);
}

/* Passes fragment @i to the worker that collects its datagram, if that is another one. */
static bool steer(struct worker *w, uint16_t i, const struct fragment *f)
{
	struct plane_shared *sh = w->sh;
	uint64_t h = frag_hash(sh->frag_secret, f);
	uint16_t to = (uint16_t)(((h >> 32) * sh->n_workers) >> 32);
	struct batch *b = &w->batch;

	if (to == w->id)
		return false;
	if (rte_ring_enqueue(sh->inbox[to], b->m[i]) == 0) {
		b->m[i] = NULL;
		b->pkt[i].verdict = V_MOVED;
	} else {
		b->pkt[i].verdict = V_DROP_FRAG_MEMORY;
	}
	return true;
}

static enum verdict verdict_of(enum frag_result r)
{
	switch (r) {
	case FRAG_KEPT:
		return V_HELD;
	case FRAG_WHOLE:
		return V_GO;
	case FRAG_BAD:
		return V_DROP_FRAG_BAD;
	case FRAG_OVERLAP:
		return V_DROP_FRAG_OVERLAP;
	case FRAG_DUPLICATE:
		return V_DROP_FRAG_DUPLICATE;
	case FRAG_NO_ROOM:
		break;
	}
	return V_DROP_FRAG_MEMORY;
}

static void gather_fragment(struct worker *w, uint16_t i, struct buffer *buf)
{
	struct pkt *k = &w->batch.pkt[i];
	struct frag_fate fate = { 0 };
	struct frag_whole whole;
	struct fragment f = fragment_of(k, buf->f);
	const struct port *port = &w->sh->ports[k->port];
	uint32_t data_off = k->off;

	if (w->sh->n_workers > 1 && steer(w, i, &f))
		return;
	use_scratch(w, buf);
	k->verdict = (uint8_t)verdict_of(frag_in(w->frags, w->now, &f, buf->f, &whole, &fate));
	tx_count_fate(w, &fate);
	if (k->verdict != V_GO)
		return;
	net_in_whole(&w->view, port, buf->f, whole.len, whole.proto, k);
	if (k->verdict == V_TO_KERNEL && port->tap)
		kernel_path_whole(w, i, data_off, &whole, buf);
}

void gather(struct worker *w, uint16_t i, struct buffer *buf)
{
	struct rte_mbuf *m = w->batch.m[i];
	struct pkt *k = &w->batch.pkt[i];

	if (k->flags & PKT_CHAIN) {
		gather_chain(w, m, k, buf);
	} else {
		buf->f = rte_pktmbuf_mtod(m, uint8_t *);
		buf->start = m->buf_addr;
		buf->end = buf->start + m->buf_len;
		buf->m = m;
	}
	if (k->verdict == V_GO && k->flags & PKT_FRAG)
		gather_fragment(w, i, buf);
}
