/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Immutable table from short byte strings to numbers: own domains, own addresses, static host
 * names.
 *
 * Open addressing over a keyed hash, so that a sender cannot choose names that collide. One block
 * of memory, built by the control thread, read by workers. The hash is a local matter: nothing that
 * leaves the machine depends on it.
 */
#pragma once

#include "dataplane/proxy/keys.h"

#include <emmintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_LEN 255 /* longest key; longer look-ups find nothing */
#define NAME_KEY_MAX 64  /* longest one that a struct name_key holds */

struct name_entry {
	const uint8_t *name; /* borrowed while building, copied into the table */
	uint16_t len;        /* 1 to NAME_MAX_LEN */
	uint32_t value;
};

/* A name in registers, as who looks up for each message makes it. */
struct name_key {
	__m128i lane[NAME_KEY_MAX / 16]; /* zeros behind the name */
	uint32_t len;
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

/** The same for a name of 1 to NAME_KEY_MAX bytes that is laid out already. */
int64_t names_find_key(const struct names *t, const struct name_key *key);

/** False if no name of 17 bytes or more has the byte @byte16 at position 16: a look-up without a
 * hash for keys that end in an address. */
bool names_may_have(const struct names *t, uint8_t byte16);
