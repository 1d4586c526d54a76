/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The newest transactions that one thread has begun, each with its server and the epoch of the
 * world in which it began: what tells a retransmission of a request that came before a change from
 * a new request, and where it went.
 *
 *   line of 64 bytes, chosen by bits 40 and up of the transaction's hash
 *   +------+---------+---------+-----+---------+
 *   | next | entry 0 | entry 1 | ... | entry 6 |   64 bits each
 *   +------+---------+---------+-----+---------+
 *   entry: lower 40 bits of the hash | 16 bits server | lower 8 bits of the epoch
 *
 * The oldest entry of a line is replaced, so 8 MiB hold 917,504 transactions. As lines fill
 * unevenly, 1 in 400 is forgotten after 25 % of that many later ones, 1 in 100 after a third, 1 in
 * 15 after half, 1 in 2 after all. A transaction that never was is found by mistake once in 10^11
 * times.
 *
 * One thread writes, all read: a datagram of several fragments reaches another worker at each
 * retransmission, so in a transaction window the memories of all threads are searched. Entries are
 * single words, read and written whole, in no order: the transaction asked for was written a
 * retransmission timer ago, or by the asking thread.
 *
 * Outside of windows recent_add() is all that happens, for each request that begins a transaction.
 * What it adds waits in a short list until recent_settle() writes it, at the end of a burst at the
 * latest: the lines are far apart in a memory larger than the caches, and a message that waited for
 * its own would wait longer than for anything else in this layer. The line is asked for at once,
 * and has mostly come when it is written. Not taken: epochs without servers, twice as many for the
 * memory; they are of no use for an epoch whose world had to go (WORLD_PAST_MAX). A random entry
 * replaced, which forgets one in ten transactions before the memory has seen a tenth of what it can
 * hold.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECENT_LOG2 23     /* usual size: 8 MiB */
#define RECENT_LOG2_MIN 12 /* what recent_size() takes */
#define RECENT_LOG2_MAX 30
#define RECENT_ENTRIES 7u  /* of a line */
#define RECENT_WAITING 16u /* transactions that wait to be written, at most */

struct recent_line {
	_Alignas(64) _Atomic uint64_t next; /* entry to be replaced next; only the owner looks */
	_Atomic uint64_t entry[RECENT_ENTRIES];
};

/* A transaction that waits, and its entry. */
struct recent_waiting {
	uint64_t id, entry;
};

struct recent {
	_Alignas(64) struct recent_line *lines;
	uint64_t mask; /* of the place of a line in lines, in bytes */
	/* The memories of all threads of the process, this one too; set before any of them runs.
	 * None: this one is alone. */
	const struct recent *all;
	unsigned int n_all;
	unsigned int n_waiting; /* this and what follows: only the owner looks */
	struct recent_waiting waiting[RECENT_WAITING];
};

/* What is known of a transaction. */
struct recent_begin {
	uint16_t server; /* number of the backend; WORLD_NONE = there was none */
	uint8_t age;     /* epochs since, modulo 256 */
};

/** The line for the transaction @id; bits that its entry does not have choose it. */
static inline struct recent_line *recent_line_of(const struct recent *r, uint64_t id)
{
	return (struct recent_line *)((uint8_t *)r->lines + (id >> 34 & r->mask));
}

/** Bytes of memory for 2^@log2 bytes of lines. */
size_t recent_size(unsigned int log2);

/** Makes @r an empty memory of the recent_size() bytes at @mem, which are aligned to 64 and zero.
 * @mem stays the caller's. */
void recent_init(struct recent *r, void *mem, unsigned int log2);

/** Lets the @n memories at @all know each other. Before the threads run. */
void recent_join(struct recent *all, unsigned int n);

/** Writes what waits, so that all threads can find it. Owner only. */
void recent_settle(struct recent *r);

/** Remembers that the transaction with the keyed hash @id began at @server in @epoch. The owner
 * finds it at once, others after recent_settle(). Owner only. */
static inline void recent_add(struct recent *r, uint64_t id, uint16_t server, uint32_t epoch)
{
	__builtin_prefetch(recent_line_of(r, id), 1);
	r->waiting[r->n_waiting++] = (struct recent_waiting){
		.id = id,
		.entry = id << 24 | (uint32_t)server << 8 | (uint8_t)epoch,
	};
	if (__builtin_expect(r->n_waiting == RECENT_WAITING, 0))
		recent_settle(r);
}

/** How and when, seen from @epoch, the transaction @id last began, by the memories of all threads.
 * False: none of them knows it. Owner of @r only. */
bool recent_find(const struct recent *r, uint64_t id, uint32_t epoch, struct recent_begin *out);
