/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The poll loop. Stages are plain functions called in order, not rte_graph: there is one path. The
 * first runs over the whole burst, which hides the misses on packet headers; the others run packet
 * by packet, since one parse tree, one edit list and one scratch then serve them all.
 *
 * Idle workers nap, unless told to spin. Falling asleep and waking up costs as much as some
 * messages, on virtual machines 15 us, however short the nap: so naps are few and long, 200 us,
 * and a worker looks for packets a little longer before the
 * next one only where so many come that sleep would not pay. While it naps it is offline for RCU,
 * so it never holds up a snapshot.
 */
#include "dataplane/worker.h"

#include "dataplane/drop.h"
#include "dataplane/gather.h"
#include "dataplane/kernel_path.h"
#include "dataplane/net_out.h"
#include "dataplane/sip_stage.h"
#include "dataplane/tap.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define ICMP_RATE 1000    /* ICMP errors handed over per second and worker */
#define EXPIRE_HZ 1000    /* looks through the fragments per second */
#define GROUP 8           /* packets whose bytes are fetched while those before are worked on */
#define PATIENCE_DENSE 64 /* empty turns before a nap: some 3 us */
#define PATIENCE_SPARSE 2
#define DENSE BURST_MAX /* frames found after a nap that make traffic dense */
#define NAP_NS 200000
#define NAP_LONG_NS 500000 /* after many naps in vain */
#define NAPS_IN_VAIN 32
#define TIMER_SLACK_NS 1000 /* Linux would add 50 us to each nap */

/* --- life -------------------------------------------------------------------------------- */

static void take_queues(struct worker *w)
{
	struct plane_shared *sh = w->sh;

	for (uint16_t p = 0; p < sh->n_ports; p++) {
		const struct port *port = &sh->ports[p];
		uint16_t rxq = port_queue_of(port, port->n_rxq, w->id, sh->n_workers);
		uint16_t txq = port_queue_of(port, port->n_txq, w->id, sh->n_workers);

		if (rxq != PORT_NO_QUEUE)
			w->rx[w->n_rx++] = (struct rx_queue){ p, port->dev, rxq };
		w->tx[p].dev = port->dev;
		w->tx[p].queue = txq;
		if (port->handover)
			w->tx[p].handover =
				port->handover[txq != PORT_NO_QUEUE ? txq : w->id % port->n_txq];
	}
}

struct worker *worker_new(struct plane_shared *sh, const struct plane_conf *conf, uint16_t id,
			  uint64_t clock_hz, uint64_t now)
{
	struct worker *w = aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(sizeof(*w)));

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->sh = sh;
	w->id = id;
	w->now = now;
	w->hz = clock_hz;
	w->scale = tsc_scale(clock_hz);
	w->tap.hz = clock_hz;
	w->ip_id = (uint32_t)(now / sh->n_workers * sh->n_workers) + id;
	limit_set(&w->answers, conf->answer_limit, clock_hz, now);
	limit_set(&w->icmp, ICMP_RATE, clock_hz, now);
	w->expire_every = clock_hz / EXPIRE_HZ;
	w->expire_at = now + w->expire_every;
	w->stats = stats_new();
	w->tx = calloc(sh->n_ports, sizeof(*w->tx));
	w->scratch = calloc(1, SCRATCH_SIZE);
	w->copy = calloc(1, SCRATCH_SIZE);
	w->frags = frag_table_new(conf->frag_memory, clock_hz / 1000 * conf->frag_timeout_ms,
				  sh->frag_secret);
	if (!w->stats || !w->tx || !w->scratch || !w->copy || !w->frags ||
	    punt_ring_init(&w->punt) < 0 || (sh->any_tap && kernel_ring_init(&w->to_kernel) < 0)) {
		worker_free(w);
		return NULL;
	}
	take_queues(w);
	return w;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	punt_ring_fini(&w->punt);
	kernel_ring_fini(&w->to_kernel);
	byte_ring_fini(&w->tap.ring);
	frag_table_free(w->frags);
	free(w->copy);
	free(w->scratch);
	free(w->tx);
	stats_free(w->stats);
	free(w);
}

/* --- one turn ---------------------------------------------------------------------------- */

/* An ICMP error about a packet of ours: for the control thread, within bounds. */
static void icmp(struct worker *w, struct pkt *k, const struct buffer *buf)
{
	struct punt p = {
		.kind = PUNT_ICMP,
		.iface = k->port,
		.listener = WORLD_NONE,
		.generation = w->view.world->generation,
		.data = buf->f + k->off,
		.len = k->len,
	};

	if (!limit_take(&w->icmp))
		k->verdict = port_leaves_to_linux(&w->sh->ports[k->port]) ? V_TO_KERNEL
									  : V_DROP_ICMP_LIMIT;
	else
		k->verdict = punt_put(&w->punt, &p) ? V_ICMP_PUNTED : V_DROP_PUNT_FULL;
}

/* Whether packet @i of the batch, which net_in() let through, is a SIP message at @buf; else it has
 * its verdict. */
static inline bool is_message(struct worker *w, uint16_t i, struct buffer *buf)
{
	struct pkt *k = &w->batch.pkt[i];

	gather(w, i, buf);
	if (k->verdict != V_GO)
		return false;
	if (k->flags & PKT_ICMP)
		icmp(w, k, buf);
	return !(k->flags & PKT_ICMP);
}

static inline void send_or_drop(struct worker *w, uint16_t i, const struct buffer *buf,
				struct outgoing *o)
{
	struct pkt *k = &w->batch.pkt[i];

	if (k->verdict != V_GO) {
		drop_message(w, k, buf->f + k->off, k->len);
		return;
	}
	net_out(w, i, o);
	if (__builtin_expect(k->verdict != V_FORWARDED && k->verdict != V_ANSWERED, 0))
		drop_message(w, k, o->p, o->len);
}

/* Packet @i of the batch, which net_in() let through, to its verdict. */
static void packet(struct worker *w, uint16_t i)
{
	struct buffer buf;
	struct outgoing o;

	if (!is_message(w, i, &buf))
		return;
	sip_stage(w, &w->batch.pkt[i], &buf, &o);
	send_or_drop(w, i, &buf, &o);
}

/* The same while somebody traces messages. */
static void packet_traced(struct worker *w, uint16_t i)
{
	struct pkt *k = &w->batch.pkt[i];
	struct trace_item item;
	struct buffer buf;
	struct outgoing o = { 0 };
	bool traced;

	if (!is_message(w, i, &buf))
		return;
	sip_decide(w, k, &buf);
	traced = w->out.verdict != PROXY_HAND_OVER && tap_begin(w, k, &item);
	sip_edit(w, k, &buf, &o);
	if (traced && k->verdict == V_GO)
		trace_sent(&item, o.p, o.len);
	send_or_drop(w, i, &buf, &o);
	if (traced)
		tap_finish(w, k, &buf, &o, &item);
}

static void batch_plain(struct worker *w)
{
	for (uint16_t i = 0; i < w->batch.n; i++) {
		if (w->batch.pkt[i].verdict == V_GO)
			packet(w, i);
	}
}

static void batch_traced(struct worker *w)
{
	for (uint16_t i = 0; i < w->batch.n; i++) {
		if (w->batch.pkt[i].verdict == V_GO)
			packet_traced(w, i);
	}
}

static void batch_run(struct worker *w, uint16_t port)
{
	struct batch *b = &w->batch;

	net_in(&w->view, &w->sh->ports[port], port, b);
	if (__builtin_expect(w->trace != NULL, 0))
		batch_traced(w);
	else
		batch_plain(w);
	if (w->sh->ports[port].tap)
		kernel_path_batch(w);
	tx_finish(w);
	recent_settle(&w->sh->recents.of[w->id]);
}

static unsigned int take_burst(struct worker *w, const struct rx_queue *q)
{
	struct batch *b = &w->batch;
	uint64_t bytes = 0;
	uint16_t n;

	n = b->n = rte_eth_rx_burst(q->dev, q->queue, b->m, BURST_MAX);
	if (!n)
		return 0;
	for (uint16_t i = 0; i < n; i++)
		bytes += b->m[i]->pkt_len;
	stat_add(&w->stats->c[C_RX_FRAMES], n);
	stat_add(&w->stats->c[C_RX_BYTES], bytes);
	stat_add(&w->stats->c[C_RX_FULL_BURSTS], n == BURST_MAX);
	batch_run(w, q->port);
	return n;
}

/* Fragments that other workers passed on. They were counted as received there. */
static unsigned int take_inbox(struct worker *w)
{
	struct rte_ring *inbox = w->sh->inbox[w->id];
	void *m[BURST_MAX];
	unsigned int n, left;

	if (!inbox)
		return 0;
	n = rte_ring_dequeue_burst(inbox, m, BURST_MAX, &left);
	if (n)
		stat_raise(&w->stats->mark[MARK_INBOX_FRAMES], n + left);
	for (unsigned int i = 0; i < n; i++) {
		w->batch.m[0] = m[i];
		w->batch.n = 1;
		batch_run(w, w->sh->port_of_dev[w->batch.m[0]->port]);
	}
	return n;
}

static void expire(struct worker *w)
{
	struct frag_fate fate = { 0 };

	frag_expire(w->frags, w->now, &fate);
	tx_count_fate(w, &fate);
	w->expire_at = w->now + w->expire_every;
}

/* What comes from other workers and from Linux, and the end of a turn that found @n frames so far.
 * Returns how many it found. */
static unsigned int end_turn(struct worker *w, unsigned int n)
{
	n += take_inbox(w);

	n += tx_handed_over(w);
	if (w->sh->any_tap)
		n += kernel_path_take(w);
	atomic_store_explicit(&w->stats->held, frag_held(w->frags), memory_order_relaxed);
	if (w->punt.put)
		stat_raise(&w->stats->mark[MARK_PUNT_BYTES], byte_ring_used(&w->punt.ring));
	punt_wake(&w->punt, &w->sh->bell);
	if (w->to_kernel.put)
		kernel_path_wake(w, n > 0);
	return n;
}

/* The time since the start of the turn before goes to that turn and the nap after it. */
static void count_time(struct worker *w, uint64_t now)
{
	uint64_t spent = now > w->now ? now - w->now : 0;

	stat_add(&w->stats->cycles, spent);
	if (w->busy)
		stat_add(&w->stats->busy_cycles, spent);
	w->now = w->since = now;
}

static void begin_turn(struct worker *w, uint64_t now)
{
	struct plane_shared *sh = w->sh;

	count_time(w, now);
	w->trace = snapshot_get(&sh->trace);
	view_update(&w->view, snapshot_get(&sh->world), snapshot_get(&sh->fib));
	limit_refill(&w->answers, now);
	limit_refill(&w->icmp, now);
}

unsigned int worker_turn(struct worker *w, uint64_t now)
{
	unsigned int n = 0;

	begin_turn(w, now);
	for (uint16_t q = 0; q < w->n_rx; q++)
		n += take_burst(w, &w->rx[q]);
	if (now >= w->expire_at)
		expire(w);
	n = end_turn(w, n);
	w->busy = n > 0;
	rte_rcu_qsbr_quiescent(w->sh->retired.rcu, w->id);
	return n;
}

unsigned int worker_finish(struct worker *w)
{
	begin_turn(w, w->now);
	return end_turn(w, 0);
}

/* --- the thread -------------------------------------------------------------------------- */

static void nap(struct worker *w, unsigned int in_vain)
{
	struct timespec t = { .tv_nsec = in_vain < NAPS_IN_VAIN ? NAP_NS : NAP_LONG_NS };

	rte_rcu_qsbr_thread_offline(w->sh->retired.rcu, w->id);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	rte_rcu_qsbr_thread_online(w->sh->retired.rcu, w->id);
}

int worker_main(void *worker)
{
	struct worker *w = worker;
	struct plane_shared *sh = w->sh;
	unsigned int empty = 0, naps = 0, patience = PATIENCE_DENSE;

	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	recents_touch(&sh->recents.of[w->id]);
	rte_rcu_qsbr_thread_online(sh->retired.rcu, w->id);
	while (!atomic_load_explicit(&sh->stop, memory_order_relaxed)) {
		unsigned int found = worker_turn(w, rte_rdtsc());

		if (found) {
			stat_add(&w->stats->c[C_BUSY_TURNS], 1);
			if (naps)
				patience = found < DENSE ? PATIENCE_SPARSE : PATIENCE_DENSE;
			empty = naps = 0;
			continue;
		}
		stat_add(&w->stats->c[C_IDLE_TURNS], 1);
		if (!sh->spin && ++empty >= patience)
			nap(w, naps++);
	}
	rte_rcu_qsbr_thread_offline(sh->retired.rcu, w->id);
	return 0;
}
