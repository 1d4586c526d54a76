/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections to others: opened, used again, used in turn, kept warm, failed.
 */
#include "tests/unit/stream_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define A "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"
#define B "SIP/2.0 200 OK\r\nl: 0\r\n\r\n"

TestSuite(stream_out, .init = bed_open, .fini = bed_close);

static int send_to(const struct stream_target *to, const char *text)
{
	return streams_send_to(bed.s, to, text, strlen(text), NULL, bed_sent, &bed);
}

/* A server that nobody answers for: its queue of connections is full. */
static int peer_mute(struct endpoint *at, int *filler)
{
	int fd = peer_listen(at);

	cr_assert_eq(listen(fd, 0), 0);
	*filler = peer_connect(at);
	return fd;
}

Test(stream_out, opens_a_connection_in_the_name_of_the_listener)
{
	struct endpoint at, from;
	int server = peer_listen(&at), fd;
	struct stream_target to = bed_target(&at);
	uint64_t number = 0;

	to.listener.ip = ip_from_v4((uint8_t[]){ 127, 0, 0, 9 });
	cr_assert_eq(streams_find(bed.s, &to), 0);
	cr_assert_eq(streams_send_to(bed.s, &to, A, strlen(A), &number, bed_sent, &bed), 0);
	cr_assert_eq(bed.n_sent, 0, "told before the call returned");
	fd = peer_accept(server);
	cr_assert(peer_hears(fd, A));
	cr_assert_eq(bed.n_sent, 1);
	cr_assert_eq(bed.sent_rc[0], 0);
	cr_assert_eq(streams_find(bed.s, &to), number);
	peer_say(fd, B);
	BED_UNTIL(bed.n == 1);
	cr_assert(bed_is(0, B));
	cr_assert_eq(bed.got[0].connection, number);
	cr_assert(endpoint_equal(&bed.got[0].peer, &at));
	cr_assert(endpoint_equal(&bed.got[0].listener, &to.listener));
	from = peer_remote(fd);
	cr_assert(ip_equal(&from.ip, &to.listener.ip));
	close(fd);
	close(server);
}

/* R18.1.1-8 */
Test(stream_out, messages_wait_in_order_and_share_one_connection)
{
	struct endpoint at;
	int server = peer_listen(&at), fd;
	struct stream_target to = bed_target(&at);

	for (int i = 0; i < 5; i++)
		cr_assert_eq(send_to(&to, i % 2 ? A : B), 0);
	fd = peer_accept(server);
	cr_assert(peer_hears(fd, B A B A B));
	for (int i = 0; i < 100; i++)
		cr_assert_eq(streams_send_to(bed.s, &to, A, strlen(A), NULL, NULL, NULL), 0);
	for (int i = 0; i < 100; i++)
		cr_assert(peer_hears(fd, A));
	cr_assert_eq(accept(server, NULL, NULL), -1);
	cr_assert_eq(bed_count(C_STREAM_OPENED), 1);
	cr_assert_eq(bed.n_sent, 5);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(bed.sent_rc[i], 0);
	close(fd);
	close(server);
}

/* R18.4-2 */
Test(stream_out, who_sends_hears_of_a_refusal_and_it_is_remembered_for_a_moment)
{
	struct endpoint at;
	int server = peer_listen(&at);
	struct stream_target to = bed_target(&at);

	close(server);
	cr_assert_eq(send_to(&to, A), 0);
	cr_assert_eq(send_to(&to, B), 0);
	BED_UNTIL(bed.n_sent == 2);
	cr_assert_eq(bed.sent_rc[0], -ECONNREFUSED);
	cr_assert_eq(bed.sent_rc[1], -ECONNREFUSED);
	cr_assert_str_eq(streams_why(bed.s, &to), "Connection refused");
	bed_pass(500);
	cr_assert_eq(send_to(&to, A), -ECONNREFUSED);
	cr_assert_eq(bed_count(C_STREAM_NOT_OPENED), 1);
	cr_assert_eq(streams_count(bed.s), 0);
	bed_pass(STREAM_RETRY_MS + 500);
	cr_assert_eq(bed.s->pools.n, 0);
	cr_assert_str_eq(streams_why(bed.s, &to), "");
	cr_assert_eq(send_to(&to, A), 0);
	BED_UNTIL(bed.n_sent == 3);
	cr_assert_eq(bed.sent_rc[2], -ECONNREFUSED);
}

/* R18.4-2 */
Test(stream_out, a_connection_must_stand_within_its_time)
{
	struct endpoint at;
	int filler, server = peer_mute(&at, &filler);
	struct stream_target to = bed_target(&at);

	cr_assert_eq(send_to(&to, A), 0);
	bed_pass(4000);
	cr_assert_eq(bed.n_sent, 0);
	bed_pass(2000);
	BED_UNTIL(bed.n_sent == 1);
	cr_assert_eq(bed.sent_rc[0], -ETIMEDOUT);
	cr_assert_eq(streams_count(bed.s), 0);
	close(filler);
	close(server);
}

Test(stream_out, what_cannot_be_is_refused)
{
	struct endpoint at = bed.listener[0].addr;
	struct stream_target to = bed_target(&at);

	to.transport = SIP_TLS; /* the bed has none */
	cr_expect_eq(send_to(&to, A), -EINVAL);
	to.transport = SIP_UDP;
	cr_expect_eq(send_to(&to, A), -EINVAL);
	to = bed_target(&at);
	to.to.port = 0;
	cr_expect_eq(send_to(&to, A), -EINVAL);
	to = bed_target(&at);
	to.listener.ip = (struct ip){ { [15] = 1 } }; /* of another family */
	cr_expect_lt(send_to(&to, A), 0);
	bed_turn();
	cr_assert_eq(bed.n_sent, 0);
}

Test(stream_out, the_connections_of_a_pool_are_used_in_turn)
{
	struct endpoint at;
	int server = peer_listen(&at), fd[3];
	struct stream_target to = bed_target(&at);

	pool_plan(bed.s, &to, 3, 0);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(send_to(&to, A), 0);
		fd[i] = peer_accept(server);
		BED_UNTIL(bed_count(C_STREAM_OPENED) == (uint64_t)i + 1);
	}
	cr_assert_eq(streams_count(bed.s), 3);
	for (int i = 0; i < 3; i++) {
		char dump[256];

		while (recv(fd[i], dump, sizeof(dump), 0) > 0)
			;
	}
	for (int i = 0; i < 6; i++)
		cr_assert_eq(send_to(&to, B), 0);
	for (int i = 0; i < 3; i++)
		cr_assert(peer_hears(fd[i], B B) && peer_hears_nothing(fd[i]));
	/* One ends: the others do its work, and it is replaced. */
	close(fd[1]);
	BED_UNTIL(streams_count(bed.s) == 2);
	cr_assert_eq(send_to(&to, B), 0);
	fd[1] = peer_accept(server);
	BED_UNTIL(bed_count(C_STREAM_OPENED) == 4);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(server);
}

Test(stream_out, a_warm_pool_is_open_before_anybody_sends_and_stays_so)
{
	struct endpoint at;
	int server = peer_listen(&at), fd[2];
	struct stream_target to = bed_target(&at);

	streams_warm(bed.s, &to, 2);
	for (int i = 0; i < 2; i++)
		fd[i] = peer_accept(server);
	BED_UNTIL(bed_count(C_STREAM_OPENED) == 2);
	cr_assert_neq(streams_find(bed.s, &to), 0);
	bed_pass(2000000);
	cr_assert(peer_hears_nothing(fd[0]) && peer_hears_nothing(fd[1]));
	close(fd[0]);
	BED_UNTIL(streams_count(bed.s) == 1);
	bed_pass(1000);
	fd[0] = peer_accept(server);
	BED_UNTIL(bed_count(C_STREAM_OPENED) == 3);
	streams_warm(bed.s, &to, 0);
	bed_pass(901000);
	cr_assert(peer_hears_end(fd[0]) && peer_hears_end(fd[1]));
	close(fd[0]);
	close(fd[1]);
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_eq(bed.s->pools.n, 0);
	close(server);
}

Test(stream_out, backends_have_the_connections_that_their_pool_asks_for)
{
	static const uint16_t members[] = { 0 };
	struct backend backend = { .transports = WORLD_UDP | WORLD_TCP, .state = BACKEND_UP };
	struct pool pool = { .members = members, .n_members = 1 };
	struct config_pool wish = { .connections = { .size = 2, .warm = 1 } };
	int server = peer_listen(&backend.addr), fd[2];
	struct stream_target to = bed_target(&backend.addr);

	bed.config.pools = &wish;
	bed.config.n_pools = bed.world.n_pools = bed.world.n_backends = 1;
	bed.world.pools = &pool;
	bed.world.backends = &backend;
	streams_plan(bed.s, &bed.config, &bed.world, NULL);
	fd[0] = peer_accept(server);
	BED_UNTIL(bed_count(C_STREAM_OPENED) == 1);
	bed_pass(1000000);
	cr_assert(peer_hears_nothing(fd[0]));
	cr_assert_eq(send_to(&to, A), 0);
	fd[1] = peer_accept(server);
	BED_UNTIL(bed_count(C_STREAM_OPENED) == 2);
	cr_assert_eq(send_to(&to, B), 0);
	cr_assert_eq(send_to(&to, B), 0);
	cr_assert(peer_hears(fd[1], B));
	/* Down: what is there may stay until it is idle, and nothing is opened. */
	backend.state = BACKEND_DOWN;
	streams_plan(bed.s, &bed.config, &bed.world, NULL);
	bed_pass(1000000);
	cr_assert(peer_hears(fd[0], A B) && peer_hears_end(fd[0]) && peer_hears_end(fd[1]));
	close(fd[0]);
	close(fd[1]);
	BED_UNTIL(streams_count(bed.s) == 0);
	bed.config.n_pools = 0;
	streams_plan(bed.s, &bed.config, &bed.world, NULL);
	bed_pass(1000);
	cr_assert_eq(bed.s->pools.n, 0);
	close(server);
}

Test(stream_out, a_connection_that_the_peer_opened_is_used_to_reach_it)
{
	int fd = peer_new();
	struct endpoint at = peer_address(fd);
	struct stream_target to = bed_target(&at);

	cr_assert_eq(send_to(&to, A), 0);
	cr_assert(peer_hears(fd, A));
	BED_UNTIL(bed.n_sent == 1);
	cr_assert_eq(bed.sent_rc[0], 0);
	cr_assert_eq(streams_count(bed.s), 1);
	cr_assert_eq(bed_count(C_STREAM_OPENED), 0);
	/* From the same address, but not the same port. */
	to.to.port ^= 1;
	cr_assert_eq(streams_find(bed.s, &to), 0);
	close(fd);
	BED_UNTIL(streams_count(bed.s) == 0);
	to.to.port ^= 1;
	cr_assert_eq(streams_find(bed.s, &to), 0);
}

Test(stream_out, a_flood_from_outside_leaves_room_for_ours)
{
	struct endpoint at, more;
	int server = peer_listen(&at), other = peer_listen(&more), fd[14], in;
	struct stream_target to = bed_target(&at);

	bed.config.streams.max_connections = 16;
	bed_use_config();
	for (int i = 0; i < 14; i++)
		fd[i] = peer_new();
	cr_assert_eq(send_to(&to, A), 0);
	in = peer_accept(server);
	cr_assert(peer_hears(in, A));
	to = bed_target(&more);
	cr_assert_eq(send_to(&to, A), 0);
	more.port ^= 1;
	to = bed_target(&more);
	cr_assert_eq(send_to(&to, A), -ENOBUFS);
	for (int i = 0; i < 14; i++)
		close(fd[i]);
	close(in);
	close(server);
	close(other);
}

Test(stream_end, who_waits_hears_of_the_end_of_all)
{
	struct endpoint at;
	int filler, server;
	struct stream_target to;

	bed_open();
	server = peer_mute(&at, &filler);
	to = bed_target(&at);
	cr_assert_eq(send_to(&to, A), 0);
	cr_assert_eq(send_to(&to, B), 0);
	bed_turn();
	cr_assert_eq(bed.n_sent, 0);
	bed_close();
	cr_assert_eq(bed.n_sent, 2);
	cr_assert_eq(bed.sent_rc[0], -ECANCELED);
	cr_assert_eq(bed.sent_rc[1], -ECANCELED);
	close(filler);
	close(server);
}

static struct stream_target once_more;

static void send_again(void *arg, int rc)
{
	cr_assert_eq(rc, -ECANCELED);
	bed_sent(arg, streams_send_to(bed.s, &once_more, A, strlen(A), NULL, NULL, NULL));
}

Test(stream_end, who_hears_of_the_end_of_all_opens_nothing_more)
{
	struct endpoint at, other;
	int filler, server, more = peer_listen(&other);
	struct stream_target to;

	bed_open();
	server = peer_mute(&at, &filler);
	to = bed_target(&at);
	once_more = bed_target(&other);
	cr_assert_eq(streams_send_to(bed.s, &to, A, strlen(A), NULL, send_again, &bed), 0);
	bed_close();
	cr_assert_eq(bed.n_sent, 1);
	cr_assert_eq(bed.sent_rc[0], -ENOBUFS);
	close(filler);
	close(server);
	close(more);
}

/* --- listeners --------------------------------------------------------------------------- */

/* R18.2.1-2 */
Test(stream_out, listeners_follow_the_world)
{
	int one = peer_new(), two;

	bed.world.n_listeners = 2;
	cr_assert_eq(streams_listen(bed.s, &bed.world), 0);
	two = peer_connect(&bed.listener[1].addr);
	peer_say(two, A);
	BED_UNTIL(bed.n == 1);
	cr_assert(endpoint_equal(&bed.got[0].listener, &bed.listener[1].addr));
	bed.listener[0].transports = WORLD_UDP;
	cr_assert_eq(streams_listen(bed.s, &bed.world), 0);
	/* The connection stands, its port does not listen any more. */
	peer_say(one, A);
	BED_UNTIL(bed.n == 2);
	{
		struct endpoint at = bed.listener[0].addr;
		struct stream_target to = bed_target(&at);

		cr_assert_eq(send_to(&to, A), 0);
		BED_UNTIL(bed.n_sent == 1);
		cr_assert_eq(bed.sent_rc[0], -ECONNREFUSED);
	}
	close(one);
	close(two);
}

Test(stream_out, a_port_that_another_has_is_tried_again)
{
	struct endpoint at;
	int taken = peer_listen(&at), fd;

	bed.listener[1].addr = at;
	bed.world.n_listeners = 2;
	cr_assert_eq(streams_listen(bed.s, &bed.world), -EADDRINUSE);
	fd = peer_new(); /* the other one is not touched */
	close(taken);
	cr_assert_eq(streams_listen(bed.s, &bed.world), 0);
	peer_say(fd, A);
	BED_UNTIL(bed.n == 1);
	close(fd);
}
