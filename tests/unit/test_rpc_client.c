/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection to the control socket, over a socket pair: lines whole, in pieces, too long or never
 * ended; output that is not read; ends of either side.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/rpc/rpc_client.h"
#include "tests/unit/rpc_echo.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n";
static const char answer[] = "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n";

static struct app app;
static struct rpc_clients clients;
static int peer;
static unsigned int n_gone;

static struct rpc_client *connect_client(void)
{
	struct rpc_client *c;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	peer = fds[0];
	c = rpc_client_new(&app, &clients, fds[1]);
	cr_assert(c);
	return c;
}

static void setup(void)
{
	log_set_level(LOG_AT_ERROR);
	app.base = event_base_new();
}

static void teardown(void)
{
	while (!LIST_EMPTY(&clients))
		rpc_client_free(LIST_FIRST(&clients));
	close(peer);
	event_base_free(app.base);
	cr_expect_eq(mem_live(), 0);
}

/* Lets the event loop do all that it can do now. */
static void turn(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(app.base, EVLOOP_NONBLOCK);
}

static void say(const char *text, size_t n)
{
	while (n) {
		ssize_t sent = write(peer, text, n);

		cr_assert(sent > 0 || errno == EAGAIN, "%s", strerror(errno));
		if (sent > 0) {
			text += sent;
			n -= (size_t)sent;
		}
		turn();
	}
}

/* All that has come, as text; *@end: the other side is closed. */
static const char *hear(bool *end)
{
	static char text[1 << 20];
	size_t used = 0;
	ssize_t n;

	turn();
	while ((n = read(peer, text + used, sizeof(text) - 1 - used)) > 0) {
		used += (size_t)n;
		turn();
	}
	text[used] = '\0';
	*end = n == 0 || errno == ECONNRESET;
	return text;
}

static void expect(const char *want, bool want_end)
{
	bool end;
	const char *got = hear(&end);

	cr_expect_str_eq(got, want, "got %s\nwant %s", got, want);
	cr_expect_eq(end, want_end);
}

static void gone(void *arg)
{
	(void)arg;
	n_gone++;
}

TestSuite(rpc_client, .init = setup, .fini = teardown);

Test(rpc_client, answers_a_line_that_comes_byte_by_byte)
{
	connect_client();
	for (size_t i = 0; i + 1 < strlen(request); i++)
		say(request + i, 1);
	expect("", false);
	say("\n", 1);
	expect(answer, false);
}

Test(rpc_client, passes_over_empty_lines)
{
	connect_client();
	say("\n \t\r\n\n", 6);
	expect("", false);
	say(request, strlen(request));
	expect(answer, false);
}

Test(rpc_client, answers_the_last_line_without_a_newline_and_then_closes)
{
	connect_client();
	say(request, strlen(request));
	say(request, strlen(request) - 1);
	shutdown(peer, SHUT_WR);
	turn();
	cr_expect(LIST_EMPTY(&clients));
	bool end;
	const char *got = hear(&end);

	cr_expect_eq(strlen(got), 2 * strlen(answer));
	cr_expect(end);
}

Test(rpc_client, answers_all_of_many_lines_in_several_turns)
{
	char lines[100 * sizeof(request)];
	size_t n = 0;

	connect_client();
	for (int i = 0; i < 100; i++, n += strlen(request))
		memcpy(lines + n, request, strlen(request));
	cr_assert_eq(write(peer, lines, n), (ssize_t)n);
	event_base_loop(app.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	cr_expect_eq(rpc_echo_calls, RPC_TURN_REQUESTS);
	turn();
	cr_expect_eq(rpc_echo_calls, 100);
}

Test(rpc_client, takes_a_line_of_the_greatest_length_and_refuses_a_longer_one)
{
	static char line[RPC_LINE_MAX + 2];
	bool end;

	memset(line, ' ', sizeof(line));
	memcpy(line, request, strlen(request) - 1);
	line[RPC_LINE_MAX] = '\n';
	connect_client();
	say(line, RPC_LINE_MAX + 1);
	expect(answer, false);
	line[RPC_LINE_MAX] = ' ';
	for (size_t n = 0; n < RPC_LINE_MAX + 1 && !LIST_EMPTY(&clients);) {
		ssize_t sent = send(peer, line + n, RPC_LINE_MAX + 1 - n, MSG_NOSIGNAL);

		n += sent > 0 ? (size_t)sent : 0;
		turn();
	}
	cr_expect(strstr(hear(&end), "longer than 1 MiB"));
	cr_expect(end);
	cr_expect(LIST_EMPTY(&clients));
}

Test(rpc_client, gives_up_on_half_a_line_in_the_end)
{
	struct rpc_client *c = connect_client();
	uint64_t now;
	bool end;

	say(request, 10);
	now = log_clock_ms();
	rpc_client_tick(c, now + RPC_LINE_MS - 1000);
	expect("", false);
	rpc_client_tick(c, now + RPC_LINE_MS + 1000);
	cr_expect(strstr(hear(&end), "not complete after 30 s"));
	cr_expect(end && LIST_EMPTY(&clients));
}

Test(rpc_client, lets_a_quiet_client_be)
{
	struct rpc_client *c = connect_client();

	say(request, strlen(request));
	expect(answer, false);
	cr_expect_not(rpc_client_idle(c, log_clock_ms()));
	rpc_client_tick(c, log_clock_ms() + 1000 * RPC_LINE_MS);
	cr_expect(rpc_client_idle(c, log_clock_ms() + RPC_IDLE_MS));
	expect("", false);
}

Test(rpc_client, stops_answering_a_client_that_does_not_read)
{
	size_t n = 0;

	connect_client();
	/* 20 MB of answers would be due. */
	for (int i = 0; i < 500000 && n < 2000; i++) {
		n = send(peer, request, strlen(request), MSG_NOSIGNAL) < 0 ? n + 1 : 0;
		event_base_loop(app.base, EVLOOP_NONBLOCK);
	}
	cr_expect_eq(n, 2000, "it reads on and on");
	cr_expect_lt(rpc_echo_calls * strlen(answer), 2 * RPC_PAUSE_BYTES + 1048576);
	cr_expect_not(LIST_EMPTY(&clients));
}

Test(rpc_client, bounds_unread_notifications_and_queues_none_in_part)
{
	struct rpc_client *c = connect_client();
	size_t queued = 0;
	char big[10001];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	while (queued < 10000 && rpc_notify(c, "note", json_pack("{s:s}", "text", big)))
		queued++;
	cr_expect(queued * 10000 > RPC_UNREAD_MAX - 20000 &&
			  queued * 10000 < RPC_UNREAD_MAX + 20000,
		  "%zu", queued);
	cr_expect_not(rpc_notify(NULL, "note", json_object()));
}

Test(rpc_client, tells_notifications_before_the_answer)
{
	static const char asks[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pool.show\","
				   "\"params\":[\"client\"]}\n";

	connect_client();
	say(asks, strlen(asks));
	expect("{\"jsonrpc\":\"2.0\",\"method\":\"note\",\"params\":{\"pool\":\"client\"}}\n"
	       "{\"jsonrpc\":\"2.0\",\"result\":{\"pool\":\"client\"},\"id\":1}\n",
	       false);
}

Test(rpc_client, keeps_a_listening_client_that_sends_no_more_until_it_hangs_up)
{
	struct rpc_client *c = connect_client();

	rpc_on_close(c, gone, NULL);
	shutdown(peer, SHUT_WR);
	turn();
	rpc_client_tick(c, log_clock_ms());
	cr_assert_not(LIST_EMPTY(&clients));
	cr_expect(rpc_notify(c, "note", json_object()));
	expect("{\"jsonrpc\":\"2.0\",\"method\":\"note\",\"params\":{}}\n", false);
	close(peer);
	peer = dup(STDIN_FILENO);
	turn();
	rpc_client_tick(c, log_clock_ms());
	cr_expect(LIST_EMPTY(&clients));
	cr_expect_eq(n_gone, 1);
}

Test(rpc_client, lets_it_go_when_nothing_is_to_come_any_more)
{
	struct rpc_client *c = connect_client();

	rpc_on_close(c, gone, NULL);
	shutdown(peer, SHUT_WR);
	turn();
	rpc_on_close(c, NULL, NULL);
	turn();
	cr_expect(LIST_EMPTY(&clients));
	cr_expect_eq(n_gone, 0);
}
