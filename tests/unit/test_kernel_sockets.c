/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners' sockets on loopback: what their filter lets through, what they send, how sets of them
 * change.
 */
#include "control/network/kernel_sockets.h"
#include "control/network/net_addr.h"
#include "dataplane/proxy/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 1500
#define HEADERS 28 /* IPv4 and UDP */
#define N_LISTENERS 3

/* The last datagram that came by a listener's socket. */
static struct {
	struct endpoint src, listener;
	size_t len;
	uint8_t first, last;
	unsigned int n;
} got;

static void on_datagram(void *arg, const struct endpoint *src, const struct endpoint *listener,
			const uint8_t *data, size_t len)
{
	cr_assert_eq(arg, &got);
	got.src = *src;
	got.listener = *listener;
	got.len = len;
	got.first = len ? data[0] : 0;
	got.last = len ? data[len - 1] : 0;
	got.n++;
}

static struct endpoint loopback(bool v4, uint16_t port)
{
	struct ip six = { { [15] = 1 } };

	return (struct endpoint){ v4 ? ip_from_v4((uint8_t[]){ 127, 0, 0, 1 }) : six, port };
}

/* A plain socket on a port that the system chooses. */
static int peer_open(bool v4, struct endpoint *at)
{
	struct sockaddr_storage name;
	struct endpoint any = loopback(v4, 0);
	socklen_t len = net_addr_put(&name, &any);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) < 0)
		return -1;
	len = sizeof(name);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	cr_assert(net_addr_get(&name, at));
	return fd;
}

/* A world of nothing but listeners, all on interface 0. */
struct fixture {
	struct world w;
	struct listener l[N_LISTENERS];
	struct keys keys;
	void *own;
	struct kernel_port port;
	struct kernel_sockets *k;
	char why[256];
};

static void use_listeners(struct fixture *f, uint16_t n)
{
	uint8_t key[N_LISTENERS][OWN_KEY_MAX];
	struct name_entry e[N_LISTENERS];

	for (uint16_t i = 0; i < n; i++)
		e[i] = (struct name_entry){ key[i],
					    (uint16_t)own_key_listener(key[i], &f->l[i].addr.ip,
								       f->l[i].addr.port),
					    own_value(OWN_LISTENER, i + 1u) };
	free(f->own);
	f->own = malloc(names_size(n, sizeof(key)));
	f->w.own = names_build(f->own, &f->keys, e, n);
	f->w.listeners = f->l;
	f->w.n_listeners = n;
}

/* @copied: a link that workers see a copy of, 0 = none. */
static void setup_port(struct fixture *f, bool v4, struct kernel_port port, uint32_t copied)
{
	int fd[N_LISTENERS];

	memset(f, 0, sizeof(*f));
	memset(&got, 0, sizeof(got));
	for (int i = 0; i < N_LISTENERS; i++) {
		fd[i] = peer_open(v4, &f->l[i].addr); /* a port of its own */
		cr_assert_geq(fd[i], 0);
		f->l[i].transports = WORLD_UDP;
		snprintf(f->l[i].name.s, sizeof(f->l[i].name.s), "listener%d", i);
	}
	for (int i = 0; i < N_LISTENERS; i++)
		close(fd[i]);
	use_listeners(f, 1);
	f->port = port;
	f->k = kernel_sockets_new(NULL, on_datagram, &got);
	kernel_sockets_copied(f->k, &copied, copied != 0);
	cr_assert_eq(kernel_sockets_prepare(f->k, &f->w, &f->port, f->why, sizeof(f->why)), 0, "%s",
		     f->why);
	kernel_sockets_commit(f->k, &f->w);
}

static void setup(struct fixture *f, bool v4, uint32_t limit)
{
	setup_port(f, v4, (struct kernel_port){ .shared = true, .frame_limit = limit }, 0);
}

static void teardown(struct fixture *f)
{
	kernel_sockets_free(f->k);
	free(f->own);
}

static void send_to(int fd, const struct endpoint *to, size_t len)
{
	static uint8_t bytes[65507];
	struct sockaddr_storage name;
	socklen_t n = net_addr_put(&name, to);

	memset(bytes, 'x', len);
	bytes[0] = 'F';
	bytes[len - 1] = 'L';
	cr_assert_eq(sendto(fd, bytes, len, 0, (struct sockaddr *)&name, n), (ssize_t)len);
}

/* Reads what comes by listener 0, which is to be @want datagrams: a busy kernel may take a moment
 * to deliver them. Returns how many came. */
static unsigned int come(struct fixture *f, unsigned int want)
{
	unsigned int n = kernel_sockets_read(f->k, &f->l[0].addr);

	for (int i = 0; i < 20000 && n < want; i++) {
		usleep(100);
		n += kernel_sockets_read(f->k, &f->l[0].addr);
	}
	return n;
}

Test(kernel_sockets, only_packets_longer_than_the_limit_come_through)
{
	static const struct {
		size_t len;
		bool comes;
	} rows[] = { { 1, false },
		     { LIMIT - HEADERS, false },
		     { LIMIT - HEADERS + 1, true },
		     { 20000, true },
		     { 65507, true } };
	struct endpoint peer;
	struct fixture f;
	int fd = peer_open(true, &peer);

	setup(&f, true, LIMIT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send_to(fd, &f.l[0].addr, rows[i].len);
		cr_expect_eq(come(&f, rows[i].comes), rows[i].comes, "%zu bytes", rows[i].len);
		if (!rows[i].comes)
			continue;
		cr_expect_eq(got.len, rows[i].len);
		cr_expect(got.first == 'F' && got.last == 'L');
		cr_expect(endpoint_equal(&got.src, &peer));
		cr_expect(endpoint_equal(&got.listener, &f.l[0].addr));
	}
	teardown(&f);
	close(fd);
}

Test(kernel_sockets, without_a_limit_nothing_comes_and_nobody_hears_of_it)
{
	struct pollfd error = { .events = 0 };
	struct endpoint peer;
	struct fixture f;

	error.fd = peer_open(true, &peer);
	setup(&f, true, 0);
	for (size_t len = 1; len < 65507; len += 7919) {
		send_to(error.fd, &f.l[0].addr, len);
		cr_expect_eq(kernel_sockets_read(f.k, &f.l[0].addr), 0, "%zu bytes", len);
	}
	cr_expect_eq(got.n, 0);
	/* An ICMP error would show here. */
	cr_expect_eq(poll(&error, 1, 50), 0);
	teardown(&f);
	close(error.fd);
}

Test(kernel_sockets, ipv6_takes_nothing_whatever_the_limit)
{
	struct endpoint peer;
	struct fixture f;
	int fd = peer_open(false, &peer);

	if (fd < 0)
		cr_skip_test("no IPv6 here");
	setup(&f, false, LIMIT);
	send_to(fd, &f.l[0].addr, 10);
	send_to(fd, &f.l[0].addr, 20000);
	cr_expect_eq(kernel_sockets_read(f.k, &f.l[0].addr), 0);
	teardown(&f);
	close(fd);
}

/* As on an xdp: interface. */
static void expect_all_come(bool v4, uint32_t copied, unsigned int want)
{
	static const size_t sizes[] = { 1, 1000, LIMIT, 20000, 65507 };
	struct endpoint peer;
	struct fixture f;
	int fd = peer_open(v4, &peer);

	if (fd < 0)
		cr_skip_test("no IPv6 here");
	setup_port(&f, v4, (struct kernel_port){ .shared = true, .unseen = true }, copied);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		send_to(fd, &f.l[0].addr, sizes[i]);
		cr_expect_eq(come(&f, want), want, "%zu bytes", sizes[i]);
		if (want)
			cr_expect_eq(got.len, sizes[i]);
	}
	teardown(&f);
	close(fd);
}

Test(kernel_sockets, where_workers_see_none_of_it_all_comes)
{
	expect_all_come(true, 0, 1);
	expect_all_come(false, 0, 1);
	expect_all_come(true, if_nametoindex("lo") + 1000, 1);
}

Test(kernel_sockets, what_came_by_a_link_that_workers_see_too_is_left_to_them)
{
	expect_all_come(true, if_nametoindex("lo"), 0);
	expect_all_come(false, if_nametoindex("lo"), 0);
}

static void expect_arrives(bool v4)
{
	static uint8_t bytes[65507], back[65536];
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	struct endpoint peer, from;
	struct fixture f;
	int fd = peer_open(v4, &peer);

	if (fd < 0)
		cr_skip_test("no IPv6 here");
	setup(&f, v4, 0);
	memset(bytes, 'y', sizeof(bytes));
	for (size_t n = 1; n <= sizeof(bytes); n += 21835) {
		cr_assert_eq(kernel_sockets_send(f.k, &f.l[0].addr, &peer, bytes, n), 0);
		cr_expect_eq(recvfrom(fd, back, sizeof(back), 0, (struct sockaddr *)&name, &len),
			     (ssize_t)n);
		cr_assert(net_addr_get(&name, &from));
		cr_expect(endpoint_equal(&from, &f.l[0].addr), "from another port");
	}
	cr_expect_eq(kernel_sockets_send(f.k, &f.l[1].addr, &peer, bytes, 1), -ENOENT);
	teardown(&f);
	close(fd);
}

Test(kernel_sockets, messages_leave_from_the_listeners_address_and_port)
{
	expect_arrives(true);
}

Test(kernel_sockets, also_with_ipv6)
{
	expect_arrives(false);
}

Test(kernel_sockets, sockets_follow_the_listeners)
{
	struct fixture f;

	setup(&f, true, 0);
	cr_expect_eq(kernel_sockets_count(f.k), 1);
	use_listeners(&f, 3);
	cr_assert_eq(kernel_sockets_prepare(f.k, &f.w, &f.port, f.why, sizeof(f.why)), 0);
	kernel_sockets_commit(f.k, &f.w);
	cr_expect_eq(kernel_sockets_count(f.k), 3);
	use_listeners(&f, 2);
	cr_assert_eq(kernel_sockets_prepare(f.k, &f.w, &f.port, f.why, sizeof(f.why)), 0);
	cr_expect_eq(kernel_sockets_count(f.k), 3, "closed only when the new world is in force");
	kernel_sockets_commit(f.k, &f.w);
	cr_expect_eq(kernel_sockets_count(f.k), 2);
	teardown(&f);
}

Test(kernel_sockets, a_port_in_use_is_named_and_leaves_nothing_behind)
{
	struct endpoint taken;
	struct fixture f;
	int fd;

	setup(&f, true, 0);
	fd = peer_open(true, &taken);
	f.l[2].addr = taken;
	use_listeners(&f, 3);
	cr_expect_eq(kernel_sockets_prepare(f.k, &f.w, &f.port, f.why, sizeof(f.why)), -EADDRINUSE);
	cr_expect(strstr(f.why, "listener2") && strstr(f.why, "another program"), "%s", f.why);
	cr_expect_eq(kernel_sockets_count(f.k), 1, "what was open before stays, what is new goes");
	teardown(&f);
	close(fd);
}

Test(kernel_sockets, listeners_without_udp_or_without_linux_have_none)
{
	struct fixture f;

	setup(&f, true, 0);
	f.l[1].transports = WORLD_TCP;
	f.port.shared = true;
	use_listeners(&f, 2);
	cr_assert_eq(kernel_sockets_prepare(f.k, &f.w, &f.port, f.why, sizeof(f.why)), 0);
	cr_expect_eq(kernel_sockets_count(f.k), 1);
	f.l[1].transports = WORLD_UDP;
	f.port.shared = false;
	cr_assert_eq(kernel_sockets_prepare(f.k, &f.w, &f.port, f.why, sizeof(f.why)), 0);
	cr_expect_eq(kernel_sockets_count(f.k), 1);
	teardown(&f);
}

Test(kernel_sockets, an_address_that_is_elsewhere_now_can_be_bound)
{
	struct fixture f;

	setup(&f, true, 0);
	f.l[1].addr.ip = ip_from_v4((uint8_t[]){ 192, 0, 2, 77 });
	use_listeners(&f, 2);
	cr_expect_eq(kernel_sockets_prepare(f.k, &f.w, &f.port, f.why, sizeof(f.why)), 0, "%s",
		     f.why);
	teardown(&f);
}
