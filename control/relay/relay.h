/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message on the control thread, from any transport to any transport: the same core as on the
 * workers decides, with streams and names at hand. Here come messages of TCP and TLS connections,
 * what workers hand over since it needs a stream or a name, and datagrams that were too long for
 * them. Control thread only.
 *
 *   connections --\                        /-- answer, by the connection or by UDP
 *   workers     ---> parse, decide, account --- forward: UDP, stream, or a transaction (crossing)
 *   sockets     --/        ^               \-- drop, counted
 *                          '-- name, asked for while the message is kept
 *
 * Every message ends as one verdict in the counters of the control thread, like a packet on a
 * worker. What is kept, for a name or until a connection stands, is bounded in number and bytes.
 */
#pragma once

#include "control/network/kernel_sockets.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/stats.h"
#include "dataplane/trace.h"

struct dns;
struct event_base;
struct relay;
struct streams;
struct transactions;

/* What a relay works with. The owner's, who keeps it up to date and alive as long as the relay;
 * only base, stats and clock_ms must be there when it is made. */
struct relay_env {
	struct event_base *base;
	const struct world *world; /* in force */
	const struct fib *fib;
	struct kernel_sockets *sockets;
	struct streams *streams;       /* NULL: none */
	struct dns *dns;               /* NULL: none */
	struct stats *stats;           /* of the control thread */
	struct recent *recent;         /* likewise; NULL: nothing is remembered */
	struct held *held;             /* NULL: nobody is told of transactions */
	struct trace_tap *tap;         /* of the control thread; NULL = nobody can trace */
	const struct trace_set *trace; /* NULL = nobody traces */
	uint32_t answer_limit;         /* error answers per second */
	/* Takes response @m, which has no Via but ours, from @from. False: it is not for us. NULL:
	 * none ever is. */
	bool (*own_response)(void *arg, const struct endpoint *from, const struct sip_msg *m);
	void *own_response_arg;
	uint64_t (*clock_ms)(void); /* monotonic */
};

/* A message as it came. */
struct relay_message {
	const uint8_t *p; /* SIP_PAD readable bytes behind it; valid until relay_take() returns */
	uint32_t len;
	struct endpoint src;
	struct endpoint listener; /* of ours */
	enum sip_transport transport;
	uint64_t connection;    /* streams; else 0 */
	bool handed_over;       /* by a worker, which has counted its reception */
	enum sip_reason broken; /* why it cannot be framed, of a stream: it is refused, and the
				   connection closes; SIP_OK: it can */
};

/* What is under way, for people. */
struct relay_counts {
	uint32_t names;       /* messages that wait for a name */
	uint32_t connections; /* messages whose connection may yet fail */
	uint64_t bytes;       /* kept for both */
	uint64_t refused;     /* names not asked for since too much was kept */
	uint64_t unkept;      /* requests sent without a copy for the same reason: should their
				 connection fail, their callers hear nothing */
};

/** Makes the relay. NULL without memory. */
struct relay *relay_new(const struct relay_env *env);

/** After dns_free() and streams_free(), which call whoever waits. NULL is allowed. */
void relay_free(struct relay *r);

/** Handles one message. */
void relay_take(struct relay *r, const struct relay_message *m);

/** The transactions between UDP and streams, for people. */
struct transactions *relay_transactions(const struct relay *r);

/** What is under way. */
const struct relay_counts *relay_counts(const struct relay *r);
