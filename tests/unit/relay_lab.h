/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay on loopback: datagrams leave by a real socket, connections and names are played by the
 * lab. Streams and DNS of the daemon are not linked: their functions are here.
 */
#pragma once

#include "control/relay/relay.h"
#include "control/stream/stream.h"
#include "control/transaction/transaction.h"
#include "dataplane/example.h"

#define LAB_SENT 32    /* messages by streams that are remembered */
#define LAB_NAMES 4096 /* questions that may wait */

#define BOB "sip:bob@example.com" /* his server takes UDP */
#define TCP_BOB "sip:bob@tcp.example.com"
#define BOTH_BOB "sip:bob@both.example.com"

/* One message that was given to the streams. */
struct lab_sent {
	uint64_t connection;     /* streams_send() */
	struct stream_target to; /* streams_send_to() */
	char name[256];
	char text[SIP_MAX_LEN + 1];
	stream_sent fn;
	void *arg;
};

struct relay_lab {
	struct relay_env env;
	struct relay *relay;
	struct world *world;
	struct fib *fib;
	struct held held;
	struct endpoint listener, caller, server; /* of UDP, but the listener has TCP too */
	int caller_fd, server_fd;
	uint64_t now_ms;
	uint8_t in[SIP_MAX_LEN + SIP_PAD];
	char back[SIP_MAX_LEN + 1];
	/* Streams: */
	struct lab_sent sent[LAB_SENT];
	unsigned int n_sent, n_told;
	uint64_t stands;         /* connection to any target; 0 = none */
	int send_rc, send_to_rc; /* what the two functions say */
	uint64_t closed, kept, kept_ms;
	char alias[256];
	struct endpoint alias_at;
	/* Names: */
	unsigned int n_asked, n_waiting;
	char asked[264];
	bool asked_response;
	bool at_once; /* answers are at hand */
	int name_rc;
	struct endpoint name_at;
	enum sip_transport name_transport;
	struct stats_total total;
};

/** A listener for UDP and TCP, and three servers, all at the address of the UDP server: see BOB. */
struct relay_lab *relay_lab(void);

/** The same with its listener at another port; the caller's. */
struct world *lab_world(const struct relay_lab *f, uint16_t listener_port);

/** Ends it; every message must have had one verdict. */
void relay_lab_end(struct relay_lab *f);

/** Text of a request from the caller. @transport: "UDP" or "TCP". */
size_t lab_request(struct relay_lab *f, const char *method, const char *uri, const char *transport,
		   const char *extra, size_t body);
extern char lab_text[SIP_MAX_LEN + 1];

/** A datagram of the caller, of the server. */
void lab_datagram(struct relay_lab *f, const struct endpoint *src, const char *bytes, size_t n);

/** A message of connection @connection, from the caller's address. */
void lab_stream(struct relay_lab *f, uint64_t connection, const char *bytes, size_t n);

/** What came to a peer's socket; "" = nothing. */
const char *lab_at(struct relay_lab *f, int fd);

/** The last message that the streams got; NULL = none. */
const struct lab_sent *lab_last(const struct relay_lab *f);

/** Tells who waits for the connections of all that was sent so far. */
void lab_connections(struct relay_lab *f, int rc);

/** Answers all names that were asked for. */
void lab_names_found(struct relay_lab *f);

/** Lets the event loop do what is due. */
void lab_turn(struct relay_lab *f);

/** A response with @status to the request @sent as it left. */
size_t lab_response(const char *sent, unsigned int status, char *out, size_t n);

uint64_t lab_count(const struct relay_lab *f, enum counter c);
uint64_t lab_dropped(const struct relay_lab *f, enum sip_reason reason);
