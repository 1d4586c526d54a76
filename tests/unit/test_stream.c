/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that others open: messages and answers, keep-alives, time, ends of all kinds.
 */
#include "tests/unit/stream_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define A "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"
#define B "SIP/2.0 200 OK\r\nl: 0\r\n\r\n"
#define HALF "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n"
#define BROKEN "OPTIONS sip:a SIP/2.0\r\nTo: x\r\n\r\n"
#define REFUSAL "SIP/2.0 400 Missing Content-Length\r\nl: 0\r\n\r\n"

TestSuite(stream, .init = bed_open, .fini = bed_close);

static void reset(int fd)
{
	struct linger hard = { 1, 0 };

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(fd);
}

/* --- messages ---------------------------------------------------------------------------- */

Test(stream, hands_over_each_message_of_a_segment)
{
	int fd = peer_new();
	struct endpoint at = peer_address(fd);

	peer_say(fd, A B "\r\n" A HALF);
	BED_UNTIL(bed.n == 3);
	cr_assert(bed_is(0, A) && bed_is(1, B) && bed_is(2, A));
	for (int i = 0; i < 3; i++) {
		cr_expect(endpoint_equal(&bed.got[i].peer, &at));
		cr_expect(endpoint_equal(&bed.got[i].listener, &bed.listener[0].addr));
		cr_expect_eq(bed.got[i].transport, SIP_TCP);
		cr_expect_not(bed.got[i].broken);
	}
	peer_say(fd, "\r\nxyz");
	BED_UNTIL(bed.n == 4);
	cr_assert(bed_is(3, HALF "\r\nxyz"));
	close(fd);
}

Test(stream, hands_over_what_follows_the_rest_of_a_message)
{
	int fd = peer_new();

	peer_say(fd, HALF);
	BED_UNTIL(bed.s->wait_in > 0);
	peer_say(fd, "\r\nxyz" A B HALF);
	BED_UNTIL(bed.n == 3);
	cr_assert(bed_is(0, HALF "\r\nxyz") && bed_is(1, A) && bed_is(2, B));
	cr_assert_eq(bed.s->wait_in, strlen(HALF));
	close(fd);
}

Test(stream, hands_over_a_message_that_comes_byte_by_byte)
{
	static const char text[] = A B A;
	int fd = peer_new();

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		peer_send(fd, text + i, 1);
		BED_UNTIL(bed.s->wait_in > 0 || bed.n > 0);
		bed_turn();
	}
	BED_UNTIL(bed.n == 3);
	cr_assert(bed_is(0, A) && bed_is(1, B) && bed_is(2, A));
	cr_assert_eq(bed.s->wait_in, 0);
	close(fd);
}

Test(stream, hands_over_messages_of_all_sizes_in_order)
{
	static char text[SIP_MAX_LEN + 1];
	int fd = peer_new();
	uint32_t n = 0;

	for (size_t body = 0; body < 65400; body += 1 + body / 8) {
		int head = snprintf(text, sizeof(text), "OPTIONS sip:a SIP/2.0\r\nl: %zu\r\n\r\n",
				    body);

		for (size_t i = 0; i < body; i++)
			text[(size_t)head + i] = (char)('a' + (i + body) % 26);
		text[(size_t)head + body] = '\0';
		peer_say(fd, text);
		n++;
		BED_UNTIL(bed.n == n);
		cr_assert(bed_is(n - 1, text), "body of %zu", body);
	}
	close(fd);
}

Test(stream, answers_go_down_the_connection_of_the_request)
{
	int one = peer_new(), two = peer_new();

	bed.answer = bed_echo;
	peer_say(one, A);
	peer_say(two, B);
	cr_assert(peer_hears(one, A) && peer_hears(two, B));
	cr_assert(peer_hears_nothing(one) && peer_hears_nothing(two));
	cr_assert_neq(bed.got[0].connection, bed.got[1].connection);
	close(one);
	close(two);
}

/* R5626-1 */
Test(stream, answers_a_ping_and_nothing_else)
{
	int fd = peer_new();

	peer_say(fd, "\r\n\r\n");
	cr_assert(peer_hears(fd, "\r\n"));
	peer_say(fd, "\r\n" A "\r\n");
	BED_UNTIL(bed.n == 1);
	cr_assert(peer_hears_nothing(fd));
	peer_say(fd, "\r\n");
	cr_assert(peer_hears(fd, "\r\n"));
	cr_assert_eq(bed_count(C_STREAM_PINGS), 2);
	close(fd);
}

/* --- what is broken ---------------------------------------------------------------------- */

static void refuse(const struct stream_message *m)
{
	if (m->broken)
		streams_send(bed.s, m->connection, REFUSAL, strlen(REFUSAL));
}

/* R18.3-5 */
Test(stream, a_broken_message_can_be_answered_and_ends_the_connection)
{
	int fd = peer_new();

	bed.answer = refuse;
	peer_say(fd, A BROKEN A A);
	BED_UNTIL(bed.n == 2);
	cr_assert(bed_is(1, BROKEN) && bed.got[1].broken);
	cr_assert_eq(bed.got[1].reason, SIP_R_NO_CONTENT_LENGTH);
	cr_assert(peer_hears(fd, REFUSAL));
	/* What he still sends must not turn the end into a reset. */
	peer_say(fd, A A);
	cr_assert(peer_hears_end(fd));
	cr_assert_eq(bed.n, 2);
	cr_assert_eq(streams_send(bed.s, bed.got[1].connection, A, 5), -ENOTCONN);
	close(fd);
	BED_UNTIL(streams_count(bed.s) == 0);
}

Test(stream, what_is_not_sip_ends_the_connection_without_a_word)
{
	int fd = peer_new();

	peer_say(fd, "\x16\x03\x01");
	cr_assert(peer_hears_end(fd));
	cr_assert_eq(bed.n, 0);
	cr_assert_eq(bed_count(C_STREAM_BROKEN), 1);
	close(fd);
}

Test(stream, one_who_does_not_close_in_turn_is_left_after_a_moment)
{
	int fd = peer_new();

	peer_say(fd, BROKEN);
	cr_assert(peer_hears_end(fd));
	bed_pass(STREAM_LINGER_MS - 1000);
	cr_assert_eq(streams_count(bed.s), 1);
	bed_pass(2000);
	cr_assert_eq(streams_count(bed.s), 0);
	close(fd);
}

static void close_at_first(const struct stream_message *m)
{
	streams_send(bed.s, m->connection, REFUSAL, strlen(REFUSAL));
	streams_close(bed.s, m->connection);
	/* The message is ours until we return. */
	cr_assert_eq(memcmp(m->p, A, m->len), 0);
}

Test(stream, the_owner_may_close_a_connection_from_its_own_message)
{
	int fd = peer_new();

	bed.answer = close_at_first;
	peer_say(fd, A A A);
	cr_assert(peer_hears(fd, REFUSAL) && peer_hears_end(fd));
	cr_assert_eq(bed.n, 1);
	close(fd);
}

/* --- time -------------------------------------------------------------------------------- */

/* R18.3-6 */
Test(stream, a_message_must_arrive_within_its_time)
{
	int slow = peer_new(), quick = peer_new();

	peer_say(slow, HALF);
	BED_UNTIL(bed.s->wait_in > 0);
	for (int i = 0; i < 9; i++) {
		bed_pass(2000);
		peer_say(slow, "X: y\r\n");
		peer_say(quick, A);
	}
	cr_assert_eq(streams_count(bed.s), 2);
	bed_pass(3000);
	cr_assert(peer_hears_end(slow));
	cr_assert_eq(bed_count(C_STREAM_SLOW), 1);
	peer_say(quick, A);
	BED_UNTIL(bed.n == 10);
	close(slow);
	close(quick);
}

/* R18-2 */
Test(stream, an_idle_connection_ends_after_its_time_and_not_before)
{
	int fd = peer_new();

	bed_pass(800000);
	peer_say(fd, "\r\n\r\n");
	cr_assert(peer_hears(fd, "\r\n"));
	bed_pass(899000);
	cr_assert(peer_hears_nothing(fd));
	bed_pass(2000);
	cr_assert(peer_hears_end(fd));
	cr_assert_eq(bed_count(C_STREAM_IDLE), 1);
	close(fd);
	BED_UNTIL(streams_count(bed.s) == 0);
}

/* R18-2 */
Test(stream, a_connection_that_is_needed_is_kept)
{
	int fd = peer_new();

	bed.config.streams.idle_time = 32000;
	bed_use_config();
	peer_say(fd, A);
	BED_UNTIL(bed.n == 1);
	streams_keep(bed.s, bed.got[0].connection, 180000);
	for (int i = 0; i < 179; i++)
		bed_pass(1000);
	cr_assert(peer_hears_nothing(fd));
	bed_pass(2000);
	cr_assert(peer_hears_end(fd));
	close(fd);
}

Test(stream, a_connection_whose_listener_is_gone_ends_when_it_falls_idle)
{
	int fd = peer_new();

	bed.world.n_listeners = 0;
	cr_assert_eq(streams_listen(bed.s, &bed.world), 0);
	cr_assert(LIST_EMPTY(&bed.s->listeners));
	bed_pass(31000);
	peer_say(fd, A);
	BED_UNTIL(bed.n == 1);
	bed_pass(31000);
	cr_assert(peer_hears_nothing(fd));
	bed_pass(2000);
	cr_assert(peer_hears_end(fd));
	close(fd);
}

/* --- ends -------------------------------------------------------------------------------- */

Test(stream, answers_still_reach_one_who_has_ended_his_sending)
{
	int fd = peer_new();

	bed.answer = bed_echo;
	cr_assert_eq(send(fd, A B, strlen(A B), 0), (ssize_t)strlen(A B));
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	cr_assert(peer_hears(fd, A B) && peer_hears_end(fd));
	BED_UNTIL(streams_count(bed.s) == 0);
	close(fd);
}

Test(stream, a_connection_that_ended_takes_no_message)
{
	int one = peer_new(), two = peer_new();

	peer_say(one, A);
	peer_say(two, A);
	BED_UNTIL(bed.n == 2);
	close(one);
	reset(two);
	BED_UNTIL(streams_count(bed.s) == 0);
	for (int i = 0; i < 2; i++)
		cr_expect_eq(streams_send(bed.s, bed.got[i].connection, A, 5), -ENOTCONN);
	cr_assert_eq(bed_count(C_STREAM_CLOSED), 2);
}

Test(stream, no_number_is_given_twice)
{
	uint64_t seen[200];

	for (uint32_t i = 0; i < 200; i++) {
		int fd = peer_new();

		peer_say(fd, B);
		BED_UNTIL(bed.n == i + 1);
		seen[i] = bed.got[i].connection;
		close(fd);
		BED_UNTIL(streams_count(bed.s) == 0);
		for (uint32_t k = 0; k <= i; k++) {
			cr_assert(k == i || seen[k] != seen[i]);
			cr_assert_eq(streams_send(bed.s, seen[k], B, 1), -ENOTCONN);
		}
	}
}

Test(stream, numbers_that_nobody_gave_find_nothing)
{
	int fd = peer_new();

	peer_say(fd, A);
	BED_UNTIL(bed.n == 1);
	for (uint64_t bit = 1; bit; bit <<= 1)
		cr_assert_eq(streams_send(bed.s, bed.got[0].connection ^ bit, A, 5), -ENOTCONN);
	cr_assert_eq(streams_send(bed.s, 0, A, 5), -ENOTCONN);
	cr_assert_eq(streams_send(bed.s, bed.got[0].connection, A, 5), 0);
	close(fd);
}
