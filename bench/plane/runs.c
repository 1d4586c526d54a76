/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows of the plane bench (runs.h). A pass pushes each message through once and returns the
 * ticks that this took; refilling is outside of them. A sample is a few passes, since one is a
 * millisecond.
 */
#include "bench/plane/runs.h"

#include "bench/plane/bed.h"
#include "dataplane/gather.h"
#include "dataplane/net_out.h"
#include "dataplane/sip_stage.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include <stdio.h>
#include <stdlib.h>

#define PASSES 8 /* of a sample */
#define CORE_BATCH 32u

const struct row_info rows[N_ROWS] = {
	[ROW_CORE] = { "core", "the pure core alone: parse, decide, edit" },
	[ROW_NULL] = { "net_null", "net_null: receive and send, no bytes, no worker" },
	[ROW_COPY] = { "net_pcap copy", "net_pcap: receive and send, no worker" },
	[ROW_PCAP] = { "net_pcap", "net_pcap: receive, worker, send" },
	[ROW_RING] = { "net_ring", "net_ring: the worker's turn alone" },
	[ROW_COLD] = { "net_ring cold", "the same, frames taken out of all caches before" },
};

const char *const stage_names[N_STAGES] = { "rx", "net_in", "sip", "net_out", "tx" };

static const struct run_conf *conf;
static struct bed bed;
static uint8_t *pristine; /* the slots of the messages as they were made */

/* --- passes -------------------------------------------------------------------------------- */

static uint64_t pass_core(void)
{
	static struct proxy_out out;
	static struct sip_msg msg;
	const struct lab_world *w = messages_world();
	struct edit_room room = { MESSAGE_HEADROOM, MESSAGE_HEADROOM };
	uint64_t ticks = 0, sum = 0;

	for (uint32_t i = 0; i < conf->set->n; i += CORE_BATCH) {
		size_t at = (size_t)i * MESSAGE_STRIDE;
		uint64_t from;

		memcpy(conf->set->slots + at, pristine + at, CORE_BATCH * MESSAGE_STRIDE);
		from = timing_now();
		for (uint32_t k = i; k < i + CORE_BATCH; k++) {
			const struct message *m = &conf->set->m[k];
			struct edit_result res;

			sip_parse(m->p, m->len, SIP_PADDED, &msg);
			proxy_message(&w->world, w->fib, &m->in, &msg, &out);
			sum += (uint64_t)edit_apply(&out.edits, m->p, msg.len, room, &res) +
			       res.len;
		}
		timing_keep(sum);
		ticks += timing_now() - from;
	}
	return ticks;
}

/* DPDK's own part: bursts from one device straight into the other. */
static uint64_t pass_devices(void)
{
	uint64_t from = timing_now();

	for (uint32_t n = 0; n < conf->frames->n;) {
		for (unsigned int p = 0; p < FRAME_PORTS; p++) {
			struct rte_mbuf *m[BURST_MAX];
			uint16_t got = rte_eth_rx_burst(bed.dev[p], 0, m, BURST_MAX);

			n += rte_eth_tx_burst(bed.dev[FRAME_PORTS - 1 - p], 0, m, got);
		}
	}
	return timing_now() - from;
}

static uint64_t pass_worker(void)
{
	uint64_t from = timing_now();

	for (uint32_t n = 0; n < conf->frames->n;)
		n += worker_turn(bed.worker, rte_rdtsc());
	return timing_now() - from;
}

static uint64_t turns_of_ring(bool cold)
{
	uint64_t ticks = 0;

	for (uint32_t n = 0; n < conf->frames->n;) {
		uint64_t from;

		bed_fill(&bed, BURST_MAX, cold);
		from = timing_now();
		n += worker_turn(bed.worker, from);
		ticks += timing_now() - from;
		bed_drain(&bed);
	}
	return ticks;
}

static uint64_t pass_ring(void)
{
	return turns_of_ring(false);
}

static uint64_t pass_cold(void)
{
	return turns_of_ring(true);
}

static const struct {
	enum bed_device device;
	bool worker; /* what leaves is checked first, and counted at the end */
	uint64_t (*pass)(void);
} ways[N_ROWS] = {
	[ROW_CORE] = { .pass = pass_core },
	[ROW_NULL] = { BED_NULL, false, pass_devices },
	[ROW_COPY] = { BED_PCAP, false, pass_devices },
	[ROW_PCAP] = { BED_PCAP, true, pass_worker },
	[ROW_RING] = { BED_RING, true, pass_ring },
	[ROW_COLD] = { BED_RING, true, pass_cold },
};

/* --- stages -------------------------------------------------------------------------------- */

/* Ticks between two readings of the counter: what each stage is charged too much. */
static double stamp_ticks(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 10000; i++) {
		uint64_t from = rte_rdtsc(), t = rte_rdtsc() - from;

		least = t < least ? t : least;
	}
	return (double)least;
}

/* One burst of queue @q as worker_turn() takes it, with a reading of the counter between stages. */
static uint32_t staged_burst(struct worker *w, const struct rx_queue *q, uint64_t *ticks)
{
	struct batch *b = &w->batch;
	uint64_t t[4];

	t[0] = rte_rdtsc();
	b->n = rte_eth_rx_burst(q->dev, q->queue, b->m, BURST_MAX);
	t[1] = rte_rdtsc();
	net_in(&w->view, &w->sh->ports[q->port], q->port, b);
	t[2] = rte_rdtsc();
	ticks[STAGE_RX] += t[1] - t[0];
	ticks[STAGE_NET_IN] += t[2] - t[1];
	for (uint16_t i = 0; i < b->n; i++) {
		struct pkt *k = &b->pkt[i];
		struct buffer buf;
		struct outgoing o;

		gather(w, i, &buf);
		sip_stage(w, k, &buf, &o);
		t[3] = rte_rdtsc();
		net_out(w, i, &o);
		ticks[STAGE_SIP] += t[3] - t[2];
		t[2] = rte_rdtsc();
		ticks[STAGE_NET_OUT] += t[2] - t[3];
	}
	stat_add(&w->stats->c[C_RX_FRAMES], b->n);
	t[0] = b->n;
	tx_finish(w);
	ticks[STAGE_TX] += rte_rdtsc() - t[2];
	return (uint32_t)t[0];
}

/* One pass through the stages; keeps the least of each. */
static void pass_stages(double stamp, double *least)
{
	uint64_t ticks[N_STAGES] = { 0 };
	double bursts = (double)conf->frames->n / BURST_MAX;

	for (uint32_t n = 0; n < conf->frames->n;) {
		for (uint16_t q = 0; q < bed.worker->n_rx; q++)
			n += staged_burst(bed.worker, &bed.worker->rx[q], ticks);
	}
	for (int s = 0; s < N_STAGES; s++) {
		bool each = s == STAGE_SIP || s == STAGE_NET_OUT;
		double ns = ((double)ticks[s] - stamp * (each ? conf->frames->n : bursts)) *
			    timing_tick_ns() / conf->frames->n;

		if (least[s] == 0 || ns < least[s])
			least[s] = ns;
	}
}

/* --- a row --------------------------------------------------------------------------------- */

static void keep_messages(void)
{
	size_t size = (size_t)conf->set->n * MESSAGE_STRIDE;

	pristine = malloc(size);
	if (!pristine) {
		fprintf(stderr, "plane_bench: no memory\n");
		exit(2);
	}
	memcpy(pristine, conf->set->slots, size);
}

static void sample(enum row row, struct run_result *out)
{
	uint64_t messages = (uint64_t)PASSES * conf->frames->n, ticks = 0;

	for (int i = 0; i < PASSES; i++)
		ticks += ways[row].pass();
	samples_add(&out->row[row], (double)ticks * timing_tick_ns() / (double)messages);
	out->messages[row] += messages;
	out->ticks[row] += ticks;
}

void run_row(const struct run_conf *c, enum row row, double seconds, struct run_result *out)
{
	uint64_t end;

	conf = c;
	timing_pin(c->cpu);
	if (row == ROW_CORE) {
		keep_messages();
	} else {
		bed_open(&bed, ways[row].device, c->frames, c->hugepages, c->folder);
		out->huge |= rte_eal_has_hugepages() != 0;
		if (ways[row].worker)
			bed_check(&bed);
	}
	ways[row].pass();
	end = timing_now() + (uint64_t)(seconds * 1e9 / timing_tick_ns());
	while (timing_now() < end)
		sample(row, out);
	for (int i = 0; row == ROW_PCAP && i < 4 * PASSES; i++)
		pass_stages(stamp_ticks(), out->stage);
	if (ways[row].worker)
		bed_forwarded(&bed);
	if (row != ROW_CORE)
		bed_close(&bed);
}
