/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prober on a clock of the test, with servers that answer as the rows say: turns, timeouts,
 * retransmissions, matching, and that no target can hold up another.
 */
#include "control/health/probe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MS 1000u
#define SENT_MAX 20000

/* What was sent, in order. */
static struct {
	struct probe_text t;
	uint64_t at;
} sent[SENT_MAX];

static struct probe_result results[SENT_MAX];
static uint64_t result_at[SENT_MAX];
static unsigned int n_sent, n_results;
static uint64_t now_us, seed;
static int source_rc, send_rc;
static enum sip_transport send_by;
static struct sip_msg msg;

static int fake_source(void *arg, const struct endpoint *dst, struct ip *out)
{
	(void)arg;
	*out = dst->ip;
	out->b[15] = 0xfe;
	return source_rc;
}

static int fake_send(void *arg, const struct ip *source, struct probe_text *t)
{
	(void)arg;
	t->local = (struct endpoint){ *source, 40000 };
	t->transport = send_by;
	if (send_rc)
		return send_rc;
	cr_assert(n_sent < SENT_MAX);
	sent[n_sent].t = *t;
	sent[n_sent++].at = now_us;
	return 0;
}

static uint64_t fake_random(void *arg)
{
	(void)arg;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 8;
}

static void on_result(void *arg, const struct probe_result *r)
{
	(void)arg;
	cr_assert(n_results < SENT_MAX);
	result_at[n_results] = now_us;
	results[n_results++] = *r;
}

static struct prober *fresh(void)
{
	const struct probe_io io = { NULL, fake_source, fake_send, fake_random };

	n_sent = n_results = 0;
	now_us = 1000000000;
	seed = 1;
	source_rc = send_rc = 0;
	send_by = SIP_UDP;
	return prober_new(&io, on_result, NULL);
}

static struct endpoint server(uint32_t n)
{
	uint8_t ip4[4] = { 10, 0, (uint8_t)(n >> 8), (uint8_t)n };

	return (struct endpoint){ ip_from_v4(ip4), 5060 };
}

static void add(struct prober *p, uint32_t n, const struct probe_plan *plan)
{
	struct endpoint e = server(n);

	cr_assert_eq(prober_set(p, n, &e, plan, now_us), 0);
}

/* Server answers @t with @status from @from. */
static void answer(struct prober *p, const struct probe_text *t, unsigned int status,
		   const struct endpoint *from)
{
	char text[PROBE_TEXT_MAX + 1], out[2 * PROBE_TEXT_MAX];
	size_t n = probe_text_write(t, text);
	int len;

	text[n] = '\0';
	len = snprintf(out, sizeof(out), "SIP/2.0 %u Any\r\n%s", status, strchr(text, '\n') + 1);
	sip_parse((uint8_t *)out, (size_t)len, SIP_EXACT, &msg);
	prober_answer(p, from, &msg, now_us);
}

/* Runs until @until, when each thing is due; servers for whose number @alive says so answer 200. */
static void run(struct prober *p, uint64_t until, bool (*alive)(uint32_t))
{
	unsigned int seen = n_sent;

	for (;;) {
		uint64_t due = prober_run(p, now_us);

		for (; seen < n_sent; seen++) {
			const struct probe_text t = sent[seen].t;

			if (alive(t.id.target))
				answer(p, &t, 200, &t.remote);
		}
		if (due <= now_us)
			continue;
		if (due > until)
			break;
		now_us = due;
	}
	now_us = until;
}

/* Runs until @n probes are sent. */
static void until_sent(struct prober *p, unsigned int n)
{
	for (;;) {
		uint64_t due = prober_run(p, now_us);

		if (n_sent >= n)
			return;
		now_us = due;
	}
}

static bool all(uint32_t n)
{
	(void)n;
	return true;
}

static bool none(uint32_t n)
{
	(void)n;
	return false;
}

static bool odd(uint32_t n)
{
	return n & 1;
}

static const struct probe_plan second = { .interval_us = 1000 * MS, .timeout_us = 400 * MS };

Test(probe, turns_come_once_per_interval_and_are_evenly_spread)
{
	struct prober *p = fresh();
	unsigned int per_tenth[100] = { 0 }, per_server[1000] = { 0 };
	uint64_t start = now_us;

	for (uint32_t i = 0; i < 1000; i++)
		add(p, i, &second);
	run(p, start + 10000 * MS - 1, all);
	for (unsigned int i = 0; i < n_sent; i++) {
		per_tenth[(sent[i].at - start) / (100 * MS)]++;
		per_server[sent[i].t.id.target]++;
	}
	for (unsigned int i = 0; i < 100; i++)
		cr_expect(per_tenth[i] >= 70 && per_tenth[i] <= 130, "%u in tenth %u", per_tenth[i],
			  i);
	for (unsigned int i = 0; i < 1000; i++)
		cr_expect(per_server[i] >= 9 && per_server[i] <= 11, "%u to %u", per_server[i], i);
	cr_expect(n_sent - n_results == 0);
	prober_free(p);
}

Test(probe, dead_servers_hold_up_nobody)
{
	struct prober *p = fresh();
	uint64_t start = now_us;
	unsigned int good = 0, late = 0;

	for (uint32_t i = 0; i < 200; i++)
		add(p, i, &second);
	run(p, start + 5000 * MS, odd);
	for (unsigned int i = 0; i < n_results; i++) {
		const struct probe_result *r = &results[i];

		cr_expect_eq(r->end, odd(r->target) ? PROBE_ANSWERED : PROBE_TIMEOUT);
		cr_expect(r->latency_us == 0);
		good += odd(r->target);
	}
	/* A timeout comes when it must, the clock of the loop aside. */
	for (unsigned int i = 0; i < n_sent; i++) {
		bool found = odd(sent[i].t.id.target) || sent[i].at + 400 * MS > now_us;

		for (unsigned int k = 0; k < n_results && !found; k++)
			found = results[k].target == sent[i].t.id.target &&
				result_at[k] == sent[i].at + 400 * MS;
		late += !found;
	}
	cr_expect_eq(late, 0);
	cr_expect(good >= 100 * 4 && good <= 100 * 6, "%u", good);
	prober_free(p);
}

Test(probe, requests_are_repeated_as_the_rfc_says)
{
	static const struct probe_plan slow = { .interval_us = 60000 * MS,
						.timeout_us = 12000 * MS };
	static const unsigned int at_ms[] = { 0, 500, 1500, 3500, 7500, 11500 };
	struct prober *p = fresh();

	add(p, 3, &slow);
	run(p, now_us + 30000 * MS, none);
	cr_assert_eq(n_sent, 6);
	for (unsigned int i = 0; i < 6; i++) {
		cr_expect_eq(sent[i].at - sent[0].at, at_ms[i] * MS, "%u", i);
		cr_expect(memcmp(&sent[i].t.id, &sent[0].t.id, sizeof(sent[0].t.id)) == 0);
	}
	cr_assert_eq(n_results, 1);
	cr_expect_eq(result_at[0] - sent[0].at, 12000 * MS);
	prober_free(p);
}

Test(probe, each_probe_is_a_request_of_its_own)
{
	struct prober *p = fresh();

	add(p, 3, &second);
	run(p, now_us + 3000 * MS, all);
	cr_assert(n_sent >= 2);
	cr_expect(sent[0].t.id.branch != sent[1].t.id.branch);
	cr_expect(sent[0].t.id.call != sent[1].t.id.call);
	cr_expect_eq(sent[1].t.id.cseq, sent[0].t.id.cseq + 1);
	prober_free(p);
}

Test(probe, only_a_final_answer_of_the_server_itself_ends_a_probe)
{
	struct prober *p = fresh();
	struct endpoint other = server(4);
	struct probe_text t;

	add(p, 3, &second);
	until_sent(p, 1);
	t = sent[0].t;
	answer(p, &t, 100, &t.remote);
	answer(p, &t, 200, &other);
	other = t.remote;
	other.port++;
	answer(p, &t, 200, &other);
	t.id.call++;
	answer(p, &t, 200, &t.remote);
	cr_assert_eq(n_results, 0);
	t.id.call--;
	now_us += 7 * MS;
	answer(p, &t, 486, &t.remote);
	cr_assert_eq(n_results, 1);
	cr_expect(results[0].end == PROBE_ANSWERED && results[0].code == 486);
	cr_expect_eq(results[0].latency_us, 7 * MS);
	answer(p, &t, 200, &t.remote);
	cr_expect_eq(n_results, 1, "a second answer is none");
	prober_free(p);
}

Test(probe, a_timeout_tells_what_was_wrong_with_what_came)
{
	struct prober *p = fresh();
	struct probe_text t;

	add(p, 3, &second);
	until_sent(p, 1);
	t = sent[0].t;
	t.id.cseq++;
	answer(p, &t, 200, &t.remote);
	now_us += 400 * MS;
	prober_run(p, now_us);
	cr_assert_eq(n_results, 1);
	cr_expect_eq(results[0].end, PROBE_TIMEOUT);
	cr_expect_str_eq(results[0].hint, "wrong CSeq");
	prober_free(p);
}

Test(probe, icmp_errors_end_the_probes_under_way_there_at_once)
{
	struct prober *p = fresh();
	struct endpoint same = server(5), other = server(6);
	struct probe_plan patient = second;

	patient.timeout_us = second.interval_us;
	add(p, 5, &patient);
	add(p, 6, &patient);
	cr_assert_eq(prober_set(p, 7, &same, &patient, now_us), 0);
	until_sent(p, 4); /* the first one twice */
	prober_error(p, &same, ECONNREFUSED);
	cr_assert_eq(n_results, 2);
	for (int i = 0; i < 2; i++)
		cr_expect(results[i].end == PROBE_REFUSED && results[i].error == ECONNREFUSED &&
			  results[i].target != 6);
	prober_error(p, &same, ECONNREFUSED);
	cr_expect_eq(n_results, 2);
	prober_error(p, &other, EHOSTUNREACH);
	cr_expect_eq(n_results, 3);
	prober_free(p);
}

Test(probe, what_cannot_be_sent_has_failed_and_is_tried_again)
{
	struct prober *p = fresh();
	uint64_t start = now_us;

	add(p, 3, &second);
	source_rc = -ENETUNREACH;
	run(p, start + 3000 * MS, all);
	cr_assert(n_results >= 2);
	cr_expect(results[0].end == PROBE_UNSENT && results[0].error == ENETUNREACH);
	source_rc = 0;
	send_rc = -ENOBUFS;
	run(p, start + 6000 * MS, all);
	cr_expect(results[n_results - 1].error == ENOBUFS);
	send_rc = 0;
	run(p, start + 9000 * MS, all);
	cr_expect_eq(results[n_results - 1].end, PROBE_ANSWERED);
	prober_free(p);
}

Test(probe, a_node_without_the_source_does_not_probe_and_blames_nobody)
{
	struct probe_plan plan = second;
	struct prober *p = fresh();
	uint64_t start = now_us;

	plan.source = server(99).ip;
	plan.away = true;
	add(p, 3, &plan);
	run(p, start + 5000 * MS, all);
	cr_expect(n_sent == 0 && n_results == 0);
	plan.away = false;
	send_rc = -EADDRNOTAVAIL; /* gone before anybody noticed */
	run(p, start + 10000 * MS, all);
	cr_expect_eq(n_results, 0);
	send_rc = 0;
	run(p, start + 15000 * MS, all);
	cr_assert(n_sent > 0);
	cr_expect(ip_equal(&sent[0].t.local.ip, &plan.source));
	cr_expect_eq(results[0].end, PROBE_ANSWERED);
	prober_free(p);
}

Test(probe, another_plan_leaves_the_clock_alone_another_address_does_not)
{
	static const struct probe_plan fast = { .interval_us = 200 * MS, .timeout_us = 100 * MS };
	struct prober *p = fresh();
	struct endpoint moved = server(77);
	uint64_t turn;

	add(p, 3, &second);
	turn = prober_run(p, now_us);
	add(p, 3, &second);
	cr_expect_eq(prober_run(p, now_us), turn);
	add(p, 3, &fast);
	cr_expect(prober_run(p, now_us) <= now_us + fast.interval_us);
	now_us = prober_run(p, now_us);
	prober_run(p, now_us);
	cr_assert_eq(n_sent, 1);
	cr_assert_eq(prober_set(p, 3, &moved, &second, now_us), 0);
	answer(p, &sent[0].t, 200, &sent[0].t.remote);
	cr_expect_eq(n_results, 0, "the answer of the old address");
	run(p, now_us + 1000 * MS, all);
	cr_expect(endpoint_equal(&sent[1].t.remote, &moved));
	prober_free(p);
}

Test(probe, targets_come_and_go_in_any_order)
{
	struct prober *p = fresh();
	bool there[300] = { false };
	uint64_t began;

	for (unsigned int i = 0; i < 5000; i++) {
		uint32_t n = (uint32_t)(fake_random(NULL) >> 20) % 300;

		if (there[n])
			prober_drop(p, n);
		else
			add(p, n, &second);
		there[n] = !there[n];
		cr_assert_eq(prober_has(p, n), there[n]);
		run(p, now_us + 3 * MS, odd);
	}
	n_sent = n_results = 0;
	began = now_us;
	run(p, now_us + 2500 * MS, odd);
	for (unsigned int i = 0; i < n_sent; i++)
		cr_expect(there[sent[i].t.id.target]);
	for (unsigned int i = 0; i < n_results; i++) {
		bool in_time = results[i].end == PROBE_ANSWERED || result_at[i] < began + 400 * MS;

		for (unsigned int k = 0; k < n_sent && !in_time; k++)
			in_time = sent[k].t.id.target == results[i].target &&
				  sent[k].at + 400 * MS == result_at[i];
		cr_expect(in_time, "server %u", results[i].target);
	}
	for (uint32_t n = 0; n < 300; n++) {
		unsigned int probes = 0;

		for (unsigned int i = 0; i < n_sent; i++)
			probes += sent[i].t.id.target == n;
		cr_expect_eq(probes > 0, there[n], "server %u", n);
		prober_drop(p, n);
	}
	cr_expect_eq(prober_run(p, now_us), UINT64_MAX);
	prober_free(p);
}

Test(probe, a_stream_repeats_by_itself_and_tells_of_its_failure)
{
	static const struct probe_plan plan = { .interval_us = 20000 * MS,
						.timeout_us = 4000 * MS };
	struct prober *p = fresh();

	send_by = SIP_TCP;
	add(p, 1, &plan);
	now_us = prober_run(p, now_us);
	cr_assert_eq(prober_run(p, now_us), now_us + plan.timeout_us,
		     "nothing is due before the end");
	cr_assert_eq(n_sent, 1);
	sent[0].t.id.branch++;
	prober_failed(p, &sent[0].t.id, ECONNREFUSED);
	cr_expect_eq(n_results, 0, "that was another probe");
	sent[0].t.id.branch--;
	prober_failed(p, &sent[0].t.id, ECONNREFUSED);
	cr_assert_eq(n_results, 1);
	cr_expect_eq(results[0].end, PROBE_REFUSED);
	cr_expect_eq(results[0].error, ECONNREFUSED);
	prober_failed(p, &sent[0].t.id, ECONNREFUSED);
	cr_expect_eq(n_results, 1, "it is over");
	prober_free(p);
}

Test(probe, icmp_errors_are_not_about_probes_by_streams)
{
	struct prober *p = fresh();
	struct endpoint same = server(5);

	send_by = SIP_TCP;
	add(p, 5, &second);
	until_sent(p, 1);
	prober_error(p, &same, ECONNREFUSED);
	cr_expect_eq(n_results, 0);
	answer(p, &sent[0].t, 200, &same);
	cr_assert_eq(n_results, 1);
	cr_expect(results[0].end == PROBE_ANSWERED && results[0].stream);
	prober_free(p);
}

Test(probe, a_stream_that_takes_nothing_is_told_apart_from_a_server_that_refuses)
{
	static const struct {
		int rc;
		enum probe_end end;
	} rows[] = {
		{ -ECONNREFUSED, PROBE_REFUSED }, { -EPROTO, PROBE_REFUSED },
		{ -EHOSTUNREACH, PROBE_REFUSED }, { -ENOBUFS, PROBE_UNSENT },
		{ -ENOMEM, PROBE_UNSENT },        { -EINVAL, PROBE_UNSENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prober *p = fresh();

		send_by = SIP_TLS;
		send_rc = rows[i].rc;
		add(p, 3, &second);
		run(p, now_us + 1000 * MS, none);
		cr_assert(n_results >= 1);
		cr_expect_eq(results[0].end, rows[i].end, "row %zu", i);
		cr_expect_eq(results[0].error, -rows[i].rc, "row %zu", i);
		prober_free(p);
	}
}
