/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link addresses that Linux knows, as a table kept up by netlink events, and the list of those that
 * want a fresh look.
 *
 * Workers send by these addresses and Linux sees none of that traffic, so every entry goes STALE in
 * its eyes and would stay so while a peer that moved to another card got nothing. Hence stale
 * entries are handed out for probing, a bounded number per second, round and round. Control thread
 * only.
 */
#pragma once

#include "control/network/nl_parse.h"

#define NEIGHBORS_MAX \
	65536u /* more are left to Linux: their packets take the slow way, none is lost */
#define NEIGHBORS_PROBE_MS 4000 /* an entry is not probed again before that */

struct neighbors {
	struct neighbor_slot *slots;
	uint32_t n_slots; /* a power of two, or 0 */
	uint32_t n;
	uint32_t cursor; /* where the search for stale ones goes on */
	uint32_t epoch;
	uint64_t seed;
};

/** An empty table; @seed keys its hash. */
void neighbors_init(struct neighbors *t, uint64_t seed);

void neighbors_free(struct neighbors *t);

/**
 * Takes in what was heard of one neighbour: known address, or not usable any more. Returns 1 if
 * what workers need of it changed, 0 if not, -ENOMEM.
 */
int neighbors_update(struct neighbors *t, const struct net_neighbor *heard);

/** A full list of what Linux has follows by neighbors_update(). */
void neighbors_begin(struct neighbors *t);

/** The list is over: forgets whom it did not name. Returns 1 if there was one. */
int neighbors_end(struct neighbors *t);

/** The entry of @ip on interface @index, or NULL. Borrowed until the next change. */
const struct net_neighbor *neighbors_find(const struct neighbors *t, int index,
					  const struct ip *ip);

/** Entry by number of slot, 0 to n_slots - 1; NULL = the slot is free. */
const struct net_neighbor *neighbors_at(const struct neighbors *t, uint32_t slot);

/**
 * Writes up to @max stale entries to @out and marks them as probed at @now_ms. Returns how many.
 * Looks at
 * @look slots at most.
 */
uint32_t neighbors_stale(struct neighbors *t, uint64_t now_ms, uint32_t look,
			 struct net_neighbor *out, uint32_t max);
