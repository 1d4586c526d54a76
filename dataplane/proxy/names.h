/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Immutable table from short byte strings to numbers: own domains, own addresses, static host
 * names.
 *
 * Open addressing over a keyed hash, so that a sender cannot choose names that collide. One block
 * of memory, built by the control thread, read by workers.
 */
#pragma once

#include "dataplane/proxy/keys.h"

#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_LEN 255 /* longest key; longer look-ups find nothing */

struct name_entry {
	const uint8_t *name; /* borrowed while building, copied into the table */
	uint16_t len;        /* 1 to NAME_MAX_LEN */
	uint32_t value;
};

struct names;

/** Bytes that a table of @n entries with @bytes bytes of names in all needs. */
size_t names_size(uint32_t n, size_t bytes);

/** Builds the table in @mem (8-byte aligned, owned by the caller). Of equal names the first counts.
 * Returns @mem. */
struct names *names_build(void *mem, const struct keys *k, const struct name_entry *entries,
			  uint32_t n);

/** Value of the entry equal to the @len bytes at @name, or -1. @t may be NULL (empty). */
int64_t names_find(const struct names *t, const void *name, size_t len);
