/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How our Via remembers on which listener the request came in (RFC 3581 4: the response leaves from
 * there, and a stateless proxy has only the message to remember by).
 *
 * Only when that is not the listener that the request leaves from, the Via gets ";vl=" and 8 hex
 * digits: the listener's id, masked by a keyed hash of the branch, so that it cannot be forged or
 * carried over to another transaction: a changed bit names no listener.
 *
 * A request that came by a connection leaves with ";vc=" and 16 hex digits: the connection's
 * number, masked in the same way, so that its responses go back by it (18.2.2). Numbers of
 * connections are sparse and random, so neither can another one be aimed at.
 */
#pragma once

#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/world.h"

#define MARK_LEN 8
#define MARK_CONNECTION_LEN 16

/** Writes the mark of listener @id for the @branch (BRANCH_LEN bytes, one of ours) to @out,
 * MARK_LEN bytes. */
void mark_make(const struct keys *k, const uint8_t *branch, uint32_t id, uint8_t *out);

/** The same for the digits of a branch; writes 8 bytes more, of no meaning. */
void mark_put(const struct keys *k, const struct hex32 *branch, uint32_t id, uint8_t *out);

/** The listener that the mark @s in message @p means, given the digits of the branch before it, or
 * WORLD_NONE. */
uint16_t mark_read(const struct world *w, const uint8_t *p, const struct hex32 *branch,
		   struct span s);

/** Writes the mark of @connection for the digits of a branch to @out, MARK_CONNECTION_LEN bytes. */
void mark_put_connection(const struct keys *k, const struct hex32 *branch, uint64_t connection,
			 uint8_t *out);

/** The connection that the mark @s in message @p means, given the digits of the branch before it;
 * 0 = it is no mark. */
uint64_t mark_read_connection(const struct keys *k, const uint8_t *p, const struct hex32 *branch,
			      struct span s);
