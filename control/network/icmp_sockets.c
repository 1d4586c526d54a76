/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The icmp part: ICMP errors about packets of ours that reach Linux and no worker, which is so on
 * xdp: interfaces. One raw socket for each IP version, with a filter for the errors that matter;
 * what they say goes the way of those that workers hand over. Of packet: interfaces workers see a
 * copy, so their errors are left to them.
 *
 * The error queue of the listeners' sockets would need no raw socket, but tells nothing of path
 * MTUs to a socket that must not obey them.
 */
#include "control/log.h"
#include "control/network/network.h"
#include "dataplane/limit.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <unistd.h>

#define READ_MAX 32    /* per turn of the event loop */
#define ICMP_RATE 1000 /* errors looked at per second, as on a worker */
#define CLOCK_HZ 1000  /* of log_clock_ms() */
#define V4_UNREACHABLE 3
#define V4_FILTER \
	1 /* ICMP_FILTER of linux/icmp.h, which does not go with the C library's headers */

struct icmp_sockets {
	struct app *app;
	struct event *v4, *v6;
	int fd4, fd6;
	struct limit limit;
	uint8_t packet[65536];
};

static bool allowed(struct icmp_sockets *s)
{
	limit_refill(&s->limit, log_clock_ms());
	return limit_take_n(&s->limit, 1);
}

/* IPv4 packets come with their header. */
static void on_v4(evutil_socket_t fd, short what, void *arg)
{
	struct icmp_sockets *s = arg;

	(void)what;
	for (int i = 0; i < READ_MAX; i++) {
		ssize_t len = recv(fd, s->packet, sizeof(s->packet), MSG_DONTWAIT);

		if (len < 0)
			return;
		if (allowed(s))
			network_icmp(s->app, FIB_NO_IFACE, s->packet, (size_t)len);
	}
}

/* The destination that Linux noted for the message. False if it did not. */
static bool destination(struct msghdr *msg, struct in6_addr *out)
{
	struct in6_pktinfo info;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		*out = info.ipi6_addr;
		return true;
	}
	return false;
}

/* Reads an ICMPv6 message and puts the header before it that Linux took off. Returns the length of
 * both, 0 if something is missing, or -1 when there is no more. */
static ssize_t read_v6(struct icmp_sockets *s, int fd)
{
	struct ip6_hdr head = { 0 };
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct iovec body = { s->packet + sizeof(head), sizeof(s->packet) - sizeof(head) };
	struct sockaddr_in6 from;
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &body,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(fd, &msg, MSG_DONTWAIT);

	if (len < 0)
		return -1;
	if (len > UINT16_MAX - (ssize_t)sizeof(head) || !destination(&msg, &head.ip6_dst))
		return 0;
	head.ip6_flow = htonl(6u << 28);
	head.ip6_nxt = IPPROTO_ICMPV6;
	head.ip6_src = from.sin6_addr;
	head.ip6_plen = htons((uint16_t)len);
	memcpy(s->packet, &head, sizeof(head));
	return len + (ssize_t)sizeof(head);
}

static void on_v6(evutil_socket_t fd, short what, void *arg)
{
	struct icmp_sockets *s = arg;

	(void)what;
	for (int i = 0; i < READ_MAX; i++) {
		ssize_t len = read_v6(s, fd);

		if (len < 0)
			return;
		if (len > 0 && allowed(s))
			network_icmp(s->app, FIB_NO_IFACE, s->packet, (size_t)len);
	}
}

static int filter_v4(int fd)
{
	uint32_t blocked = ~(1u << V4_UNREACHABLE);

	return setsockopt(fd, SOL_RAW, V4_FILTER, &blocked, sizeof(blocked)) < 0 ? -errno : 0;
}

static int filter_v6(int fd)
{
	struct icmp6_filter filter;
	int on = 1;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &filter);
	ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &filter);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

/* A socket with its filters, read by @fn. Without IPv6 in Linux there is nothing to read. */
static int open_one(struct icmp_sockets *s, bool v4, event_callback_fn fn, int *fd,
		    struct event **event)
{
	uint32_t copied[KERNEL_COPIED_MAX];
	uint32_t n = network_copied(s->app->network, copied, KERNEL_COPIED_MAX);
	int rc;

	*fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		     v4 ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6);
	if (*fd < 0)
		return errno == EAFNOSUPPORT ? 0 : -errno;
	rc = kernel_filter_unseen(*fd, copied, n);
	rc = rc ? rc : v4 ? filter_v4(*fd) : filter_v6(*fd);
	if (rc)
		return rc;
	*event = event_new(s->app->base, *fd, EV_READ | EV_PERSIST, fn, s);
	return *event && event_add(*event, NULL) == 0 ? 0 : -ENOMEM;
}

static bool is_needed(const struct app *app)
{
	for (uint32_t i = 0; i < app->config.n_interfaces; i++) {
		if (app->ports[i].unseen)
			return true;
	}
	return false;
}

int icmp_start(struct app *app)
{
	struct icmp_sockets *s;
	int rc;

	if (!is_needed(app))
		return 0;
	s = app->icmp = mem_alloc(sizeof(*s));
	if (!s) {
		log_error("no memory for the ICMP sockets");
		return -ENOMEM;
	}
	s->app = app;
	s->fd4 = s->fd6 = -1;
	limit_set(&s->limit, ICMP_RATE, CLOCK_HZ, log_clock_ms());
	rc = open_one(s, true, on_v4, &s->fd4, &s->v4);
	rc = rc ? rc : open_one(s, false, on_v6, &s->fd6, &s->v6);
	if (rc) {
		log_error("ICMP sockets: %s", strerror(-rc));
		icmp_stop(app);
	}
	return rc;
}

static void close_one(int fd, struct event *event)
{
	if (event)
		event_free(event);
	if (fd >= 0)
		close(fd);
}

void icmp_stop(struct app *app)
{
	struct icmp_sockets *s = app->icmp;

	if (!s)
		return;
	close_one(s->fd4, s->v4);
	close_one(s->fd6, s->v6);
	mem_free(s);
	app->icmp = NULL;
}
