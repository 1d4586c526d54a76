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

#include "dataplane/sip/reason.h"

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

typedef _Atomic uint64_t stat_t;

/* One writer's counters. */
struct stats {
	alignas(64) stat_t c[N_COUNTERS];
	stat_t dropped[SIP_N_REASONS];  /* frames dropped for a SIP reason */
	stat_t answered[SIP_N_REASONS]; /* requests answered, by reason; SIP_OK: a 200 */
	stat_t held;                    /* gauge: fragments that wait for the rest */
	stat_t *backend;                /* messages sent on to each backend; STATS_BACKENDS */
};

/* The sum of several, in plain numbers. */
struct stats_total {
	uint64_t c[N_COUNTERS];
	uint64_t dropped[SIP_N_REASONS];
	uint64_t answered[SIP_N_REASONS];
	uint64_t held;
};

/** Adds @n to a counter. For its one writer only. */
static inline void stat_add(stat_t *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);

	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

/** Reads a counter, from any thread. */
static inline uint64_t stat_get(const stat_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/** Facts about counter @c; static storage. */
const struct counter_info *counter_info(enum counter c);

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
 * The same for what left: frames sent or lost on the way to another worker's queue, less one per
 * message and the extra frames of fragmented ones.
 */
int64_t stats_tx_imbalance(const struct stats_total *t);
