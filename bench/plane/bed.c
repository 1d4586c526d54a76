/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices and proofs of the plane bench (bed.h). A callback of DPDK on the transmit queues shows
 * what leaves, on whatever device; it is taken off before anything is measured.
 */
#include "bench/plane/bed.h"

#include "bench/timing.h"
#include "dataplane/eal.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define RING_SIZE 512
#define DEVARGS_MAX 512

static struct rte_ring *rx[FRAME_PORTS], *tx[FRAME_PORTS];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "plane_bench: %s: %s\n", what, why);
	exit(1);
}

static void keep_world(const struct world *w)
{
	(void)w;
}

static void keep_fib(const struct fib *f)
{
	(void)f;
}

/* --- opening ------------------------------------------------------------------------------- */

void bed_capture(const char *folder, unsigned int port, char *out, size_t n)
{
	snprintf(out, n, "%s/port%u.pcap", folder, port);
}

static void device_string(const struct bed *b, unsigned int port, const char *folder, char *out)
{
	char path[DEVARGS_MAX / 2];

	switch (b->device) {
	case BED_PCAP:
		bed_capture(folder, port, path, sizeof(path));
		snprintf(out, DEVARGS_MAX, "net_pcap%u,rx_pcap=%s,infinite_rx=1", port, path);
		break;
	case BED_RING:
		snprintf(out, DEVARGS_MAX, "net_ring_%u", port);
		break;
	case BED_NULL:
		snprintf(out, DEVARGS_MAX, "net_null%u,size=%.0f", port, b->frames->mean_frame);
		break;
	}
}

static void make_ring(unsigned int port)
{
	char name[16];

	snprintf(name, sizeof(name), "rx%u", port);
	rx[port] = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "tx%u", port);
	tx[port] = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "%u", port);
	if (!rx[port] || !tx[port] || rte_eth_from_rings(name, &rx[port], 1, &tx[port], 1, 0) < 0)
		die("net_ring", "cannot be made");
}

void bed_open(struct bed *b, enum bed_device device, const struct frames *fr,
	      enum plane_hugepages hugepages, const char *folder)
{
	static char devargs[FRAME_PORTS][DEVARGS_MAX];
	static struct plane_port ports[FRAME_PORTS] = { { .name = "outside" },
							{ .name = "inside" } };
	const struct plane_conf conf = {
		.ports = ports,
		.n_ports = FRAME_PORTS,
		.n_workers = 1,
		.hugepages = hugepages,
		.answer_limit = 1000,
		.frag_memory = 1 << 20,
		.frag_timeout_ms = 1000,
	};
	struct plane_error err;

	*b = (struct bed){ .frames = fr, .device = device };
	for (unsigned int p = 0; p < FRAME_PORTS; p++) {
		device_string(b, p, folder, devargs[p]);
		ports[p].devargs = devargs[p];
		ports[p].mtu = 1500;
	}
	if (eal_start(&conf, &err) < 0)
		die("EAL", err.text);
	for (unsigned int p = 0; device == BED_RING && p < FRAME_PORTS; p++)
		make_ring(p);
	b->plane = plane_open(&conf, &err);
	if (!b->plane)
		die("the plane", err.text);
	b->worker = plane_worker(b->plane, 0);
	for (unsigned int p = 0; p < FRAME_PORTS; p++) {
		struct port *port = &b->worker->sh->ports[p];

		frames_mac(p, port->mac);
		b->dev[p] = port->dev;
	}
	plane_publish_world(b->plane, &messages_world()->world, keep_world);
	plane_publish_fib(b->plane, messages_world()->fib, keep_fib);
}

void bed_close(struct bed *b)
{
	plane_close(b->plane);
	b->plane = NULL;
}

/* --- net_ring ------------------------------------------------------------------------------ */

static void fill_one(struct bed *b, const struct frame *f, bool cold)
{
	const struct port *port = &b->worker->sh->ports[f->port];
	struct rte_mbuf *m = rte_pktmbuf_alloc(port->pool);

	if (!m)
		die("net_ring", "no packet buffers");
	memcpy(rte_pktmbuf_append(m, (uint16_t)f->len), f->b, f->len);
	m->port = port->dev;
	if (cold)
		timing_flush((uint8_t *)m->buf_addr, m->buf_len);
	if (rte_ring_enqueue(rx[f->port], m) != 0)
		die("net_ring", "ring full");
}

void bed_fill(struct bed *b, unsigned int burst, bool cold)
{
	for (unsigned int i = 0; i < burst * FRAME_PORTS; i++) {
		fill_one(b, &b->frames->f[b->next], cold);
		b->next = (b->next + 1) % b->frames->n;
	}
	if (cold)
		_mm_mfence();
}

void bed_drain(struct bed *b)
{
	struct rte_mbuf *m[RING_SIZE];

	for (unsigned int p = 0; b->device == BED_RING && p < FRAME_PORTS; p++) {
		unsigned int n = rte_ring_dequeue_burst(tx[p], (void **)m, RING_SIZE, NULL);

		rte_pktmbuf_free_bulk(m, n);
	}
}

/* --- proofs -------------------------------------------------------------------------------- */

/* What one port must send, in order. */
struct expected {
	const struct frames *frames;
	unsigned int port;
	uint32_t *index; /* of frames */
	uint32_t n, seen;
};

/* Frames leave in the order in which the worker takes them: a burst of each port in turn. */
static void expect(const struct frames *fr, struct expected *e, unsigned int port)
{
	uint32_t per_turn = BURST_MAX * FRAME_PORTS;

	*e = (struct expected){ .frames = fr, .port = port };
	e->index = calloc(fr->n, sizeof(*e->index));
	if (!e->index)
		die("frames", "no memory");
	for (uint32_t k = 0; k < fr->n; k++) {
		uint32_t in_turn = k % per_turn;
		uint32_t i = k - in_turn + in_turn % BURST_MAX * FRAME_PORTS + in_turn / BURST_MAX;

		if (fr->f[i].out_port == port)
			e->index[e->n++] = i;
	}
}

static uint16_t look(uint16_t dev, uint16_t queue, struct rte_mbuf *m[], uint16_t n, void *arg)
{
	struct expected *e = arg;

	(void)dev;
	(void)queue;
	for (uint16_t i = 0; i < n; i++) {
		const char *wrong = "sent by the wrong port";

		if (e->seen < e->n)
			wrong = frames_check(&e->frames->f[e->index[e->seen++]], e->port,
					     rte_pktmbuf_mtod(m[i], const uint8_t *),
					     m[i]->pkt_len);
		if (wrong)
			die("a frame is not what it must be", wrong);
	}
	return n;
}

void bed_check(struct bed *b)
{
	const struct rte_eth_rxtx_callback *cb[FRAME_PORTS];
	struct expected e[FRAME_PORTS];

	for (unsigned int p = 0; p < FRAME_PORTS; p++) {
		expect(b->frames, &e[p], p);
		cb[p] = rte_eth_add_tx_callback(b->dev[p], 0, look, &e[p]);
		if (!cb[p])
			die("transmit callback", "cannot be set");
	}
	for (uint32_t n = 0, found = 1; found && n < b->frames->n; n += found) {
		if (b->device == BED_RING)
			bed_fill(b, BURST_MAX, false);
		found = worker_turn(b->worker, rte_rdtsc());
		bed_drain(b);
	}
	for (unsigned int p = 0; p < FRAME_PORTS; p++) {
		rte_eth_remove_tx_callback(b->dev[p], 0, cb[p]);
		if (e[p].seen != e[p].n)
			die("the first pass", "frames are missing");
		free(e[p].index);
	}
	if (bed_forwarded(b) != b->frames->n)
		die("the first pass", "not as many frames as there are messages");
}

uint64_t bed_forwarded(const struct bed *b)
{
	struct stats_total t;

	plane_stats(b->plane, &t);
	if (t.c[C_FORWARDED] != t.c[C_RX_FRAMES] || t.c[C_TX_FRAMES] != t.c[C_RX_FRAMES] ||
	    stats_imbalance(&t) != 0 || stats_tx_imbalance(&t) != 0) {
		fprintf(stderr, "received %" PRIu64 ", forwarded %" PRIu64 ", sent %" PRIu64 "\n",
			t.c[C_RX_FRAMES], t.c[C_FORWARDED], t.c[C_TX_FRAMES]);
		die("conservation", "not all that came was forwarded");
	}
	return t.c[C_FORWARDED];
}
