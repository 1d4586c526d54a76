/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters: one struct per worker and one for the control thread's own forwarding.
 *
 * Each has a single writer, which adds with a relaxed load and a relaxed store: plain moves on
 * every CPU, no locked instruction, and still no data race for readers. The control thread sums
 * them; it never resets them. Sums of different counters are only consistent with each other while
 * the writers rest.
 */
#pragma once

#include "dataplane/latency.h"
#include "dataplane/proxy/window.h"
#include "dataplane/sip/msg.h"
#include "dataplane/sip/reason.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum counter {
#define COUNTER(id, class, help) C_##id,
#include "dataplane/counters.def"
#undef COUNTER
	N_COUNTERS
};

enum counter_class { COUNTER_rx, COUNTER_out, COUNTER_drop, COUNTER_tx, COUNTER_info };

struct counter_info {
	const char *id;   /* as in counters.def: "RX_FRAMES" */
	const char *help; /* one line for people */
	enum counter_class class;
};

#define STATS_BACKENDS 65536 /* every backend index there can be */
#define STATS_CLASSES 7      /* responses by the first digit of the status; 0: no valid status */

typedef _Atomic uint64_t stat_t;

/* The most that a queue ever held, since the start. */
enum stats_mark {
	MARK_PUNT_BYTES,   /* ring to the control thread, of PUNT_RING_SIZE bytes */
	MARK_KERNEL_BYTES, /* ring to the TAPs of Linux, of KERNEL_RING_SIZE bytes */
	MARK_INBOX_FRAMES, /* fragments from other workers that waited for this one */
	MARK_TX_FRAMES,    /* frames of one burst that a device did not take when first offered */
	N_MARKS
};

/* What one server did, by its address: see account.h. */
struct stats_server {
	stat_t requests;    /* sampled: requests sent to it, ACK left out */
	stat_t responses;   /* sampled: responses that came from it, of any status */
	stat_t finals;      /* sampled: those of 200 and up */
	stat_t errors;      /* 500 to 599, every one */
	stat_t retry_after; /* 503 with Retry-After, every one */
	stat_t in_drains;   /* requests sent to it, every one while some server drains */
	stat_t rest_until;  /* TSC at which the latest Retry-After ends; 0 = there was none */
};

/* One writer's counters. */
struct stats {
	alignas(64) stat_t c[N_COUNTERS];
	stat_t dropped[SIP_N_REASONS];   /* frames dropped for a SIP reason */
	stat_t answered[SIP_N_REASONS];  /* requests answered, by reason; SIP_OK: a 200 */
	stat_t requests[SIP_N_METHODS];  /* received, by enum sip_method; OTHER: all without one */
	stat_t responses[STATS_CLASSES]; /* received, by class of the status */
	stat_t latency[LATENCY_BUCKETS]; /* messages sent, by the time from taking their burst
					    from the device to giving it to one; workers only */
	stat_t latency_ns;               /* the sum of these times, each to the nanosecond */
	stat_t busy_cycles; /* TSC cycles of turns that found something; workers only */
	stat_t cycles;      /* TSC cycles of all turns and naps; busy share = the quotient */
	stat_t mark[N_MARKS];
	stat_t held;                 /* gauge: fragments that wait for the rest; messages that wait
					for a name */
	stat_t *backend;             /* messages sent on to each backend; STATS_BACKENDS */
	struct stats_server *server; /* by the number that servers_find() gives its address;
					STATS_BACKENDS */
	struct examples *examples;   /* of what was dropped: example.h */
};

/* The sum of several, in plain numbers; marks: the largest. */
struct stats_total {
	uint64_t c[N_COUNTERS];
	uint64_t dropped[SIP_N_REASONS];
	uint64_t answered[SIP_N_REASONS];
	uint64_t requests[SIP_N_METHODS];
	uint64_t responses[STATS_CLASSES];
	uint64_t latency[LATENCY_BUCKETS];
	uint64_t latency_ns;
	uint64_t busy_cycles;
	uint64_t cycles;
	uint64_t mark[N_MARKS];
	uint64_t held;
};

struct mark_info {
	const char *id;   /* "most_punt_bytes" */
	const char *help; /* one line for people */
};

/** Adds @n to a counter. For its one writer only. */
static inline void stat_add(stat_t *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);

	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

/** Raises a mark to @v. For its one writer only. */
static inline void stat_raise(stat_t *mark, uint64_t v)
{
	if (v > atomic_load_explicit(mark, memory_order_relaxed))
		atomic_store_explicit(mark, v, memory_order_relaxed);
}

/** Counts what decided for a request that is sent on. For the one writer only. */
static inline void stat_window(struct stats *s, enum window_choice choice)
{
	static_assert(C_WINDOW_OLD - C_WINDOW_NEW == WINDOW_OLD - WINDOW_NEW &&
			      C_WINDOW_DEAD - C_WINDOW_NEW == WINDOW_DEAD - WINDOW_NEW,
		      "counters in the order of the choices");

	if (__builtin_expect(choice != WINDOW_NONE, 0))
		stat_add(&s->c[C_WINDOW_NEW + (choice - WINDOW_NEW)], 1);
}

/** Reads a counter, from any thread. */
static inline uint64_t stat_get(const stat_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/** Facts about counter @c; static storage. */
const struct counter_info *counter_info(enum counter c);

/** Facts about mark @m; static storage. */
const struct mark_info *mark_info(enum stats_mark m);

/** Writes the name of @c in lower case ("rx_frames") to @out, at most @n bytes with the NUL. */
void counter_name(enum counter c, char *out, size_t n);

/** A new zeroed struct, owned by the caller; NULL without memory. */
struct stats *stats_new(void);

void stats_free(struct stats *s);

/** Adds what @s says now to @t, which the caller cleared. From any thread. */
void stats_sum(struct stats_total *t, const struct stats *s);

/**
 * Conservation: frames received, less those with a verdict, less those held. 0 whenever the
 * writers rest and nothing is on its way between workers.
 */
int64_t stats_imbalance(const struct stats_total *t);

/**
 * The same for what left: frames sent, lost on the way to another worker's queue, or Linux's and
 * lost, less one per message that is no transaction's, what transactions sent, the extra frames of
 * fragmented ones, and those that Linux sent.
 */
int64_t stats_tx_imbalance(const struct stats_total *t);
