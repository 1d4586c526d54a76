/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/http.h"

#include "control/app.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/network/net_addr.h"
#include "control/watch/http_guard.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 256
#define IDLE_SECONDS 10

struct http {
	struct evhttp *server;
	struct http_guard *guard;
	struct evhttp_bound_socket *bound; /* NULL = off */
	struct endpoint at;
	/* Between http_prepare() and http_settle(): */
	struct endpoint next_at;
	struct evconnlistener *next; /* NULL = off, or no change */
	bool change;
};

void http_headers(struct evhttp_request *req, const char *type)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(req);

	evhttp_add_header(h, "Content-Type", type);
	evhttp_add_header(h, "Cache-Control", "no-store");
	evhttp_add_header(h, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(h, "Connection", "close");
}

static const char *phrase_of(int status)
{
	switch (status) {
	case HTTP_OK:
		return "OK";
	case HTTP_NOTFOUND:
		return "Not Found";
	case HTTP_BADMETHOD:
		return "Method Not Allowed";
	case HTTP_SERVUNAVAIL:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

void http_answer(struct evhttp_request *req, int status, const char *type, const void *text,
		 size_t n)
{
	struct evbuffer *body = evbuffer_new();
	bool ok = body && evbuffer_add(body, text, n) == 0;

	http_headers(req, type);
	if (ok)
		evhttp_send_reply(req, status, phrase_of(status), body);
	else
		evhttp_send_reply(req, HTTP_INTERNAL, phrase_of(HTTP_INTERNAL), NULL);
	if (body)
		evbuffer_free(body);
}

static void refuse(struct evhttp_request *req, int status, const char *text)
{
	http_answer(req, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct app *app = arg;
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	enum evhttp_cmd_type method = evhttp_request_get_command(req);
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	http_page page = path ? http_page_at(path) : NULL;

	if (c)
		http_guard_asked(app->http->guard, evhttp_connection_get_bufferevent(c));
	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", "GET, HEAD");
		refuse(req, HTTP_BADMETHOD, "This server only shows: GET and HEAD.\n");
	} else if (!page) {
		refuse(req, HTTP_NOTFOUND,
		       "Not here. There are: / /metrics /healthz /status.json /pools.json "
		       "/counters.json /history.json\n");
	} else {
		page(app, req);
	}
}

/* A listening socket at @at. 0 or a negative errno. */
static int listen_at(struct app *app, const struct endpoint *at, struct evconnlistener **out)
{
	struct sockaddr_storage sa;
	socklen_t n = net_addr_put(&sa, at);
	struct evconnlistener *l =
		evconnlistener_new_bind(app->base, NULL, NULL,
					LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
						LEV_OPT_REUSEABLE | LEV_OPT_DISABLED,
					BACKLOG, (struct sockaddr *)&sa, (int)n);

	if (!l)
		return errno ? -errno : -EIO;
	*out = l;
	return 0;
}

/* @listener is the server's from now on; the old socket is closed. NULL: off. */
static void use(struct http *h, struct evconnlistener *listener, const struct endpoint *at)
{
	if (h->bound)
		evhttp_del_accept_socket(h->server, h->bound);
	h->bound = listener ? evhttp_bind_listener(h->server, listener) : NULL;
	h->at = *at;
	http_guard_listener(h->guard, h->bound ? listener : NULL);
	if (h->bound)
		evconnlistener_enable(listener);
	else if (listener)
		evconnlistener_free(listener);
}

static struct http *http_new(struct app *app)
{
	struct http *h = mem_alloc(sizeof(*h));

	if (!h)
		return NULL;
	h->server = evhttp_new(app->base);
	h->guard = h->server ? http_guard_new(app->base, h->server) : NULL;
	if (!h->guard) {
		if (h->server)
			evhttp_free(h->server);
		mem_free(h);
		return NULL;
	}
	evhttp_set_max_headers_size(h->server, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(h->server, HTTP_BODY_MAX);
	evhttp_set_timeout(h->server, IDLE_SECONDS);
	evhttp_set_allowed_methods(h->server, UINT16_MAX); /* on_request() says what it takes */
	evhttp_set_gencb(h->server, on_request, app);
	return h;
}

int http_prepare(struct app *app, const struct config *next, struct config_errors *errs)
{
	const struct endpoint *at = &next->control.http;
	struct http *h = app->http;
	char text[ENDPOINT_TEXT_MAX];
	int rc;

	if (!h)
		return 0;
	h->next = NULL;
	h->next_at = *at;
	h->change = !endpoint_equal(at, &h->at);
	if (!h->change || !at->port)
		return 0;
	rc = listen_at(app, at, &h->next);
	if (rc == 0)
		return 0;
	h->change = false;
	endpoint_text(at, text);
	config_errors_add(errs, next->control.at[CK_control_http], "http: %s: %s", text,
			  strerror(-rc));
	return rc;
}

void http_settle(struct app *app, bool commit)
{
	struct http *h = app->http;
	char text[ENDPOINT_TEXT_MAX];

	if (!h || !h->change)
		return;
	h->change = false;
	if (!commit) {
		if (h->next)
			evconnlistener_free(h->next);
		h->next = NULL;
		return;
	}
	use(h, h->next, &h->next_at);
	h->next = NULL;
	endpoint_text(&h->at, text);
	if (h->bound)
		log_info("metrics and status page at http://%s/", text);
	else
		log_info("no metrics and status page: control.http is off");
}

int http_start(struct app *app)
{
	struct config_errors errs = { 0 };
	int rc;

	app->http = http_new(app);
	if (!app->http) {
		log_error("no memory for the HTTP server");
		return -ENOMEM;
	}
	config_errors_file(&errs, app->config.file);
	rc = http_prepare(app, &app->config, &errs);
	config_errors_print(&errs, stderr);
	config_errors_free(&errs);
	if (rc)
		http_stop(app);
	else
		http_settle(app, true);
	return rc;
}

void http_stop(struct app *app)
{
	struct http *h = app->http;

	app->http = NULL;
	if (!h)
		return;
	http_guard_listener(h->guard, NULL);
	http_metrics_stop();
	evhttp_free(h->server);
	http_guard_free(h->guard);
	http_pages_free();
	mem_free(h);
}
