/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of memory that start on a cache line, for snapshots that workers read (worlds, fibs):
 * aligned with what the builders of dataplane/proxy ask for, and never sharing a line with
 * something else that the control thread writes. Made of mem_alloc(), so that tests can refuse them
 * too.
 */
#pragma once

#include <stddef.h>

#define BLOCK_ALIGN 64u

/** Returns @n zeroed bytes, 64-byte aligned, owned by the caller; NULL when there is no memory. */
void *block_new(size_t n);

/** Gives back what block_new() returned. NULL is allowed. */
void block_free(const void *block);
