/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a peer keeps: calls in a flat array by number, queues, what it has learned of the proxy.
 * Written by the one thread that calls peer.h. Private to bench/load/peer.
 *
 * Calls are numbered one after the other; call n lives in slot n & mask. A number whose slot is
 * still taken is left out. So a message leads to its call by arithmetic, and a finished call can be
 * asked about (duplicates, late ones) until its slot is needed again.
 */
#pragma once

#include "bench/load/peer/routes.h"
#include "bench/load/peer/template.h"

#define NO_SLOT UINT32_MAX
#define NO_SERVER 255
#define NO_STEP 255
#define BRANCHES 8192 /* transactions whose branches are remembered */
#define AGAIN_MAX 4096

enum call_state { CALL_FREE, CALL_LIVE, CALL_DONE, CALL_FAILED, CALL_EXPIRED };

/* What one side of a call has done. Steps as bits. */
struct half {
	uint16_t sent, seen, twice; /* twice: its copy came, too */
	uint8_t last;               /* step of branch[1] */
	uint8_t again_step;         /* request under retransmission, or NO_STEP */
	uint64_t branch[2];         /* fingerprints: of transaction 0, of the last other one */
};

/* A request that is sent again until it is answered (17.1.1.2, 17.1.2.2). */
struct again {
	uint64_t at;   /* tick of the next time */
	uint64_t due;  /* in its mark */
	uint64_t wait; /* ticks to the one after it */
};

struct call {
	uint64_t key;
	uint64_t active; /* tick of the last thing that happened */
	uint64_t queued; /* tick at which it got to the end of the list */
	uint32_t prev, next;
	uint32_t tmpl;
	uint8_t state, script, server, holds; /* holds: waiting in the queue of hold times */
	struct half half[PEER_SIDES];
	struct path path[PEER_SIDES];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct call) == 256, "four cache lines, two of them for every message");

/* Something to be sent later. */
struct later {
	uint64_t at; /* tick, what is in the mark */
	uint64_t key;
	uint32_t slot;
	uint8_t step, side;
};

/* First in, first out; size is a power of two. */
struct queue {
	struct later *e;
	uint32_t head, tail, mask;
};

struct branch_seen {
	uint64_t print, owner;
};

struct peer {
	const struct peer_templates *t;
	const struct load_plan *plan;
	struct load_counts *counts;
	unsigned int core;
	bool here[PEER_SIDES];      /* sides that this process plays */
	uint64_t hold, timeout, t1; /* ticks */
	uint64_t walk_at;           /* tick of the next look at retransmissions */
	double tick_ns;
	uint64_t late_until; /* tick; 0 = none so far */
	uint64_t next_call;
	struct call *call;
	struct again (*again)[PEER_SIDES]; /* by slot; with plan.retransmit */
	uint32_t mask, first, last, n_live, walk;
	struct queue holds, repeats;
	struct shape **shape; /* chains, by index of text */
	struct arena arena;
	struct routes_known routes;
	struct server_name server[LOAD_ADDRESSES];
	struct endpoint server_proxy[LOAD_ADDRESSES]; /* where requests came from, by server */
	uint8_t server_at[256]; /* index of a server by hash of its endpoint, 255 = look for it */
	struct branch_seen *branches;
	struct file_state *file;
	struct check_found found; /* scratch of the slow check */
	uint8_t route_text[ROUTE_TEXT + 64];
	uint8_t scratch[2][PEER_ROOM + 64];
};

/* A message and all that it belongs to, while it is dealt with. */
struct event {
	struct peer *p;
	const struct peer_in *in;
	const struct shape *shape; /* of in */
	struct call *c;
	const struct template *tmpl;
	const struct script *script;
	const struct script_facts *facts;
	uint64_t id, time, now;
	unsigned int step;
	struct identity identity;
	struct values v;
	struct peer_out *out;
	unsigned int n_out, room_out;
};

static inline void count(struct peer *p, enum load_counter what, uint64_t n)
{
	p->counts->c[what] += n;
}

/* A message that was due at @due has arrived. */
static inline void count_latency(struct peer *p, uint64_t due, uint64_t now)
{
	uint64_t ns = now > due ? (uint64_t)((double)(now - due) * p->tick_ns) : 0;

	histogram_count(&p->counts->latency, ns);
	if (due < p->late_until)
		histogram_count(&p->counts->late, ns);
}

static inline struct call *call_of(const struct peer *p, uint64_t key)
{
	return &p->call[(key_call(key) + (p->here[PEER_CALLER] ? 0 : key_core(key) * 0x9e37u)) &
			p->mask];
}

static inline bool queue_put(struct queue *q, struct later e)
{
	if (q->tail - q->head > q->mask)
		return false;
	q->e[q->tail++ & q->mask] = e;
	return true;
}

/* calls.c */

/** Makes @c a new live call of @key. */
void call_open(struct peer *p, struct call *c, uint64_t key, uint64_t now);

/** Takes @c off the list of live ones, as @state. */
void call_close(struct peer *p, struct call *c, enum call_state state);

/** True if all that this process sends and expects of @c has been. */
bool call_complete(const struct peer *p, const struct call *c);

/** Gives @c up: counts what of it has not arrived. */
void call_expire(struct peer *p, struct call *c);

/** Gives up the calls that nothing has happened to for too long. */
void calls_look(struct peer *p, uint64_t now);

/* send.c */

/** Points the event to everything that its call's key leads to. */
void event_open(struct event *e, struct peer *p, struct call *c, uint64_t now, struct peer_out *out,
		unsigned int room_out);

/** Sends @step of @side, which the schedule wanted at @due. @again: a retransmission. */
void event_send(struct event *e, unsigned int side, unsigned int step, uint64_t due, bool again);

/** Sends what follows from the receipt of e->step, or puts it off. @again: only what a
 * retransmission asks for. */
void event_react(struct event *e, bool again);

/** The message @step as it was sent, without Routes and without the mark's time, with the Vias of
 * @request if it is a response; for the slow check. */
uint32_t event_expected(const struct event *e, uint8_t *out, uint32_t room);

/* receive.c */

/** Keeps the message as a fault, if there is room, and counts it. */
void fault(struct peer *p, enum load_counter what, uint64_t id, const struct peer_in *in,
	   const char *why);
