/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the world builder share. A build has three steps: plan the listeners, measure
 * (an upper bound of the bytes that everything needs), fill one block. Filling takes pieces off the
 * block with build_take() and cannot fail, but for the remarks it adds.
 */
#pragma once

#include "control/world/world_build.h"

/* A listener to be: from the configuration, or an address of an interface. */
struct listener_plan {
	const struct config_listener *given; /* NULL = default listener */
	struct endpoint addr;
	uint16_t iface;
	uint16_t transports;
};

struct build {
	const struct config *c;
	const struct world_facts *facts;
	struct config_errors *errs;
	struct arena scratch;
	struct listener_plan *plan;
	uint32_t n_plan;
	const struct world_overlay *overlay; /* never NULL */
	struct world *w;
	uint8_t *at; /* what is left of the block */
	uint8_t *end;
};

/** Rounds up to the alignment of build_take(). */
static inline size_t build_room(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

/** Takes @n zeroed bytes off the block, 64-byte aligned. */
void *build_take(struct build *b, size_t n);

/** Copies @n bytes of text into the block, with a NUL behind. */
char *build_text(struct build *b, const char *text, size_t n);

/** Finds the listeners' addresses and interfaces; adds a remark for each that stands nowhere. 0 or
 * -ENOMEM. */
int build_plan_listeners(struct build *b);

/** Bytes that build_listeners() takes at most. */
size_t build_listeners_size(const struct build *b);

/** Fills listeners, listener_ids and own names. Needs w->keys. 0 or -ENOMEM. */
int build_listeners(struct build *b);

/** Bytes that build_rules() takes at most. */
size_t build_rules_size(const struct build *b);

/** Fills rules and trusted sources. Needs w->backends. 0 or -ENOMEM. */
int build_rules(struct build *b);

/** Bytes that build_pools() takes at most. */
size_t build_pools_size(const struct build *b);

/** Sets the overlay: that of the facts, or one that says what the file says. 0 or -ENOMEM. */
int build_overlay(struct build *b);

/** Fills backends, pools and their tables. Needs w->keys, listeners. 0 or -ENOMEM. */
int build_pools(struct build *b);

/** Bytes that build_servers() takes at most. Needs the overlay. */
size_t build_servers_size(const struct build *b);

/** Fills the table of servers by address. Needs w->backends. 0 or -ENOMEM. */
int build_servers(struct build *b);

/** Fills the digests of the world's life from all that was built. */
void build_digests(struct build *b);
