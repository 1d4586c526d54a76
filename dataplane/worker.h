/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker: a thread that polls its queues and takes each packet from wire to wire by itself.
 *
 * Everything here belongs to the one thread, but for what struct plane_shared says. Nothing
 * reachable from worker_turn() allocates, logs, locks or blocks; the only system calls are the
 * bells of punt.h, after the turn's packets are sent (AF_PACKET and TAP drivers make theirs).
 */
#pragma once

#include "dataplane/batch.h"
#include "dataplane/frag_in.h"
#include "dataplane/kernel_ring.h"
#include "dataplane/limit.h"
#include "dataplane/net_in.h"
#include "dataplane/ports.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/punt.h"
#include "dataplane/recents.h"
#include "dataplane/snapshot.h"
#include "dataplane/stats.h"
#include "dataplane/trace.h"
#include "dataplane/tx.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SCRATCH_HEAD 512                           /* room before what is put together there */
#define SCRATCH_SIZE (SCRATCH_HEAD + 65536 + 2048) /* the largest packet, and room to edit it */

/* What workers share. */
struct plane_shared {
	struct snapshot world;         /* control publishes */
	struct snapshot fib;           /* control publishes */
	struct snapshot trace;         /* control publishes: struct trace_set; NULL = off */
	struct snapshot_queue retired; /* control; workers only report quiescence to .rcu */
	struct punt_bell bell;         /* workers ring, control clears */
	struct punt_bell kernel_bell;  /* the same, for frames to the TAPs of Linux */
	struct trace_tap tap;          /* the control thread's own */
	uint64_t trace_generation;     /* of the trace published last; control thread only */
	atomic_bool stop;              /* control writes */
	/* Written before workers run: */
	bool any_linux; /* some interface is shared with Linux or has a TAP */
	bool any_tap;   /* some interface has a TAP */
	bool spin;
	uint16_t n_workers, n_ports;
	struct port ports[PLANE_MAX_PORTS];
	uint16_t port_of_dev[RTE_MAX_ETHPORTS]; /* DPDK device -> index in ports */
	uint8_t frag_secret[FRAG_SECRET];
	struct held held;       /* control writes: transactions that it holds */
	struct recents recents; /* by worker, the last is the control thread's */
	struct rte_ring
		*inbox[PLANE_MAX_WORKERS]; /* fragments for that worker; NULL if it is alone */
};

struct rx_queue {
	uint16_t port; /* index in ports */
	uint16_t dev, queue;
};

struct worker {
	struct plane_shared *sh;
	uint16_t id;
	uint16_t n_rx;
	struct view view;              /* of this turn */
	const struct trace_set *trace; /* of this turn; NULL = off */
	uint64_t now;                  /* TSC at the start of this turn */
	uint64_t since;                /* TSC when the present burst was taken */
	uint64_t hz;                   /* of the TSC */
	struct tsc_scale scale;
	bool busy; /* this turn found something */
	struct rx_queue rx[PLANE_MAX_PORTS];
	struct tx_port *tx;   /* one per port */
	struct stats *stats;  /* this worker writes, control reads */
	struct limit answers; /* error answers */
	struct limit icmp;    /* ICMP errors handed over */
	struct frag_table *frags;
	uint64_t expire_at; /* when frags is looked through next */
	uint64_t expire_every;
	uint32_t ip_id;               /* last identification used; steps by the number of workers */
	struct punt_ring punt;        /* this worker puts, control takes */
	struct kernel_ring to_kernel; /* the same: frames for TAPs */
	uint64_t kernel_rung;         /* TSC when kernel_bell was rung last */
	struct trace_tap tap;         /* the same */
	uint8_t *scratch;             /* SCRATCH_SIZE: packets from several mbufs or fragments */
	uint8_t *copy; /* SCRATCH_SIZE: messages whose edits do not fit where they are */
	struct sip_msg msg;
	struct proxy_out out;
	struct batch batch;
};

/**
 * A worker numbered @id with its queues on the ports of @sh, owned by the caller. @clock_hz: of the
 * times given to worker_turn(), @now: its present time. NULL without memory.
 */
struct worker *worker_new(struct plane_shared *sh, const struct plane_conf *conf, uint16_t id,
			  uint64_t clock_hz, uint64_t now);

void worker_free(struct worker *w);

/**
 * One turn at time @now: every queue once, one burst each, all the way. Returns how many frames it
 * found. Reports quiescence at its end: no snapshot pointer of this turn may be used after it.
 */
unsigned int worker_turn(struct worker *w, uint64_t now);

/**
 * Takes what other workers passed to this one, without receiving; after all threads have ended,
 * from the control thread. Returns how many frames it found.
 */
unsigned int worker_finish(struct worker *w);

/** Worker @i of @p, for tests that turn it by hand. */
struct worker *plane_worker(struct plane *p, uint16_t i);

/** The thread: turns until sh->stop, naps between empty ones unless sh->spin. For
 * rte_eal_remote_launch(). */
int worker_main(void *worker);

/** Identification for the next IP packet; no other worker uses it at that time (RFC 6864). */
static inline uint32_t worker_ip_id(struct worker *w)
{
	w->ip_id += w->sh->n_workers;
	return w->ip_id;
}
