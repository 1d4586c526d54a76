/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/probe_net.h"

#include "control/config/alloc.h"
#include "control/network/net_addr.h"
#include "dataplane/sip/msg.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/errqueue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_MAX 256             /* datagrams and errors each, per socket and turn */
#define RECEIVE_BUFFER (1 << 20) /* bytes: answers of all backends at once */

struct probe_socket {
	struct probe_net *net;
	struct probe_socket *next;
	struct endpoint local;
	struct event *event; /* NULL = without an event loop */
	int fd;
	bool used; /* since the last sweep */
};

struct probe_net {
	struct event_base *base;
	probe_news_fn fn;
	void *arg;
	struct probe_socket *first;
	bool watched;
	uint8_t buffer[SIP_MAX_LEN + SIP_PAD];
};

static uint64_t clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t probe_clock_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

struct probe_net *probe_net_new(struct event_base *base, probe_news_fn fn, void *arg)
{
	struct probe_net *n = mem_alloc(sizeof(*n));

	if (n) {
		n->base = base;
		n->fn = fn;
		n->arg = arg;
		n->watched = true;
	}
	return n;
}

static void socket_close(struct probe_socket *s)
{
	if (s->event)
		event_free(s->event);
	if (s->fd >= 0)
		close(s->fd);
	mem_free(s);
}

void probe_net_free(struct probe_net *n)
{
	if (!n)
		return;
	while (n->first) {
		struct probe_socket *s = n->first;

		n->first = s->next;
		socket_close(s);
	}
	mem_free(n);
}

void probe_net_sweep(struct probe_net *n)
{
	struct probe_socket **at = &n->first;

	while (*at) {
		struct probe_socket *s = *at;

		if (s->used) {
			s->used = false;
			at = &s->next;
			continue;
		}
		*at = s->next;
		socket_close(s);
	}
}

static int udp_socket(const struct ip *ip)
{
	int fd = socket(ip_is_v4(ip) ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

static int bind_to(int fd, const struct ip *ip)
{
	const struct endpoint e = { *ip, 0 };
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, &e);

	return bind(fd, (struct sockaddr *)&name, len) < 0 ? -errno : 0;
}

bool probe_net_has(const struct ip *source)
{
	int fd = udp_socket(source);
	int rc = fd < 0 ? fd : bind_to(fd, source);

	if (fd >= 0)
		close(fd);
	return rc != -EADDRNOTAVAIL;
}

/* Where @fd is bound. */
static int local_name(int fd, struct endpoint *out)
{
	struct sockaddr_storage name = { 0 };
	socklen_t len = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &len) < 0)
		return -errno;
	return net_addr_get(&name, out) ? 0 : -EAFNOSUPPORT;
}

int probe_net_source(const struct endpoint *dst, struct ip *out)
{
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, dst);
	struct endpoint local;
	int fd = udp_socket(&dst->ip), rc = fd < 0 ? fd : 0;

	/* Of UDP a route look-up, no packet. */
	if (rc == 0 && connect(fd, (struct sockaddr *)&name, len) < 0)
		rc = -errno;
	rc = rc ? rc : local_name(fd, &local);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		*out = local.ip;
	return rc;
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(int fd, bool v4)
{
	int rc;

	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	rc = v4 ? set(fd, IPPROTO_IP, IP_RECVERR, 1) : set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	return rc ? rc : set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

static uint64_t stamp_of(struct msghdr *h)
{
	uint64_t now = probe_clock_us();

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct timespec t;
		uint64_t wall, then;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		then = (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
		wall = clock_us(CLOCK_REALTIME);
		if (wall > then && wall - then < now)
			return now - (wall - then);
	}
	return now;
}

static int error_of(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct sock_extended_err e;

		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6)
			return (int)e.ee_errno;
	}
	return 0;
}

/* One datagram, or one error with MSG_ERRQUEUE in @flags. False if there is none. */
static bool read_one(struct probe_socket *s, int flags)
{
	struct probe_net *n = s->net;
	uint8_t control[512] __attribute__((aligned(16)));
	struct iovec iov = { n->buffer, SIP_MAX_LEN };
	struct sockaddr_storage from;
	struct msghdr h = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct probe_news news = { .data = n->buffer };
	ssize_t len = recvmsg(s->fd, &h, flags);

	if (len < 0)
		return false;
	news.len = (size_t)len;
	news.at_us = stamp_of(&h);
	if (flags & MSG_ERRQUEUE)
		news.error = error_of(&h);
	if ((flags & MSG_ERRQUEUE) && news.error == 0)
		return true;
	if (net_addr_get(&from, &news.from))
		n->fn(n->arg, &news);
	return true;
}

/* Errors wait in a queue of their own. That there are some shows in an error of the socket, or, if
 * a sender was told that one, in a socket that is readable and has nothing. */
static void read_some(struct probe_socket *s)
{
	int n = 0;

	while (n < READ_MAX && read_one(s, 0))
		n++;
	if (n && errno == EAGAIN)
		return;
	for (n = 0; n < READ_MAX && read_one(s, MSG_ERRQUEUE); n++)
		;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_some(arg);
}

void probe_net_read(struct probe_net *n)
{
	for (struct probe_socket *s = n->first; s; s = s->next)
		read_some(s);
}

void probe_net_watch(struct probe_net *n, bool on)
{
	if (n->watched == on || !n->base)
		return;
	n->watched = on;
	for (struct probe_socket *s = n->first; s; s = s->next) {
		if (on)
			event_add(s->event, NULL);
		else
			event_del(s->event);
	}
}

static int watch(struct probe_socket *s)
{
	if (!s->net->base)
		return 0;
	s->event = event_new(s->net->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (!s->event)
		return -ENOMEM;
	return s->net->watched && event_add(s->event, NULL) < 0 ? -ENOMEM : 0;
}

static int open_at(struct probe_socket *s, const struct ip *source)
{
	int rc;

	s->fd = udp_socket(source);
	if (s->fd < 0)
		return s->fd;
	rc = set_options(s->fd, ip_is_v4(source));
	rc = rc ? rc : bind_to(s->fd, source);
	rc = rc ? rc : local_name(s->fd, &s->local);
	return rc ? rc : watch(s);
}

struct probe_socket *probe_net_open(struct probe_net *n, const struct ip *source, int *rc)
{
	struct probe_socket *s = n->first;

	while (s && !ip_equal(&s->local.ip, source))
		s = s->next;
	if (!s) {
		s = mem_alloc(sizeof(*s));
		if (!s) {
			*rc = -ENOMEM;
			return NULL;
		}
		s->net = n;
		s->fd = -1;
		*rc = open_at(s, source);
		if (*rc) {
			socket_close(s);
			return NULL;
		}
		s->next = n->first;
		n->first = s;
	}
	s->used = true;
	*rc = 0;
	return s;
}

const struct endpoint *probe_socket_local(const struct probe_socket *s)
{
	return &s->local;
}

int probe_socket_send(struct probe_socket *s, const struct endpoint *dst, const void *data,
		      size_t len)
{
	struct sockaddr_storage name;
	socklen_t name_len = net_addr_put(&name, dst);

	/* An ICMP error about an earlier datagram may be reported here once per call; it waits in
	 * the error queue with the address that it is about. */
	for (int tries = 0; tries < 3; tries++) {
		if (sendto(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name,
			   name_len) >= 0)
			return 0;
		if (errno == EAGAIN)
			break;
	}
	return -errno;
}
