/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transaction window (RFC 3261 16.11): for a while after a change of the pools, what belongs to
 * a transaction or call that began before it goes to the server that began it, and all that is new
 * by the new tables.
 *
 * Each change starts an epoch. world.past holds the worlds of the epochs before, newest first, as
 * long as their transactions may live; world.began what began in this epoch, of the keys whose
 * server is not the same in all of these worlds; recent.h the last transactions of each thread with
 * their epochs and servers. A request whose server is the same in all worlds is not concerned,
 * unless some are missing (past_gaps). Of the others:
 *
 *   begins a transaction (no To tag)        recent has it: a retransmission, to its server. Else
 *                                           it is new: added to recent and began, to the server
 *                                           of the present table.
 *   ACK, CANCEL                             recent has its INVITE: as that. Else as below.
 *   ACK, CANCEL, BYE and all with a To tag  the newest epoch that has begun the transaction, or
 *                                           the call (not for a CANCEL without To tag); in none of
 *                                           them: the oldest world's server.
 *
 * A server is dead that is down or gone in the present world. What would go to a dead one goes to
 * the server of the next newer epoch; a retransmission begins anew, as its server never will
 * answer.
 *
 * For who builds worlds (control):
 *  - epoch goes up by one with each change of what any request's server is, and only then; two
 *    worlds of one epoch share one began.
 *  - world.began is set from the moment n_past is not 0; the oldest world's began is not read.
 *  - a world stays in past until a window's length after the next epoch began. If there are more
 *    than WORLD_PAST_MAX, one goes before its time: what began in it counts as begun in the next
 *    older one, into whose filter its own is merged (began_merge()); past_gaps is then true until
 *    the window after its epoch is over.
 *  - world_past.same_rules may be false at any time: it only takes longer.
 */
#pragma once

#include "dataplane/proxy/recent.h"
#include "dataplane/proxy/world.h"

/* Which world decided for a request that a pool serves. */
enum window_choice {
	WINDOW_NONE, /* no window, or the same server as without */
	WINDOW_NEW,  /* the present table, for what began under it, of a key that moved */
	WINDOW_OLD,  /* the server of before */
	WINDOW_DEAD  /* the present table, since the server of before is dead */
};

/* A request that asks for its server. */
struct window_request {
	const struct world *w;
	const struct sip_msg *m; /* parsed without fault */
	const struct ip *src;
	uint64_t transaction;  /* keyed hash, the same for INVITE, its CANCEL and its ACK to a
				  non-2xx */
	uint64_t key;          /* key_hash() for pool */
	uint16_t pool;         /* by the rules of w; WORLD_NONE = no rule matches */
	uint16_t backend;      /* by the table of w; WORLD_NONE = none */
	struct recent *recent; /* of this thread; NULL: nothing is remembered, here or in began */
};

/* What came of it. */
struct window_answer {
	uint16_t backend; /* number in w->backends, or WORLD_NONE */
	enum window_choice choice;
	uint32_t epoch; /* of the world that decided */
};

/** Whether @m may begin a transaction outside of all calls: not ACK, CANCEL or BYE, and no To tag.
 */
static inline bool window_begins(const struct sip_msg *m)
{
	const unsigned int never = 1u << SIP_M_ACK | 1u << SIP_M_CANCEL | 1u << SIP_M_BYE |
				   1u << SIP_M_PRACK | 1u << SIP_M_UPDATE | 1u << SIP_M_INFO;

	return !(never >> m->method & 1) && m->to_tag.len == 0;
}

/** The server of @r while w->n_past is not 0. Remembers what begins. */
struct window_answer window_choose(const struct window_request *r);

/** Fetches what window_choose() will read of the tables of before for key @key of pool @pool. */
void window_prefetch(const struct world *w, uint16_t pool, uint64_t key);
