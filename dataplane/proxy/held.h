/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transactions that the control thread holds although their small requests could go by UDP: an
 * INVITE that was too large for UDP left by TCP (RFC 3261 18.1.1), and its CANCEL and ACK, which
 * are small, have to meet it there.
 *
 * A table of branch hashes in buckets of one cache line. The control thread writes, workers read,
 * and only for a CANCEL or an ACK. What finds its bucket full is not in the table: its CANCEL goes
 * by UDP, which servers match by branch all the same. A lock-free set that grows was not worth it.
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HELD_BUCKETS 8192u
#define HELD_WAYS 8u

struct held {
	alignas(64) _Atomic uint64_t id[HELD_BUCKETS][HELD_WAYS]; /* 0 = free */
};

/** Whether the transaction with branch hash @id is held. Any thread. */
static inline bool held_has(const struct held *h, uint64_t id)
{
	const _Atomic uint64_t *bucket = h->id[id % HELD_BUCKETS];

	for (unsigned int i = 0; i < HELD_WAYS; i++)
		if (atomic_load_explicit(&bucket[i], memory_order_relaxed) == id)
			return true;
	return false;
}

/** Puts @id in. False if there was no room. Control thread only, as the next. */
static inline bool held_add(struct held *h, uint64_t id)
{
	_Atomic uint64_t *bucket = h->id[id % HELD_BUCKETS];

	for (unsigned int i = 0; i < HELD_WAYS; i++) {
		if (atomic_load_explicit(&bucket[i], memory_order_relaxed) != 0)
			continue;
		atomic_store_explicit(&bucket[i], id, memory_order_relaxed);
		return true;
	}
	return false;
}

/** Takes @id out, if it is there. */
static inline void held_remove(struct held *h, uint64_t id)
{
	_Atomic uint64_t *bucket = h->id[id % HELD_BUCKETS];

	for (unsigned int i = 0; i < HELD_WAYS; i++)
		if (atomic_load_explicit(&bucket[i], memory_order_relaxed) == id)
			atomic_store_explicit(&bucket[i], 0, memory_order_relaxed);
}
