/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pieces of bench/scale.c: sweeps over one size each, the worlds and messages that they need,
 * and the tables. Everything made here lives as long as the program.
 */
#pragma once

#include "bench/passes.h"
#include "bench/report.h"

#define SCALE_POINTS 8

/* One size: what runs, in which world, and what it took. */
struct scale_point {
	double x;
	struct passes passes;
	const struct lab_world *world;
	struct samples ns;
};

struct scale_curve {
	const char *name;
	unsigned int n;
	struct scale_point *points;
};

/* One plot. All curves have the same x values. */
struct scale_sweep {
	const char *name, *label, *x_name, *x_unit;
	bool x_log;
	unsigned int n_curves;
	struct scale_curve curves[2];
};

/* --- worlds, scale_world.c; all have the keys and domains of messages_world() --------------------
 */

#define SCALE_CORE_BACKENDS 8

enum scale_match { SCALE_BY_DOMAIN, SCALE_BY_SOURCE };

/** One pool of @n backends for everything. */
const struct lab_world *scale_world_backends(uint32_t n);

/** @n pools of four backends, each with a rule by source prefix: the network that
 * scale_source() gives. */
const struct lab_world *scale_world_pools(uint32_t n);

/** @n rules; the last one takes everything, those before it nothing that messages ask for. */
const struct lab_world *scale_world_rules(uint32_t n, enum scale_match match);

/** A source whose pool of scale_world_pools() is @pool. */
struct endpoint scale_source(uint32_t pool);

/* --- messages, scale_messages.c ------------------------------------------------------------------
 */

/* Sizes of a plain OPTIONS in bytes. */
struct scale_shape {
	unsigned int n_vias;
	unsigned int more_headers; /* bytes of header lines that mean nothing to a proxy, about */
	unsigned int total;        /* of the message, filled up by its body; 0 = no body */
};

/** @n messages of one shape with identities, hosts and numbers of their own. A shape that cannot
 * be had ends the program. */
void scale_plain(uint32_t n, const struct scale_shape *shape, struct message_set *set);

/** @set with other sources: messages in turns from the networks of pools 0 to @n_pools - 1. */
void scale_from_pools(const struct message_set *set, uint32_t n_pools, struct message_set *out);

/* Gives messages Call-IDs out of a number of flows, in an order that a cache cannot foresee. */
struct scale_flows {
	uint32_t n;    /* flows */
	uint64_t at;   /* messages so far */
	uint16_t *off; /* by message: of the Call-ID in it */
	const struct message *first;
};

/** @flows for @set, whose messages must have Call-IDs of 16 bytes or more. */
void scale_flows_make(struct scale_flows *flows, const struct message_set *set, uint32_t n);

/** For struct passes: the next flow's Call-ID into @m. @flows is a struct scale_flows. */
void scale_flows_next(const struct message *m, void *flows);

/* --- tables, scale_tables.c ----------------------------------------------------------------------
 */

/** Builds and looks up Maglev tables, forwarding tables and tables of names of many sizes, and
 * reports rows. */
void scale_tables_rows(struct report *r);
