/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIP over TCP and TLS: listeners, connections, and messages cut out of their bytes (RFC 3261
 * 18.3), on libevent's bufferevents. What a message means is not known here: each one goes to the
 * owner's function, and the owner says where bytes shall go.
 *
 * Connections have a number that is never given twice, not even by the next process: it stands in
 * our Via, so that a response finds the connection by which its request came (18.2.2), or finds it
 * gone. Connections towards servers are kept and used again, also by others (18.1.1, RFC 5923).
 *
 * Everything is bounded: connections in all and per source, bytes waiting per connection and in
 * all, the size of a message, the time that a message may take to arrive. A reader who does not
 * read makes us stop reading what is meant for it. Control thread only.
 */
#pragma once

#include "dataplane/sip/ip.h"
#include "dataplane/sip/uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct event_base;
struct fib;
struct stats;
struct streams;
struct tls;
struct world;

/* One message as it came. */
struct stream_message {
	const uint8_t *p;    /* start line to the end of the body; SIP_PAD readable bytes behind it;
				valid until the function returns */
	uint32_t len;        /* at most SIP_MAX_LEN */
	uint64_t connection; /* number; never 0 */
	enum sip_transport transport; /* SIP_TCP or SIP_TLS */
	struct endpoint peer;         /* address and port of the other side */
	struct endpoint listener;     /* of ours: that was connected to, or from which we connected
					 (its address and the port it listens on) */
	bool broken; /* cannot be framed; what there is of the head is here for an answer, then the
			connection closes */
	uint16_t reason; /* enum sip_reason: why, if it is broken; else SIP_OK */
};

/** Takes one message. May call any streams_ function, also for the same connection. */
typedef void (*stream_take)(void *arg, const struct stream_message *m);

/* Where bytes shall go. */
struct stream_target {
	struct endpoint to;
	struct endpoint listener; /* of ours, in whose name: its address is the source address */
	enum sip_transport transport; /* SIP_TCP or SIP_TLS */
	const char *name; /* SIP_TLS: host name that the peer's certificate must be for (RFC 5922);
			     NULL = the address */
	bool anybody; /* SIP_TLS without a name: a connection that came from @to will do, with any
			 certificate or none: user agents have none, and nobody can connect to them
			 by TLS */
};

/** What became of bytes that streams_send_to() took: 0 they were given to a connection that stands,
 * or a negative errno: none of them were sent. Called exactly once for each call that returned 0,
 * never before it returned. */
typedef void (*stream_sent)(void *arg, int rc);

/** Makes the streams, with no listener yet. @tls: for TLS, or NULL if the configuration has none.
 * @fn takes what arrives. @stats: of the control thread. NULL without memory. */
struct streams *streams_new(struct event_base *base, const struct config *c, struct tls *tls,
			    struct stats *stats, stream_take fn, void *arg);

/** Closes everything. Functions of waiting senders are called with -ECANCELED. */
void streams_free(struct streams *s);

/**
 * Listens where the TCP and TLS listeners of @w are, and no longer where none is; connections of
 * listeners that are gone end when they fall idle. A socket that cannot be opened is logged and
 * tried again at the next call. 0 or a negative errno of the first that failed.
 */
int streams_listen(struct streams *s, const struct world *w);

/** Bounds and times of a new configuration. */
void streams_use_config(struct streams *s, const struct config *c);

/**
 * Sends @n bytes, one whole message, down connection @connection. 0; -ENOTCONN: it is gone;
 * -ENOBUFS: its queue is full, nothing was taken.
 */
int streams_send(struct streams *s, uint64_t connection, const void *p, size_t n);

/**
 * The connection that streams_send_to() would use for @to now and that stands already: its number,
 * for streams_send(), which needs nobody to be told. 0: there is none, one would be opened.
 */
uint64_t streams_find(struct streams *s, const struct stream_target *to);

/**
 * Sends @n bytes, one whole message, to @to by a connection that is there or by a new one; then @fn
 * (may be NULL) is told. Returns 0: taken; -ENOBUFS: too much waits already, or no connection more
 * is allowed; -EINVAL: no such transport here; another negative errno: it cannot be reached, by
 * what connect() says or said less than a second ago. On failure @fn is not called. @connection,
 * unless NULL, gets the number of the connection used.
 */
int streams_send_to(struct streams *s, const struct stream_target *to, const void *p, size_t n,
		    uint64_t *connection, stream_sent fn, void *arg);

/** Why a connection to @to failed a moment ago, for people: "certificate has expired". "" = none
 * did. Good until the event loop comes back. */
const char *streams_why(const struct streams *s, const struct stream_target *to);

/**
 * The peer of @connection, over TLS, said "alias" in the Via of a request with this sent-by (RFC
 * 5923): requests to @sent_by may go down this connection, if its certificate is for @name (the
 * host of the sent-by as text; an address in text too). False: it is not and nothing changed.
 */
bool streams_alias(struct streams *s, uint64_t connection, const char *name,
		   const struct endpoint *sent_by);

/** A message of @connection could not be understood (400 was sent): it closes once all is written.
 */
void streams_close(struct streams *s, uint64_t connection);

/** The connection will be needed for @ms more at least: a request of it waits for its answer. */
void streams_keep(struct streams *s, uint64_t connection, uint64_t ms);

/**
 * Keeps as many connections to the backends of @w as @c says for their pools (connections:), in the
 * name of the listener by which @fib (NULL = unknown) leads there; with each world.
 */
void streams_plan(struct streams *s, const struct config *c, const struct world *w,
		  const struct fib *fib);

/* One connection, for people. */
struct stream_info {
	uint64_t connection;
	struct endpoint peer, listener;
	enum sip_transport transport;
	bool outbound, connected;
	uint64_t opened_ms, last_ms; /* monotonic */
	uint64_t messages_in, messages_out, bytes_in, bytes_out;
	uint32_t waiting;    /* bytes not written yet */
	const char *cipher;  /* TLS: suite and version; else NULL */
	const char *peer_cn; /* TLS: subject of a checked certificate; else NULL */
};

/** How many there are. */
uint32_t streams_count(const struct streams *s);

/** Calls @fn for each connection until it returns false. */
void streams_each(const struct streams *s, bool (*fn)(void *arg, const struct stream_info *i),
		  void *arg);
