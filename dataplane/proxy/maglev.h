/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maglev consistent hashing (Eisenbud et al., NSDI 2016, section 3.4), with weights.
 *
 * A table of a prime number of slots; each server fills slots in its own keyed order, in turns that
 * follow its weight. Lookup is one multiplication and one load. Removing a server moves its keys
 * and few others. A server's order depends on its identity (its name) and the keys alone, never on
 * its place in the configuration, so every node of a fleet builds the same table.
 *
 * With 65,537 slots, one of 200 servers leaving moves about 0.75 % of the slots of others, one of
 * 400 about 1 % (the most over all counts); with two servers none.
 */
#pragma once

#include "dataplane/proxy/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAGLEV_SIZE 65537 /* default table size */
#define MAGLEV_NONE UINT16_MAX

struct maglev_server {
	uint64_t id;     /* keyed hash of the server's name: maglev_id() */
	uint32_t weight; /* 0 = gets no slots */
	uint16_t index;  /* what lookups return */
};

/** Identity of the server called @name (@n bytes). */
uint64_t maglev_id(const struct keys *k, const void *name, size_t n);

/** True if @n is a prime between 251 and 1,000,003: a table size that maglev_build() takes. */
bool maglev_size_ok(uint32_t n);

/** Bytes of scratch that maglev_build() needs for @n_servers. */
size_t maglev_scratch(uint32_t n_servers);

/**
 * Fills @table (@size entries, prime) with the indexes of @servers by weight. Order of @servers
 * does not matter. With no server of weight above 0 every slot is MAGLEV_NONE. Not for the packet
 * path. @scratch: maglev_scratch() bytes, 8-byte aligned.
 */
void maglev_build(uint16_t *table, uint32_t size, const struct maglev_server *servers, uint32_t n,
		  void *scratch);

/** Slot of @hash in a table of @size entries (fixed-point multiplication, no division). */
static inline uint32_t maglev_slot(uint64_t hash, uint32_t size)
{
	return (uint32_t)(((unsigned __int128)hash * size) >> 64);
}
