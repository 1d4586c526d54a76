/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /metrics: the text goes out in pieces, each made when the one before it has been taken, so that
 * neither memory nor the event loop's time grows with the number of backends or with the slowness
 * of a client.
 *
 * A request that is being answered belongs to evhttp as long as its connection lives. If that ends
 * first, the request is ours to give back; on_close() does.
 */
#include "control/app.h"
#include "control/watch/http.h"
#include "control/watch/metrics.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <sys/queue.h>

#define PIECE 32768 /* bytes; about a quarter of a millisecond */

struct scrape {
	LIST_ENTRY(scrape) link;
	struct app *app;
	struct evhttp_request *req;
	struct metrics_walk walk;
};

static LIST_HEAD(scrapes, scrape) scrapes = LIST_HEAD_INITIALIZER(scrapes);

static void forget(struct scrape *a)
{
	LIST_REMOVE(a, link);
	mem_free(a);
}

static void finish(struct scrape *a)
{
	struct evhttp_connection *c = evhttp_request_get_connection(a->req);

	if (c)
		evhttp_connection_set_closecb(c, NULL, NULL);
	evhttp_send_reply_end(a->req);
	forget(a);
}

/* A text that breaks off must not look like a whole one: no last chunk. */
static void abandon(struct scrape *a)
{
	struct evhttp_connection *c = evhttp_request_get_connection(a->req);

	if (c) {
		evhttp_connection_set_closecb(c, NULL, NULL);
		evhttp_connection_free(c); /* and the request */
	} else {
		evhttp_send_reply_end(a->req);
	}
	forget(a);
}

static void on_close(struct evhttp_connection *c, void *arg)
{
	(void)c;
	finish(arg);
}

/* The client has taken what there was. */
static void on_taken(struct evhttp_connection *c, void *arg)
{
	struct evbuffer *piece = evbuffer_new();
	struct scrape *a = arg;
	bool failed = !piece;
	bool over = piece && metrics_write(&a->walk, a->app, piece, PIECE, &failed);

	(void)c;
	if (failed)
		abandon(a);
	else if (over && evbuffer_get_length(piece) == 0)
		finish(a);
	else
		evhttp_send_reply_chunk_with_cb(a->req, piece, on_taken, a);
	if (piece)
		evbuffer_free(piece);
}

void http_metrics(struct app *app, struct evhttp_request *req)
{
	static const char type[] = "text/plain; version=0.0.4; charset=utf-8";
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	struct scrape *a;

	if (!c || evhttp_request_get_command(req) == EVHTTP_REQ_HEAD) {
		http_answer(req, HTTP_OK, type, "", 0);
		return;
	}
	a = mem_alloc(sizeof(*a));
	if (!a) {
		http_answer(req, HTTP_SERVUNAVAIL, type, "", 0);
		return;
	}
	a->app = app;
	a->req = req;
	LIST_INSERT_HEAD(&scrapes, a, link);
	http_headers(req, type);
	evhttp_connection_set_closecb(c, on_close, a);
	evhttp_send_reply_start(req, HTTP_OK, "OK");
	on_taken(c, a);
}

void http_metrics_stop(void)
{
	struct scrape *a = LIST_FIRST(&scrapes);

	while (a) {
		struct scrape *next = LIST_NEXT(a, link);
		struct evhttp_connection *c = evhttp_request_get_connection(a->req);

		if (c)
			evhttp_connection_set_closecb(c, NULL, NULL);
		forget(a);
		a = next;
	}
}
