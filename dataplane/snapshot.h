/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publishing and retiring of snapshots (design 1.3): one pointer, swapped by an atomic exchange;
 * the one before goes to a queue with a QSBR token and is given back when every worker was
 * quiescent.
 *
 * Control side only, but for snapshot_get(). Needs no EAL, so the thread tests drive it alone.
 * Choice not taken: rte_rcu_qsbr_dq, whose reclaim runs on the caller's lcore and needs fixed-size
 * elements from rte_ring; a queue of three words in order is all that is needed here.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct rte_rcu_qsbr;

/* Published pointers. Control writes, workers read. */
struct snapshot {
	_Atomic(const void *) now;
};

/* How a block is given back: call(block, fn); call knows the type of fn. */
struct snapshot_retire {
	void (*call)(const void *block, void (*fn)(void));
	void (*fn)(void);
};

#define SNAPSHOT_WAITING 256 /* retired ones that still wait */

struct snapshot_queue {
	struct rte_rcu_qsbr *rcu;
	unsigned int first, n;
	struct {
		const void *block;
		struct snapshot_retire retire;
		uint64_t token;
	} waiting[SNAPSHOT_WAITING]; /* oldest at first, in a ring */
};

/** Empty queue with room for @n_readers numbered from 0. Returns 0 or -ENOMEM. */
int snapshot_queue_init(struct snapshot_queue *q, unsigned int n_readers);

/** Waits for all readers and retires what is queued; then frees the queue's own memory. */
void snapshot_queue_fini(struct snapshot_queue *q);

/**
 * Makes @block what snapshot_get() returns; the one before it is queued to be given back by
 * @retire. Waits for
 * readers only when SNAPSHOT_WAITING are queued already. Pairs with snapshot_get().
 */
void snapshot_publish(struct snapshot_queue *q, struct snapshot *s, const void *block,
		      struct snapshot_retire retire);

/** Retires, oldest first, what no reader can hold any more. Returns how many still wait. */
unsigned int snapshot_reclaim(struct snapshot_queue *q);

/**
 * What is published now; NULL before the first. Readers may use it until their next
 * rte_rcu_qsbr_quiescent() or rte_rcu_qsbr_thread_offline(). Pairs with snapshot_publish().
 */
static inline const void *snapshot_get(const struct snapshot *s)
{
	return atomic_load_explicit(&s->now, memory_order_acquire);
}
