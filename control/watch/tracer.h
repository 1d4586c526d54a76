/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traces under way: who asked for which messages, what became of it. The tracer part drains what
 * the threads recorded and hands it on while anybody asks; else it does nothing. Control thread
 * only.
 */
#pragma once

#include "dataplane/trace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct app;
struct rpc_client;

#define TRACER_RATE_DEFAULT 1000u
#define TRACER_COUNT_DEFAULT 100u

/* What a trace is to do. */
struct tracer_wish {
	struct trace_filter filter; /* used and rate are set by the tracer */
	uint64_t count;             /* messages, then it ends; 0 = no end */
	uint32_t rate;              /* messages per second at most, 1 to TRACE_RATE_MAX */
};

/** Receives what a trace of @client finds: by rpc_notify() unless a test looks. False if the client
 * has no room for more. Takes @params. */
typedef bool (*tracer_sink)(struct rpc_client *client, const char *method, json_t *params);

/**
 * Starts a trace for @client, to whom messages go as notifications from the next turn of the event
 * loop on. Returns its number, above 0; -EALREADY if the client has one, -EBUSY if TRACE_SLOTS are
 * under way, -ENOMEM.
 */
int64_t tracer_add(struct app *app, struct rpc_client *client, const struct tracer_wish *wish);

/** Hands on what was recorded so far; returns how many records there were. The tracer's timer does
 * it while traces are under way. */
unsigned int tracer_drain(struct app *app);

/** Where notifications go; NULL = rpc_notify(). For tests. */
void tracer_set_sink(struct app *app, tracer_sink sink);
