/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One generator core: its peer, its queues, and the loop between them.
 *
 *   rx burst -> take.c: checks of the frame, fragments, other cores' messages
 *            -> peer: what the message means, what follows from it
 *            -> give.c: headers, fragments -> tx burst
 *   the schedule (pace.h) or the window -> peer: a call starts -> give.c
 *
 * Work is done in stages over a burst, so that a store is not read back at once and a miss of one
 * message hides behind the next. Everything belongs to the one thread, but for what struct shared
 * says. Nothing reachable from core_turn() allocates, locks, logs, blocks or makes a system call
 * (AF_PACKET and TAP drivers make theirs).
 *
 * A message belongs to the core that its mark names, since that core's peer knows the call; what
 * arrives at another core's queue crosses a ring.
 */
#pragma once

#include "bench/load/engine/devices.h"
#include "bench/load/engine/effort.h"
#include "bench/load/engine/header.h"
#include "bench/load/engine/local.h"
#include "bench/load/engine/pace.h"
#include "bench/load/engine/pauses.h"
#include "bench/load/peer/peer.h"
#include "dataplane/frag_in.h"

#include <rte_mbuf.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CORE_BURST 32   /* frames of one rx burst */
#define TX_ROOM 2048u   /* frames that wait for a device, at most */
#define BLANK_ROOM 64u  /* empty mbufs at hand */
#define INBOX_SIZE 4096 /* messages on their way to another core */

/* A run: written by the main thread while no core runs. */
struct run {
	uint64_t begin, measure, end; /* ticks: starts begin, count from, stop at */
	double starts;                /* calls per second and core; 0 = by a window */
	uint64_t timeout;             /* ticks to wait for what is missing */
};

/* What cores share. Written before they run, but for the atomics. */
struct shared {
	const struct load_plan *plan;
	struct devices devices;
	struct local local;
	struct peer_templates *templates;
	struct run run;
	uint64_t hz;
	unsigned int n_cores;
	uint32_t window;  /* LOAD_MAX: messages of a core under way, at most */
	uint32_t lead;    /* bytes kept before a message for its headers */
	bool both_sides;  /* both are played here: messages under way can be counted */
	bool big;         /* messages may be longer than a packet buffer: they are made elsewhere */
	atomic_bool stop; /* main sets: no more starts */
	uint8_t hop[PEER_SIDES][6];
	bool hop_known[PEER_SIDES];
	struct rte_mempool *pool;           /* of what is sent */
	struct rte_ring *inbox[LOAD_CORES]; /* messages for that core; NULL if it is alone */
};

/* Frames for one device. */
struct tx_queue {
	uint16_t dev, queue;
	uint16_t n;       /* frames in all */
	uint16_t framed;  /* of these have their headers */
	uint16_t refused; /* of these were offered before */
	struct rte_mbuf *m[TX_ROOM];
	const struct header *h[TX_ROOM]; /* of those not framed yet */
};

struct rx_side {
	uint16_t dev, queue, port;
};

struct core {
	struct shared *sh;
	unsigned int id;
	struct peer *peer;
	struct load_counts *counts; /* this core writes, main reads */
	uint64_t now;               /* tick of this turn, or of the last burst */
	/* Starts. */
	struct pace pace;
	struct pauses pauses;
	uint64_t max_calls;    /* in the measured part; 0 = no bound. Main writes, like calls */
	uint32_t calls;        /* LOAD_CLOSED: at a time; 0 = by the window */
	uint64_t started;      /* calls, in the measured part */
	uint64_t given, taken; /* messages sent, and received */
	uint64_t settled;      /* messages that are not waited for: given at that time */
	uint64_t last_taken;   /* tick */
	uint64_t timers_at;
	atomic_bool sending; /* main sets before the run, this core clears, main reads */
	uint64_t carried[LOAD_N_COUNTERS]; /* counted, but before the measured part */
	uint64_t stopped_at;               /* tick; valid once sending is false, like the next */
	uint64_t at_stop[LOAD_N_COUNTERS];
	/* Sending. */
	uint32_t ip_id;
	unsigned int n_blank, n_out; /* n_out: places of out that can be filled */
	struct rte_mbuf *blank[BLANK_ROOM];
	struct rte_mbuf *of[PEER_OUT]; /* whose memory out is; NULL with sh->big */
	struct peer_out out[PEER_OUT];
	uint8_t *big;        /* PEER_OUT times PEER_ROOM bytes, with sh->big */
	struct tx_queue *tx; /* one per device */
	struct header_table *headers;
	uint8_t hop[PEER_SIDES][6]; /* next hops: known before, or learned from what came */
	bool hop_known[PEER_SIDES];
	/* Receiving. */
	struct view view;
	unsigned int n_rx;
	struct rx_side rx[DEVICES_MAX];
	struct frag_table *frags;
	uint8_t *scratch; /* chains, and datagrams put together */
	/* Account. */
	uint64_t idle_cost; /* ticks that a turn costs in which nothing happens */
	struct effort effort;
};

#define SCRATCH_BYTES (65536 + 2048)

/** A core numbered @id of @sh, owned by the caller; counts into @counts. NULL without memory. */
struct core *core_new(struct shared *sh, unsigned int id, struct load_counts *counts);

void core_free(struct core *c);

/** The thread of a run: sends until it is over, then receives until all answers are in or the
 * timeout has passed. For rte_eal_remote_launch(). */
int core_main(void *core);

/** Makes the core ready for the run that sh->run and the core's own bounds describe: pins the
 * thread, throws away what waits in its queues, clears what it counts into. */
void core_begin(struct core *c);

/** One turn at c->now: every queue once. Returns how much there was to do. */
unsigned int core_turn(struct core *c);

struct engine;

/** Core @i of @e, for tests that turn it by hand. */
struct core *engine_core(struct engine *e, unsigned int i);

/* --- take.c ------------------------------------------------------------------------------ */

/** Receives one burst of a queue, all the way to what follows from it. Returns how many frames. */
unsigned int take_burst(struct core *c, const struct rx_side *rx);

/** The same for what other cores passed to this one. */
unsigned int take_inbox(struct core *c);

/** Throws away what waits in the device. */
void take_nothing(struct core *c);

/* --- give.c ------------------------------------------------------------------------------ */

/** Makes c->out ready to be filled. False if there are no packet buffers. */
bool give_ready(struct core *c);

/** Sends the first @n of c->out, and makes them ready again. */
void give(struct core *c, unsigned int n);

/** Hands all that waits to the devices, as far as they take it. Returns how many they took. */
unsigned int give_flush(struct core *c);

/** Frees what no device took and the empty buffers. */
void give_fini(struct core *c);
