/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rpc part: accepts connections to the control socket, a bounded number of them.
 *
 * The socket is the operator's way in, so a full house must not lock him out: a client that has
 * been quiet for a while makes room for a new one. Accepting is bounded per turn of the event loop;
 * libevent's listener would go on for as long as somebody connects.
 */
#include "control/app.h"
#include "control/config/alloc.h"
#include "control/log.h"
#include "control/rpc/rpc_client.h"
#include "control/rpc/rpc_socket.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#define RPC_CLIENTS_MAX 64
#define ACCEPTS_PER_TURN 16
#define TICK_SECONDS 1

struct rpc_server {
	struct app *app;
	struct rpc_socket socket;
	struct event *accept; /* the socket is readable */
	struct event *tick;   /* timer */
	struct rpc_clients clients;
};

static unsigned int count_clients(const struct rpc_server *s)
{
	const struct rpc_client *c;
	unsigned int n = 0;

	LIST_FOREACH(c, &s->clients, link)
		n++;
	return n;
}

/* Closes the client that has been quiet for longest, if any has been for long enough. */
static bool make_room(struct rpc_server *s)
{
	struct rpc_client *c, *quiet = NULL;
	uint64_t now = log_clock_ms();

	LIST_FOREACH(c, &s->clients, link) {
		if (rpc_client_idle(c, now) && (!quiet || c->asked_ms < quiet->asked_ms))
			quiet = c;
	}
	if (!quiet)
		return false;
	rpc_client_free(quiet);
	return true;
}

static void turn_away(int fd)
{
	static const char text[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32003,\"message\":"
				   "\"too many clients\"},\"id\":null}\n";
	static struct log_limit limit;

	log_limited(&limit, LOG_AT_WARNING, "control socket: more than %d clients",
		    RPC_CLIENTS_MAX);
	if (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("control socket: %s", strerror(errno));
	close(fd);
}

/* accept() failed. Without descriptors the socket stays readable: pause until the next tick. */
static void no_connection(struct rpc_server *s)
{
	static struct log_limit limit;

	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_limited(&limit, LOG_AT_WARNING, "control socket: %s", strerror(errno));
	event_del(s->accept);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_server *s = arg;

	(void)what;
	for (unsigned int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer < 0) {
			no_connection(s);
			return;
		}
		if (count_clients(s) >= RPC_CLIENTS_MAX && !make_room(s))
			turn_away(peer);
		else if (!rpc_client_new(s->app, &s->clients, peer))
			log_error("control socket: no memory for a client");
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_server *s = arg;
	struct rpc_client *c, *next;
	uint64_t now = log_clock_ms();

	(void)fd;
	(void)what;
	event_add(s->accept, NULL);
	for (c = LIST_FIRST(&s->clients); c; c = next) {
		next = LIST_NEXT(c, link);
		rpc_client_tick(c, now);
	}
}

static int listen_on(struct rpc_server *s)
{
	static const struct timeval period = { TICK_SECONDS, 0 };

	s->accept = event_new(s->app->base, s->socket.fd, EV_READ | EV_PERSIST, on_connection, s);
	s->tick = event_new(s->app->base, -1, EV_PERSIST, on_tick, s);
	if (!s->accept || !s->tick || event_add(s->accept, NULL) < 0 ||
	    event_add(s->tick, &period) < 0)
		return -ENOMEM;
	return 0;
}

/* The default path is a convenience and may be out of reach; one that was asked for must work. */
int rpc_start(struct app *app)
{
	const struct config_control *c = &app->config.control;
	struct rpc_server *s = mem_alloc(sizeof(*s));
	char why[RPC_WHY_MAX];
	int rc;

	if (!s) {
		log_error("no memory for the control socket");
		return -ENOMEM;
	}
	s->app = app;
	rc = rpc_socket_open(c, &s->socket, why);
	if (rc) {
		mem_free(s);
		if (CONFIG_GIVEN(c, control, socket)) {
			log_error("control socket: %s", why);
			return rc;
		}
		log_warning("control socket: %s; running without one", why);
		return 0;
	}
	app->rpc = s;
	rc = listen_on(s);
	if (rc == 0)
		return 0;
	log_error("no memory for the control socket");
	rpc_stop(app);
	return rc;
}

void rpc_stop(struct app *app)
{
	struct rpc_server *s = app->rpc;

	if (!s)
		return;
	while (!LIST_EMPTY(&s->clients))
		rpc_client_finish(LIST_FIRST(&s->clients));
	if (s->accept)
		event_free(s->accept);
	if (s->tick)
		event_free(s->tick);
	rpc_socket_close(&s->socket);
	mem_free(s);
	app->rpc = NULL;
}
