/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP server for those who watch: /metrics, /healthz, the status page and its JSON. On
 * libevent's evhttp, in the control thread's loop. It only shows; GET and HEAD are all it takes.
 *
 * One request per connection: a scrape every few seconds gains nothing from a connection kept open,
 * and bounds on connections stay simple. What a client can cost is bounded by http_guard.h, by
 * sizes (HTTP_HEADERS_MAX, HTTP_BODY_MAX), and by answers being made in pieces or at most once a
 * second. No TLS and no passwords: bind it to an address that only those who may see it reach, or
 * put a web server before it.
 */
#pragma once

#include "control/config/config.h"

#include <stddef.h>

struct app;
struct evhttp_request;

#define HTTP_HEADERS_MAX 8192 /* bytes of request line and header lines */
#define HTTP_BODY_MAX 4096    /* of a request that should have none */

/* The http part: nothing without control.http. */
int http_start(struct app *app);
void http_stop(struct app *app);

/**
 * Before a reload: opens the socket that @next wants, if it is another one than that in use. 0, or
 * a negative errno with the fault added to @errs. http_settle() must follow.
 */
int http_prepare(struct app *app, const struct config *next, struct config_errors *errs);

/** After it: takes the socket of http_prepare() into use and closes the old one, or, if the reload
 * failed, closes the new one. Further calls do nothing. */
void http_settle(struct app *app, bool commit);

/** Answers @req with @n bytes at @text, which are copied. */
void http_answer(struct evhttp_request *req, int status, const char *type, const void *text,
		 size_t n);

/** Adds the headers that every answer has. */
void http_headers(struct evhttp_request *req, const char *type);

/* Pages. Each answers the request, now or later. */
typedef void (*http_page)(struct app *app, struct evhttp_request *req);

/** The page at @path, or NULL. */
http_page http_page_at(const char *path);

/** Frees what pages have kept between requests. */
void http_pages_free(void);

/* control/watch/http_metrics.c */
void http_metrics(struct app *app, struct evhttp_request *req);

/** Drops the answers that are under way; evhttp_free() has freed their requests. */
void http_metrics_stop(void);
