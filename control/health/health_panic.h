/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The panic rule: health must not take a pool down.
 *
 * Many servers that look dead at once are seldom dead: more often the network between, or the
 * judge, is ill, and what is left would die of the load. So health may take down at most `panic`
 * percent of the weight of a tier. Those that would be more keep their state, as with Envoy's panic
 * threshold; unlike there, those that were down before stay so. They have their turn, the longest
 * waiting first, as soon as others recover. A tier may die as a whole if a later one is well (not
 * more than `panic` percent of it fail): that is what tiers are for.
 *
 * The base is what file and operators leave up with some weight; the others may go, nobody counts
 * on them. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct panic_member {
	uint32_t weight;
	uint16_t number; /* for the caller */
	uint8_t tier;
	bool counts;     /* up by file and operators */
	bool fails;      /* health finds it down */
	bool down;       /* in: health has taken it down already; out: may be down */
	uint64_t serial; /* order in which they began to fail */
};

/**
 * Decides which of the @n members at @m may be down, with threshold @percent, and sorts them by
 * serial. Returns how many are kept up.
 */
uint32_t panic_judge(struct panic_member *m, uint32_t n, uint32_t percent);
