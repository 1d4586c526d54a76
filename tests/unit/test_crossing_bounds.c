/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What crossings keep and send beside the timers: the bytes of ACK, CANCEL and answers, the bounds
 * of number and memory, and what becomes of them without memory.
 */
#include "control/config/alloc.h"
#include "tests/unit/crossing_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

static struct crossing_lab lab;
static char last[2][8192]; /* the last message down, and up */
static unsigned int n_sent[2];

static void hear(void *arg, const struct lab_sent *s)
{
	(void)arg;
	snprintf(last[s->up], sizeof(last[0]), "%.*s", (int)s->m->len, (const char *)s->m->p);
	n_sent[s->up]++;
}

static void begin(enum sip_transport caller, enum sip_transport server,
		  const struct txn_bounds *bounds)
{
	memset(last, 0, sizeof(last));
	memset(n_sent, 0, sizeof(n_sent));
	crossing_lab_new(&lab, caller, server, bounds, hear, NULL);
}

static void end(void)
{
	crossing_lab_run(&lab, UINT64_MAX);
	crossing_lab_end(&lab);
}

static void digits_of(uint32_t number, char *out)
{
	const struct branch_hash b = crossing_lab_branch(number);

	hex_put32((uint8_t *)out, &b.digits);
	out[32] = '\0';
}

static void expect_same(const char *got, const char *want)
{
	cr_expect(strcmp(got, want) == 0, "got:\n%s\nwant:\n%s", got, want);
}

/* What an ACK or CANCEL of transaction 3 is, but for the marked places. */
static void expect_own(const char *method, const char *to, const char *more)
{
	char want[2048], digits[33];

	digits_of(3, digits);
	snprintf(want, sizeof(want),
		 "%s sip:b@c.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.10;branch=z9hG4bK%s\r\n"
		 "Route: <sip:10.9.9.9;lr>, <sip:10.9.9.8;lr>\r\nMax-Forwards: 70\r\n"
		 "From: <sip:a@b.example>;tag=f\r\nTo: <sip:b@c.example>%s\r\nCall-ID: c3\r\n"
		 "CSeq: 04 %s\r\n%sContent-Length: 0\r\n\r\n",
		 method, digits, to, method, more);
	expect_same(last[0], want);
}

/* R9.1-1 */
Test(crossing_bounds, ack_and_cancel_repeat_their_invite)
{
	begin(SIP_UDP, SIP_TCP, NULL);
	crossing_lab_request(&lab, 3, "INVITE", "Contact: <sip:a@192.0.2.1>\r\n");
	crossing_lab_response(&lab, 3, "INVITE", 180);
	crossing_lab_request(
		&lab, 3, "CANCEL",
		"Reason: SIP;cause=200;text=\"x\"\r\nX: y\r\nReason: Q.850;cause=16\r\n");
	expect_own("CANCEL", "", "Reason: SIP;cause=200;text=\"x\"\r\nReason: Q.850;cause=16\r\n");
	crossing_lab_response(&lab, 3, "INVITE", 487);
	expect_own("ACK", ";tag=t", "");
	cr_expect_eq(n_sent[0], 3);
	end();
}

static void expect_answer(const char *line, const char *method)
{
	char want[2048];

	snprintf(want, sizeof(want),
		 "%s\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx3\r\n"
		 "From: <sip:a@b.example>;tag=f\r\n"
		 "To: <sip:b@c.example>;tag=ours\r\nCall-ID: c3\r\nCSeq: 04 %s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 line, method);
	expect_same(last[1], want);
}

Test(crossing_bounds, answers_of_ours_differ_in_their_status_line_only)
{
	begin(SIP_UDP, SIP_TCP, NULL);
	crossing_lab_request(&lab, 3, "INVITE", "");
	crossing_lab_run(&lab, lab.now_ms + 200);
	expect_answer("SIP/2.0 100 Trying", "INVITE");
	crossing_lab_request(&lab, 3, "CANCEL", "");
	expect_answer("SIP/2.0 200 OK", "CANCEL");
	crossing_lab_run(&lab, lab.now_ms + 31900);
	expect_answer("SIP/2.0 408 Request Timeout", "INVITE");
	end();
	begin(SIP_UDP, SIP_TCP, NULL);
	lab.refuse_down = -ECONNREFUSED;
	crossing_lab_request(&lab, 3, "MESSAGE", "");
	expect_answer("SIP/2.0 503 Service Unavailable", "MESSAGE");
	end();
}

Test(crossing_bounds, what_is_sent_again_is_the_same)
{
	static char invite[8192], refusal[8192];

	begin(SIP_TCP, SIP_UDP, NULL);
	crossing_lab_request(&lab, 4, "INVITE", "");
	memcpy(invite, last[0], sizeof(invite));
	memset(last, 0, sizeof(last));
	crossing_lab_run(&lab, lab.now_ms + 500);
	expect_same(last[0], invite);
	end();
	begin(SIP_UDP, SIP_TCP, NULL);
	crossing_lab_request(&lab, 4, "INVITE", "");
	crossing_lab_response(&lab, 4, "INVITE", 486);
	memcpy(refusal, last[1], sizeof(refusal));
	memset(last, 0, sizeof(last));
	crossing_lab_run(&lab, lab.now_ms + 500);
	expect_same(last[1], refusal);
	end();
}

Test(crossing_bounds, ends_in_silence_if_no_answer_can_be_written)
{
	begin(SIP_UDP, SIP_TCP, NULL);
	lab.no_answers = true;
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_request(&lab, 1, "CANCEL", "");
	crossing_lab_request(&lab, 2, "MESSAGE", "");
	end();
	cr_expect_eq(n_sent[1], 0);
}

/* RFC 4320 4.2: nobody sends a 408 to what is no INVITE, neither his own nor another's. */
Test(crossing_bounds, a_408_reaches_callers_of_invites_only)
{
	begin(SIP_UDP, SIP_TCP, NULL);
	crossing_lab_request(&lab, 1, "MESSAGE", "");
	cr_expect_eq(crossing_lab_response(&lab, 1, "MESSAGE", 408), TXN_ABSORBED);
	crossing_lab_request(&lab, 1, "MESSAGE", "");
	cr_expect_eq(n_sent[1], 0);
	crossing_lab_request(&lab, 2, "INVITE", "");
	cr_expect_eq(crossing_lab_response(&lab, 2, "INVITE", 408), TXN_TAKEN);
	cr_expect_eq(n_sent[1], 1);
	end();
}

/* Who sent an INVITE and was told 100 does not send it again (17.1.1.2): nobody would repair it. */
Test(crossing_bounds, an_invite_is_not_forgotten_once_its_caller_heard_100)
{
	static const struct {
		const char *method;
		uint64_t at_ms;
		bool forgotten;
	} rows[] = { { "INVITE", 199, true }, { "INVITE", 201, false }, { "NOTIFY", 4000, true } };
	char digits[33];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(SIP_UDP, SIP_TCP, NULL);
		digits_of(1, digits);
		crossing_lab_request(&lab, 1, rows[i].method, "");
		crossing_lab_run(&lab, lab.now_ms + rows[i].at_ms);
		cr_expect_eq(txns_forget(lab.t, (const uint8_t *)digits, lab.now_ms),
			     rows[i].forgotten, "%s at %llu", rows[i].method,
			     (unsigned long long)rows[i].at_ms);
		end();
	}
}

/* R16.9-1 */
Test(crossing_bounds, a_response_that_cannot_be_sent_changes_nothing)
{
	begin(SIP_TCP, SIP_UDP, NULL);
	lab.refuse_up = -ENOTCONN;
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_response(&lab, 1, "INVITE", 180);
	crossing_lab_response(&lab, 1, "INVITE", 486);
	cr_expect_eq(n_sent[0], 2, "no CANCEL, but an ACK");
	cr_expect_eq(txns_counts(lab.t)->failures, 2);
	end();
}

Test(crossing_bounds, refuses_what_is_more_than_count_max)
{
	const struct txn_bounds bounds = { .count_max = 100 };

	begin(SIP_UDP, SIP_TCP, &bounds);
	for (uint32_t i = 0; i < 100; i++)
		cr_assert_eq(crossing_lab_request(&lab, i, "INVITE", ""), TXN_TAKEN);
	cr_expect_eq(crossing_lab_request(&lab, 100, "INVITE", ""), TXN_FULL);
	cr_expect_eq(crossing_lab_request(&lab, 99, "INVITE", ""), TXN_ABSORBED);
	for (uint32_t i = 0; i < 100; i++)
		cr_assert_eq(crossing_lab_request(&lab, i, "CANCEL", ""), TXN_ABSORBED);
	cr_expect_eq(txns_counts(lab.t)->refused, 1);
	cr_expect_eq(txns_counts(lab.t)->present, 200);
	crossing_lab_response(&lab, 7, "INVITE", 486);
	crossing_lab_request(&lab, 7, "ACK", "");
	crossing_lab_run(&lab, lab.now_ms + 5000);
	cr_expect_eq(crossing_lab_request(&lab, 100, "INVITE", ""), TXN_TAKEN);
	end();
}

/* Beyond seven eighths nothing begins; the rest is for those that are there. */
Test(crossing_bounds, keeps_within_its_memory)
{
	const struct txn_bounds bounds = { .memory_max = 200000 };
	static char body[1200];
	uint32_t n = 0;

	memset(body, 'x', sizeof(body));
	memcpy(body, "X: ", 3);
	memcpy(body + sizeof(body) - 3, "\r\n", 3);
	begin(SIP_UDP, SIP_TCP, &bounds);
	while (crossing_lab_request(&lab, n, "INVITE", body) == TXN_TAKEN)
		n++;
	cr_expect_gt(n, 50);
	cr_expect_gt(txns_counts(lab.t)->bytes, 160000);
	for (uint32_t i = 0; i < n; i++) {
		crossing_lab_request(&lab, i, "CANCEL", "");
		cr_assert_eq(crossing_lab_response(&lab, i, "INVITE", 183), TXN_TAKEN);
		cr_assert_leq(txns_counts(lab.t)->bytes, bounds.memory_max);
	}
	/* The answers made room: what was kept for retransmission is not needed any more. */
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(crossing_lab_response(&lab, i, "INVITE", 200), TXN_TAKEN);
	cr_expect_lt(txns_counts(lab.t)->bytes, 100000);
	end();
}

static void play_all(void)
{
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_request(&lab, 1, "CANCEL", "");
	crossing_lab_request(&lab, 2, "MESSAGE", "");
	crossing_lab_run(&lab, lab.now_ms + 1000);
	crossing_lab_response(&lab, 1, "INVITE", 180);
	crossing_lab_response(&lab, 1, "CANCEL", 200);
	crossing_lab_response(&lab, 1, "INVITE", 487);
	crossing_lab_response(&lab, 1, "INVITE", 487);
	crossing_lab_response(&lab, 2, "MESSAGE", 202);
	crossing_lab_run(&lab, lab.now_ms + 10000);
	crossing_lab_request(&lab, 1, "ACK", "");
	crossing_lab_request(&lab, 2, "MESSAGE", "");
}

Test(crossing_bounds, survives_without_memory_wherever_it_ends)
{
	static const enum sip_transport legs[][2] = { { SIP_UDP, SIP_TLS }, { SIP_TCP, SIP_UDP } };

	for (unsigned int k = 0; k < 2; k++) {
		bool failed = true;

		for (unsigned long n = 1; failed; n++) {
			cr_assert_lt(n, 100);
			begin(legs[k][0], legs[k][1], NULL);
			alloc_fail_at(n);
			play_all();
			failed = alloc_failed();
			alloc_fail_at(0);
			end();
		}
	}
	for (unsigned long n = 1; n <= 2; n++) {
		const struct txn_owner owner = { 0 };

		alloc_fail_at(n);
		cr_expect_null(txns_new(NULL, &owner));
		alloc_fail_at(0);
	}
	cr_expect_eq(mem_live(), 0);
}

static bool count(void *arg, const struct txn_info *i)
{
	unsigned int *n = arg;

	if (strcmp(i->method, "INVITE") == 0) {
		cr_expect_str_eq(i->server_state, "Proceeding");
		cr_expect_str_eq(i->client_state, "Calling");
		cr_expect_eq(i->status, 100);
	} else {
		cr_expect_str_eq(i->method, "CANCEL");
		cr_expect_str_eq(i->server_state, "Completed");
		cr_expect_str_eq(i->client_state, "Waiting");
		cr_expect_eq(i->status, 200);
	}
	cr_expect_eq(i->age_ms, 250);
	cr_expect_eq(i->caller.transport, SIP_UDP);
	cr_expect_str_eq(i->server.name, "core.example.com");
	return ++*n < 3;
}

Test(crossing_bounds, tells_what_there_is)
{
	unsigned int n = 0;

	begin(SIP_UDP, SIP_TLS, NULL);
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_request(&lab, 1, "CANCEL", "");
	crossing_lab_run(&lab, lab.now_ms + 250);
	txns_each(lab.t, lab.now_ms, count, &n);
	cr_expect_eq(n, 2);
	crossing_lab_request(&lab, 2, "INVITE", "");
	lab.now_ms += 250;
	txns_free(lab.t);
	cr_expect_eq(mem_live(), 0, "txns_free() leaves something");
	txns_free(NULL);
}

Test(crossing_bounds, keeps_no_message_after_a_2xx)
{
	begin(SIP_UDP, SIP_TCP, NULL);
	crossing_lab_request(&lab, 1, "INVITE", "");
	cr_expect_gt(txns_counts(lab.t)->bytes, 700);
	crossing_lab_response(&lab, 1, "INVITE", 200);
	cr_expect_lt(txns_counts(lab.t)->bytes, 400);
	end();
}

Test(crossing_bounds, counts_what_happened)
{
	const struct txn_counts *n;
	uint64_t bytes;

	begin(SIP_UDP, SIP_TCP, NULL);
	n = txns_counts(lab.t);
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_request(&lab, 1, "INVITE", "");
	crossing_lab_response(&lab, 1, "INVITE", 100);
	crossing_lab_request(&lab, 1, "CANCEL", "");
	crossing_lab_response(&lab, 1, "CANCEL", 200);
	crossing_lab_response(&lab, 1, "INVITE", 487);
	cr_expect_eq(n->absorbed, 4);
	cr_expect_eq(n->acks, 1);
	cr_expect_eq(n->cancels, 1);
	crossing_lab_run(&lab, lab.now_ms + 1500);
	cr_expect_eq(n->retransmitted, 2);
	bytes = n->bytes;
	crossing_lab_request(&lab, 1, "ACK", "");
	cr_expect_lt(n->bytes, bytes - 100, "the 487 is kept after its ACK");
	cr_expect_eq(crossing_lab_response(&lab, 2, "INVITE", 487), TXN_STRAY);
	cr_expect_eq(n->strays, 1);
	cr_expect_eq(n->timeouts, 0);
	crossing_lab_request(&lab, 3, "INVITE", "");
	crossing_lab_request(&lab, 4, "MESSAGE", "");
	crossing_lab_run(&lab, UINT64_MAX);
	cr_expect_eq(n->timeouts, 3, "B, F and H, not %llu", (unsigned long long)n->timeouts);
	cr_expect_eq(n->begun, 4);
	end();
}

/* Workers are told of transactions that come by UDP, not of others. */
Test(crossing_bounds, holds_what_came_by_udp)
{
	begin(SIP_UDP, SIP_TCP, NULL);
	crossing_lab_request(&lab, 5, "INVITE", "");
	cr_expect_eq(lab.held[5], 1);
	crossing_lab_response(&lab, 5, "INVITE", 180);
	crossing_lab_request(&lab, 5, "CANCEL", "");
	crossing_lab_response(&lab, 5, "INVITE", 487);
	crossing_lab_request(&lab, 5, "ACK", "");
	crossing_lab_run(&lab, lab.now_ms + 6000);
	cr_expect_eq(txns_counts(lab.t)->present, 1, "the CANCEL is still there");
	cr_expect_eq(lab.held[5], 1);
	end();
	begin(SIP_TCP, SIP_UDP, NULL);
	crossing_lab_request(&lab, 5, "INVITE", "");
	cr_expect_eq(lab.held[5], 0);
	end();
}

/* One mistake of the hash table would be a lost or a doubled transaction. */
Test(crossing_bounds, thousands_are_told_apart)
{
	begin(SIP_UDP, SIP_TCP, &(struct txn_bounds){ .count_max = 3000 });
	for (uint32_t i = 0; i < 3000; i++) {
		cr_assert_eq(crossing_lab_request(&lab, i, i & 1 ? "INVITE" : "BYE", ""),
			     TXN_TAKEN);
		lab.now_ms += i & 3;
	}
	for (uint32_t i = 0; i < 3000; i += 3)
		cr_assert_eq(crossing_lab_response(&lab, i, i & 1 ? "INVITE" : "BYE", 200),
			     TXN_TAKEN);
	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(crossing_lab_request(&lab, i, i & 1 ? "INVITE" : "BYE", ""),
			     TXN_ABSORBED);
	end();
}
