/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What outsiders can take of us: connections, bytes, attention.
 */
#include "tests/unit/stream_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define A "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"
#define HALF "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n"

TestSuite(stream_bounds, .init = bed_open, .fini = bed_close);

/* A message of @n bytes, as text; all that a test makes are of one size. */
static const char *message_of(size_t n)
{
	static char text[SIP_MAX_LEN];
	int head =
		snprintf(text, sizeof(text), "OPTIONS sip:a SIP/2.0\r\nl: %05zu\r\n\r\n", n - 35);

	cr_assert_eq(head, 35);
	memset(text + head, 'x', n - (size_t)head);
	return text;
}

static void open_all(int *fd, int n)
{
	for (int i = 0; i < n; i++)
		fd[i] = peer_new();
}

static void close_all(const int *fd, int n)
{
	for (int i = 0; i < n; i++)
		close(fd[i]);
}

/* A peer whose first message has come: number @nth of all. */
static int peer_said(uint32_t nth)
{
	int fd = peer_new();

	peer_say(fd, A);
	BED_UNTIL(bed.n == nth);
	return fd;
}

/* --- connections ------------------------------------------------------------------------- */

Test(stream_bounds, the_newest_connection_is_refused_when_there_are_too_many)
{
	int fd[15], late;

	bed.config.streams.max_connections = 16; /* an eighth of it is for our own */
	bed_use_config();
	open_all(fd, 14);
	late = peer_connect(&bed.listener[0].addr);
	cr_assert(peer_hears_end(late));
	cr_assert_eq(bed_count(C_STREAM_FULL), 1);
	peer_say(fd[0], A);
	peer_say(fd[13], A);
	BED_UNTIL(bed.n == 2);
	close(fd[5]);
	BED_UNTIL(streams_count(bed.s) == 13);
	fd[5] = peer_new();
	peer_say(fd[5], A);
	BED_UNTIL(bed.n == 3);
	close_all(fd, 14);
	close(late);
}

Test(stream_bounds, one_source_cannot_take_all_connections)
{
	struct sockaddr_in other = { .sin_family = AF_INET };
	int fd[4], late, stranger;

	bed.config.streams.max_per_source = 4;
	bed_use_config();
	open_all(fd, 4);
	late = peer_connect(&bed.listener[0].addr);
	cr_assert(peer_hears_end(late));
	cr_assert_eq(bed_count(C_STREAM_SOURCE_FULL), 1);
	/* 127.0.0.2 has its own four. */
	stranger = socket(AF_INET, SOCK_STREAM, 0);
	other.sin_addr.s_addr = htonl(0x7f000002);
	cr_assert_eq(bind(stranger, (struct sockaddr *)&other, sizeof(other)), 0);
	other.sin_addr.s_addr = htonl(0x7f000001);
	other.sin_port = htons(bed.listener[0].addr.port);
	cr_assert_eq(connect(stranger, (struct sockaddr *)&other, sizeof(other)), 0);
	cr_assert_eq(fcntl(stranger, F_SETFL, O_NONBLOCK), 0);
	peer_say(stranger, A);
	BED_UNTIL(bed.n == 1);
	close(fd[0]);
	BED_UNTIL(streams_count(bed.s) == 4);
	fd[0] = peer_new();
	peer_say(fd[0], A);
	BED_UNTIL(bed.n == 2);
	close_all(fd, 4);
	close(late);
	close(stranger);
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_eq(bed.s->sources.n, 0);
}

Test(stream_bounds, the_addresses_of_one_ipv6_network_are_one_source)
{
	static const struct {
		const char *peer;
		bool taken;
	} rows[] = {
		{ "2001:db8::1", true },     { "2001:db8::2:3", true }, { "2001:db8::ffff", false },
		{ "2001:db8:0:1::1", true }, { "192.0.2.1", true },     { "192.0.2.2", true },
		{ "192.0.2.1", true },       { "192.0.2.1", false },
	};
	struct stream c[sizeof(rows) / sizeof(rows[0])] = { { 0 } };

	bed.config.streams.max_per_source = 2;
	bed_use_config();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c[i].owner = bed.s;
		cr_assert(ip_parse((const uint8_t *)rows[i].peer, strlen(rows[i].peer),
				   &c[i].peer.ip));
		cr_expect_eq(source_has_room(bed.s, &c[i].peer.ip), rows[i].taken, "%s",
			     rows[i].peer);
		if (rows[i].taken)
			cr_expect(source_enter(&c[i]));
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		source_leave(&c[i]);
	cr_assert_eq(bed.s->sources.n, 0);
}

Test(stream_bounds, without_file_descriptors_listeners_rest_and_wake)
{
	struct rlimit all, few;
	int fd = peer_new(), late = -1, probe = dup(fd);

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	late = peer_connect(&bed.listener[0].addr);
	few = (struct rlimit){ (rlim_t)probe, all.rlim_max };
	close(probe);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	BED_UNTIL(bed.s->deaf);
	cr_assert_eq(streams_count(bed.s), 1);
	peer_say(fd, A);
	BED_UNTIL(bed.n == 1);
	cr_assert_eq(bed_count(C_STREAM_FULL), 1);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	bed_pass(1000);
	BED_UNTIL(streams_count(bed.s) == 2);
	close(fd);
	close(late);
}

/* --- bytes ------------------------------------------------------------------------------- */

Test(stream_bounds, one_who_does_not_read_is_not_read_and_ends)
{
	const char *text = message_of(2000);
	int fd = peer_said(1);
	uint32_t n;

	bed.answer = bed_echo;
	bed_hold(bed.got[0].connection, true);
	for (int i = 0; i < 100 && !bed_is_paused(bed.got[0].connection); i++)
		peer_send(fd, text, 2000);
	cr_assert_eq(bed_count(C_STREAM_PAUSED), 1);
	n = bed.n;
	/* He may send what he likes now: nobody listens, and nothing grows. */
	for (int i = 0; i < 1000; i++) {
		if (send(fd, text, 2000, MSG_NOSIGNAL) < 0)
			cr_assert_eq(errno, EAGAIN);
		bed_turn();
	}
	cr_assert_eq(bed.n, n);
	cr_assert_leq(bed.s->wait_out, 128 << 10);
	cr_assert_leq(bed.s->wait_in, 8192);
	cr_assert_eq(bed_count(C_STREAM_QUEUE_FULL), 0);
	for (int s = 0; s < 19; s++)
		bed_pass(1000);
	cr_assert_eq(streams_count(bed.s), 1);
	for (int s = 0; s < 24; s++)
		bed_pass(1000);
	cr_assert_eq(streams_count(bed.s), 0);
	cr_assert_eq(bed_count(C_STREAM_STUCK), 1);
	cr_assert_eq(bed.s->wait_out, 0);
	cr_assert_eq(bed.s->wait_in, 0);
	close(fd);
}

Test(stream_bounds, one_who_reads_late_gets_every_answer)
{
	const char *text = message_of(1000);
	int fd = peer_new_small();
	size_t sent = 0;

	bed.answer = bed_echo;
	for (int i = 0; i < 100000 && !bed_count(C_STREAM_PAUSED); i++) {
		size_t part = sent % 1000;
		ssize_t more = send(fd, text + part, 1000 - part, MSG_NOSIGNAL);

		sent += more > 0 ? (size_t)more : 0;
		bed_turn();
	}
	cr_assert_gt(bed_count(C_STREAM_PAUSED), 0, "the queue never got long");
	for (size_t at = 0; at < sent / 1000; at++)
		cr_assert(peer_hears(fd, text));
	cr_assert_eq(bed_count(C_STREAM_QUEUE_FULL), 0);
	cr_assert_eq(bed.s->wait_out, 0);
	close(fd);
}

Test(stream_bounds, a_full_queue_takes_nothing)
{
	const char *text = message_of(60000);
	int fd = peer_said(1), rc = 0, taken = 0;

	/* The event loop does not turn, so nothing leaves. */
	while (rc == 0 && taken < 100) {
		rc = streams_send(bed.s, bed.got[0].connection, text, 60000);
		taken += rc == 0;
	}
	cr_assert_eq(rc, -ENOBUFS);
	cr_assert_eq(taken, 2); /* of 128 KiB */
	cr_assert_eq(bed.s->wait_out, 120000);
	cr_assert_eq(bed_count(C_STREAM_QUEUE_FULL), 1);
	for (int i = 0; i < taken; i++)
		cr_assert(peer_hears(fd, text));
	cr_assert(peer_hears_nothing(fd));
	cr_assert_eq(streams_send(bed.s, bed.got[0].connection, A, 5), 0);
	close(fd);
}

Test(stream_bounds, all_queues_together_have_a_bound)
{
	const char *text = message_of(60000);
	int fd[20];

	bed.config.streams.memory_mb = 1; /* half of it for what is to be written */
	bed_use_config();
	for (uint32_t i = 0; i < 20; i++)
		fd[i] = peer_said(i + 1);
	for (int i = 0; i < 20; i++) {
		int rc = streams_send(bed.s, bed.got[i].connection, text, 60000);

		cr_assert_eq(rc, i < 8 ? 0 : -ENOBUFS, "%d: %d", i, rc);
	}
	close_all(fd, 20);
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_eq(bed.s->wait_out, 0);
}

Test(stream_bounds, half_messages_together_have_a_bound)
{
	const char *text = message_of(60000);
	int fd[20];

	bed.config.streams.memory_mb = 1;
	bed_use_config();
	for (int i = 0; i < 20; i++) {
		fd[i] = peer_new();
		for (size_t at = 0; at < 59999;) {
			ssize_t n = send(fd[i], text + at, 59999 - at, MSG_NOSIGNAL);

			at += n > 0 ? (size_t)n : 0;
			if (n < 0 && errno != EAGAIN)
				break;
			bed_turn();
		}
		bed_turn();
		cr_assert_leq(bed.s->wait_in, (512 << 10) + 4096);
	}
	cr_assert_eq(bed_count(C_STREAM_FULL), 12);
	bed_pass(3000);
	cr_assert_eq(streams_count(bed.s), 8);
	/* Those that were first go on. */
	peer_send(fd[0], text + 59999, 1);
	BED_UNTIL(bed.n == 1);
	close_all(fd, 20);
}

/* --- between connections ----------------------------------------------------------------- */

static uint64_t target, source;
static int last_rc;

/* What one sends goes to another. */
static void pass_on(const struct stream_message *m)
{
	if (!target || target == m->connection)
		return;
	source = m->connection;
	last_rc = streams_send(bed.s, target, m->p, m->len);
}

/* A sender, and a receiver that does not read for now. */
static void set_up_pair(int *to, int *from)
{
	bed.answer = pass_on;
	*to = peer_said(1);
	target = bed.got[0].connection;
	bed_hold(target, true);
	*from = peer_new();
}

/* Sends messages of 2000 bytes until nobody listens. Returns how many. */
static uint32_t flood(int from, const char *text)
{
	uint32_t n = 0;

	for (; n < 1000 && !bed_is_paused(source); n++)
		peer_send(from, text, 2000);
	cr_assert(bed_is_paused(source));
	return n;
}

Test(stream_bounds, a_slow_receiver_slows_his_sender_down)
{
	const char *text = message_of(2000);
	int to, from;
	uint32_t n;

	set_up_pair(&to, &from);
	n = flood(from, text);
	for (int i = 0; i < 30; i++, n++)
		peer_send(from, text, 2000); /* into buffers of the kernel */
	cr_assert_lt(bed.n, n + 1);
	bed_hold(target, false);
	for (uint32_t i = 0; i < n; i++)
		cr_assert(peer_hears(to, text));
	cr_assert_eq(bed.n, n + 1);
	cr_assert_eq(bed_count(C_STREAM_QUEUE_FULL), 0);
	close(to);
	close(from);
}

Test(stream_bounds, one_who_does_not_read_stops_others_for_a_moment_only)
{
	const char *text = message_of(2000);
	int to, from;
	uint32_t n;

	set_up_pair(&to, &from);
	flood(from, text);
	n = bed.n;
	peer_send(from, text, 2000);
	cr_assert_eq(bed.n, n);
	bed_pass(STREAM_PAUSE_MS + 500);
	BED_UNTIL(bed.n == n + 1);
	/* From now on his messages are refused when there is no room, and the sender goes on. */
	for (int i = 0; i < 100 && last_rc == 0; i++)
		peer_send(from, text, 2000);
	cr_assert_eq(last_rc, -ENOBUFS);
	cr_assert_eq(bed_count(C_STREAM_PAUSED), 1);
	target = 0;
	n = bed.n;
	peer_say(from, A);
	BED_UNTIL(bed.n == n + 1);
	close(to);
	close(from);
}

Test(stream_bounds, a_sender_goes_on_when_the_receiver_ends)
{
	const char *text = message_of(2000);
	int to, from;
	uint32_t n;

	set_up_pair(&to, &from);
	flood(from, text);
	n = bed.n;
	peer_send(from, text, 2000);
	cr_assert_eq(bed.n, n);
	close(to);
	BED_UNTIL(bed.n == n + 1);
	cr_assert_eq(last_rc, -ENOTCONN);
	close(from);
}
