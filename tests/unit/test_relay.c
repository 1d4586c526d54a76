/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay without state: datagrams and connections in, datagrams and connections out, verdicts in
 * the counters.
 */
#include "tests/unit/relay_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEN "Max-Forwards: 10\r\n"
#define NONE_LEFT "Max-Forwards: 0\r\n"

static bool is_status(const char *text, unsigned int status)
{
	char start[16];

	snprintf(start, sizeof(start), "SIP/2.0 %u ", status);
	return strncmp(text, start, strlen(start)) == 0;
}

/* Has the relay take the @n bytes of @text as message @m. */
static void take(struct relay_lab *f, struct relay_message *m, const char *text, size_t n)
{
	memcpy(f->in, text, n);
	m->p = f->in;
	m->len = (uint32_t)n;
	relay_take(f->relay, m);
}

/* Has a response to the request @sent come by @connection. */
static void answer(struct relay_lab *f, const char *sent, uint64_t connection)
{
	static char response[SIP_MAX_LEN + 1];
	size_t n = lab_response(sent, 200, response, sizeof(response));

	lab_stream(f, connection, response, n);
}

/* --- datagrams ---------------------------------------------------------------------------- */

Test(relay, a_large_request_goes_to_its_server_with_our_via)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", TEN, 20000);
	const char *got;
	char via[64];

	lab_datagram(f, &f->caller, lab_text, n);
	got = lab_at(f, f->server_fd);
	snprintf(via, sizeof(via), "\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK",
		 f->listener.port);
	cr_expect(strstr(got, via), "%.300s", got);
	cr_expect(strstr(got, "Max-Forwards: 9\r\n"));
	cr_expect_gt(strlen(got), n);
	cr_expect_eq(lab_count(f, C_FORWARDED), 1);
	cr_expect_eq(lab_count(f, C_RX_REQUESTS), 1);
	cr_expect_eq(stat_get(&f->env.stats->backend[0]), 1);
	relay_lab_end(f);
}

Test(relay, the_response_finds_its_way_back)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", TEN, 0);
	static char response[SIP_MAX_LEN + 1];
	const char *got;

	lab_datagram(f, &f->caller, lab_text, n);
	n = lab_response(lab_at(f, f->server_fd), 200, response, sizeof(response));
	lab_datagram(f, &f->server, response, n);
	got = lab_at(f, f->caller_fd);
	cr_expect_eq(strncmp(got, "SIP/2.0 200 Test\r\n", 18), 0, "%.300s", got);
	cr_expect(strstr(got, ";branch=z9hG4bK1\r\n"));
	cr_expect_null(strstr(strstr(got, "Via: ") + 1, "\r\nVia: "), "our Via is off");
	cr_expect_eq(lab_count(f, C_FORWARDED), 2);
	cr_expect_eq(lab_count(f, C_RX_RESPONSES), 1);
	relay_lab_end(f);
}

Test(relay, answers_of_our_own_are_sent_and_limited_per_second)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", NONE_LEFT, 0);
	unsigned int answers = 0;

	for (int i = 0; i < 10; i++) {
		f->now_ms = 1000 + (uint64_t)i;
		lab_datagram(f, &f->caller, lab_text, n);
		answers += is_status(lab_at(f, f->caller_fd), 483);
	}
	cr_expect_eq(answers, 3);
	cr_expect_eq(lab_count(f, C_ANSWERED), 3);
	cr_expect_eq(lab_dropped(f, SIP_R_ANSWER_LIMIT), 7);
	cr_expect_eq(stat_get(&f->env.stats->answered[SIP_R_MAX_FORWARDS_ZERO]), 3);
	f->now_ms = 2000;
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(lab_count(f, C_ANSWERED), 4, "the next second has answers of its own");
	relay_lab_end(f);
}

Test(relay, junk_and_forged_sources_are_dropped_by_name)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", TEN, 0);

	lab_datagram(f, &f->caller, "\r\n\r\n", 4);
	cr_expect_eq(lab_dropped(f, SIP_R_KEEPALIVE), 1);
	lab_datagram(f, &f->caller, "no sip at all", 13);
	cr_expect_eq(lab_dropped(f, SIP_R_NOT_SIP), 1);
	f->caller.port = 0;
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(lab_count(f, C_DROP_BAD_SOURCE), 1);
	f->caller.port = 5060;
	f->listener.port++;
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(lab_count(f, C_DROP_NO_LISTENER), 1);
	cr_expect_str_eq(lab_at(f, f->server_fd), "");
	relay_lab_end(f);
}

Test(relay, what_outgrows_a_datagram_is_refused)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", TEN, 65250);

	cr_assert_lt(n, 65507);
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_str_eq(lab_at(f, f->server_fd), "");
	cr_expect_eq(lab_count(f, C_FORWARDED), 0);
	relay_lab_end(f);
}

Test(relay, what_it_does_can_be_seen_as_on_a_worker)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", TEN, 0);
	struct example x;

	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(stat_get(&f->env.stats->requests[SIP_M_INVITE]), 1);
	lab_datagram(f, &f->caller, "<no sip at all>", 15);
	cr_assert(example_get(f->env.stats->examples, EXAMPLE_OF_REASON(SIP_R_NOT_SIP), &x));
	cr_expect(endpoint_equal(&x.src, &f->caller));
	cr_expect_arr_eq(x.bytes, "<no sip at all>", 15);
	cr_expect_not(example_get(f->env.stats->examples, EXAMPLE_OF_REASON(SIP_R_BAD_VIA), &x));
	relay_lab_end(f);
}

Test(relay, its_messages_are_traced)
{
	struct trace_set set = { .generation = 1, .slot[0] = { .used = true, .rate = 100 } };
	struct trace_tap tap = { .hz = 1000000000 };
	struct relay_lab *f = relay_lab();
	const struct trace_record *r;
	const char *sent;
	size_t n;

	cr_assert_eq(byte_ring_init(&tap.ring, TRACE_RING_SIZE), 0);
	f->env.tap = &tap;
	f->env.trace = &set;
	n = lab_request(f, "INVITE", BOB, "UDP", TEN, 20000);
	lab_datagram(f, &f->caller, lab_text, n);
	sent = lab_at(f, f->server_fd);
	r = byte_ring_peek(&tap.ring);
	cr_assert(r);
	cr_expect_eq(r->verdict, TRACE_FORWARDED);
	cr_expect(r->by_linux);
	cr_expect_eq(r->in_len, n);
	cr_expect_eq(memcmp(r + 1, lab_text, n), 0);
	cr_expect_eq(r->out_len, strlen(sent));
	cr_expect_eq(memcmp((const char *)(r + 1) + n, sent, r->out_len), 0);
	byte_ring_drop(&tap.ring);
	lab_datagram(f, &f->caller, "<no sip at all>", 15);
	r = byte_ring_peek(&tap.ring);
	cr_assert(r);
	cr_expect_eq(r->verdict, TRACE_DROPPED);
	cr_expect_eq(r->cause, EXAMPLE_OF_REASON(SIP_R_NOT_SIP));
	cr_expect_eq(r->out_len, 0);
	byte_ring_fini(&tap.ring);
	relay_lab_end(f);
}

Test(relay, what_a_worker_has_counted_is_not_counted_again)
{
	struct relay_lab *f = relay_lab();
	struct relay_message m = {
		.src = f->caller, .listener = f->listener, .transport = SIP_UDP, .handed_over = true
	};

	take(f, &m, lab_text, lab_request(f, "MESSAGE", BOB, "UDP", TEN, 0));
	cr_expect_eq(lab_count(f, C_RX_TAKEN_OVER), 1);
	cr_expect_eq(lab_count(f, C_RX_FRAMES), 0);
	cr_expect_eq(lab_count(f, C_RX_REQUESTS), 0);
	cr_expect_eq(lab_count(f, C_FORWARDED), 1);
	relay_lab_end(f);
}

/* --- connections -------------------------------------------------------------------------- */

Test(relay, a_request_of_a_connection_is_answered_down_it)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "TCP", NONE_LEFT, 0);

	lab_stream(f, 7, lab_text, n);
	cr_assert(lab_last(f));
	cr_expect_eq(lab_last(f)->connection, 7);
	cr_expect(is_status(lab_last(f)->text, 483));
	cr_expect_str_eq(lab_at(f, f->caller_fd), "");
	cr_expect_eq(lab_count(f, C_RX_STREAM_MESSAGES), 1);
	cr_expect_eq(f->kept, 7, "it is kept for the answer");
	cr_expect_gt(f->kept_ms, 180000, "that of an INVITE takes three minutes");
	f->send_rc = -ENOTCONN;
	lab_stream(f, 7, lab_text, n);
	cr_expect_eq(lab_dropped(f, SIP_R_NO_CONNECTION), 1);
	f->send_rc = -ENOBUFS;
	lab_stream(f, 7, lab_text, n);
	cr_expect_eq(lab_count(f, C_DROP_STREAM_FULL), 1);
	relay_lab_end(f);
}

Test(relay, a_stream_goes_on_to_a_stream_without_state)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "TCP", TEN, 0);

	lab_stream(f, 7, lab_text, n);
	cr_assert_eq(f->n_sent, 1);
	cr_expect(endpoint_equal(&f->sent[0].to.to, &f->server));
	cr_expect(endpoint_equal(&f->sent[0].to.listener, &f->listener));
	cr_expect_eq(f->sent[0].to.transport, SIP_TCP);
	cr_expect(strstr(f->sent[0].text, "\r\nVia: SIP/2.0/TCP 127.0.0.1:"));
	cr_expect(strstr(f->sent[0].text, ";vc="));
	cr_expect_eq(lab_count(f, C_CROSSED), 0);
	cr_expect_eq(lab_count(f, C_FORWARDED), 1);
	answer(f, f->sent[0].text, 9);
	cr_assert_eq(f->n_sent, 2);
	cr_expect_eq(f->sent[1].connection, 7, "by the connection of the request");
	cr_expect_null(strstr(f->sent[1].text, ";vc="));
	relay_lab_end(f);
}

Test(relay, an_open_connection_to_the_server_is_used_and_nothing_is_kept)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "TCP", TEN, 0);

	f->stands = 99;
	lab_stream(f, 7, lab_text, n);
	cr_assert_eq(f->n_sent, 1);
	cr_expect_eq(f->sent[0].connection, 99);
	cr_expect_eq(relay_counts(f->relay)->bytes, 0);
	relay_lab_end(f);
}

/* RFC 3261 18.2.2. */
Test(relay, a_response_whose_connection_is_gone_gets_a_new_one)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "TCP", TEN, 0);

	lab_stream(f, 7, lab_text, n);
	f->send_rc = -ENOTCONN;
	answer(f, f->sent[0].text, 9);
	cr_assert_eq(f->n_sent, 2);
	cr_expect(endpoint_equal(&f->sent[1].to.to, &f->caller), "where the Via says");
	f->send_to_rc = -ECONNREFUSED;
	answer(f, f->sent[0].text, 9);
	cr_expect_eq(lab_dropped(f, SIP_R_NO_CONNECTION), 1);
	f->send_to_rc = -ENOBUFS;
	answer(f, f->sent[0].text, 9);
	cr_expect_eq(lab_count(f, C_DROP_STREAM_FULL), 1);
	relay_lab_end(f);
}

/* Clients by TCP whose Via says UDP are there: they listen to their connection and nowhere else. */
Test(relay, a_response_follows_its_connection_even_if_the_via_says_udp)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "UDP", TEN, 0);

	lab_stream(f, 7, lab_text, n);
	cr_assert_eq(f->n_sent, 1);
	answer(f, f->sent[0].text, 9);
	cr_assert_eq(f->n_sent, 2);
	cr_expect_eq(f->sent[1].connection, 7);
	cr_expect_str_empty(lab_at(f, f->caller_fd));
	f->send_rc = -ENOTCONN;
	answer(f, f->sent[0].text, 9);
	cr_expect(strstr(lab_at(f, f->caller_fd), "SIP/2.0 200 Test\r\n"),
		  "gone: where the Via says");
	relay_lab_end(f);
}

/* RFC 3261 16.9. */
Test(relay, the_caller_hears_503_if_there_is_no_connection)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "TCP", TEN, 0);

	lab_stream(f, 7, lab_text, n);
	cr_expect_gt(relay_counts(f->relay)->bytes, n, "it is kept meanwhile");
	lab_connections(f, -ECONNREFUSED);
	cr_assert_eq(f->n_sent, 2);
	cr_expect_eq(f->sent[1].connection, 7);
	cr_expect(is_status(f->sent[1].text, 503));
	cr_expect_eq(lab_count(f, C_CONNECT_FAILED), 1);
	f->send_to_rc = -ECONNREFUSED;
	lab_stream(f, 7, lab_text, n);
	cr_assert_eq(f->n_sent, 3);
	cr_expect(is_status(f->sent[2].text, 503), "at once if it is known");
	relay_lab_end(f);
}

Test(relay, an_ack_that_cannot_be_sent_is_dropped)
{
	struct relay_lab *f = relay_lab();
	char uri[64];
	size_t n;

	snprintf(uri, sizeof(uri), "sip:b@127.0.0.1:%u;transport=tcp", f->server.port);
	n = lab_request(f, "ACK", uri, "TCP", TEN, 0);
	f->send_to_rc = -ECONNREFUSED;
	lab_stream(f, 7, lab_text, n);
	cr_expect_eq(f->n_sent, 0);
	cr_expect_eq(lab_dropped(f, SIP_R_NEXT_HOP_FAILED), 1);
	f->send_to_rc = 0;
	lab_stream(f, 7, lab_text, n);
	lab_connections(f, -ECONNREFUSED);
	cr_expect_eq(f->n_sent, 1, "nobody is answered");
	relay_lab_end(f);
}

Test(relay, a_broken_frame_is_answered_and_its_connection_closed)
{
	struct relay_lab *f = relay_lab();
	struct relay_message m = { .src = f->caller,
				   .listener = f->listener,
				   .transport = SIP_TCP,
				   .connection = 7,
				   .broken = SIP_R_BAD_CONTENT_LENGTH };

	take(f, &m, lab_text, lab_request(f, "INVITE", BOB, "TCP", TEN, 0));
	cr_assert_eq(f->n_sent, 1);
	cr_expect(is_status(f->sent[0].text, 400));
	cr_expect_eq(f->closed, 7);
	take(f, &m, "gibberish", 9);
	cr_expect_eq(f->n_sent, 1);
	cr_expect_eq(lab_dropped(f, SIP_R_BAD_CONTENT_LENGTH), 1);
	relay_lab_end(f);
}

Test(relay, a_bad_message_leaves_its_connection_open)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "TCP", "Max-Forwards: x\r\n", 0);

	lab_stream(f, 7, lab_text, n);
	cr_assert_eq(f->n_sent, 1);
	cr_expect(is_status(f->sent[0].text, 400));
	cr_expect_eq(f->closed, 0);
	relay_lab_end(f);
}

/* RFC 5923. */
Test(relay, alias_of_a_tls_peer_is_passed_on)
{
	struct relay_lab *f = relay_lab();
	struct relay_message m = {
		.src = f->caller, .listener = f->listener, .transport = SIP_TLS, .connection = 7
	};
	static const char text[] =
		"OPTIONS sip:127.0.0.1 SIP/2.0\r\n"
		"Via: SIP/2.0/TLS proxy.Example.com:5063;branch=z9hG4bK1;alias\r\n"
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:example.com>\r\n"
		"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

	take(f, &m, text, sizeof(text) - 1);
	cr_expect_str_eq(f->alias, "proxy.Example.com:5063");
	f->alias[0] = '\0';
	m.transport = SIP_TCP;
	take(f, &m, text, sizeof(text) - 1);
	cr_expect_str_eq(f->alias, "", "TCP proves nothing");
	relay_lab_end(f);
}

/* --- requests of our own ------------------------------------------------------------------- */

static unsigned int n_own;
static struct endpoint own_from;

/* Takes what has a branch of ours. */
static bool take_own(void *arg, const struct endpoint *from, const struct sip_msg *m)
{
	(void)arg;
	own_from = *from;
	n_own++;
	return span_is(m->p, m->via.branch, "z9hG4bKown");
}

/* R16.11-R5, as of a probe. */
Test(relay, a_response_to_a_request_of_our_own_ends_here)
{
	static const struct {
		const char *branch, *more;
		unsigned int shown, taken, lost;
	} rows[] = {
		{ "z9hG4bKown", "", 1, 1, 0 },
		{ "z9hG4bKother", "", 1, 0, 1 },
		{ "z9hG4bKown", "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK2\r\n", 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct relay_lab *f = relay_lab();
		char text[1024];
		int n = snprintf(text, sizeof(text),
				 "SIP/2.0 200 OK\r\n"
				 "Via: SIP/2.0/TCP 127.0.0.1:%u;branch=%s\r\n%s"
				 "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
				 "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
				 f->listener.port, rows[i].branch, rows[i].more);

		n_own = 0;
		f->env.own_response = take_own;
		lab_stream(f, 7, text, (size_t)n);
		cr_expect_eq(n_own, rows[i].shown, "row %zu", i);
		cr_expect_eq(lab_count(f, C_PROBE_ANSWERS), rows[i].taken, "row %zu", i);
		cr_expect_eq(lab_dropped(f, SIP_R_LAST_VIA), rows[i].lost, "row %zu", i);
		cr_expect(!n_own || endpoint_equal(&own_from, &f->caller), "row %zu", i);
		relay_lab_end(f);
	}
}
