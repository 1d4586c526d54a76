/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maglev tables as blocks of their own, counted by the worlds that use them.
 *
 * A change in one pool must not fill the tables of a thousand others again, and worlds of before
 * (RFC 3261 16.11) must not cost a table each. So a table knows from what it was made; a new world
 * takes over one that was made from the same. Workers see the slots only, by struct pool. Control
 * thread only; immutable once made.
 */
#pragma once

#include "dataplane/proxy/maglev.h"

/* What a table is made from: servers, weights relative to each other, size. */
struct table_id {
	uint64_t v[2];
};

/**
 * Brings the @n servers at @servers, all of weight above 0, into the form in which equal sets are
 * equal bytes: in order, weights without a common divisor. Returns the identity of their table.
 */
struct table_id table_identify(struct maglev_server *servers, uint32_t n, uint32_t size);

/** Makes the table of @servers as table_identify() left them. Its slots, held once by the caller;
 * NULL without memory. */
const uint16_t *table_new(const struct maglev_server *servers, uint32_t n, uint32_t size,
			  const struct table_id *id);

/** True if @slots, which table_new() made, or NULL, is the table called @id. */
bool table_is(const uint16_t *slots, const struct table_id *id);

/** The identity of @slots. */
const struct table_id *table_id(const uint16_t *slots);

/** Holds @slots once more; returns it. */
const uint16_t *table_hold(const uint16_t *slots);

/** Lets go of @slots; the last one frees it. NULL is allowed. */
void table_drop(const uint16_t *slots);

/** How many slots server @index has. */
uint32_t table_slots_of(const uint16_t *slots, uint16_t index);

/**
 * The share of all keys, 0 to 1, that have another server in table @b (@n_b slots) than in @a
 * (@n_a). Any two tables; where the sizes differ, key ranges are compared.
 */
double table_moved(const uint16_t *a, uint32_t n_a, const uint16_t *b, uint32_t n_b);
