/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names that are followed: who watches is told of changes, and only of those; what was known stays
 * while nobody can say something else.
 */
#include "tests/unit/dns_asker.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(dns_watch, .init = asker_set_up, .fini = asker_tear_down);

static struct dns_watch *watch(const char *host, uint16_t port)
{
	struct dns_question q = question(host, port);
	struct dns_watch *w = dns_watch(d, &q, on_answer, NULL);

	cr_assert(w);
	return w;
}

/* Has @w look now, as its timer would. */
static void look(struct dns_watch *w)
{
	event_active(w->timer, EV_TIMEOUT, 0);
	settle();
}

Test(dns_watch, who_watches_a_name_is_told_of_changes_and_only_of_those)
{
	struct dns_watch *w = watch("s.test", 0);

	await(1);
	expect_told(0, "10.0.0.1:5070/udp 10.0.0.2:5071/udp");
	now_ms += 61000;
	look(w);
	cr_expect_eq(told.calls, 1);
	servers[0]->zone = ZONE "b.test A 60 10.0.0.3\n";
	now_ms += 61000;
	look(w);
	cr_expect_eq(told.calls, 2);
	expect_told(0, "10.0.0.1:5070/udp 10.0.0.2:5071/udp 10.0.0.3:5071/udp");
	dns_unwatch(d, w);
	now_ms += 61000;
	turn(20);
	cr_expect_eq(told.calls, 2);
}

Test(dns_watch, a_watched_name_looks_again_when_its_records_are_due)
{
	struct dns_watch *w;
	struct timeval due, now;

	watch("a.test", 5060);
	await(1);
	w = LIST_FIRST(&d->watches);
	cr_assert(event_pending(w->timer, EV_TIMEOUT, &due));
	event_base_gettimeofday_cached(base, &now);
	/* The denial of AAAA ends first: 5 s, less a tenth. */
	cr_expect_leq(due.tv_sec - now.tv_sec, 5);
}

Test(dns_watch, what_was_known_stays_when_resolvers_fail_or_deny_until_it_is_too_old)
{
	struct dns_watch *w = watch("s.test", 0);

	await(1);
	servers[0]->mood = LAB_SILENT;
	now_ms += 61000;
	look(w);
	cr_expect_eq(told.calls, 1);
	servers[0]->mood = LAB_ANSWERS;
	servers[0]->zone = "";
	now_ms += 61000;
	look(w);
	cr_expect_eq(told.calls, 1);
	now_ms += 7200000;
	look(w);
	cr_expect_eq(told.calls, 2);
	expect_told(-ENOENT, "");
	servers[0]->zone = ZONE;
	now_ms += 61000;
	look(w);
	expect_told(0, "10.0.0.1:5070/udp 10.0.0.2:5071/udp");
}

Test(dns_watch, what_has_expired_is_not_taken_for_news)
{
	struct dns_watch *w = watch("s.test", 0);

	await(1);
	servers[0]->mood = LAB_SILENT;
	now_ms += 7000000;
	look(w);
	cr_expect_eq(told.calls, 1, "expired records serve");
	now_ms += 300000;
	look(w);
	await(2);
	expect_told(-ETIMEDOUT, "");
}

Test(dns_watch, a_watched_name_that_was_never_known_is_told_once)
{
	struct dns_watch *w;

	servers[0]->mood = LAB_SILENT;
	w = watch("s.test", 0);
	await(1);
	expect_told(-ETIMEDOUT, "");
	now_ms += 61000;
	look(w);
	cr_expect_eq(told.calls, 1);
}

static void on_end(void *arg, int rc, const struct dns_target *targets, uint32_t n)
{
	struct dns_watch **w = arg;

	on_answer(NULL, rc, targets, n);
	dns_unwatch(d, *w);
}

Test(dns_watch, a_watch_may_end_from_within)
{
	const struct dns_question q = question("s.test", 0);
	struct dns_watch *w = NULL;

	w = dns_watch(d, &q, on_end, &w);
	await(1);
	cr_expect_eq(d->n_watches, 0);
}
