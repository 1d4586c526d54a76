/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Worlds after one another: who holds which, and the transaction window (RFC 3261 16.11).
 *
 * A world that is published after another one either leaves every request's server as it is, and
 * then shares its epoch, its list of past worlds and its filter; or it begins an epoch, and the
 * world before it heads the list. A world lives while it is published, while a worker may read it,
 * and while the list of a published one has it. Lists of past worlds are not followed further:
 * each published world has the whole list itself.
 *
 * The list is bounded. Where it has no room, the past world goes in which the fewest transactions
 * that still live can have begun: the shorter its epoch and the longer ago, the fewer. What began
 * in it counts as begun under its neighbour. A burst of changes so thins out what is some seconds
 * old, keeps what is milliseconds old, and the long epoch before the burst, in which calls began
 * that ring. Letting the oldest go would cost those calls, letting the shortest go those just
 * begun. Control thread only.
 */
#pragma once

#include "control/config/alloc.h"
#include "dataplane/proxy/world.h"

/* How the window is set up. */
struct world_window {
	uint64_t ms;             /* how long a past world is kept; 0 = not at all */
	unsigned int began_log2; /* 2^this bytes of filter for each epoch; see began.h */
};

/* What a world is but for the packets, in two numbers that are equal for equal contents. */
struct world_digest {
	uint64_t v[2];
};

/* What the control thread keeps with a world, in the block before it. */
struct world_life {
	uint32_t refs;
	uint32_t n_held;             /* past worlds that it holds, until it is retired */
	struct world_digest rules;   /* keys, routes, pools by index and their keys */
	struct world_digest servers; /* the same, and the tables */
	uint64_t since_ms;           /* monotonic, when its epoch began */
	uint64_t gap_ms;             /* when the last epoch ended that had no room; 0 = none */
	struct world_past past[WORLD_PAST_MAX];
	uint64_t ended_ms[WORLD_PAST_MAX]; /* when the epoch of each did */
};

/** Bytes of struct world_life before a world, so that both start on a cache line. */
#define WORLD_LIFE_SIZE ((sizeof(struct world_life) + 63) / 64 * 64)

/** Of a world that world_build() made. */
static inline struct world_life *world_life(const struct world *w)
{
	return (struct world_life *)(void *)((uintptr_t)w - WORLD_LIFE_SIZE);
}

/**
 * Makes @next, which is not published yet, the successor of @now, which is (NULL: none). Past
 * worlds whose time is over at @now_ms, a monotonic time, are not taken along. Sets *@dropped to
 * how many others had to go before their time, for lack of room. 0, or -ENOMEM with @next as it
 * was.
 */
int world_follow(struct world *next, const struct world *now, const struct world_window *window,
		 uint64_t now_ms, uint32_t *dropped);

/** When the first past world of @w must go, by the monotonic clock; 0 = it has none. */
uint64_t world_past_end(const struct world *w, const struct world_window *window);

/** Lets go of @w and of the worlds in its list: it is not published any more, and no worker reads
 * it as the present one. NULL is allowed. */
void world_free(const struct world *w);
