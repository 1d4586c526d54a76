/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dns_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer in the mood that @s is in; 0 = none. */
static size_t answer(const struct lab_server *s, const uint8_t *query, size_t n, uint8_t *out,
		     size_t room)
{
	bool truncated;

	if (s->mood == LAB_SILENT)
		return 0;
	n = lab_answer(s->mood == LAB_ANSWERS ? s->zone : "", query, n, out, room, &truncated);
	if (s->mood == LAB_SERVFAIL)
		out[3] = 0x82;
	if (s->mood == LAB_NONSENSE)
		out[7] = 3; /* records that are not there */
	return n;
}

static void on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct lab_server *s = arg;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t query[512], out[65536];
	ssize_t n = recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &len);
	size_t m;

	(void)what;
	if (n < 12)
		return;
	s->udp++;
	m = answer(s, query, (size_t)n, out, s->udp_room);
	if (m)
		sendto(fd, out, m, 0, (struct sockaddr *)&from, len);
}

/* One question, then the connection ends; small messages arrive whole on loopback. */
static void on_stream(evutil_socket_t c, short what, void *arg)
{
	struct lab_server *s = arg;
	uint8_t query[514], out[65538];
	ssize_t n = recv(c, query, sizeof(query), 0);
	size_t m;

	(void)what;
	if (n >= 14) {
		s->tcp++;
		m = answer(s, query + 2, (size_t)n - 2, out + 2, sizeof(out) - 2);
		out[0] = (uint8_t)(m >> 8);
		out[1] = (uint8_t)m;
		if (m && send(c, out, m + 2, MSG_NOSIGNAL) < 0)
			abort();
	}
	close(c);
}

static void on_tcp(evutil_socket_t fd, short what, void *arg)
{
	struct lab_server *s = arg;
	int c = accept(fd, NULL, NULL);

	(void)what;
	if (c >= 0)
		event_base_once(s->base, c, EV_READ, on_stream, s, NULL);
}

struct lab_server *lab_server_new(struct event_base *base, const char *zone)
{
	struct lab_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(at);
	int tries = 0;

	cr_assert(s);
	s->base = base;
	s->zone = zone;
	s->udp_room = 1232;
	/* A port that is free for both. */
	do {
		at.sin_port = 0;
		s->fds[0] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		cr_assert(s->fds[0] >= 0 && !bind(s->fds[0], (struct sockaddr *)&at, len));
		cr_assert_eq(getsockname(s->fds[0], (struct sockaddr *)&at, &len), 0);
		s->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		cr_assert(s->fds[1] >= 0);
		if (bind(s->fds[1], (struct sockaddr *)&at, len) == 0)
			break;
		close(s->fds[0]);
		close(s->fds[1]);
	} while (++tries < 20);
	cr_assert_lt(tries, 20);
	cr_assert_eq(listen(s->fds[1], 8), 0);
	s->port = ntohs(at.sin_port);
	for (int i = 0; i < 2; i++) {
		s->events[i] =
			event_new(base, s->fds[i], EV_READ | EV_PERSIST, i ? on_tcp : on_udp, s);
		event_add(s->events[i], NULL);
	}
	return s;
}

void lab_server_free(struct lab_server *s)
{
	if (!s)
		return;
	for (int i = 0; i < 2; i++) {
		event_free(s->events[i]);
		close(s->fds[i]);
	}
	free(s);
}
