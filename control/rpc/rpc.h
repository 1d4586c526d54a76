/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of the control socket as handlers see them: JSON-RPC 2.0 in, a result or an error out.
 *
 * control/rpc/commands.def is the one table: method, parameters, help and example of each command.
 * Handlers run on the control thread, in the event loop; they must not block. Parameters were
 * checked against the table before a handler is called: required ones are there, all have the
 * right type, none is unknown.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct rpc_client;

#define RPC_TEXT_MAX 512

/* Error codes of JSON-RPC 2.0, and ours. */
enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL_ERROR = -32603,
	RPC_NOT_FOUND = -32001, /* no such pool, backend, ... */
	RPC_REFUSED = -32002,   /* valid, but cannot be done now; nothing has changed */
	RPC_BUSY = -32003       /* a bound was reached */
};

struct rpc_error {
	int code;                /* 0 = none */
	char text[RPC_TEXT_MAX]; /* for people */
	json_t *data;            /* owned; NULL = none */
};

struct rpc_call {
	struct app *app;
	const json_t *params;      /* an object, never NULL; borrowed */
	struct rpc_client *client; /* who asked; NULL in tests */
	struct rpc_error error;
};

/** A handler: returns the result (new reference), or NULL with call->error filled by rpc_fail(). */
typedef json_t *(*rpc_handler)(struct rpc_call *call);

/* cmd_status() and so on: one for each line of the table. */
#define COMMAND(handler, ...) json_t *cmd_##handler(struct rpc_call *call);
#include "control/rpc/commands.def"

/** Fills call->error; returns NULL, so that handlers can return it. */
__attribute__((format(printf, 3, 4))) json_t *rpc_fail(struct rpc_call *call, int code,
						       const char *fmt, ...);

/** Text of parameter @name, or NULL. */
const char *rpc_text(const struct rpc_call *call, const char *name);

/** Number of parameter @name, or @other if it is not given. */
json_int_t rpc_number(const struct rpc_call *call, const char *name, json_int_t other);

bool rpc_flag(const struct rpc_call *call, const char *name);

/** A JSON string of @text; bytes that are not UTF-8 become '?'. NULL only without memory. */
json_t *rpc_string(const char *text);

/**
 * Sends a notification (no id) to @client: @method with @params (reference taken). False if the
 * client is gone or has more than its bound unread; nothing is queued then.
 */
bool rpc_notify(struct rpc_client *client, const char *method, json_t *params);

/**
 * Calls @gone(arg) when @client disconnects; one per client, replaced by a later call; NULL = none.
 * While there is one, a client that has ended its own sending still gets notifications.
 */
void rpc_on_close(struct rpc_client *client, void (*gone)(void *arg), void *arg);

/** Runs one request object for @app as dispatch does; returns the response object (new reference),
 * NULL for a notification. For tests and the fuzzer. */
json_t *rpc_dispatch(struct app *app, struct rpc_client *client, const json_t *request);

/**
 * Answers the @n bytes at @line, a request or a batch: returns the response (new reference), NULL
 * if none is due. Any bytes will do.
 */
json_t *rpc_answer(struct app *app, struct rpc_client *client, const char *line, size_t n);
