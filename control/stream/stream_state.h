/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of control/stream share. Internal to them and to their tests. Control thread only.
 *
 *     listen.c --accept--> +--------------+ --bytes--> serve.c --messages--> owner
 *                          | connection.c |
 *   outbound.c --connect-> +--------------+ <--bytes-- send.c <--messages-- owner
 *                            |          |
 *                   wheel.c: time    numbers.c: number -> connection
 *
 * A connection that ends is unlinked from all at once, and freed when the event loop comes back
 * (later.c): whoever holds a pointer to it up the stack may finish. The same turn tells those who
 * wait, so that no function of the owner is called from inside one that he called.
 */
#pragma once

#include "control/stream/framing.h"
#include "control/stream/hash.h"
#include "control/stream/stream.h"
#include "dataplane/sip/msg.h"
#include "dataplane/stats.h"

#include <openssl/ssl.h>
#include <sys/queue.h>

struct bufferevent;
struct event;

#define STREAM_IDLE_MIN_MS 32000u /* 64*T1 after the last use (RFC 3261 18) */
#define STREAM_LINGER_MS 2000u    /* for the peer to read what was written before our close */
#define STREAM_PAUSE_MS 500u      /* that one connection is not read for the queue of another */
#define STREAM_RETRY_MS 1000u     /* after a failed connect() before the next one */

#define STREAM_WHY_MAX 96u

#define WHEEL_MS 500u /* per slot */
#define WHEEL_SLOTS 512u

enum stream_state {
	STREAM_OPENING, /* connect() or TLS handshake is under way */
	STREAM_OPEN,
	STREAM_ENDING, /* writes what waits; what comes is thrown away; has no number any more */
	STREAM_OVER    /* unlinked, freed by later.c */
};

/* Somebody to be told. */
struct stream_waiter {
	STAILQ_ENTRY(stream_waiter) link;
	stream_sent fn;
	void *arg;
	int rc;
};

STAILQ_HEAD(stream_waiters, stream_waiter);

/* How many connections a source has. IPv6: a /64. */
struct stream_source {
	struct hash_node node;
	struct ip ip;
	uint32_t n;
};

/* The connections to one target: those we opened, and those whose peer said that he is it. */
struct stream_pool {
	struct hash_node node;
	struct endpoint to;
	struct endpoint listener; /* in whose name; of TCP only the address matters */
	enum sip_transport transport;
	TAILQ_HEAD(stream_members, stream) members; /* used in turn: the next one first */
	LIST_ENTRY(stream_pool) link;               /* of streams.attended */
	uint32_t n;
	uint32_t size;
	uint32_t warm;
	uint32_t planned; /* size by the plan; 0 = not in it */
	uint32_t plan;    /* number of the plan that it was in last */
	int failed;       /* negative errno of the last connect(); 0 = none, or some time ago */
	uint64_t retry_ms;
	bool attended; /* warm, planned or failed: looked at with each turn of the wheel */
	char why[STREAM_WHY_MAX]; /* of the last handshake that failed */
	char name[];              /* "" = the address */
};

struct stream {
	struct streams *owner;
	struct bufferevent *io;
	SSL *ssl;                     /* in io; NULL = TCP */
	struct stream_pool *pool;     /* NULL = none */
	struct stream_source *source; /* of inbound ones */
	struct stream *blocker;      /* whose queue must get shorter before this is read; or NULL */
	LIST_HEAD(, stream) blocked; /* those that this one blocks, maybe itself */
	LIST_ENTRY(stream) in_blocked;
	TAILQ_ENTRY(stream) in_pool;
	LIST_ENTRY(stream) in_wheel;
	STAILQ_ENTRY(stream) in_later; /* of streams.again or streams.over */
	struct stream_waiters waiters; /* while OPENING */
	struct hash_node by_peer;      /* inbound, until ENDING */
	struct framing framing;
	uint64_t number;
	uint64_t opened_ms, last_ms; /* monotonic, as all below */
	uint64_t keep_ms;            /* needed until then */
	uint64_t message_ms;         /* since when a message is under way; 0 = none is */
	uint64_t progress_ms;        /* when bytes were last seen to leave, or began to wait */
	uint64_t paused_ms;
	uint64_t ending_ms;
	uint64_t tick; /* of its slot in the wheel; 0 = in none */
	uint64_t messages_in, messages_out, bytes_in, bytes_out;
	uint64_t written;           /* of bytes_out, when last looked at */
	uint32_t wait_in, wait_out; /* bytes that are part of the sums in struct streams */
	uint32_t slot;
	struct endpoint peer, listener;
	uint8_t transport; /* enum sip_transport */
	uint8_t state;     /* enum stream_state */
	bool outbound;
	bool orphan;   /* its listener is gone */
	bool stuck;    /* held others up for STREAM_PAUSE_MS: blocks nobody until it moves */
	bool eof;      /* the peer has ended */
	bool shut;     /* so have we */
	bool is_again; /* in streams.again */
};

struct stream_listener {
	LIST_ENTRY(stream_listener) link;
	struct streams *owner;
	struct event *event;
	struct endpoint at;
	enum sip_transport transport;
	int fd;
	bool wanted;
	bool rests; /* TLS: as many handshakes as allowed have begun in this turn of the wheel */
};

/* From the configuration. */
struct stream_bounds {
	uint32_t connections;
	uint32_t inbound; /* of these, at most */
	uint32_t per_source;
	uint32_t message_ms, idle_ms, connect_ms;
	uint32_t handshakes; /* of clients that may begin in one turn of the wheel */
	uint32_t queue;      /* bytes that may wait to be written to one connection */
	uint64_t memory;     /* the same in all; and as much in the other direction */
};

struct streams {
	struct event_base *base;
	struct tls *tls;
	struct stats *stats;
	stream_take take;
	void *arg;
	uint64_t (*clock)(void); /* monotonic ms; tests have their own */
	struct stream_bounds bounds;
	struct event *turn;  /* timer of the wheel */
	struct event *later; /* activated when something is to be done */
	LIST_HEAD(, stream_listener) listeners;
	bool deaf;           /* listeners rest: no file descriptor is left */
	uint32_t handshakes; /* that may still begin in this turn of the wheel */
	struct hash_table sources, peers, pools;
	LIST_HEAD(, stream_pool) attended;
	uint32_t plan;               /* number of the plan in force */
	STAILQ_HEAD(, stream) again; /* have input and may be read again */
	STAILQ_HEAD(, stream) over;
	struct stream_waiters done; /* to be told */
	LIST_HEAD(, stream) wheel[WHEEL_SLOTS];
	uint64_t tick; /* of the last turn: time / WHEEL_MS */
	struct stream **slots;
	uint32_t *spare; /* slots that are free, a stack */
	uint32_t n_slots, n_spare;
	uint64_t sequence; /* of the last number */
	uint64_t mask;     /* of all numbers of this process */
	uint32_t n, n_inbound;
	uint64_t wait_in, wait_out; /* bytes, of all */
	struct stream *taking;      /* its message is at the owner */
	uint8_t scratch[SIP_MAX_LEN + SIP_PAD];
};

static inline void stream_count(struct streams *s, enum counter c)
{
	stat_add(&s->stats->c[c], 1);
}

/* --- connection.c */

/* A socket that is to be a connection. */
struct stream_start {
	int fd;   /* taken */
	SSL *ssl; /* taken; NULL = TCP */
	struct endpoint peer, listener;
	enum sip_transport transport;
	bool outbound; /* and connect() was called */
};

/** Makes a connection. NULL without memory or room. */
struct stream *stream_new(struct streams *s, const struct stream_start *start);

/** Ends @c at once; who waits for it is told @rc. */
void stream_end(struct stream *c, int rc);

/** Ends @c as soon as what waits is written: from now on it is gone for all others. */
void stream_end_soon(struct stream *c);

/** Sets the socket options of any connection. */
void stream_set_options(int fd);

/** Text of the peer for logs. */
const char *stream_peer_text(const struct stream *c);

/* --- serve.c */

/** Gives the messages that have come to the owner. */
void stream_serve(struct stream *c);

/* --- send.c */

/** Queues @n bytes. 0 or -ENOBUFS. */
int stream_put(struct stream *c, const void *p, size_t n);

/** Bytes that wait to be written. */
size_t stream_unwritten(const struct stream *c);

/** Brings the sums of waiting bytes up to date. */
void stream_account(struct stream *c);

/** Some bytes were written: reads on where that was waited for. */
void stream_drained(struct stream *c);

/** Reads @c again, whatever it was paused for. */
void stream_unpause(struct stream *c);

/** Unpauses all that @c blocks. */
void stream_unblock(struct stream *c);

/* --- pools.c */

/** The name that a target asks for, "" for none. */
const char *target_name(const struct stream_target *to);

/** The pool of @to, or NULL. */
struct stream_pool *pool_find(const struct streams *s, const struct stream_target *to);

/** The same, made if it is not there; NULL without memory or with too many. */
struct stream_pool *pool_get(struct streams *s, const struct stream_target *to);

/** Frees @pool if nothing holds it. */
void pool_drop(struct streams *s, struct stream_pool *pool);

void pool_enter(struct stream_pool *pool, struct stream *c);

/** A connection to @pool failed by @rc: no other is opened for STREAM_RETRY_MS. */
void pool_blame(struct streams *s, struct stream_pool *pool, int rc);

/** Takes @c out of its pool, which is freed if nothing holds it then. */
void pool_leave(struct stream *c);

/** @c, of a pool, came to nothing. */
void pool_failed(struct stream *c, int rc);

/** Keeps @n connections open to @to; 0: no longer. */
void streams_warm(struct streams *s, const struct stream_target *to, uint32_t n);

/** Writes down what the plan under way wants of the connections to @to. */
void pool_plan(struct streams *s, const struct stream_target *to, uint32_t size, uint32_t warm);

/** Pools that are not in the plan under way are like any other. */
void pools_forget_plans(struct streams *s);

/** Looks after warm pools and those that failed. */
void pools_attend(struct streams *s, uint64_t now_ms);

/** Frees the pools, which have no members any more. */
void pools_free(struct streams *s);

/* --- outbound.c */

/** Opens one connection more. 0; -ENOBUFS: no room here; another negative errno: no way there. */
int pool_grow(struct streams *s, struct stream_pool *pool);

/* --- listen.c, sources.c */

/** The wheel has turned: accepts again after a rest. */
void listeners_wake(struct streams *s);

void listeners_free(struct streams *s);

/** True if another connection may come from @of. */
bool source_has_room(struct streams *s, const struct ip *of);

/** Counts @c in. False without memory. */
bool source_enter(struct stream *c);

void source_leave(struct stream *c);

/* --- numbers.c */

/** Gives @c a slot and a number. 0 or -ENOMEM. */
int number_give(struct stream *c);

/** The number of @c means nothing any more. */
void number_forget(struct stream *c);

/** The connection called @number, or NULL. */
struct stream *number_find(const struct streams *s, uint64_t number);

/* --- wheel.c */

/** Has @c looked at when its next deadline is over. */
void wheel_watch(struct stream *c);

void wheel_leave(struct stream *c);

/** Does what is due. */
void wheel_turn(struct streams *s);

/* --- later.c */

/** Has @w told @rc; takes it. NULL is allowed. */
void later_tell(struct streams *s, struct stream_waiter *w, int rc);

/** Has @c served. */
void later_serve(struct stream *c);

/** Has @c, which is OVER, freed. */
void later_free(struct stream *c);

/** Does all that. */
void later_run(struct streams *s);
