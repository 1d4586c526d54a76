/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/http_guard.h"

#include "control/config/alloc.h"
#include "control/log.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/socket.h>

#define SWEEP_MS 50

struct connection {
	struct bufferevent *bev; /* a reference of our own; NULL = free slot */
	uint64_t since_ms;       /* accepted, or asked */
	bool asked;
	bool ended; /* shut down, evhttp has not let go of it yet */
};

struct http_guard {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *sweep; /* pending while there are connections */
	unsigned int n;
	bool paused;
	struct connection v[HTTP_CONNECTIONS_MAX];
};

/* evhttp takes its callbacks off a bufferevent when it ends the connection. Its descriptor is
 * closed then, so its number may be another's already. */
static bool is_over(const struct connection *c)
{
	bufferevent_data_cb read_cb, write_cb;
	bufferevent_event_cb event_cb;
	void *arg;

	bufferevent_getcb(c->bev, &read_cb, &write_cb, &event_cb, &arg);
	return !read_cb && !write_cb && !event_cb;
}

static void end(struct connection *c)
{
	shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	c->ended = true;
}

static void forget(struct http_guard *g, struct connection *c)
{
	bufferevent_decref(c->bev);
	*c = (struct connection){ 0 };
	g->n--;
}

static void arm(struct http_guard *g)
{
	const struct timeval delay = { 0, SWEEP_MS * 1000 };

	if (!event_pending(g->sweep, EV_TIMEOUT, NULL))
		event_add(g->sweep, &delay);
}

static void sweep(struct http_guard *g)
{
	uint64_t now = log_clock_ms();

	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct connection *c = &g->v[i];

		if (!c->bev)
			continue;
		if (is_over(c))
			forget(g, c);
		else if (!c->ended && now - c->since_ms > (c->asked ? HTTP_ANSWER_MS : HTTP_ASK_MS))
			end(c);
	}
	if (g->paused && g->n < HTTP_CONNECTIONS_MAX) {
		g->paused = false;
		if (g->listener)
			evconnlistener_enable(g->listener);
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct http_guard *g = arg;

	(void)fd;
	(void)what;
	sweep(g);
	if (g->n)
		arm(g);
}

/* The one that has waited longest for its request makes room for the next. */
static void evict(struct http_guard *g)
{
	struct connection *oldest = NULL;

	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct connection *c = &g->v[i];

		if (c->bev && !c->asked && !c->ended && !is_over(c) &&
		    (!oldest || c->since_ms < oldest->since_ms))
			oldest = c;
	}
	if (oldest)
		end(oldest);
}

static unsigned int n_waiting(const struct http_guard *g)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		n += g->v[i].bev && !g->v[i].ended;
	return n;
}

/* A slot for a connection that is being accepted; NULL if there is none. */
static struct connection *slot(struct http_guard *g)
{
	struct connection *c = g->v;

	if (g->n >= HTTP_CONNECTIONS)
		sweep(g);
	if (n_waiting(g) >= HTTP_CONNECTIONS)
		evict(g);
	while (c < g->v + HTTP_CONNECTIONS_MAX && c->bev)
		c++;
	if (g->n + 1 >= HTTP_CONNECTIONS_MAX && g->listener) {
		g->paused = true;
		evconnlistener_disable(g->listener);
	}
	return c < g->v + HTTP_CONNECTIONS_MAX ? c : NULL;
}

/* Without a slot the connection is evhttp's alone: its idle time and sizes are bounded still. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct bufferevent *bev = bufferevent_socket_new(base, -1, 0);
	struct http_guard *g = arg;
	struct connection *c = bev ? slot(g) : NULL;

	if (!c)
		return bev;
	bufferevent_incref(bev);
	*c = (struct connection){ .bev = bev, .since_ms = log_clock_ms() };
	g->n++;
	arm(g);
	return bev;
}

struct http_guard *http_guard_new(struct event_base *base, struct evhttp *http)
{
	struct http_guard *g = mem_alloc(sizeof(*g));

	if (!g)
		return NULL;
	g->base = base;
	g->sweep = evtimer_new(base, on_sweep, g);
	if (!g->sweep) {
		mem_free(g);
		return NULL;
	}
	evhttp_set_bevcb(http, on_connection, g);
	return g;
}

void http_guard_free(struct http_guard *g)
{
	if (!g)
		return;
	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		if (g->v[i].bev)
			forget(g, &g->v[i]);
	}
	event_free(g->sweep);
	mem_free(g);
}

void http_guard_listener(struct http_guard *g, struct evconnlistener *listener)
{
	g->listener = listener;
	g->paused = false;
}

void http_guard_asked(struct http_guard *g, const struct bufferevent *bev)
{
	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		if (g->v[i].bev != bev)
			continue;
		g->v[i].asked = true;
		g->v[i].since_ms = log_clock_ms();
	}
}

unsigned int http_guard_n(const struct http_guard *g)
{
	return g->n;
}
