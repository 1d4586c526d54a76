/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker judges frames by: the two snapshots of its turn, and small tables made of the world
 * for what is asked of every frame. Owner: one worker.
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/world.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define VIEW_SLOTS 64

/* What a burst is judged by: the two snapshots, and what is asked of them for every frame. */
struct view {
	const struct world *world;
	const struct fib *fib;
	uint64_t generation; /* of the world that the rest was made from */
	uint64_t own[8];     /* bit per hash of a listener's address */
	/* Most UDP listeners at IPv4 addresses, by a hash of both: the first that falls on a slot.
	 */
	struct {
		uint64_t key; /* address and port as in the packet; 0 = none */
		uint16_t listener;
	} v4[VIEW_SLOTS];
};

/** Makes @v show @world and @fib. Cheap unless the world is another one. */
void view_update(struct view *v, const struct world *world, const struct fib *fib);

/** True if @a is the address of a listener. */
bool view_is_own(const struct view *v, const struct ip *a);

/** Bit of view.own for address @a. */
static inline unsigned int view_bit(const struct ip *a)
{
	uint64_t w[2];

	memcpy(w, a->b, 16);
	return (unsigned int)(((w[0] ^ w[1]) * 0x9e3779b97f4a7c15ull) >> 55);
}

/** False: @a is no listener's address. True: it may be one. */
static inline bool view_may_own(const struct view *v, const struct ip *a)
{
	unsigned int bit = view_bit(a);

	return v->own[bit / 64] >> bit % 64 & 1;
}

/** Whether @ip is like most sources: IPv4, not of 0/8, 127/8 and 224/3, which hold all that nobody
 * may have, and not a listener's. */
static inline bool view_usual_source(const struct view *v, const struct ip *ip)
{
	uint8_t first = ip_v4_bytes(ip)[0];

	return ip_is_v4(ip) && (uint8_t)(first - 1) < 223 && first != 127 && !view_may_own(v, ip);
}

/** Key of view.v4 for the IPv4 address @b4 and the port @b2, as bytes of a packet. */
static inline uint64_t view_key(const void *b4, const void *b2)
{
	uint32_t a;
	uint16_t p;

	memcpy(&a, b4, 4);
	memcpy(&p, b2, 2);
	return a | (uint64_t)p << 32;
}

/** Place of @key in view.v4. */
static inline unsigned int view_slot(uint64_t key)
{
	return (unsigned int)((key * 0x9e3779b97f4a7c15ull) >> 58);
}
