/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last example of each kind of drop: who sent it, when, and how it began.
 *
 * A counter tells that messages are dropped, an example which. Each thread that drops keeps one per
 * reason and renews it once a second at most; the control thread reads them whenever it likes. Each
 * is guarded by a sequence number (a seqlock: odd while it is being written), with all bytes in
 * relaxed atomic words, so that neither side ever waits and ThreadSanitizer can follow.
 * Where nothing is dropped, nothing here runs.
 */
#pragma once

#include "dataplane/sip/ip.h"
#include "dataplane/stats.h"

#include <stdbool.h>
#include <stdint.h>

#define EXAMPLE_BYTES 96 /* of each example */

/* What was dropped and how it began. */
struct example {
	uint64_t tsc;        /* when */
	struct endpoint src; /* all zero = not known */
	uint16_t len;        /* bytes that follow */
	bool is_frame;       /* they start at the Ethernet header, not at the SIP message */
	uint8_t bytes[EXAMPLE_BYTES];
};

/* Reasons come first, then drop counters, in one numbering. */
#define EXAMPLES (SIP_N_REASONS + N_COUNTERS)
#define EXAMPLE_OF_REASON(reason) (reason)
#define EXAMPLE_OF_COUNTER(counter) (SIP_N_REASONS + (counter))

#define EXAMPLE_WORDS ((sizeof(struct example) + 7) / 8)

/* One writer's examples. */
struct examples {
	struct {
		_Atomic uint64_t sequence; /* 0 = there is none yet; odd = being written */
		_Atomic uint64_t word[EXAMPLE_WORDS];
		uint64_t next; /* TSC before which it is not renewed; writer only */
	} v[EXAMPLES];
};

/** True if example number @i may be renewed at time @now. For the writer only. */
static inline bool example_is_due(const struct examples *e, unsigned int i, uint64_t now)
{
	return now >= e->v[i].next;
}

/** Keeps @x as example number @i, the next one @period cycles later at the soonest. For the writer
 * only. */
void example_put(struct examples *e, unsigned int i, const struct example *x, uint64_t period);

/** Fills x->src from the frame that @x holds, as far as it says. For readers. */
void example_read_source(struct example *x);

/** Reads example number @i, from any thread. False if there is none, or if the writer is just
 * renewing it again and again. */
bool example_get(const struct examples *e, unsigned int i, struct example *out);
