/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay between UDP and streams: what it asks of the transactions and they of it, the size rule
 * (RFC 3261 18.1.1), and what the counters say of all that. The transactions are the real ones.
 */
#include "control/relay/relay_state.h"
#include "tests/unit/relay_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEN "Max-Forwards: 10\r\n"
#define LARGE 3000 /* bytes of body */

static char response[SIP_MAX_LEN + 1];

/* A request of the UDP caller for the server that takes TCP only; it has left. */
static const struct lab_sent *cross_to_tcp(struct relay_lab *f)
{
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "UDP", TEN, 0);

	lab_datagram(f, &f->caller, lab_text, n);
	cr_assert_eq(f->n_sent, 1);
	return &f->sent[0];
}

Test(relay_cross, udp_to_tcp_and_back)
{
	struct relay_lab *f = relay_lab();
	const struct lab_sent *sent = cross_to_tcp(f);
	size_t n;

	cr_expect(endpoint_equal(&sent->to.to, &f->server));
	cr_expect(strstr(sent->text, "\r\nVia: SIP/2.0/TCP 127.0.0.1:"));
	cr_expect_null(strstr(sent->text, ";vc="), "no connection leads to a UDP caller");
	lab_connections(f, 0);
	cr_expect_eq(lab_count(f, C_CROSSED), 1);
	n = lab_response(sent->text, 200, response, sizeof(response));
	lab_stream(f, 9, response, n);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 200 ", 12), 0);
	cr_expect_eq(lab_count(f, C_CROSSED), 2);
	cr_expect_eq(lab_count(f, C_FORWARDED), 2);
	relay_lab_end(f);
}

Test(relay_cross, a_retransmission_is_taken_in_and_answered_again)
{
	struct relay_lab *f = relay_lab();
	const struct lab_sent *sent = cross_to_tcp(f);
	size_t n = strlen(lab_text);

	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(f->n_sent, 1);
	cr_expect_eq(lab_count(f, C_ABSORBED), 1);
	lab_stream(f, 9, response, lab_response(sent->text, 200, response, sizeof(response)));
	cr_expect_str_neq(lab_at(f, f->caller_fd), "");
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 200 ", 12), 0);
	cr_expect_eq(lab_count(f, C_ABSORBED), 2);
	relay_lab_end(f);
}

Test(relay_cross, tcp_to_udp_is_retransmitted_by_the_clock)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INFO", BOB, "TCP", TEN, 0);

	lab_stream(f, 7, lab_text, n);
	cr_expect(strstr(lab_at(f, f->server_fd), ";vc="));
	f->now_ms += TXN_T1_MS;
	txns_tick(relay_transactions(f->relay), f->now_ms);
	cr_expect_str_neq(lab_at(f, f->server_fd), "", "timer E");
	n = lab_response(f->back, 200, response, sizeof(response));
	lab_datagram(f, &f->server, response, n);
	cr_assert_eq(f->n_sent, 1);
	cr_expect_eq(f->sent[0].connection, 7);
	cr_expect_eq(strncmp(f->sent[0].text, "SIP/2.0 200 ", 12), 0);
	relay_lab_end(f);
}

Test(relay_cross, a_response_without_a_transaction_is_dropped)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INFO", BOB, "TCP", TEN, 0);

	lab_stream(f, 7, lab_text, n);
	n = lab_response(lab_at(f, f->server_fd), 200, response, sizeof(response));
	cr_assert(txns_forget(relay_transactions(f->relay),
			      (const uint8_t *)strstr(f->back, "z9hG4bK") + BRANCH_COOKIE_LEN,
			      f->now_ms));
	lab_datagram(f, &f->server, response, n);
	cr_expect_eq(f->n_sent, 0);
	cr_expect_eq(lab_dropped(f, SIP_R_STRAY_RESPONSE), 1);
	relay_lab_end(f);
}

Test(relay_cross, the_udp_caller_hears_503_if_there_is_no_connection)
{
	struct relay_lab *f = relay_lab();

	cross_to_tcp(f);
	lab_connections(f, -ECONNREFUSED);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 503 ", 12), 0, "%.200s", f->back);
	cr_expect_eq(lab_count(f, C_CONNECT_FAILED), 1);
	cr_expect_str_eq(lab_at(f, f->server_fd), "", "a server that takes no UDP gets none");
	relay_lab_end(f);
}

Test(relay_cross, the_udp_caller_hears_503_at_once_if_that_is_known)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "MESSAGE", TCP_BOB, "UDP", TEN, 0);

	f->send_to_rc = -ECONNREFUSED;
	lab_datagram(f, &f->caller, lab_text, n);
	lab_turn(f);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 503 ", 12), 0, "%.200s", f->back);
	relay_lab_end(f);
}

/* R8.2.6-3 */
Test(relay_cross, our_100_repeats_the_timestamp)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", TCP_BOB, "UDP", TEN "Timestamp:\r\n 54.21\r\n", 0);
	const char *row;

	lab_datagram(f, &f->caller, lab_text, n);
	lab_datagram(f, &f->caller, lab_text, n);
	cr_assert_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 100 ", 12), 0, "%.100s", f->back);
	row = strstr(f->back, "\r\nTimestamp:\r\n 54.21\r\n");
	cr_expect_not_null(row, "%s", f->back);
	cr_expect_eq(strncmp(f->back + strlen(f->back) - 4, "\r\n\r\n", 4), 0);
	relay_lab_end(f);
}

/* --- CANCEL ------------------------------------------------------------------------------- */

/* Our CANCEL has no Via but ours (9.1), so nor has the answer to it. */
Test(relay_cross, the_answer_to_our_cancel_ends_its_transaction)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "TCP", TEN, 0);
	char invite[2048];

	lab_stream(f, 7, lab_text, n);
	snprintf(invite, sizeof(invite), "%s", lab_at(f, f->server_fd));
	lab_datagram(f, &f->server, response,
		     lab_response(invite, 180, response, sizeof(response)));
	n = lab_request(f, "CANCEL", BOB, "TCP", TEN, 0);
	lab_stream(f, 7, lab_text, n);
	cr_assert_eq(strncmp(lab_at(f, f->server_fd), "CANCEL ", 7), 0, "%.100s", f->back);
	n = lab_response(f->back, 200, response, sizeof(response));
	lab_datagram(f, &f->server, response, n);
	cr_expect_eq(lab_dropped(f, SIP_R_LAST_VIA), 0);
	cr_expect_eq(txns_counts(relay_transactions(f->relay))->strays, 0);
	f->now_ms += 1000;
	relay_on_timer(-1, 0, f->relay);
	cr_expect_str_eq(lab_at(f, f->server_fd), "", "it is not sent again");
	f->now_ms += 40000;
	relay_on_timer(-1, 0, f->relay);
	lab_datagram(f, &f->server, response, n);
	cr_expect_eq(lab_dropped(f, SIP_R_LAST_VIA), 1, "for nobody now");
	relay_lab_end(f);
}

/* --- the size rule ------------------------------------------------------------------------ */

Test(relay_cross, a_large_request_takes_tcp_and_its_small_cancel_too)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOTH_BOB, "UDP", TEN, LARGE);

	lab_datagram(f, &f->caller, lab_text, n);
	cr_assert_eq(f->n_sent, 1);
	cr_expect(strstr(f->sent[0].text, "\r\nVia: SIP/2.0/TCP "));
	lab_connections(f, 0);
	lab_stream(f, 9, response, lab_response(f->sent[0].text, 180, response, sizeof(response)));
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 180 ", 12), 0);
	n = lab_request(f, "CANCEL", BOTH_BOB, "UDP", TEN, 0);
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 200 ", 12), 0);
	cr_assert_eq(f->n_sent, 2);
	cr_expect_eq(strncmp(f->sent[1].text, "CANCEL ", 7), 0);
	cr_expect_str_eq(lab_at(f, f->server_fd), "");
	relay_lab_end(f);
}

Test(relay_cross, a_large_request_goes_by_udp_where_tcp_is_refused)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "NOTIFY", BOTH_BOB, "UDP", TEN, LARGE);

	lab_datagram(f, &f->caller, lab_text, n);
	lab_connections(f, -ECONNREFUSED);
	cr_expect(strstr(lab_at(f, f->server_fd), "\r\nVia: SIP/2.0/UDP "), "%.200s", f->back);
	cr_expect_str_eq(lab_at(f, f->caller_fd), "", "and nobody is answered");
	cr_expect_eq(txns_counts(relay_transactions(f->relay))->present, 0, "no state is left");
	n = lab_response(f->back, 200, response, sizeof(response));
	relay_lab_end(f);
}

Test(relay_cross, the_refusal_is_remembered_for_a_while)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "NOTIFY", BOTH_BOB, "UDP", TEN, LARGE);

	f->send_to_rc = -ECONNREFUSED;
	lab_datagram(f, &f->caller, lab_text, n);
	lab_turn(f);
	cr_expect(strstr(lab_at(f, f->server_fd), "\r\nVia: SIP/2.0/UDP "));
	f->send_to_rc = 0;
	f->now_ms += 1000;
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(f->n_sent, 0, "TCP is not tried again yet");
	cr_expect_str_neq(lab_at(f, f->server_fd), "");
	f->now_ms += 60000;
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(f->n_sent, 1, "but later it is");
	relay_lab_end(f);
}

/* The caller has stopped sending it again, so it may not go on without state. */
Test(relay_cross, an_invite_that_was_told_100_hears_503_and_the_next_one_goes_by_udp)
{
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOTH_BOB, "UDP", TEN, LARGE);

	lab_datagram(f, &f->caller, lab_text, n);
	lab_datagram(f, &f->caller, lab_text, n);
	cr_assert_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 100 ", 12), 0, "%.100s", f->back);
	lab_connections(f, -ETIMEDOUT);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 503 ", 12), 0, "%.100s", f->back);
	cr_expect_str_eq(lab_at(f, f->server_fd), "");
	n = lab_request(f, "NOTIFY", BOTH_BOB, "UDP", TEN, LARGE);
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect(strstr(lab_at(f, f->server_fd), "\r\nVia: SIP/2.0/UDP "));
	relay_lab_end(f);
}

/* --- who is told -------------------------------------------------------------------------- */

Test(relay_cross, workers_are_told_which_transactions_are_held)
{
	struct relay_lab *f = relay_lab();
	unsigned int held = 0;

	cross_to_tcp(f);
	for (unsigned int i = 0; i < HELD_BUCKETS; i++)
		for (unsigned int k = 0; k < HELD_WAYS; k++)
			held += f->held.id[i][k] != 0;
	cr_expect_eq(held, 1);
	lab_connections(f, -ECONNREFUSED);
	for (uint64_t end = f->now_ms + 60000; f->now_ms < end; f->now_ms += 500)
		txns_tick(relay_transactions(f->relay), f->now_ms);
	for (unsigned int i = 0; i < HELD_BUCKETS; i++)
		for (unsigned int k = 0; k < HELD_WAYS; k++)
			cr_expect_eq(f->held.id[i][k], 0);
	relay_lab_end(f);
}

Test(relay_cross, what_is_taken_in_is_traced_as_that)
{
	struct trace_set set = { .generation = 1,
				 .slot[0] = {
					 .used = true, .rate = 100, .verdicts = TRACE_ABSORBED } };
	struct trace_tap tap = { .hz = 1000000000 };
	struct relay_lab *f = relay_lab();
	const struct trace_record *r;

	cr_assert_eq(byte_ring_init(&tap.ring, TRACE_RING_SIZE), 0);
	f->env.tap = &tap;
	f->env.trace = &set;
	cross_to_tcp(f);
	cr_expect_null(byte_ring_peek(&tap.ring), "the first one is forwarded");
	lab_datagram(f, &f->caller, lab_text, strlen(lab_text));
	r = byte_ring_peek(&tap.ring);
	cr_assert(r);
	cr_expect_eq(r->verdict, TRACE_ABSORBED);
	cr_expect_eq(r->transport, SIP_UDP);
	cr_expect_eq(r->out_transport, SIP_TCP);
	byte_ring_fini(&tap.ring);
	relay_lab_end(f);
}
