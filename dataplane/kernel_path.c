/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/kernel_path.h"

#include "dataplane/kernel_whole.h"
#include "dataplane/worker.h"

#include <rte_ether.h>

/* Ringing the bell is a system call that wakes a thread. Under load once in this many parts of a
 * second is enough: TCP does not mind 200 us, messages per second do mind the calls. */
#define BELLS_PER_SECOND 5000

#define FRAME_MIN (RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN) /* not every device pads */

/* Copies frame @m to the ring. */
static bool put(struct kernel_ring *r, uint16_t port, const struct rte_mbuf *m)
{
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t *to = kernel_ring_reserve(r, m->pkt_len, kernel_frame_is_urgent(head, m->data_len));
	const void *from;

	if (!to)
		return false;
	from = rte_pktmbuf_read(m, 0, m->pkt_len, to);
	if (from != to)
		memcpy(to, from, m->pkt_len);
	kernel_ring_commit(r, port, m->pkt_len);
	return true;
}

void kernel_path_batch(struct worker *w)
{
	struct batch *b = &w->batch;

	for (uint16_t i = 0; i < b->n; i++) {
		struct pkt *k = &b->pkt[i];

		if (k->verdict != V_TO_KERNEL || k->flags & PKT_WHOLE)
			continue;
		if (!put(&w->to_kernel, k->port, b->m[i]))
			k->verdict = V_DROP_KERNEL_FULL;
	}
}

void kernel_path_whole(struct worker *w, uint16_t i, uint32_t data_off,
		       const struct frag_whole *whole, const struct buffer *buf)
{
	const struct rte_mbuf *m = w->batch.m[i];
	struct pkt *k = &w->batch.pkt[i];
	uint32_t n = m->pkt_len < KERNEL_HEAD_MAX ? m->pkt_len : KERNEL_HEAD_MAX, size;
	uint8_t head[KERNEL_HEAD_MAX], *to;
	const void *from = rte_pktmbuf_read(m, 0, n, head);

	if (from != head)
		memcpy(head, from, n);
	size = kernel_whole_head(head, n, data_off, whole->len, whole->proto);
	if (!size) {
		k->verdict = V_DROP_BAD_IP;
		return;
	}
	to = kernel_ring_reserve(&w->to_kernel, size + whole->len, false);
	if (!to) {
		k->verdict = V_DROP_KERNEL_FULL;
		return;
	}
	memcpy(to, head, size);
	memcpy(to + size, buf->f, whole->len);
	kernel_ring_commit(&w->to_kernel, k->port, size + whole->len);
}

/* The frame @it in a packet buffer of @port; NULL if there is none, or none so large. */
static struct rte_mbuf *frame_of(const struct port *port, const struct kernel_frame *it)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(port->pool);
	uint32_t len = it->len < FRAME_MIN ? FRAME_MIN : it->len;
	char *to;

	if (!m)
		return NULL;
	to = rte_pktmbuf_append(m, (uint16_t)len);
	if (!to) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(to, it->data, it->len);
	memset(to + it->len, 0, len - it->len);
	return m;
}

static unsigned int take_port(struct worker *w, uint16_t p)
{
	struct port *port = &w->sh->ports[p];
	struct kernel_frame it;
	unsigned int n;

	for (n = 0; n < BURST_MAX && kernel_ring_peek(port->from_kernel, &it); n++) {
		struct rte_mbuf *m = frame_of(port, &it);

		kernel_ring_drop(port->from_kernel);
		if (m)
			tx_kernel_frame(w, p, m);
		else
			stat_add(&w->stats->c[C_KERNEL_LOST], 1);
	}
	return n;
}

unsigned int kernel_path_take(struct worker *w)
{
	unsigned int found = 0;

	for (uint16_t p = 0; p < w->sh->n_ports; p++) {
		if (w->sh->ports[p].from_kernel && w->tx[p].queue == 0)
			found += take_port(w, p);
	}
	if (found)
		tx_flush(w);
	return found;
}

void kernel_path_wake(struct worker *w, bool found)
{
	if (!w->to_kernel.put || (found && w->now - w->kernel_rung < w->hz / BELLS_PER_SECOND))
		return;
	stat_raise(&w->stats->mark[MARK_KERNEL_BYTES], byte_ring_used(&w->to_kernel.ring));
	w->to_kernel.put = false;
	w->kernel_rung = w->now;
	punt_bell_ring(&w->sh->kernel_bell);
}
