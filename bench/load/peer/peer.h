/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callers and servers as bytes: makes the messages of calls, and checks each thing that comes back.
 * Knows nothing of devices, frames or threads; the engine (engine.c) moves what is made here and
 * brings what was received.
 *
 * Each generator core has a peer of its own, which plays both sides or one. The two sides share
 * templates (made from the seed, so two processes have the same ones), no state: what one side
 * knows of a call it has from messages. Every message ends with a mark of fixed length, in the last
 * header line or the last line of the body: 16 hex digits of id (core, call, step) and 16 of time
 * (TSC, when the schedule wanted it sent). No proxy touches it, and it is found without parsing.
 *
 * Which sides a peer plays follows from the devices of the plan. Two processes that play one side
 * each need the same plan but for the devices: seed, scenario, shares, callers' addresses and
 * domain (or proxy) make the templates. The servers' addresses are only needed by their own side.
 */
#pragma once

#include "bench/load/peer/plan.h"
#include "bench/load/peer/result.h"

#define PEER_OUT 8      /* messages that one event can cause, at most */
#define PEER_ROOM 65536 /* longest message */

enum peer_side { PEER_CALLER, PEER_SERVER, PEER_SIDES };

/* A message that was received. The bytes may be read up to 64 bytes past their end. */
struct peer_in {
	const uint8_t *p;
	uint32_t len;
	struct endpoint from, to; /* of the datagram */
	enum peer_side side;
};

/* A message to send; the engine gives @p and @room, the peer fills the rest. */
struct peer_out {
	uint8_t *p;
	uint32_t room;
	uint32_t len;
	struct endpoint from, to;
	enum peer_side side;
};

struct peer_templates;
struct peer;

/**
 * The messages of @plan, checked and laid out; shared by all peers, read only afterwards. NULL with
 * a text in @error (256 bytes) if files cannot be read or hold no message.
 */
struct peer_templates *peer_templates_new(const struct load_plan *plan, char *error);
void peer_templates_free(struct peer_templates *t);

/** Messages through the proxy that a call of this plan makes on average (open loop: starts per
 * second = rate / this). */
double peer_messages_per_call(const struct peer_templates *t);

/** The peer of core number @core of @n_cores. @hz: ticks of the clock per second. @result: where it
 * counts; must outlive it. NULL: no memory. */
struct peer *peer_new(const struct peer_templates *t, unsigned int core, unsigned int n_cores,
		      uint64_t hz, struct load_counts *result);
void peer_free(struct peer *p);

/**
 * Starts a call: its first message into @out[0]. @due: tick at which the schedule wanted it, what
 * latency counts from. Returns how many of @out are filled; 0 = no free call (counted as not
 * started).
 */
unsigned int peer_start(struct peer *p, uint64_t due, struct peer_out *out);

/** Prefetches what peer_receive() will need for a message that lies in the cache already. */
void peer_prefetch(struct peer *p, const struct peer_in *in);

/**
 * Takes a received message: checks, counts, answers. @now: the tick of its receipt. Returns how
 * many of @out[PEER_OUT] are filled.
 */
unsigned int peer_receive(struct peer *p, const struct peer_in *in, uint64_t now,
			  struct peer_out *out);

/** What was due before tick @until met a pause of this program: its latency is counted apart, too.
 */
void peer_late(struct peer *p, uint64_t until);

/** What time brings: the end of hold times, retransmissions, what is lost. Fills at most @n of
 * @out; call it again if it filled all. */
unsigned int peer_timers(struct peer *p, uint64_t now, struct peer_out *out, unsigned int n);

/** Core that the message's call belongs to, from its mark; 0 if it has none. */
unsigned int peer_owner(const struct peer_templates *t, const struct peer_in *in);

/** Calls that are in progress. */
uint32_t peer_in_progress(const struct peer *p);

/** The end of a run: what has not come is counted as lost. */
void peer_finish(struct peer *p, uint64_t now);
