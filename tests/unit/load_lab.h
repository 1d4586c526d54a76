/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer of viaload and the real rules of the proxy, joined by a wire in memory that can do harm.
 *
 *   caller side --> wire --> sip_parse, proxy_message, edit_copy --> wire --> server side
 *
 * Time is a number that the test moves on: one tick is one microsecond.
 */
#pragma once

#include "bench/lab.h"
#include "bench/load/peer/peer.h"

#define LOAD_LAB_HZ 1000000u

/* A datagram behind the proxy. */
struct load_packet {
	struct peer_in in;
	uint8_t *p; /* in.p, to be written to; room for 256 bytes more */
	uint64_t at;
};

enum tamper { TAMPER_NOTHING, TAMPER_DROP, TAMPER_TWICE };

struct load_lab {
	struct load_plan plan;
	const struct lab_world *world;
	struct peer_templates *t, *other_t;
	struct peer *peer;  /* plays both sides, or the callers */
	struct peer *other; /* plays the servers, if they are on their own */
	struct load_counts *counts, *other_counts;
	uint64_t now;
	uint64_t delay; /* ticks through the proxy */
	enum tamper (*tamper)(struct load_lab *lab, struct load_packet *packet);
	unsigned int n_tampered; /* for the function above */
	uint64_t n_proxied, n_not_forwarded;
	struct load_packet *queue;
	unsigned int n_queue;
};

enum { LOAD_LAB_V6 = 1, LOAD_LAB_NO_RECORD_ROUTE = 2 };

/** Fills lab->plan with addresses of the world of @flags, scenario `call`, and no extras. */
void load_lab_plan(struct load_lab *lab, unsigned int flags);

/** Makes the peers of lab->plan; @apart: the servers in a peer with templates of its own. */
void load_lab_open(struct load_lab *lab, bool apart);

/** Starts @calls calls, @at_once at a time at most, and moves everything until nothing is left to
 * do or @ticks are over. */
void load_lab_run(struct load_lab *lab, uint64_t calls, unsigned int at_once, uint64_t ticks);

/** Sends @out through the proxy, as load_lab_run() does. */
void load_lab_send(struct load_lab *lab, const struct peer_out *out);

/** Ends the run (peer_finish()). */
void load_lab_finish(struct load_lab *lab);
void load_lab_close(struct load_lab *lab);

/** What @lab has counted in both peers. */
uint64_t load_lab_count(const struct load_lab *lab, enum load_counter what);

/** Counters that mean that something is wrong, added up. */
uint64_t load_lab_wrong(const struct load_lab *lab);

/** All counters and the first fault, for messages of failed tests; static. */
const char *load_lab_text(const struct load_lab *lab);

/** True if @packet is a request of @method, or a response to one. */
bool load_packet_is(const struct load_packet *packet, const char *method, bool request);
