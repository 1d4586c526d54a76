/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * c-ares tells which sockets it wants to read and write; each is one event here. It opens a socket
 * when there is a question and closes it when there is none left, so source ports change.
 */
#include "control/dns/resolver_channel.h"

#include "control/config/alloc.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <sys/queue.h>

#define EDNS_SIZE 1232 /* bytes of UDP that pass everywhere (DNS flag day 2020) */

struct socket_event {
	LIST_ENTRY(socket_event) link;
	struct event *event;
	struct channel *channel;
	evutil_socket_t fd;
	short what;
};

struct channel {
	ares_channel ares;
	struct event_base *base;
	struct event *timer;
	LIST_HEAD(, socket_event) sockets;
};

struct
try {
	channel_answer fn;
	void *arg;
};

/* --- events ------------------------------------------------------------------------------ */

/* Has c-ares called when its next time-out is due. */
static void arm(struct channel *c)
{
	struct timeval due;

	if (ares_timeout(c->ares, NULL, &due))
		event_add(c->timer, &due);
	else
		event_del(c->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	(void)what;
	ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(c);
}

/* The socket may be closed, and its event freed, before this returns. */
static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = ((struct socket_event *)arg)->channel;

	ares_process_fd(c->ares, what & EV_READ ? fd : ARES_SOCKET_BAD,
			what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	arm(c);
}

static void forget(struct socket_event *s)
{
	LIST_REMOVE(s, link);
	event_free(s->event);
	mem_free(s);
}

/* c-ares wants socket @fd watched, or no longer. Without memory it is not; time-outs go on. */
static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct socket_event *s;
	short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));

	LIST_FOREACH(s, &c->sockets, link) {
		if (s->fd == fd)
			break;
	}
	if (s && s->what == what)
		return;
	if (s)
		forget(s);
	s = what ? mem_alloc(sizeof(*s)) : NULL;
	if (!s)
		return;
	*s = (struct socket_event){ .channel = c, .fd = fd, .what = what };
	s->event = event_new(c->base, fd, (short)(what | EV_PERSIST), on_socket, s);
	if (!s->event) {
		mem_free(s);
		return;
	}
	LIST_INSERT_HEAD(&c->sockets, s, link);
	event_add(s->event, NULL);
}

/* --- questions --------------------------------------------------------------------------- */

static void on_answer(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct try t = *(struct try *)arg;

	(void)timeouts;
	mem_free(arg);
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
		if (p) {
			t.fn(t.arg, 0, "", p, (size_t)n);
			return;
		}
		t.fn(t.arg, -EIO, ares_strerror(status), NULL, 0);
		return;
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED:
		t.fn(t.arg, -ETIMEDOUT, ares_strerror(status), NULL, 0);
		return;
	default:
		t.fn(t.arg, -EIO, ares_strerror(status), NULL, 0);
	}
}

void channel_ask(struct channel *c, enum dns_type type, const char *name, channel_answer fn,
		 void *arg)
{
	struct try *t = mem_alloc(sizeof(*t));

	if (!t) {
		fn(arg, -EIO, "no memory", NULL, 0);
		return;
	}
	*t = (struct try){ fn, arg };
	ares_query(c->ares, name, 1, dns_type_number(type), on_answer, t);
	arm(c);
}

/* --- channels ---------------------------------------------------------------------------- */

static int open_ares(struct channel *c, uint32_t timeout_ms)
{
	/* NOCHECKRESP: SERVFAIL and the like are told, not taken for silence. */
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
						 ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP,
					.timeout = (int)timeout_ms,
					.tries = 1,
					.sock_state_cb = on_state,
					.sock_state_cb_data = c,
					.ednspsz = EDNS_SIZE,
					.lookups = (char[]){ "b" } };

	return ares_init_options(&c->ares, &options,
				 ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					 ARES_OPT_SOCK_STATE_CB | ARES_OPT_EDNSPSZ |
					 ARES_OPT_LOOKUPS);
}

static int set_server(ares_channel ares, const struct endpoint *at)
{
	struct ares_addr_port_node node = { .udp_port = at->port, .tcp_port = at->port };

	if (ip_is_v4(&at->ip)) {
		node.family = AF_INET;
		memcpy(&node.addr.addr4, ip_v4_bytes(&at->ip), 4);
	} else {
		node.family = AF_INET6;
		memcpy(&node.addr.addr6, at->ip.b, 16);
	}
	return ares_set_servers_ports(ares, &node);
}

struct channel *channel_new(struct event_base *base, const struct endpoint *at, uint32_t timeout_ms)
{
	struct channel *c = mem_alloc(sizeof(*c));

	if (!c)
		return NULL;
	c->base = base;
	LIST_INIT(&c->sockets);
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		mem_free(c);
		return NULL;
	}
	c->timer = event_new(base, -1, 0, on_timer, c);
	if (c->timer && open_ares(c, timeout_ms) == ARES_SUCCESS &&
	    set_server(c->ares, at) == ARES_SUCCESS)
		return c;
	channel_free(c);
	return NULL;
}

void channel_free(struct channel *c)
{
	if (!c)
		return;
	if (c->ares)
		ares_destroy(c->ares);
	while (!LIST_EMPTY(&c->sockets))
		forget(LIST_FIRST(&c->sockets));
	if (c->timer)
		event_free(c->timer);
	ares_library_cleanup();
	mem_free(c);
}

uint32_t channel_system(struct endpoint *out, uint32_t most)
{
	struct ares_addr_port_node *list = NULL;
	ares_channel ares;
	uint32_t n = 0;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return 0;
	if (ares_init(&ares) == ARES_SUCCESS) {
		if (ares_get_servers_ports(ares, &list) != ARES_SUCCESS)
			list = NULL;
		for (const struct ares_addr_port_node *s = list; s && n < most; s = s->next) {
			const uint8_t *b = (const uint8_t *)&s->addr;

			out[n++] = (struct endpoint){ s->family == AF_INET ? ip_from_v4(b)
									   : ip_from_v6(b),
						      s->udp_port ? (uint16_t)s->udp_port : 53 };
		}
		ares_free_data(list);
		ares_destroy(ares);
	}
	ares_library_cleanup();
	return n;
}
