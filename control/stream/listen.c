/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listening sockets, and which connections are taken.
 *
 * The newest is refused: who is there already keeps what he has. An eighth of all connections is
 * kept for those that we open, so that a flood from outside does not cut us off from the servers.
 * When there is no file descriptor left, listeners rest until the next turn of the wheel; the event
 * loop would otherwise be told of the same connection again and again. Those of TLS rest as well
 * when as many handshakes have begun as one turn may have: each of them costs the control thread
 * more than a hundred messages do, and a crowd that comes back at once must not stop the others.
 * Meanwhile Linux keeps who waits.
 */
#include "control/config/alloc.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/network/net_addr.h"
#include "control/stream/stream_state.h"
#include "control/stream/tls.h"
#include "dataplane/proxy/world.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#define ACCEPT_MAX 64 /* connections per listener and turn of the event loop */
#define BACKLOG 4096

/* --- accept() ---------------------------------------------------------------------------- */

static void rest(struct streams *s)
{
	static struct log_limit limit;
	struct stream_listener *l;

	log_limited(&limit, LOG_AT_ERROR, "no connection accepted: %s", strerror(errno));
	stream_count(s, C_STREAM_FULL);
	s->deaf = true;
	LIST_FOREACH(l, &s->listeners, link)
		event_del(l->event);
}

/* True if another handshake may begin at @l; else it rests. */
static bool may_shake_hands(struct stream_listener *l)
{
	struct streams *s = l->owner;

	if (l->transport != SIP_TLS || s->handshakes)
		return true;
	stream_count(s, C_STREAM_TLS_WAITED);
	l->rests = true;
	event_del(l->event);
	return false;
}

void listeners_wake(struct streams *s)
{
	struct stream_listener *l;

	s->handshakes = s->bounds.handshakes;
	LIST_FOREACH(l, &s->listeners, link) {
		if (s->deaf || l->rests)
			event_add(l->event, NULL);
		l->rests = false;
	}
	s->deaf = false;
}

static void refuse(struct streams *s, int fd, enum counter why)
{
	stream_count(s, why);
	close(fd);
}

static void take(struct stream_listener *l, int fd, const struct endpoint *peer)
{
	struct streams *s = l->owner;
	struct stream_start start = {
		.fd = fd, .peer = *peer, .listener = l->at, .transport = l->transport
	};
	struct stream *c;

	if (s->n_inbound >= s->bounds.inbound || s->n >= s->bounds.connections) {
		refuse(s, fd, C_STREAM_FULL);
		return;
	}
	if (!source_has_room(s, &peer->ip)) {
		refuse(s, fd, C_STREAM_SOURCE_FULL);
		return;
	}
	start.ssl = l->transport == SIP_TLS ? tls_accept(s->tls, &l->at) : NULL;
	if (l->transport == SIP_TLS && !start.ssl) {
		refuse(s, fd, C_STREAM_NO_TLS);
		return;
	}
	s->handshakes -= l->transport == SIP_TLS;
	stream_set_options(fd);
	c = stream_new(s, &start);
	if (!c)
		return;
	stream_count(s, C_STREAM_ACCEPTED);
	if (!source_enter(c))
		stream_end(c, -ENOMEM);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct stream_listener *l = arg;

	(void)what;
	for (unsigned int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage name;
		socklen_t len = sizeof(name);
		struct endpoint peer;
		int new;

		if (!may_shake_hands(l))
			return;
		new = accept4(fd, (struct sockaddr *)&name, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (new < 0 && errno == EAGAIN)
			return;
		if (new < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
			rest(l->owner);
			return;
		}
		if (new < 0) /* it is gone again */
			continue;
		if (net_addr_get(&name, &peer))
			take(l, new, &peer);
		else
			close(new);
	}
}

/* --- the sockets ------------------------------------------------------------------------- */

/* A listening socket, or a negative errno. An address that is not there yet may still come. */
static int open_socket(const struct endpoint *at)
{
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, at);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	if (name.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&name, len) < 0 || listen(fd, BACKLOG) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static void listener_free(struct stream_listener *l)
{
	LIST_REMOVE(l, link);
	if (l->event)
		event_free(l->event);
	close(l->fd);
	mem_free(l);
}

void listeners_free(struct streams *s)
{
	while (!LIST_EMPTY(&s->listeners))
		listener_free(LIST_FIRST(&s->listeners));
}

static struct stream_listener *find(const struct streams *s, const struct endpoint *at,
				    enum sip_transport transport)
{
	struct stream_listener *l;

	LIST_FOREACH(l, &s->listeners, link) {
		if (l->transport == transport && endpoint_equal(&l->at, at))
			return l;
	}
	return NULL;
}

/* Opens a listener. 0 or a negative errno. */
static int add(struct streams *s, const struct endpoint *at, enum sip_transport transport)
{
	int fd = open_socket(at);
	struct stream_listener *l;

	if (fd < 0)
		return fd;
	l = mem_alloc(sizeof(*l));
	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	*l = (struct stream_listener){
		.owner = s, .at = *at, .transport = transport, .fd = fd, .wanted = true
	};
	LIST_INSERT_HEAD(&s->listeners, l, link);
	l->event = event_new(s->base, fd, EV_READ | EV_PERSIST, on_connection, l);
	if (l->event && (s->deaf || event_add(l->event, NULL) == 0))
		return 0;
	listener_free(l);
	return -ENOMEM;
}

static int want(struct streams *s, const struct listener *at, enum sip_transport transport)
{
	struct stream_listener *l = find(s, &at->addr, transport);
	char text[ENDPOINT_TEXT_MAX];
	int rc;

	if (l) {
		l->wanted = true;
		return 0;
	}
	rc = add(s, &at->addr, transport);
	if (rc == 0)
		return 0;
	endpoint_text(&at->addr, text);
	log_error("listener %s: TCP %s: %s", at->name.s, text,
		  rc == -EADDRINUSE ? "another program has it" : strerror(-rc));
	return rc;
}

/* Those that nobody wants any more. */
static void sweep(struct streams *s)
{
	struct stream_listener *l = LIST_FIRST(&s->listeners), *next;

	for (; l; l = next) {
		next = LIST_NEXT(l, link);
		if (!l->wanted)
			listener_free(l);
	}
}

static void find_orphans(struct streams *s)
{
	for (uint32_t i = 0; i < s->n_slots; i++) {
		struct stream *c = s->slots[i];

		if (!c || c->outbound)
			continue;
		c->orphan = !find(s, &c->listener, (enum sip_transport)c->transport);
		wheel_watch(c);
	}
}

int streams_listen(struct streams *s, const struct world *w)
{
	struct stream_listener *l;
	int first = 0;

	LIST_FOREACH(l, &s->listeners, link)
		l->wanted = false;
	for (uint16_t i = 0; i < w->n_listeners; i++) {
		const struct listener *at = &w->listeners[i];
		int rc = 0;

		if (at->transports & WORLD_TCP)
			rc = want(s, at, SIP_TCP);
		if ((at->transports & WORLD_TLS) && s->tls)
			rc = want(s, at, SIP_TLS);
		first = first ? first : rc;
	}
	sweep(s);
	find_orphans(s);
	return first;
}
