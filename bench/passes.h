/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs work over a list of messages with the caches in a known state, and times it.
 *
 * The messages lie in slots as in a pool of mbufs. Work that edits in place spoils them, so they
 * are restored from a copy before each batch, outside of the time.
 */
#pragma once

#include "bench/timing.h"
#include "bench/work.h"

#define PASS_BATCH 32u   /* as many as a worker receives at once */
#define PASS_DISTANCE 4u /* messages ahead that are prefetched */

enum pass_mode {
	PASS_WARM,      /* the batch was touched before: L1 and L2 */
	PASS_L3,        /* one long batch */
	PASS_DRAM,      /* the batch was taken out of all caches; prefetched as by the worker */
	PASS_DRAM_BARE, /* the same without prefetch */
	PASS_FEW,       /* warm, the first batch again and again */
	N_MODES
};

#define PASS_ALL_KINDS UINT32_MAX

/* Some of the messages of a set. */
struct passes {
	uint32_t n;
	uint64_t bytes;           /* of all n messages */
	const struct message **m; /* lives as long as the program */
	const struct message_set *set;
	const uint8_t *pristine; /* the slots as they were made */
	/* Called for each message before it runs, outside of the time; NULL = none. */
	void (*change)(const struct message *m, void *arg);
	void *arg;
};

/** A copy of the slots of @set; lives as long as the program. */
uint8_t *passes_copy(const struct message_set *set);

/** The messages of @set whose kind is in @kinds, a bit for each enum message_kind. @pristine:
 * passes_copy(). Both are borrowed. */
void passes_make(struct passes *p, const struct message_set *set, const uint8_t *pristine,
		 uint32_t kinds);

/** Writes all messages as they were made. */
void passes_restore(const struct passes *p);

/** One pass over all messages. Returns nanoseconds for one. */
double pass_run(const struct passes *p, const struct work *w, enum pass_mode mode);

double passes_mean_length(const struct passes *p);
