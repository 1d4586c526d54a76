/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cache of names by itself: bounds, what gives way, what of before is kept, sweeping.
 */
#include "control/config/alloc.h"
#include "control/dns/dns_asked.h"
#include "control/dns/dns_cache.h"
#include "tests/unit/dns_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct dns_cache c;

static void set_up(void)
{
	const struct dns_cache_limits limits = { .entries_most = 100,
						 .bytes_most = 1 << 20,
						 .ttl_min_ms = 1000,
						 .ttl_max_ms = 3600000,
						 .stale_ms = 10000,
						 .window_ms = 5000 };

	cr_assert_eq(dns_cache_init(&c, &limits, 42), 0);
}

static void tear_down(void)
{
	dns_cache_free(&c);
	cr_expect_eq(mem_live(), 0);
}

TestSuite(dns_cache, .init = set_up, .fini = tear_down);

/* Learns "a.test A TTL ADDRESS" at @now. */
static struct dns_entry *learn(const char *name, const char *rest, uint64_t now)
{
	struct dns_entry *e = dns_cache_find(&c, DNS_A, name);
	struct dns_answer_records records;
	char zone[LAB_LINE];

	c.turn++;
	e = e ? e : dns_cache_add(&c, DNS_A, name);
	cr_assert(e);
	snprintf(zone, sizeof(zone), "%s %s", name, rest);
	lab_records(zone, DNS_A, name, &records);
	e->fetching = true;
	cr_assert_eq(dns_cache_learn(&c, e, &records, now), 0);
	e->fetching = false;
	return e;
}

static unsigned int last_byte(const struct dns_entry *e, uint64_t at, uint64_t now)
{
	bool old = false;
	const struct dns_rrset *set = dns_cache_at(&c, e, at, now, &old);

	return set && set->n ? set->v[0].ip.b[15] : 0;
}

Test(dns_cache, times_follow_from_the_ttl_within_its_bounds)
{
	static const struct {
		const char *rest;
		uint64_t due, expires;
	} rows[] = {
		{ "A 100 10.0.0.1", 90000, 100000 },
		{ "A 0 10.0.0.1", 900, 1000 },
		{ "A 999999 10.0.0.1", 3240000, 3600000 },
		{ "AAAA 100 fd00::1", 4500, 5000 }, /* no such record, and no SOA */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dns_entry *e = learn("a.test", rows[i].rest, 1000);

		cr_expect_eq(e->due_ms, 1000 + rows[i].due, "row %zu", i);
		cr_expect_eq(e->expires_ms, 1000 + rows[i].expires, "row %zu", i);
		cr_expect_eq(e->stale_until_ms, e->expires_ms + 10000, "row %zu", i);
	}
}

Test(dns_cache, records_of_before_are_known_for_the_window)
{
	struct dns_entry *e = learn("a.test", "A 1 10.0.0.1", 1000);

	learn("a.test", "A 1 10.0.0.1", 2000);
	cr_expect_eq(e->n_old, 0, "the same again");
	learn("a.test", "A 1 10.0.0.2", 3000);
	learn("a.test", "A 1 10.0.0.3", 4000);
	cr_expect_eq(last_byte(e, 0, 4000), 3);
	cr_expect_eq(last_byte(e, 1500, 4000), 1);
	cr_expect_eq(last_byte(e, 2999, 4000), 1);
	cr_expect_eq(last_byte(e, 3000, 4000), 2);
	cr_expect_eq(last_byte(e, 4000, 4000), 3);
	cr_expect_eq(last_byte(e, 1500, 7999), 1);
	cr_expect_eq(last_byte(e, 1500, 8000), 2, "the first change is too long ago");
	for (uint64_t i = 0; i < 20; i++) {
		char rest[32];

		snprintf(rest, sizeof(rest), "A 1 10.0.1.%u", (unsigned int)i);
		learn("a.test", rest, 8000 + i);
		cr_expect_leq(e->n_old, DNS_OLDS_MAX);
	}
}

Test(dns_cache, what_was_used_once_gives_way_first)
{
	char name[32];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "again%d.test", i);
		dns_cache_again(&c, learn(name, "A 10.0.0.1", 1000));
	}
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "once%d.test", i);
		learn(name, "A 10.0.0.1", 1000);
		cr_expect_leq(c.n, 100);
	}
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "again%d.test", i);
		cr_expect(dns_cache_find(&c, DNS_A, name), "%s is gone", name);
	}
	cr_expect(dns_cache_find(&c, DNS_A, "once499.test"));
	cr_expect(!dns_cache_find(&c, DNS_A, "once0.test"));
}

Test(dns_cache, bytes_are_bounded_too_and_counted_exactly)
{
	uint64_t sum = 0;
	struct dns_entry *e;
	char name[32];

	c.limits.bytes_most = 8000;
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof(name), "a%d.test", i);
		e = learn(name, "A 10.0.0.1", 1000);
		learn(name, "A 10.0.0.2", 1001 + (uint64_t)i);
		cr_expect_leq(c.bytes, 8000);
		c.turn++;
	}
	cr_expect_gt(c.evicted, 0);
	for (uint32_t i = 0; i < c.n_buckets; i++) {
		LIST_FOREACH(e, &c.buckets[i], hashed) {
			sum += e->bytes;
		}
	}
	cr_expect_eq(sum, c.bytes);
}

Test(dns_cache, what_is_being_asked_for_or_read_stays)
{
	struct dns_entry *first;
	char name[32];

	c.turn++;
	first = dns_cache_add(&c, DNS_A, "first.test");
	first->fetching = true;
	for (int i = 0; i < 99; i++) {
		snprintf(name, sizeof(name), "a%d.test", i);
		cr_assert(dns_cache_add(&c, DNS_A, name));
	}
	cr_expect(!dns_cache_add(&c, DNS_A, "more.test"), "all others are in use");
	c.turn++;
	cr_expect(dns_cache_add(&c, DNS_A, "more.test"));
	cr_expect_eq(dns_cache_find(&c, DNS_A, "first.test"), first);
}

Test(dns_cache, a_sweep_takes_what_nobody_may_use)
{
	learn("a.test", "A 1 10.0.0.1", 1000);
	learn("b.test", "A 60 10.0.0.1", 1000);
	for (int i = 0; i < 16; i++)
		dns_cache_sweep(&c, 11999);
	cr_expect_eq(c.n, 2);
	for (int i = 0; i < 16; i++)
		dns_cache_sweep(&c, 12001);
	cr_expect_eq(c.n, 1);
	cr_expect(dns_cache_find(&c, DNS_A, "b.test"));
}

Test(dns_cache, failures_wait_longer_each_time)
{
	struct dns_entry *e = dns_cache_add(&c, DNS_A, "a.test");
	uint64_t last = 0;

	for (int i = 0; i < 12; i++) {
		dns_cache_fail(e, -5, 1000);
		cr_expect_geq(e->retry_ms - 1000, last);
		last = e->retry_ms - 1000;
	}
	cr_expect_eq(last, 60000);
	learn("a.test", "A 10.0.0.1", 2000);
	cr_expect_eq(e->retry_ms, 0);
	cr_expect_eq(e->failures, 0);
}

Test(dns_asked, the_first_time_counts_until_the_window_has_passed)
{
	struct dns_asked *a = mem_alloc(sizeof(*a));

	cr_assert(a);
	dns_asked_note(a, 7, 1, 1000);
	dns_asked_note(a, 7, 1, 2000);
	cr_expect_eq(dns_asked_at(a, 7, 1), 1000);
	cr_expect_eq(dns_asked_at(a, 7, 1001), 0);
	dns_asked_note(a, 7, 1001, 3000);
	cr_expect_eq(dns_asked_at(a, 7, 1001), 3000);
	for (uint64_t i = 1; i <= DNS_ASKED_WAYS; i++)
		dns_asked_note(a, 7 + i * DNS_ASKED_SETS, 1, 3000 + i);
	cr_expect_eq(dns_asked_at(a, 7, 1), 0, "the oldest gives way");
	cr_expect_eq(dns_asked_at(a, 7 + DNS_ASKED_SETS, 1), 3001);
	mem_free(a);
}
