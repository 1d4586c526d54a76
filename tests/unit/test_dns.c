/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names against resolvers that answer, are silent, slow or wrong: what is asked, what is answered,
 * what is remembered. The cache's clock is the test's; only time-outs take real time.
 */
#include "control/config/alloc.h"
#include "tests/unit/dns_asker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

TestSuite(dns, .init = asker_set_up, .fini = asker_tear_down);

Test(dns, what_was_learned_is_not_asked_again_until_its_ttl_ends)
{
	ask("a.test", 5060, 1);
	expect_told(0, "10.0.0.1:5060/udp");
	cr_expect_eq(asked(), 2, "A and AAAA");
	now_ms += 50000;
	ask("a.test", 5062, 2);
	expect_told(0, "10.0.0.1:5062/udp");
	cr_expect_eq(servers[0]->udp, 3, "the denial of AAAA held less long");
	now_ms += 11000;
	servers[0]->zone = "a.test A 60 10.0.0.9";
	ask("a.test", 5060, 3);
	expect_told(0, "10.0.0.9:5060/udp");
}

Test(dns, what_is_used_is_asked_anew_before_it_ends)
{
	uint32_t before;

	ask("a.test", 5060, 1);
	now_ms += 56000;
	servers[0]->zone = "a.test A 60 10.0.0.9";
	before = told.calls;
	ask("a.test", 5060, 2);
	cr_expect_eq(told.calls, before + 1);
	settle();
	ask("a.test", 5060, 3);
	expect_told(0, "10.0.0.9:5060/udp");
	now_ms += 20000;
	before = asked();
	ask("b.test", 5060, 4);
	cr_expect_eq(asked(), before + 2, "the address is valid for a minute more");
}

Test(dns, equal_questions_are_asked_once)
{
	const struct dns_question q = question("s.test", 0);

	for (int i = 0; i < 50; i++)
		dns_ask(d, &q, (uint64_t)i, 0, on_answer, NULL);
	cr_expect_eq(told.calls, 0);
	await(50);
	cr_expect_eq(told.rc, 0);
	cr_expect_eq(asked(), 5, "SRV, and A and AAAA of two hosts");
}

Test(dns, what_does_not_exist_is_remembered)
{
	ask("gone.test", 5060, 1);
	expect_told(-ENOENT, "");
	ask("gone.test", 5060, 2);
	cr_expect_eq(asked(), 2);
	now_ms += 6000;
	ask("gone.test", 5060, 3);
	cr_expect_eq(asked(), 4);
}

Test(dns, expired_records_serve_while_resolvers_are_silent_and_no_longer_than_said)
{
	ask("a.test", 5060, 1);
	servers[0]->mood = LAB_SILENT;
	now_ms += 61000;
	ask("a.test", 5060, 2);
	expect_told(0, "10.0.0.1:5060/udp");
	cr_expect_eq(d->counts.stale, 1);
	cr_expect(dns_down(d));
	now_ms += 6000000;
	ask("a.test", 5060, 3);
	expect_told(0, "10.0.0.1:5060/udp");
	now_ms += 1200000;
	ask("a.test", 5060, 4);
	expect_told(-ETIMEDOUT, "");
	servers[0]->mood = LAB_ANSWERS;
	now_ms += 61000;
	ask("a.test", 5060, 5);
	expect_told(0, "10.0.0.1:5060/udp");
	cr_expect(!dns_down(d));
}

Test(dns, a_failure_is_remembered_for_a_moment)
{
	uint32_t sent;

	servers[0]->mood = LAB_SILENT;
	ask("a.test", 5060, 1);
	expect_told(-ETIMEDOUT, "");
	sent = asked();
	cr_expect_eq(sent, 4, "two tries for each of two types");
	ask("a.test", 5060, 2);
	expect_told(-ETIMEDOUT, "");
	cr_expect_eq(asked(), sent);
	servers[0]->mood = LAB_ANSWERS;
	now_ms += 2001;
	ask("a.test", 5060, 3);
	expect_told(0, "10.0.0.1:5060/udp");
}

Test(dns, who_waits_too_long_is_told_so)
{
	config.dns.timeout = 3000;
	config.dns.wait = 500;
	cr_assert_eq(dns_use_config(d, &config), 0);
	servers[0]->mood = LAB_SILENT;
	ask("a.test", 5060, 1);
	expect_told(-ETIMEDOUT, "");
	cr_expect_eq(d->n_waiting, 0);
}

Test(dns, a_resolver_that_fails_is_replaced_by_the_next)
{
	static const enum lab_mood moods[] = { LAB_SILENT, LAB_SERVFAIL, LAB_NONSENSE };

	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		use_servers(0, 2);
		cr_assert_eq(dns_use_config(d, &config), 0);
		servers[0]->mood = moods[i];
		now_ms += 100000;
		ask("a.test", 5060, 1 + i);
		expect_told(0, "10.0.0.1:5060/udp");
		servers[0]->udp = 0;
		ask("b.test", 5060, 1 + i);
		cr_expect_eq(servers[0]->udp, 0, "mood %zu: it was asked first again", i);
		now_ms += 100000;
	}
}

Test(dns, resolvers_that_make_no_sense_are_a_failure_not_a_denial)
{
	static const enum lab_mood moods[] = { LAB_SERVFAIL, LAB_NONSENSE };

	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		servers[0]->mood = moods[i];
		now_ms += 100000;
		ask("a.test", 5060, 1);
		expect_told(-EIO, "");
	}
}

Test(dns, a_resolver_that_answers_is_not_down_whatever_it_says)
{
	static const enum lab_mood moods[] = { LAB_SERVFAIL, LAB_NONSENSE };

	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		servers[0]->mood = LAB_SILENT;
		now_ms += 100000;
		ask("a.test", 5060, 1);
		cr_expect(dns_down(d));
		servers[0]->mood = moods[i];
		now_ms += 100000;
		ask("a.test", 5060, 1);
		expect_told(-EIO, "");
		cr_expect_not(dns_down(d), "mood %zu", i);
	}
}

Test(dns, an_answer_too_long_for_udp_comes_by_tcp)
{
	/* A connection takes several turns. */
	config.dns.timeout = 60000;
	cr_assert_eq(dns_use_config(d, &config), 0);
	servers[0]->udp_room = 60;
	ask("s.test", 0, 1);
	cr_expect_eq(told.rc, 0);
	cr_expect_eq(servers[0]->tcp, 1, "by tcp: %u", servers[0]->tcp);
}

/* R3263-4 */
Test(dns, transactions_of_before_a_change_keep_their_answer)
{
	ask("a.test", 5060, 1);
	now_ms += 61000;
	servers[0]->zone = "a.test A 60 10.0.0.9";
	ask("a.test", 5060, 2);
	expect_told(0, "10.0.0.9:5060/udp");
	ask("a.test", 5060, 1);
	expect_told(0, "10.0.0.1:5060/udp");
	cr_expect_eq(d->counts.before, 1);
	servers[0]->zone = "";
	now_ms += 61000;
	ask("a.test", 5060, 3);
	expect_told(-ENOENT, "");
	ask("a.test", 5060, 1);
	expect_told(0, "10.0.0.1:5060/udp");
	ask("a.test", 5060, 2);
	expect_told(0, "10.0.0.9:5060/udp");
	now_ms += 200001;
	ask("a.test", 5060, 1);
	expect_told(-ENOENT, "");
}

Test(dns, the_same_key_gets_the_same_server)
{
	char first[2][64];
	bool differ = false;

	for (uint64_t key = 1; key < 20; key++) {
		for (int i = 0; i < 2; i++) {
			ask("s.test", 0, key);
			snprintf(first[i], sizeof(first[i]), "%.17s", told.targets);
		}
		cr_expect_str_eq(first[0], first[1]);
		differ = differ || strcmp(first[0], "10.0.0.1:5070/udp");
	}
	cr_expect(differ, "all keys have the same server");
}

Test(dns, slow_names_do_not_keep_others_from_being_asked)
{
	uint32_t calls;

	config.dns.timeout = 2000;
	config.dns.wait = 60000;
	cr_assert_eq(dns_use_config(d, &config), 0);
	ask("b.test", 5060, 1);
	servers[0]->mood = LAB_SILENT;
	calls = told.calls;
	for (int i = 0; i < 100; i++) {
		struct dns_question q = question("x.slow.test", 5060);

		q.host[0] = (char)('a' + i % 26);
		q.host[1] = i >= 26 ? (char)('a' + i / 26) : '.';
		if (i >= 26)
			snprintf(q.host + 2, sizeof(q.host) - 2, ".slow.test");
		dns_ask(d, &q, 1, 0, on_answer, NULL);
	}
	cr_expect(resolvers_busy(d->resolvers) <= 16, "%u under way", resolvers_busy(d->resolvers));
	cr_expect_geq(told.calls - calls, 92, "only %u were refused", told.calls - calls);
	cr_expect_eq(told.rc, -EBUSY);
	turn(50);
	ask("b.test", 5060, 2);
	expect_told(0, "10.0.0.2:5060/udp");
	servers[0]->mood = LAB_ANSWERS;
	ask("a.test", 5060, 2);
	expect_told(0, "10.0.0.1:5060/udp");
}

Test(dns, a_flood_of_names_leaves_what_is_used_and_stays_within_its_bounds)
{
	config.dns.cache_entries = 100;
	cr_assert_eq(dns_use_config(d, &config), 0);
	ask("a.test", 5060, 1);
	now_ms++;
	ask("a.test", 5060, 1);
	for (int i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "x%d.y%d.test", i, i);
		ask(name, 5060, 1);
		cr_expect_leq(d->cache.n, 100);
	}
	servers[0]->udp = 0;
	ask("a.test", 5060, 1);
	expect_told(0, "10.0.0.1:5060/udp");
	cr_expect_eq(servers[0]->udp, 0);
	cr_expect_gt(d->cache.evicted, 400);
}

Test(dns, who_cancels_is_not_called_and_who_waits_at_the_end_is)
{
	const struct dns_question q = question("a.test", 5060);
	struct dns_ticket *t = dns_ask(d, &q, 1, 0, on_answer, NULL);

	cr_assert(t);
	cr_assert(dns_ask(d, &q, 2, 0, on_answer, NULL));
	dns_cancel(d, t);
	await(1);
	turn(20);
	cr_expect_eq(told.calls, 1);
	servers[0]->mood = LAB_SILENT;
	now_ms += 61000;
	cr_assert(dns_ask(d, &q, 3, 0, on_answer, NULL));
	dns_free(d);
	d = NULL;
	cr_expect_eq(told.calls, 2);
	cr_expect_eq(told.rc, -ECANCELED);
}

Test(dns, questions_under_way_go_to_the_new_resolvers)
{
	const struct dns_question q = question("a.test", 5060);

	config.dns.timeout = 60000;
	servers[0]->mood = LAB_SILENT;
	cr_assert_eq(dns_use_config(d, &config), 0);
	cr_assert(dns_ask(d, &q, 1, 0, on_answer, NULL));
	turn(20);
	use_servers(1, 1);
	cr_assert_eq(dns_use_config(d, &config), 0);
	await(1);
	expect_told(0, "10.0.0.1:5060/udp");
}

Test(dns, a_name_that_is_none_is_refused_without_a_question)
{
	static const char *const names[] = { "", "a..test", "a b.test", "[::1]" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask(names[i], 5060, 1);
		expect_told(-ENOENT, "");
	}
	cr_expect_eq(asked(), 0);
}

Test(dns, a_flush_has_names_asked_for_anew)
{
	ask("a.test", 5060, 1);
	cr_expect_eq(dns_flush(d, "b.test"), 0);
	cr_expect_eq(dns_flush(d, "st"), 0, "a part of a label");
	cr_expect_eq(dns_flush(d, "test"), 2, "names below it");
	cr_expect_eq(dns_flush(d, "a.test"), 2);
	servers[0]->zone = "a.test A 60 10.0.0.9";
	ask("a.test", 5060, 2);
	expect_told(0, "10.0.0.9:5060/udp");
	servers[0]->mood = LAB_SILENT;
	dns_flush(d, NULL);
	ask("a.test", 5060, 3);
	expect_told(0, "10.0.0.9:5060/udp");
}

/* --- memory ------------------------------------------------------------------------------ */

Test(dns, every_lack_of_memory_is_survived)
{
	for (unsigned long n = 1; n < 40; n++) {
		const struct dns_question q = question("s.test", 0);
		uint32_t before = told.calls;
		struct dns_ticket *t;

		dns_free(d);
		alloc_fail_at(0);
		new_dns();
		alloc_fail_at(n);
		t = dns_ask(d, &q, 1, 0, on_answer, NULL);
		if (t)
			await(before + 1);
		cr_expect_eq(told.calls, before + 1);
		alloc_fail_at(0);
	}
}
