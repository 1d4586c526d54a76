/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a result was measured on. Read once at start; main thread.
 */
#pragma once

#include <stdint.h>

struct machine {
	char cpu[128];      /* model name */
	unsigned int cores; /* that are online */
	char kernel[128];   /* name and release */
	char dpdk[64];
	uint64_t memory_kib;
	uint64_t huge_kib; /* size of a default hugepage */
	uint64_t huge_total, huge_free;
	double load;     /* of the last minute, before the run */
	int64_t started; /* seconds since 1970, UTC */
};

/** Reads it; what cannot be read stays empty or 0. */
void machine_read(struct machine *m);

/** The lowest CPU that this process may run on. */
unsigned int machine_first_cpu(void);
