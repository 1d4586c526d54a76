/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of one connection: made, stands, ends.
 *
 * The end of what the peer sends is the end of the connection for us: what waits is still written,
 * but nothing new is. Most peers that end their sending have closed altogether, which looks the
 * same until something is lost; a response that finds no connection gets a new one (RFC 3261
 * 18.2.2), so nothing is lost that way.
 *
 * After our last byte comes a FIN and a moment in which input is thrown away: a close() with input
 * unread would be a RST, which may overtake the 400 that tells the peer why.
 */
#include "control/config/alloc.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/stream/stream_state.h"
#include "control/stream/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A dead path shows after half a minute if something is to be sent, else after four minutes. */
#define UNACKED_MS 32000
#define KEEPALIVE_IDLE_S 120
#define KEEPALIVE_EACH_S 30
#define KEEPALIVE_TRIES 4

const char *stream_peer_text(const struct stream *c)
{
	static char text[ENDPOINT_TEXT_MAX];

	endpoint_text(&c->peer, text);
	return text;
}

void stream_set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EACH_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TRIES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS },
	};

	/* None of them decides whether messages pass, so a failure is none of the connection. */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* --- events ------------------------------------------------------------------------------ */

static void on_readable(struct bufferevent *io, void *arg)
{
	struct stream *c = arg;

	if (c->state == STREAM_OPEN)
		stream_serve(c);
	else if (c->state == STREAM_ENDING)
		evbuffer_drain(bufferevent_get_input(io), SIZE_MAX);
}

/* Nothing of ours waits: tells the peer so. */
static void shut(struct stream *c)
{
	if (c->shut)
		return;
	c->shut = true;
	c->ending_ms = c->owner->clock();
	if (c->ssl)
		SSL_shutdown(c->ssl);
	shutdown(bufferevent_getfd(c->io), SHUT_WR);
	if (c->eof)
		stream_end(c, -ECONNRESET);
	else
		wheel_watch(c);
}

static void on_written(struct bufferevent *io, void *arg)
{
	struct stream *c = arg;

	(void)io;
	c->progress_ms = c->owner->clock();
	stream_account(c);
	stream_drained(c);
	if (c->state == STREAM_ENDING && stream_unwritten(c) == 0)
		shut(c);
}

static void stands(struct stream *c)
{
	struct stream_waiter *w;

	c->state = STREAM_OPEN;
	c->last_ms = c->progress_ms = c->owner->clock();
	if (c->outbound)
		stream_count(c->owner, C_STREAM_OPENED);
	while ((w = STAILQ_FIRST(&c->waiters))) {
		STAILQ_REMOVE_HEAD(&c->waiters, link);
		later_tell(c->owner, w, 0);
	}
	wheel_watch(c);
}

static int tls_failed(struct stream *c)
{
	static struct log_limit limit;
	int error = tls_socket_error(c->ssl);
	char why[256];

	if (c->pool && error)
		return -error; /* nothing of TLS */
	tls_why(c->ssl, why, sizeof(why));
	log_limited(&limit, LOG_AT_WARNING, "TLS %s %s: %s", c->outbound ? "to" : "from",
		    stream_peer_text(c), why);
	if (c->pool)
		snprintf(c->pool->why, sizeof(c->pool->why), "%.*s", STREAM_WHY_MAX - 1, why);
	stream_count(c->owner, C_STREAM_NO_TLS);
	return -EPROTO;
}

/* True if the server took back what we thought was a handshake, before it said anything. */
static bool is_refused_late(const struct stream *c)
{
	return c->ssl && c->outbound && c->state == STREAM_OPEN && c->messages_in == 0 &&
	       tls_is_refused(c->ssl);
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct stream *c = arg;
	int rc = what & BEV_EVENT_ERROR ? -EVUTIL_SOCKET_ERROR() : -ECONNRESET;

	if (what & BEV_EVENT_CONNECTED) {
		stands(c);
		return;
	}
	if (c->ssl && c->state == STREAM_OPENING &&
	    (bufferevent_get_openssl_error(io) || !(what & BEV_EVENT_ERROR))) {
		rc = tls_failed(c);
	} else if (is_refused_late(c)) {
		rc = tls_failed(c);
		pool_failed(c, rc);
	}
	c->eof = true;
	if ((what & BEV_EVENT_EOF) && c->state == STREAM_OPEN)
		stream_end_soon(c);
	else if (!(what & BEV_EVENT_EOF) || c->state == STREAM_OPENING || c->shut)
		stream_end(c, rc && rc != -EAGAIN ? rc : -ECONNRESET);
}

/* --- begin ------------------------------------------------------------------------------- */

static struct bufferevent *io_new(struct streams *s, const struct stream_start *start)
{
	struct bufferevent *io;

	if (!start->ssl) {
		io = bufferevent_socket_new(s->base, start->fd, BEV_OPT_CLOSE_ON_FREE);
		/* Without an address: connect() was called already. */
		if (io && start->outbound)
			bufferevent_socket_connect(io, NULL, 0);
		return io;
	}
	io = bufferevent_openssl_socket_new(s->base, start->fd, start->ssl,
					    start->outbound ? BUFFEREVENT_SSL_CONNECTING
							    : BUFFEREVENT_SSL_ACCEPTING,
					    BEV_OPT_CLOSE_ON_FREE);
	/* A FIN without close_notify cuts off nothing that Content-Length does not tell. */
	if (io)
		bufferevent_openssl_set_allow_dirty_shutdown(io, 1);
	return io;
}

static void fill(struct stream *c, struct streams *s, const struct stream_start *start)
{
	c->owner = s;
	c->ssl = start->ssl;
	c->peer = start->peer;
	c->listener = start->listener;
	c->transport = (uint8_t)start->transport;
	c->outbound = start->outbound;
	c->state = start->outbound || start->ssl ? STREAM_OPENING : STREAM_OPEN;
	c->opened_ms = c->last_ms = c->progress_ms = s->clock();
	LIST_INIT(&c->blocked);
	STAILQ_INIT(&c->waiters);
}

/* Where requests to the peer's address find it (RFC 3261 18.1.1). */
static void enter_peers(struct stream *c)
{
	struct hash_table *peers = &c->owner->peers;

	if (!c->outbound)
		hash_add(peers, &c->by_peer,
			 hash_of(peers, &c->peer.ip, sizeof(c->peer.ip)) + c->peer.port);
}

struct stream *stream_new(struct streams *s, const struct stream_start *start)
{
	struct stream *c = mem_alloc(sizeof(*c));

	if (!c)
		goto fail;
	fill(c, s, start);
	if (number_give(c))
		goto fail;
	c->io = io_new(s, start);
	if (!c->io) {
		number_forget(c);
		mem_free(c);
		close(start->fd);
		return NULL;
	}
	bufferevent_setcb(c->io, on_readable, on_written, on_event, c);
	bufferevent_setwatermark(c->io, EV_WRITE, s->bounds.queue / 4, 0);
	bufferevent_enable(c->io, EV_READ | EV_WRITE);
	enter_peers(c);
	s->n++;
	s->n_inbound += !c->outbound;
	wheel_watch(c);
	return c;
fail:
	SSL_free(start->ssl);
	close(start->fd);
	mem_free(c);
	return NULL;
}

/* --- end --------------------------------------------------------------------------------- */

/* From now on nobody finds it, and it holds up nobody. */
static void leave(struct stream *c)
{
	if (!c->number)
		return;
	number_forget(c);
	if (!c->outbound)
		hash_remove(&c->owner->peers, &c->by_peer);
	if (c->pool)
		pool_leave(c);
	stream_unblock(c);
	if (c->blocker) {
		LIST_REMOVE(c, in_blocked);
		c->blocker = NULL;
	}
}

void stream_end(struct stream *c, int rc)
{
	struct streams *s = c->owner;
	struct stream_waiter *w;

	if (c->state == STREAM_OVER)
		return;
	if (c->state == STREAM_OPENING && c->outbound) {
		stream_count(s, C_STREAM_NOT_OPENED);
		pool_failed(c, rc);
	} else {
		stream_count(s, C_STREAM_CLOSED);
	}
	leave(c);
	c->state = STREAM_OVER;
	bufferevent_setcb(c->io, NULL, NULL, NULL, NULL);
	bufferevent_disable(c->io, EV_READ | EV_WRITE);
	while ((w = STAILQ_FIRST(&c->waiters))) {
		STAILQ_REMOVE_HEAD(&c->waiters, link);
		later_tell(s, w, rc);
	}
	source_leave(c);
	wheel_leave(c);
	s->wait_in -= c->wait_in;
	s->wait_out -= c->wait_out;
	s->n--;
	s->n_inbound -= !c->outbound;
	later_free(c);
}

void stream_end_soon(struct stream *c)
{
	struct streams *s = c->owner;

	if (c->state != STREAM_OPEN) {
		stream_end(c, -ECONNABORTED);
		return;
	}
	leave(c);
	c->state = STREAM_ENDING;
	c->ending_ms = s->clock();
	if (s->taking != c)
		evbuffer_drain(bufferevent_get_input(c->io), SIZE_MAX);
	stream_account(c);
	if (!c->eof)
		bufferevent_enable(c->io, EV_READ);
	if (stream_unwritten(c) == 0)
		shut(c);
	else
		wheel_watch(c);
}
