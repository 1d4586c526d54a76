/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/tx.h"

#include "dataplane/drop.h"
#include "dataplane/net_out.h"
#include "dataplane/worker.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#define TRIES 8        /* bursts offered to a device that takes none of the rest */
#define NO_PACKET 0xff /* owner of a frame that another worker made */
#define OF_LINUX 0xfe  /* and of one that Linux made */

static_assert(BURST_MAX < OF_LINUX, "packets of a batch are numbered in a byte");

static const uint16_t counter_of[N_VERDICTS] = {
#define VERDICT_rx(id)
#define VERDICT_tx(id)
#define VERDICT_info(id)
#define VERDICT_out(id) [V_##id] = C_##id,
#define VERDICT_drop(id) [V_##id] = C_##id,
#define COUNTER(id, class, help) VERDICT_##class(id)
#include "dataplane/counters.def"
#undef COUNTER
};

static inline void count(struct worker *w, enum counter c, uint64_t n)
{
	stat_add(&w->stats->c[c], n);
}

static void lose_of(struct worker *w, struct pkt *k, const struct rte_mbuf *frame)
{
	k->verdict = V_DROP_TX_FULL;
	k->n_frames--;
	drop_frame(w, k, frame, true);
}

/* Frames that nobody took: their packets are lost. */
static void lose(struct worker *w, const struct tx_port *t, uint16_t from)
{
	for (uint16_t i = from; i < t->n; i++) {
		if (t->owner[i] == NO_PACKET)
			count(w, C_TX_HANDOVER_LOST, 1);
		else if (t->owner[i] == OF_LINUX)
			count(w, C_TX_KERNEL_LOST, 1);
		else
			lose_of(w, &w->batch.pkt[t->owner[i]], t->m[i]);
	}
	rte_pktmbuf_free_bulk((struct rte_mbuf **)&t->m[from], t->n - from);
}

static uint64_t bytes_of(struct rte_mbuf *const *m, uint16_t n)
{
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < n; i++)
		bytes += m[i]->pkt_len;
	return bytes;
}

/* Checksums for a device that makes none. */
static void sum_up(struct tx_port *t)
{
	for (uint16_t i = 0; i < t->n; i++) {
		if (t->m[i]->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM)
			net_out_sum(t->m[i]);
	}
}

/* Offers all to the device, again while it takes some and a few times more. Returns how many it
 * took. */
static uint16_t to_device(struct worker *w, struct tx_port *t)
{
	uint16_t sent = 0;

	if (!w->sh->ports[t - w->tx].tx_udp_csum)
		sum_up(t);
	for (int tries = 0; sent < t->n && tries < TRIES;) {
		uint16_t n = rte_eth_tx_burst(t->dev, t->queue, t->m + sent, t->n - sent);

		sent += n;
		if (sent < t->n && tries == 0)
			stat_raise(&w->stats->mark[MARK_TX_FRAMES], t->n - sent);
		tries = n ? 0 : tries + 1;
	}
	count(w, C_TX_FRAMES, sent);
	count(w, C_TX_BYTES, t->bytes - bytes_of(t->m + sent, t->n - sent));
	return sent;
}

static uint16_t to_worker(struct worker *w, struct tx_port *t)
{
	unsigned int n = rte_ring_enqueue_burst(t->handover, (void **)t->m, t->n, NULL);

	count(w, C_TX_HANDED_OVER, n);
	return (uint16_t)n;
}

static void flush(struct worker *w, struct tx_port *t)
{
	uint16_t sent = t->queue == PORT_NO_QUEUE ? to_worker(w, t) : to_device(w, t);

	if (sent < t->n)
		lose(w, t, sent);
	t->n = 0;
	t->bytes = 0;
}

static void gather_frame(struct worker *w, struct tx_port *t, struct rte_mbuf *m, uint8_t owner)
{
	if (t->n == TX_FRAMES_MAX)
		flush(w, t);
	t->bytes += m->pkt_len; /* now: mbufs that were sent are not ours to read */
	t->m[t->n] = m;
	t->owner[t->n++] = owner;
}

void tx_frame(struct worker *w, uint16_t port, struct rte_mbuf *m, uint16_t i)
{
	w->batch.pkt[i].n_frames++;
	gather_frame(w, &w->tx[port], m, (uint8_t)i);
}

void tx_kernel_frame(struct worker *w, uint16_t port, struct rte_mbuf *m)
{
	count(w, C_TX_KERNEL, 1);
	gather_frame(w, &w->tx[port], m, OF_LINUX);
}

void tx_flush(struct worker *w)
{
	for (uint16_t p = 0; p < w->sh->n_ports; p++) {
		if (w->tx[p].n)
			flush(w, &w->tx[p]);
	}
}

static void count_flags(struct worker *w, const struct pkt *k)
{
	if (k->flags & PKT_VLAN)
		count(w, C_RX_VLAN, 1);
	if (k->flags & PKT_PARTIAL)
		count(w, C_RX_PARTIAL_CHECKSUM, 1);
	if (k->flags & PKT_WHOLE)
		count(w, C_RX_REASSEMBLED, 1);
}

/* Counts the verdict of packet @i, and what was made of it. True if it was sent. */
static bool count_packet(struct worker *w, uint16_t i)
{
	const struct pkt *k = &w->batch.pkt[i];
	struct stats *s = w->stats;
	bool sent = k->verdict == V_FORWARDED || k->verdict == V_ANSWERED;

	if (k->verdict == V_REASON)
		stat_add(&s->dropped[k->reason], 1);
	else if (k->verdict == V_MOVED)
		count(w, C_RX_STEERED, 1);
	else if (k->verdict != V_HELD)
		count(w, counter_of[k->verdict], 1);
	if (!sent)
		drop_frame(w, k, w->batch.m[i], false);
	if (k->n_frames > sent)
		count(w, C_TX_EXTRA_FRAGMENTS, k->n_frames - sent);
	if (k->flags & PKT_ANSWER && (sent || k->verdict == V_PUNTED))
		stat_add(&s->answered[k->reason], 1);
	if (k->flags & (PKT_VLAN | PKT_PARTIAL | PKT_WHOLE))
		count_flags(w, k);
	return sent;
}

/* Nothing to say of it but that it was forwarded. */
static inline bool is_plain(const struct pkt *k)
{
	return k->verdict == V_FORWARDED && k->n_frames == 1 &&
	       !(k->flags & (PKT_VLAN | PKT_PARTIAL | PKT_WHOLE | PKT_ANSWER));
}

/* @sent messages of this burst left. The next one is taken now. */
static void count_latency(struct worker *w, uint64_t sent)
{
	uint64_t now = rte_rdtsc(), ns = tsc_ns(w->scale, w->since, now);

	stat_add(&w->stats->latency[latency_bucket(ns)], sent);
	stat_add(&w->stats->latency_ns, ns * sent);
	w->since = now;
}

void tx_finish(struct worker *w)
{
	struct batch *b = &w->batch;
	uint64_t plain = 0, others = 0;

	tx_flush(w);
	for (uint16_t i = 0; i < b->n; i++) {
		if (is_plain(&b->pkt[i]))
			plain++;
		else
			others += count_packet(w, i);
	}
	count(w, C_FORWARDED, plain);
	count_latency(w, plain + others);
	rte_pktmbuf_free_bulk(b->m, b->n); /* those that went out are NULL here */
	b->n = 0;
}

void tx_count_fate(struct worker *w, const struct frag_fate *fate)
{
	count(w, C_FRAG_MERGED, fate->merged);
	count(w, C_DROP_FRAG_OVERLAP, fate->overlap);
	count(w, C_DROP_FRAG_BAD, fate->bad);
	count(w, C_DROP_FRAG_MEMORY, fate->no_room);
	count(w, C_DROP_FRAG_TIMEOUT, fate->timeout);
}

unsigned int tx_handed_over(struct worker *w)
{
	unsigned int found = 0;

	for (uint16_t p = 0; p < w->sh->n_ports; p++) {
		struct tx_port *t = &w->tx[p];
		void *m[BURST_MAX];
		unsigned int n;

		if (!t->handover || t->queue == PORT_NO_QUEUE)
			continue;
		n = rte_ring_dequeue_burst(t->handover, m, BURST_MAX, NULL);
		for (unsigned int i = 0; i < n; i++)
			gather_frame(w, t, m[i], NO_PACKET);
		found += n;
	}
	if (found)
		tx_flush(w);
	return found;
}
