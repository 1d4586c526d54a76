/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys of world.servers, the table that tells which backend an address is. One place for who writes
 * the table (control/world/world_servers.c) and who asks it (account.h).
 *
 *   address and port   16 bytes, port BE   lowest number of the backends there, whatever their
 * pools address alone      16 bytes            only where all its backends have the same port: some
 *                                          servers answer from another port than they listen on
 */
#pragma once

#include "dataplane/proxy/world.h"

#define SERVERS_KEY_MAX 18

/** Writes the key of @at to @out, SERVERS_KEY_MAX bytes; its first 16 are the key of the address
 * alone. */
static inline void servers_key(uint8_t *out, const struct endpoint *at)
{
	memcpy(out, at->ip.b, sizeof(at->ip.b));
	out[16] = (uint8_t)(at->port >> 8);
	out[17] = (uint8_t)at->port;
}

/** Number of the backend at @at, or WORLD_NONE. Of several at one address the lowest. */
static inline uint16_t servers_find(const struct world *w, const struct endpoint *at)
{
	uint8_t key[SERVERS_KEY_MAX];
	int64_t number;

	servers_key(key, at);
	number = names_find(w->servers, key, SERVERS_KEY_MAX);
	if (number < 0)
		number = names_find(w->servers, key, sizeof(at->ip.b));
	return number < 0 ? WORLD_NONE : (uint16_t)number;
}
