/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bounds on the connections of the HTTP server, whatever clients do: how many there are, how long
 * one may take to ask, and to take its answer. Control thread only.
 *
 * evhttp knows sizes and idle times only; a client that sends a byte a second would stay for hours,
 * and a thousand of them would take all descriptors. The guard makes each connection's bufferevent
 * and keeps a reference to it, so it can see them all; one that it wants gone it shuts down by its
 * socket, and evhttp then ends it like any that the peer has closed.
 */
#pragma once

#include <stdbool.h>

struct bufferevent;
struct evconnlistener;
struct event_base;
struct evhttp;
struct http_guard;

#define HTTP_CONNECTIONS 64      /* beyond, the one that has waited longest for its request goes */
#define HTTP_CONNECTIONS_MAX 128 /* beyond, nobody is accepted until some have gone */
#define HTTP_ASK_MS 5000         /* a request must be there in full */
#define HTTP_ANSWER_MS 30000     /* an answer must be taken in full */

/** A guard for the connections of @http, which it begins to watch. NULL without memory. */
struct http_guard *http_guard_new(struct event_base *base, struct evhttp *http);

/** After evhttp_free(). NULL is allowed. */
void http_guard_free(struct http_guard *g);

/** The listener that is paused while there are too many connections; NULL = none. */
void http_guard_listener(struct http_guard *g, struct evconnlistener *listener);

/** The request of the connection @bev has come in full. */
void http_guard_asked(struct http_guard *g, const struct bufferevent *bev);

/** Connections at present. */
unsigned int http_guard_n(const struct http_guard *g);
