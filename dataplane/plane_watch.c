/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/plane_watch.h"

#include "dataplane/worker.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct plane_shared *shared(const struct plane *p)
{
	return plane_worker((struct plane *)p, 0)->sh;
}

uint64_t plane_age_ns(uint64_t tsc)
{
	return tsc_ns(tsc_scale(rte_get_tsc_hz()), tsc, rte_rdtsc());
}

/* --- devices ----------------------------------------------------------------------------- */

struct plane_link plane_link(const struct plane *p, uint16_t i)
{
	struct plane_link out = { .up = true };
	struct rte_eth_link link;
	const struct port *port;

	if (i >= shared(p)->n_ports)
		return (struct plane_link){ 0 };
	port = &shared(p)->ports[i];
	out.rx_queues = port->n_rxq;
	if (rte_eth_link_get_nowait(port->dev, &link) != 0)
		return out;
	out.up = link.link_status == RTE_ETH_LINK_UP;
	if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		out.speed = link.link_speed;
	return out;
}

bool plane_device(const struct plane *p, uint16_t i, struct plane_device_counts *out)
{
	struct rte_eth_stats s;

	if (i >= shared(p)->n_ports || rte_eth_stats_get(shared(p)->ports[i].dev, &s) != 0)
		return false;
	*out = (struct plane_device_counts){
		.rx_missed = s.imissed,
		.rx_errors = s.ierrors,
		.rx_no_buffer = s.rx_nombuf,
		.tx_errors = s.oerrors,
	};
	return true;
}

/* --- examples ---------------------------------------------------------------------------- */

bool plane_example(const struct plane *p, unsigned int i, struct example *out, uint64_t *age_ms)
{
	struct example x;
	bool found = false;

	for (unsigned int t = 0; t < plane_n_stats(p); t++) {
		if (!example_get(plane_stats_of(p, t)->examples, i, &x) ||
		    (found && x.tsc <= out->tsc))
			continue;
		*out = x;
		found = true;
	}
	if (!found)
		return false;
	*age_ms = plane_age_ns(out->tsc) / 1000000;
	if (out->is_frame && out->src.port == 0)
		example_read_source(out);
	return true;
}

void plane_example_name(unsigned int i, char *out, size_t n)
{
	if (i >= SIP_N_REASONS)
		counter_name((enum counter)(i - SIP_N_REASONS), out, n);
	else
		snprintf(out, n, "dropped_%s", sip_reason_info((enum sip_reason)i)->name);
}

/* --- trace ------------------------------------------------------------------------------- */

static struct trace_tap *tap_of(const struct plane *p, unsigned int i)
{
	struct plane_shared *sh = shared(p);

	return i < sh->n_workers ? &plane_worker((struct plane *)p, (uint16_t)i)->tap : &sh->tap;
}

/* Rings are made with the first trace and stay: a worker may always be about to write. */
static int make_rings(struct plane *p)
{
	for (unsigned int i = 0; i < plane_n_stats(p); i++) {
		struct trace_tap *t = tap_of(p, i);

		t->hz = rte_get_tsc_hz();
		if (!t->ring.bytes && byte_ring_init(&t->ring, TRACE_RING_SIZE) < 0)
			return -1;
	}
	return 0;
}

static void free_set(const void *set, void (*fn)(void))
{
	(void)fn;
	free((void *)set);
}

static void publish(struct plane *p, const struct trace_set *set)
{
	struct plane_shared *sh = shared(p);

	snapshot_publish(&sh->retired, &sh->trace, set, (struct snapshot_retire){ free_set, NULL });
}

uint64_t plane_trace(struct plane *p, const struct trace_filter *slots)
{
	struct plane_shared *sh = shared(p);
	struct trace_set *set;

	if (!slots) {
		publish(p, NULL);
		return sh->trace_generation;
	}
	set = make_rings(p) == 0 ? calloc(1, sizeof(*set)) : NULL;
	if (!set)
		return 0;
	set->generation = ++sh->trace_generation;
	memcpy(set->slot, slots, sizeof(set->slot));
	publish(p, set);
	return set->generation;
}

unsigned int plane_trace_take(struct plane *p, unsigned int max,
			      void (*fn)(const struct trace_record *r, void *arg), void *arg)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < plane_n_stats(p); i++) {
		struct byte_ring *ring = &tap_of(p, i)->ring;
		const struct trace_record *r;

		while (n < max && ring->bytes && (r = byte_ring_peek(ring))) {
			fn(r, arg);
			byte_ring_drop(ring);
			n++;
		}
	}
	return n;
}

uint64_t plane_trace_missed(const struct plane *p, unsigned int slot)
{
	uint64_t missed = 0;

	for (unsigned int i = 0; i < plane_n_stats(p); i++)
		missed += stat_get(&tap_of(p, i)->missed[slot]);
	return missed;
}

struct trace_tap *plane_trace_tap(struct plane *p)
{
	return &shared(p)->tap;
}

const struct trace_set *plane_trace_set(const struct plane *p)
{
	return snapshot_get(&shared(p)->trace);
}

void plane_watch_close(struct plane *p)
{
	publish(p, NULL);
	byte_ring_fini(&shared(p)->tap.ring);
}
