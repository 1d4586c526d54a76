/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is counted of servers: real requests and responses through the core, until the sample has
 * some.
 */
#include "bench/lab.h"
#include "dataplane/account.h"
#include "dataplane/proxy/servers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HZ 1000u
#define NOW 5000u

static const struct lab network = {
	.secret = "a secret of the tests",
	.listeners = { { "203.0.113.1:5060", NULL, 0 } },
	.domains = { "example.com" },
	.pools = { { .name = "one", .backends = { { "one", "10.0.0.11:5060", 1 } } } },
	.rules = { { .pool = "one" } },
	.routes = { { "0.0.0.0/0", 0, FIB_UNICAST, NULL } },
};

static struct lab_world lab;
static struct stats *stats;
static struct sip_msg msg;
static struct proxy_out out;

static void setup(void)
{
	static uint64_t table[4096];
	struct endpoint server = lab_endpoint("10.0.0.11:5060");
	uint8_t key[SERVERS_KEY_MAX];
	struct name_entry entries[] = { { key, SERVERS_KEY_MAX, 0 }, { key, 16, 0 } };

	lab_build(&network, &lab);
	servers_key(key, &server);
	lab.world.servers = names_build(table, &lab.world.keys, entries, 2);
	stats = stats_new();
	cr_assert(stats);
}

static void teardown(void)
{
	stats_free(stats);
}

TestSuite(account, .init = setup, .fini = teardown);

/* Runs the message @text from @from; true if it was forwarded. */
static bool run(const char *text, const char *from)
{
	struct proxy_in in = { .src = lab_endpoint(from), .listener = 0 };

	sip_parse((const uint8_t *)text, strlen(text), SIP_EXACT, &msg);
	proxy_message(&lab.world, lab.fib, &in, &msg, &out);
	account(stats, &(struct accounted){ &lab.world, &in.src, &msg, &out, NOW, HZ });
	return out.verdict == PROXY_FORWARD;
}

static const char *request(const char *method, unsigned int n)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "%s sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bK%u\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:a@caller.example>;tag=a\r\n"
		 "To: <sip:bob@example.com>\r\nCall-ID: %u\r\nCSeq: 1 %s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 method, n, n, method);
	return text;
}

/* The response to the request that was run last. */
static const char *response(const char *status, const char *rows, unsigned int n)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %s\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.1:5060;branch=%.*s\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bK%u\r\n"
		 "From: <sip:a@caller.example>;tag=a\r\n"
		 "To: <sip:bob@example.com>;tag=b\r\nCall-ID: %u\r\nCSeq: 1 INVITE\r\n"
		 "%sContent-Length: 0\r\n\r\n",
		 status, BRANCH_LEN, (const char *)out.branch, n, n, rows);
	return text;
}

static uint64_t requests(void)
{
	return stat_get(&stats->server[0].requests);
}

Test(account, one_transaction_in_64_is_sampled_with_its_responses)
{
	unsigned int n = 20000, sampled;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t before = requests(), responses = stat_get(&stats->server[0].responses);
		bool counted;

		cr_assert(run(request("INVITE", i), "203.0.113.40:5060"));
		counted = requests() > before;
		cr_assert(run(response("180 Ringing", "", i), "10.0.0.11:5060"));
		cr_expect_eq(stat_get(&stats->server[0].responses) - responses, counted,
			     "a transaction is sampled as a whole or not at all");
	}
	sampled = (unsigned int)requests();
	cr_expect_gt(sampled, n / ACCOUNT_ONE_IN * 8 / 10, "%u", sampled);
	cr_expect_lt(sampled, n / ACCOUNT_ONE_IN * 12 / 10, "%u", sampled);
	cr_expect_eq(stat_get(&stats->server[0].finals), 0);
}

/* Runs INVITEs until one is sampled; returns its number. */
static unsigned int find_sampled(unsigned int from)
{
	uint64_t before = requests();
	unsigned int i = from;

	for (; requests() == before; i++)
		cr_assert(run(request("INVITE", i), "203.0.113.40:5060"));
	return i - 1;
}

Test(account, cancel_counts_and_ack_does_not)
{
	unsigned int i = find_sampled(0);
	uint64_t before = requests();

	cr_assert(run(request("ACK", i), "203.0.113.40:5060"));
	cr_expect_eq(requests(), before, "an ACK gets no response");
	cr_assert(run(request("CANCEL", i), "203.0.113.40:5060"));
	cr_expect_eq(requests(), before + 1);
}

Test(account, final_responses_count_twice_over)
{
	unsigned int i = find_sampled(0);

	run(response("100 Trying", "", i), "10.0.0.11:5060");
	find_sampled(i);
	run(response("486 Busy Here", "", i), "10.0.0.11:5060");
	cr_expect_eq(stat_get(&stats->server[0].responses), 2);
	cr_expect_eq(stat_get(&stats->server[0].finals), 1);
}

Test(account, a_server_that_answers_from_another_port_is_known_by_its_address)
{
	unsigned int i = find_sampled(0);

	cr_assert(run(response("200 OK", "", i), "10.0.0.11:40000"));
	cr_expect_eq(stat_get(&stats->server[0].finals), 1);
}

Test(account, responses_of_others_and_forged_ones_are_nobodys)
{
	unsigned int i = find_sampled(0);
	char *forged;

	cr_assert(run(response("503 No", "", i), "10.0.0.99:5060"));
	forged = strdup(response("503 No", "", i));
	strstr(forged, "branch=z9hG4bK")[20] ^= 1;
	cr_assert_not(run(forged, "10.0.0.11:5060"));
	cr_expect_eq(stat_get(&stats->server[0].errors), 0);
	cr_expect_eq(stat_get(&stats->server[0].responses), 0);
	free(forged);
}

Test(account, every_5xx_counts_sampled_or_not)
{
	static const struct {
		const char *status;
		unsigned int errors;
	} rows[] = { { "200 OK", 0 },      { "404 Not Found", 0 }, { "499 Odd", 0 },
		     { "500 Failure", 1 }, { "503 Busy", 1 },      { "599 Odd", 1 },
		     { "600 Busy", 0 },    { "603 Decline", 0 } };

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = stat_get(&stats->server[0].errors);

		cr_assert(run(request("INVITE", i), "203.0.113.40:5060"));
		cr_assert(run(response(rows[i].status, "", i), "10.0.0.11:5060"));
		cr_expect_eq(stat_get(&stats->server[0].errors) - before, rows[i].errors, "%s",
			     rows[i].status);
	}
}

Test(account, every_request_to_a_server_counts_while_one_drains)
{
	for (unsigned int drains = 0; drains < 2; drains++) {
		lab.world.drains = drains;
		for (unsigned int i = 0; i < 10; i++) {
			cr_assert(run(request(i % 2 ? "INVITE" : "ACK", i), "203.0.113.40:5060"));
			cr_assert(run(response("200 OK", "", i), "10.0.0.11:5060"));
		}
		cr_expect_eq(stat_get(&stats->server[0].in_drains), drains * 10);
	}
}

Test(account, retry_after_says_until_when)
{
	static const struct {
		const char *status, *rows;
		uint64_t seconds; /* 0 = not counted */
	} rows[] = {
		{ "503 Busy", "", 0 },
		{ "503 Busy", "Retry-After: 30\r\n", 30 },
		{ "503 Busy", "retry-after:5 (maintenance);duration=3600\r\n", 5 },
		{ "503 Busy", "Retry-After: 18000;duration=3600\r\n", 18000 },
		{ "503 Busy", "Retry-After: 99999999999999999999\r\n", ACCOUNT_REST_MAX_S },
		{ "503 Busy", "Retry-After: 0\r\n", 0 },
		{ "503 Busy", "Retry-After: soon\r\n", 0 },
		{ "503 Busy", "Retry-After:\r\n", 0 },
		{ "500 Failure", "Retry-After: 30\r\n", 0 },
		{ "486 Busy", "Retry-After: 30\r\n", 0 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stats_server *s = &stats->server[0];

		atomic_store(&s->rest_until, 0);
		atomic_store(&s->retry_after, 0);
		cr_assert(run(request("INVITE", i), "203.0.113.40:5060"));
		cr_assert(run(response(rows[i].status, rows[i].rows, i), "10.0.0.11:5060"));
		cr_expect_eq(stat_get(&s->retry_after), rows[i].seconds != 0, "%s%s",
			     rows[i].status, rows[i].rows);
		cr_expect_eq(stat_get(&s->rest_until),
			     rows[i].seconds ? NOW + rows[i].seconds * HZ : 0, "%s%s",
			     rows[i].status, rows[i].rows);
	}
}

Test(account, messages_are_counted_by_method_and_class)
{
	static const struct {
		const char *text;
		int method, class; /* -1 = not counted there */
	} rows[] = {
		{ "INVITE sip:a@b SIP/2.0\r\n\r\n", SIP_M_INVITE, -1 },
		{ "REGISTER sip:b SIP/2.0\r\n\r\n", SIP_M_REGISTER, -1 },
		{ "XYZ sip:a@b SIP/2.0\r\n\r\n", SIP_M_OTHER, -1 },
		{ "SIP/2.0 100 Trying\r\n\r\n", -1, 1 },
		{ "SIP/2.0 699 Odd\r\n\r\n", -1, 6 },
		{ "SIP/2.0 700 Odd\r\n\r\n", -1, 0 },
		{ "\r\n\r\n", -1, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stats *s = stats_new();

		sip_parse((const uint8_t *)rows[i].text, strlen(rows[i].text), SIP_EXACT, &msg);
		account_received(s, &msg);
		for (int k = 0; k < SIP_N_METHODS; k++)
			cr_expect_eq(stat_get(&s->requests[k]), k == rows[i].method, "%s: %d",
				     rows[i].text, k);
		for (int k = 0; k < STATS_CLASSES; k++)
			cr_expect_eq(stat_get(&s->responses[k]), k == rows[i].class, "%s: %d",
				     rows[i].text, k);
		cr_expect_eq(stat_get(&s->c[C_RX_REQUESTS]), rows[i].method >= 0);
		cr_expect_eq(stat_get(&s->c[C_RX_RESPONSES]), rows[i].class >= 0);
		stats_free(s);
	}
}
