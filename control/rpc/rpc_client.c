/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection to the control socket: lines in, responses and notifications out, all of it
 * bounded.
 *
 * Who may connect is trusted to operate the node, not to write good software: a client may send
 * half a line, an endless one, or a thousand requests without reading one answer. So a line has a
 * greatest length and a time to arrive in, a few requests are answered before other clients have
 * their turn, and none is while too much output is unread. Bytes are searched for a newline once.
 *
 * A client that ends its own sending, as `echo ... | socat` does, still gets its answers.
 */
#include "control/rpc/rpc_client.h"

#include "control/app.h"
#include "control/config/alloc.h"
#include "control/log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct evbuffer *input(const struct rpc_client *c)
{
	return bufferevent_get_input(c->io);
}

static struct evbuffer *output(const struct rpc_client *c)
{
	return bufferevent_get_output(c->io);
}

void rpc_client_who(const struct rpc_client *c, char *out, size_t n)
{
	if (c)
		snprintf(out, n, "uid %u, pid %d", (unsigned int)c->who.uid, (int)c->who.pid);
	else
		snprintf(out, n, "nobody");
}

static int add_bytes(const char *bytes, size_t n, void *to)
{
	return evbuffer_add(to, bytes, n);
}

/* Queues @value (reference taken) as one line. A line is queued in full or not at all. */
static bool send_line(struct rpc_client *c, json_t *value)
{
	struct evbuffer *line = evbuffer_new();
	bool ok = line && value && json_dump_callback(value, add_bytes, line, JSON_COMPACT) == 0 &&
		  evbuffer_add(line, "\n", 1) == 0 && evbuffer_add_buffer(output(c), line) == 0;

	json_decref(value);
	if (line)
		evbuffer_free(line);
	return ok;
}

bool rpc_notify(struct rpc_client *c, const char *method, json_t *params)
{
	if (!c || c->closing || evbuffer_get_length(output(c)) > RPC_UNREAD_MAX) {
		json_decref(params);
		return false;
	}
	return send_line(c, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method,
				      "params", params));
}

void rpc_on_close(struct rpc_client *c, void (*gone)(void *arg), void *arg)
{
	if (!c)
		return;
	c->gone = gone;
	c->gone_arg = arg;
	if (!gone && c->ended)
		event_active(c->again, EV_TIMEOUT, 0);
}

/* Reads no more; closed when its output is gone. */
static void close_soon(struct rpc_client *c)
{
	c->closing = true;
	c->line_since_ms = 0;
	bufferevent_disable(c->io, EV_READ);
	evbuffer_drain(input(c), evbuffer_get_length(input(c)));
	event_active(c->again, EV_TIMEOUT, 0);
}

/* Tells the client what it did wrong, then closes. */
static void give_up(struct rpc_client *c, const char *why)
{
	char who[RPC_WHO_MAX];
	static struct log_limit limit;

	rpc_client_who(c, who, sizeof(who));
	log_limited(&limit, LOG_AT_WARNING, "control socket: %s closed: %s", who, why);
	send_line(c, json_pack("{s:s, s:{s:i, s:s}, s:n}", "jsonrpc", "2.0", "error", "code",
			       RPC_BUSY, "message", why, "id"));
	close_soon(c);
}

/* Length of the next line without its newline, or -1 if it is not there in full. What is left at
 * the end of a client's sending is a line too. */
static ssize_t next_line(struct rpc_client *c)
{
	struct evbuffer *in = input(c);
	size_t have = evbuffer_get_length(in);
	struct evbuffer_ptr from, at;

	if (c->searched < have) {
		if (evbuffer_ptr_set(in, &from, c->searched, EVBUFFER_PTR_SET) < 0)
			return -1;
		at = evbuffer_search(in, "\n", 1, &from);
		if (at.pos >= 0)
			return at.pos;
		c->searched = have;
	}
	return c->ended && have ? (ssize_t)have : -1;
}

static bool is_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	}
	return true;
}

/* Takes the next line, of @n bytes, off the input and answers it. */
static void serve_line(struct rpc_client *c, size_t n)
{
	char *text = (char *)evbuffer_pullup(input(c), (ev_ssize_t)n);
	json_t *response = NULL;

	c->searched = 0;
	c->line_since_ms = 0;
	c->asked_ms = log_clock_ms();
	if (n && !text) {
		give_up(c, "no memory");
		return;
	}
	if (!is_blank(text, n))
		response = rpc_answer(c->app, c, text, n);
	evbuffer_drain(input(c), n + 1);
	if (response && !send_line(c, response))
		give_up(c, "no memory");
}

/* Starts or stops the clock of a line that is not complete yet. */
static void watch_line(struct rpc_client *c)
{
	if (evbuffer_get_length(input(c)) == 0)
		c->line_since_ms = 0;
	else if (c->line_since_ms == 0)
		c->line_since_ms = log_clock_ms();
}

/*
 * Reads on, or not for now. With its input full and reading enabled, a bufferevent would call back
 * again and again.
 */
static void listen_to(struct rpc_client *c, bool on)
{
	if (c->closing || c->ended)
		return;
	if (on)
		bufferevent_enable(c->io, EV_READ);
	else
		bufferevent_disable(c->io, EV_READ);
}

/* Lines wait. More than is good is unread: until the client has read. Else: for the next turn. */
static bool wait_for_turn(struct rpc_client *c)
{
	static const struct timeval soon = { 0, 0 };

	listen_to(c, false);
	if (evbuffer_get_length(output(c)) <= RPC_PAUSE_BYTES)
		event_add(c->again, &soon);
	return false;
}

/* One turn: answers a few lines. Returns true if there is nothing left to wait for. */
static bool serve(struct rpc_client *c)
{
	size_t bytes = 0;

	for (unsigned int i = 0; !c->closing; i++) {
		ssize_t n = next_line(c);

		if (n > RPC_LINE_MAX || (n < 0 && evbuffer_get_length(input(c)) > RPC_LINE_MAX)) {
			give_up(c, "a line longer than 1 MiB");
			break;
		}
		if (n < 0) {
			watch_line(c);
			listen_to(c, true);
			break;
		}
		if (i >= RPC_TURN_REQUESTS || bytes >= RPC_TURN_BYTES ||
		    evbuffer_get_length(output(c)) > RPC_PAUSE_BYTES)
			return wait_for_turn(c);
		serve_line(c, (size_t)n);
		bytes += (size_t)n;
	}
	return (c->closing || (c->ended && !c->gone)) && evbuffer_get_length(output(c)) == 0;
}

static void serve_or_free(struct rpc_client *c)
{
	if (serve(c))
		rpc_client_free(c);
}

static void on_readable(struct bufferevent *io, void *arg)
{
	(void)io;
	serve_or_free(arg);
}

/* All output is gone. */
static void on_written(struct bufferevent *io, void *arg)
{
	(void)io;
	serve_or_free(arg);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	serve_or_free(arg);
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct rpc_client *c = arg;

	(void)io;
	if (what & BEV_EVENT_EOF) {
		c->ended = true;
		serve_or_free(c);
		return;
	}
	if (what & BEV_EVENT_TIMEOUT) {
		static struct log_limit limit;
		char who[RPC_WHO_MAX];

		rpc_client_who(c, who, sizeof(who));
		log_limited(&limit, LOG_AT_WARNING,
			    "control socket: %s closed: it did not read for %d s", who,
			    RPC_STUCK_SECONDS);
	}
	rpc_client_free(c);
}

/* True if the other side is gone altogether, not only at the end of its sending. */
static bool hung_up(const struct rpc_client *c)
{
	struct pollfd p = { .fd = bufferevent_getfd(c->io) };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

void rpc_client_tick(struct rpc_client *c, uint64_t now_ms)
{
	if (c->ended && hung_up(c)) {
		rpc_client_free(c);
		return;
	}
	if (c->line_since_ms && now_ms - c->line_since_ms > RPC_LINE_MS)
		give_up(c, "a line was not complete after 30 s");
}

bool rpc_client_idle(const struct rpc_client *c, uint64_t now_ms)
{
	return !c->gone && !evbuffer_get_length(input(c)) && !evbuffer_get_length(output(c)) &&
	       now_ms - c->asked_ms >= RPC_IDLE_MS;
}

static bool set_up(struct rpc_client *c, int fd)
{
	static const struct timeval stuck = { RPC_STUCK_SECONDS, 0 };
	socklen_t n = sizeof(c->who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c->who, &n) < 0)
		c->who = (struct ucred){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	c->again = evtimer_new(c->app->base, on_again, c);
	if (!c->again)
		return false;
	bufferevent_setcb(c->io, on_readable, on_written, on_event, c);
	bufferevent_setwatermark(c->io, EV_READ, 0, RPC_LINE_MAX + 1);
	bufferevent_set_timeouts(c->io, NULL, &stuck);
	return bufferevent_enable(c->io, EV_READ | EV_WRITE) == 0;
}

struct rpc_client *rpc_client_new(struct app *app, struct rpc_clients *list, int fd)
{
	struct rpc_client *c = mem_alloc(sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->app = app;
	c->asked_ms = log_clock_ms();
	LIST_INSERT_HEAD(list, c, link);
	c->io = bufferevent_socket_new(app->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->io)
		close(fd);
	if (c->io && set_up(c, fd))
		return c;
	rpc_client_free(c);
	return NULL;
}

void rpc_client_free(struct rpc_client *c)
{
	LIST_REMOVE(c, link);
	if (c->gone)
		c->gone(c->gone_arg);
	if (c->again)
		event_free(c->again);
	if (c->io)
		bufferevent_free(c->io);
	mem_free(c);
}

void rpc_client_finish(struct rpc_client *c)
{
	evbuffer_unfreeze(output(c), 1); /* as the bufferevent does before it writes */
	while (evbuffer_get_length(output(c)) &&
	       evbuffer_write(output(c), bufferevent_getfd(c->io)) > 0)
		;
	rpc_client_free(c);
}
