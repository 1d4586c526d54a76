/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets behind kernel_sockets.h. The filter is attached before bind(), so not one datagram
 * slips by it.
 */
#include "control/network/kernel_sockets.h"

#include "control/config/alloc.h"
#include "control/network/net_addr.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MAX 32              /* datagrams per turn of the event loop */
#define SEND_BUFFER (1 << 20)    /* bytes, so that a burst to a new neighbour does not fail */
#define RECEIVE_BUFFER (1 << 20) /* bytes: about ten of the largest datagrams */

struct kernel_socket {
	struct kernel_sockets *owner;
	struct kernel_socket *next;
	struct endpoint at;
	struct event *event; /* NULL = is not read */
	int fd;
	bool fresh; /* opened since the last commit */
};

struct kernel_sockets {
	struct event_base *base;
	kernel_datagram_fn fn;
	void *arg;
	struct kernel_socket *first;
	uint32_t n;
	uint32_t copied[KERNEL_COPIED_MAX]; /* links */
	uint32_t n_copied;
	uint8_t buffer[SIP_MAX_LEN + SIP_PAD];
};

struct kernel_sockets *kernel_sockets_new(struct event_base *base, kernel_datagram_fn fn, void *arg)
{
	struct kernel_sockets *k = mem_alloc(sizeof(*k));

	if (k) {
		k->base = base;
		k->fn = fn;
		k->arg = arg;
	}
	return k;
}

void kernel_sockets_copied(struct kernel_sockets *k, const uint32_t *links, uint32_t n)
{
	k->n_copied = n < KERNEL_COPIED_MAX ? n : KERNEL_COPIED_MAX;
	memcpy(k->copied, links, k->n_copied * sizeof(*links));
}

static void socket_close(struct kernel_socket *s)
{
	if (s->event)
		event_free(s->event);
	close(s->fd);
	mem_free(s);
}

void kernel_sockets_free(struct kernel_sockets *k)
{
	if (!k)
		return;
	while (k->first) {
		struct kernel_socket *s = k->first;

		k->first = s->next;
		socket_close(s);
	}
	mem_free(k);
}

uint32_t kernel_sockets_count(const struct kernel_sockets *k)
{
	return k->n;
}

static struct kernel_socket *find(const struct kernel_sockets *k, const struct endpoint *at)
{
	struct kernel_socket *s = k->first;

	while (s && !endpoint_equal(&s->at, at))
		s = s->next;
	return s;
}

/* Drops everything; with a @limit, what is an IPv4 packet of more than @limit bytes passes. */
static int attach_filter(int fd, uint32_t limit)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_filter small[] = {
		/* total length, of the whole datagram when Linux has put it together */
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_NET_OFF + 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, limit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { 1, all };

	if (limit)
		prog = (struct sock_fprog){ 4, small };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

int kernel_filter_unseen(int fd, const uint32_t *links, uint32_t n)
{
	struct sock_filter code[KERNEL_COPIED_MAX + 3];
	struct sock_fprog prog = { (unsigned short)(n + 3), code };

	if (n > KERNEL_COPIED_MAX)
		return -E2BIG;
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
	for (uint32_t i = 0; i < n; i++)
		code[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, links[i],
							   (uint8_t)(n - i), 0);
	code[1 + n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	code[2 + n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(int fd, bool v4)
{
	int rc = 0;

	/* As much as is allowed: more than net.core.*mem_max needs CAP_NET_ADMIN. */
	if (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER) < 0)
		rc = set(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
	if (rc == 0 && set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		rc = set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	if (rc == 0 && v4)
		rc = set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	if (rc == 0 && !v4)
		rc = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (rc == 0 && !v4)
		rc = set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	return rc ? rc : set(fd, IPPROTO_IP, IP_FREEBIND, 1);
}

/* A bound socket, or a negative errno. */
static int open_socket(const struct kernel_sockets *k, const struct endpoint *at,
		       const struct kernel_port *port)
{
	bool v4 = ip_is_v4(&at->ip);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, at);
	int rc;

	if (fd < 0)
		return -errno;
	rc = port->unseen ? kernel_filter_unseen(fd, k->copied, k->n_copied)
			  : attach_filter(fd, v4 ? port->frame_limit : 0);
	rc = rc ? rc : set_options(fd, v4);
	if (rc == 0 && bind(fd, (struct sockaddr *)&name, len) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static unsigned int read_some(struct kernel_socket *s)
{
	struct kernel_sockets *k = s->owner;
	unsigned int n = 0;

	for (; n < READ_MAX; n++) {
		struct sockaddr_storage from;
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(s->fd, k->buffer, SIP_MAX_LEN, 0, (struct sockaddr *)&from,
				       &from_len);
		struct endpoint src;

		if (len < 0)
			break;
		if (net_addr_get(&from, &src))
			k->fn(k->arg, &src, &s->at, k->buffer, (size_t)len);
	}
	return n;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_some(arg);
}

unsigned int kernel_sockets_read(struct kernel_sockets *k, const struct endpoint *listener)
{
	struct kernel_socket *s = find(k, listener);

	return s ? read_some(s) : 0;
}

static int watch(struct kernel_socket *s)
{
	if (!s->owner->base)
		return 0;
	s->event = event_new(s->owner->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	return s->event && event_add(s->event, NULL) == 0 ? 0 : -ENOMEM;
}

static int add_socket(struct kernel_sockets *k, const struct endpoint *at,
		      const struct kernel_port *port)
{
	struct kernel_socket *s = mem_alloc(sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->owner = k;
	s->at = *at;
	s->fresh = true;
	s->fd = open_socket(k, at, port);
	if (s->fd < 0) {
		rc = s->fd;
		mem_free(s);
		return rc;
	}
	rc = port->unseen || (port->frame_limit && ip_is_v4(&at->ip)) ? watch(s) : 0;
	if (rc) {
		socket_close(s);
		return rc;
	}
	s->next = k->first;
	k->first = s;
	k->n++;
	return 0;
}

/* Closes those for which @gone says so. */
static void sweep(struct kernel_sockets *k,
		  bool (*gone)(const struct kernel_socket *, const struct world *),
		  const struct world *w)
{
	struct kernel_socket **at = &k->first;

	while (*at) {
		struct kernel_socket *s = *at;

		if (!gone(s, w)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		k->n--;
		socket_close(s);
	}
}

static bool is_fresh(const struct kernel_socket *s, const struct world *w)
{
	(void)w;
	return s->fresh;
}

static bool has_no_listener(const struct kernel_socket *s, const struct world *w)
{
	uint16_t i = world_listener_at(w, &s->at);

	return i == WORLD_NONE || !(w->listeners[i].transports & WORLD_UDP);
}

int kernel_sockets_prepare(struct kernel_sockets *k, const struct world *w,
			   const struct kernel_port *ports, char *why, size_t why_size)
{
	for (uint16_t i = 0; i < w->n_listeners; i++) {
		const struct listener *l = &w->listeners[i];
		int rc;

		if (!(l->transports & WORLD_UDP) || !ports[l->iface].shared || find(k, &l->addr))
			continue;
		rc = add_socket(k, &l->addr, &ports[l->iface]);
		if (rc == 0)
			continue;
		snprintf(why, why_size, "listener %s: UDP port %u: %s", l->name.s, l->addr.port,
			 rc == -EADDRINUSE ? "another program has it" : strerror(-rc));
		sweep(k, is_fresh, w);
		return rc;
	}
	return 0;
}

void kernel_sockets_commit(struct kernel_sockets *k, const struct world *w)
{
	sweep(k, has_no_listener, w);
	for (struct kernel_socket *s = k->first; s; s = s->next)
		s->fresh = false;
}

int kernel_sockets_send(struct kernel_sockets *k, const struct endpoint *src,
			const struct endpoint *dst, const void *data, size_t len)
{
	const struct kernel_socket *s = find(k, src);
	struct sockaddr_storage name;
	socklen_t name_len = net_addr_put(&name, dst);
	int tries = 2;

	if (!s)
		return -ENOENT;
	/* An ICMP error about an earlier datagram may be reported here once; it is not about this
	 * one. */
	while (sendto(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name,
		      name_len) < 0) {
		if (--tries == 0 || errno == EAGAIN || errno == EMSGSIZE)
			return -errno;
	}
	return 0;
}
