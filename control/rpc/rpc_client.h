/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections to the control socket. Internal to rpc*.c; control thread only.
 */
#pragma once

#include "control/rpc/rpc.h"

#include <sys/queue.h>
#include <sys/socket.h>

struct app;
struct bufferevent;
struct event;

#define RPC_LINE_MAX 1048576   /* bytes of one line, without its newline */
#define RPC_LINE_MS 30000      /* a line that was begun must be complete by then */
#define RPC_STUCK_SECONDS 30   /* unread output that does not move for so long: closed */
#define RPC_PAUSE_BYTES 262144 /* with more unread output, further requests wait */
#define RPC_UNREAD_MAX 4194304 /* with more unread output, there are no notifications */
#define RPC_TURN_REQUESTS 8    /* answered in a row before others have their turn */
#define RPC_TURN_BYTES 65536   /* and bytes read in a row */
#define RPC_IDLE_MS 10000      /* quiet for so long: may be closed to make room */
#define RPC_WHO_MAX 64         /* text of who a client is */

struct rpc_client {
	LIST_ENTRY(rpc_client) link; /* of the server; newest first */
	struct app *app;
	struct bufferevent *io;
	struct event *again;    /* timer of 0 s: the next turn */
	struct ucred who;       /* SO_PEERCRED: as it was when it connected */
	uint64_t line_since_ms; /* when the line under way began; 0 = none */
	uint64_t asked_ms;      /* time of the last request */
	size_t searched;        /* bytes of input that hold no newline */
	bool ended;             /* it sends no more */
	bool closing;           /* closed as soon as its output is gone */
	void (*gone)(void *arg);
	void *gone_arg;
};

LIST_HEAD(rpc_clients, rpc_client);

/**
 * Takes the connection @fd for a new client in @list. NULL without memory; then @fd is closed.
 */
struct rpc_client *rpc_client_new(struct app *app, struct rpc_clients *list, int fd);

/** Closes it at once; what it did not read is lost. */
void rpc_client_free(struct rpc_client *c);

/** Writes what can be written without waiting, then closes it. */
void rpc_client_finish(struct rpc_client *c);

/** Time-outs of @c at @now_ms; may free it. For a timer. */
void rpc_client_tick(struct rpc_client *c, uint64_t now_ms);

/** True if nothing is lost when @c is closed to make room for another. */
bool rpc_client_idle(const struct rpc_client *c, uint64_t now_ms);

/** Writes who @c is, "uid 0, pid 4711", to @out, at most @n bytes with the NUL. NULL: a test. */
void rpc_client_who(const struct rpc_client *c, char *out, size_t n);
