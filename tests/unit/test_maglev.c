/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maglev tables: shares, spread of real keys, and what moves when a server leaves, joins or changes
 * weight.
 */
#include "dataplane/proxy/key.h"
#include "dataplane/proxy/maglev.h"
#include "tests/unit/growth.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define SERVERS_MAX 512
#define KEYS 1000000

static struct keys keys;
static uint16_t table[1000003], other[1000003];

static void setup(void)
{
	cr_assert_eq(keys_derive("maglev tests, secret", 20, &keys), 0);
}

TestSuite(maglev, .init = setup);

/* Servers named core0 ... of the weights at @weights, repeated after @n_weights. */
static void make_servers(struct maglev_server *s, uint32_t n, const uint32_t *weights,
			 uint32_t n_weights)
{
	char name[32];

	for (uint32_t i = 0; i < n; i++) {
		int len = snprintf(name, sizeof(name), "core%u", i);

		s[i].id = maglev_id(&keys, name, (size_t)len);
		s[i].weight = weights[i % n_weights];
		s[i].index = (uint16_t)i;
	}
}

static void build(uint16_t *out, uint32_t size, const struct maglev_server *s, uint32_t n)
{
	void *scratch = malloc(maglev_scratch(n));

	maglev_build(out, size, s, n, scratch);
	free(scratch);
}

/* Slots of each server; fails on an entry that is no server. */
static void count_slots(const uint16_t *t, uint32_t size, uint32_t *slots, uint32_t n)
{
	memset(slots, 0, n * sizeof(*slots));
	for (uint32_t i = 0; i < size; i++) {
		cr_assert_lt(t[i], n);
		slots[t[i]]++;
	}
}

static double weight_sum(const struct maglev_server *s, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += s[i].weight;
	return sum;
}

static double distance(double a, double b)
{
	return a < b ? b - a : a - b;
}

/* True if @a and @b differ by at most @slack and five standard deviations of this variance. */
static bool near(double a, double b, double slack, double variance)
{
	double beyond = distance(a, b) - slack;

	return beyond <= 0 || beyond * beyond <= 25 * variance;
}

static const struct {
	uint32_t n, n_weights, weights[8];
} weight_sets[] = {
	{ 1, 1, { 1 } },
	{ 2, 1, { 1 } },
	{ 3, 1, { 7 } },
	{ 7, 1, { 1 } },
	{ 50, 1, { 1 } },
	{ 200, 1, { 100 } },
	{ 4, 4, { 1, 2, 5, 100 } },
	{ 3, 3, { 1, 0, 3 } },
	{ 16, 4, { 1, 2, 5, 100 } },
	{ 40, 2, { 10, 15 } },
	{ 5, 5, { 3, 7, 11, 13, 17 } },
	{ 2, 2, { 1, 999 } },
	{ 2, 2, { 4000000000, 4294967295 } },
	{ 8, 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ 6, 3, { 0, 1, 0 } },
};

Test(maglev, every_share_of_slots_is_within_1_percent_of_the_weight)
{
	struct maglev_server s[SERVERS_MAX];
	uint32_t slots[SERVERS_MAX];

	for (size_t set = 0; set < sizeof(weight_sets) / sizeof(weight_sets[0]); set++) {
		uint32_t n = weight_sets[set].n;

		make_servers(s, n, weight_sets[set].weights, weight_sets[set].n_weights);
		build(table, MAGLEV_SIZE, s, n);
		count_slots(table, MAGLEV_SIZE, slots, n);
		for (uint32_t i = 0; i < n; i++) {
			double want = MAGLEV_SIZE * (double)s[i].weight / weight_sum(s, n);

			/* One slot is more than 1 % of a share below 100 slots (weight 1 of 1000).
			 */
			cr_assert_leq(distance(slots[i], want), want < 100 ? 1 : 0.01 * want,
				      "set %zu server %u: %u of %.1f slots", set, i, slots[i],
				      want);
		}
	}
}

Test(maglev, without_weights_no_slot_has_a_server)
{
	static const uint32_t none[] = { 0 };
	struct maglev_server s[4];

	make_servers(s, 4, none, 1);
	build(table, 251, s, 4);
	for (uint32_t i = 0; i < 251; i++)
		cr_assert_eq(table[i], MAGLEV_NONE);
	build(table, 251, s, 0);
	for (uint32_t i = 0; i < 251; i++)
		cr_assert_eq(table[i], MAGLEV_NONE);
}

Test(maglev, the_order_of_the_servers_does_not_matter)
{
	static const uint32_t weights[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
	struct maglev_server s[60], swap;

	make_servers(s, 60, weights, 8);
	build(table, MAGLEV_SIZE, s, 60);
	for (uint32_t i = 0; i < 60; i++) {
		uint32_t j = i * 31 % 60;

		swap = s[i];
		s[i] = s[j];
		s[j] = swap;
	}
	build(other, MAGLEV_SIZE, s, 60);
	cr_assert_eq(memcmp(table, other, MAGLEV_SIZE * sizeof(*table)), 0);
}

Test(maglev, weights_count_by_their_ratio)
{
	static const uint32_t small[] = { 1, 2, 5 }, large[] = { 300, 600, 1500 };
	struct maglev_server s[30];

	make_servers(s, 30, small, 3);
	build(table, MAGLEV_SIZE, s, 30);
	make_servers(s, 30, large, 3);
	build(other, MAGLEV_SIZE, s, 30);
	cr_assert_eq(memcmp(table, other, MAGLEV_SIZE * sizeof(*table)), 0);
}

/* Share of all slots, in percent, that go to another server though the @gone one did not have them.
 */
static double moved_without_need(uint32_t size, uint16_t gone)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < size; i++)
		moved += table[i] != other[i] && table[i] != gone;
	return 100.0 * moved / size;
}

/* Builds into other without server @gone. */
static void build_without(const struct maglev_server *s, uint32_t n, uint32_t gone)
{
	struct maglev_server left[SERVERS_MAX];
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (i != gone)
			left[k++] = s[i];
	}
	build(other, MAGLEV_SIZE, left, k);
	for (uint32_t i = 0; i < MAGLEV_SIZE; i++)
		cr_assert_neq(other[i], gone);
}

Test(maglev, a_server_that_leaves_moves_at_most_1_percent_of_other_slots_for_2_to_200_servers)
{
	static const uint32_t even[] = { 1 };
	struct maglev_server s[SERVERS_MAX];

	for (uint32_t n = 2; n <= 200; n += n < 10 ? 1 : n < 60 ? 7 : 13) {
		make_servers(s, n, even, 1);
		build(table, MAGLEV_SIZE, s, n);
		for (uint32_t gone = n % 3; gone < n; gone += 1 + n / 6) {
			build_without(s, n, gone);
			cr_assert_leq(moved_without_need(MAGLEV_SIZE, (uint16_t)gone), 1.0,
				      "%u of %u", gone, n);
		}
	}
	make_servers(s, 200, even, 1);
	build(table, MAGLEV_SIZE, s, 200);
	for (uint32_t gone = 0; gone < 200; gone += 3) {
		build_without(s, 200, gone);
		cr_assert_leq(moved_without_need(MAGLEV_SIZE, (uint16_t)gone), 1.0, "%u of 200",
			      gone);
	}
}

Test(maglev, a_server_that_leaves_moves_little_whatever_the_weights)
{
	static const uint32_t weights[] = { 1, 2, 5, 100, 3, 50 };
	struct maglev_server s[SERVERS_MAX];

	for (uint32_t n = 2; n <= 60; n += 4) {
		make_servers(s, n, weights, 6);
		build(table, MAGLEV_SIZE, s, n);
		for (uint32_t gone = 0; gone < n && gone < 6; gone++) {
			build_without(s, n, gone);
			cr_assert_leq(moved_without_need(MAGLEV_SIZE, (uint16_t)gone), 1.0,
				      "%u of %u", gone, n);
		}
	}
}

Test(maglev, with_two_servers_the_one_that_stays_keeps_all_it_had)
{
	static const uint32_t weights[] = { 2, 3 };
	struct maglev_server s[2];

	make_servers(s, 2, weights, 2);
	build(table, MAGLEV_SIZE, s, 2);
	build_without(s, 2, 0);
	cr_assert_eq(moved_without_need(MAGLEV_SIZE, 0), 0.0);
}

/* --- spread of Call-IDs, by the parser, the key and the table together --- */

static uint64_t random_next(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Call-IDs as they are seen: random ones of Linphone and Asterisk, counters of SIPp, Cisco and
 * switches. */
static int call_id_random(char *out, size_t n, uint32_t i)
{
	(void)i;
	return snprintf(out, n, "%016llx%016llx", (unsigned long long)random_next(),
			(unsigned long long)random_next());
}

static int call_id_counter(char *out, size_t n, uint32_t i)
{
	return snprintf(out, n, "%08x-%u@10.0.0.1", i, i % 4);
}

static int call_id_sipp(char *out, size_t n, uint32_t i)
{
	return snprintf(out, n, "%u-28471@192.0.2.77", i);
}

static int call_id_asterisk(char *out, size_t n, uint32_t i)
{
	return snprintf(out, n, "%08x%08x%08x%08x@198.51.100.7:5060", 0x3c2676a1 + i, i * 3,
			0x51f1e0e3, 0x2f3f2b11);
}

static int call_id_cisco(char *out, size_t n, uint32_t i)
{
	return snprintf(out, n, "%08X-%04X11EE-%04X%04X-C9A9A9A9@203.0.113.9", 0x5A000000 + i * 16,
			i >> 16, 0x8000 + i % 7, i & 0xffff);
}

static int call_id_long(char *out, size_t n, uint32_t i)
{
	return snprintf(out, n,
			"a-very-long-prefix-that-all-the-calls-of-one-switch-have-in-common.%010u"
			"@one.and.the.same.host.name.in.the.core.of.the.carrier.example.com",
			i);
}

typedef int call_id_maker(char *out, size_t n, uint32_t i);

static uint64_t hash_of_call_id(struct sip_msg *m, const char *id, int n)
{
	static const char head[] =
		"OPTIONS sip:a.example SIP/2.0\r\nVia: SIP/2.0/UDP b.example;branch=z9hG4bKx\r\n"
		"From: <sip:c@b.example>;tag=1\r\nTo: <sip:a.example>\r\nCSeq: 1 "
		"OPTIONS\r\nCall-ID: ";
	static char text[1024];
	struct key_spec spec = { .kind = KEY_CALL_ID };
	struct ip src = { { 0 } };

	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + sizeof(head) - 1, id, (size_t)n);
	memcpy(text + sizeof(head) - 1 + n, "\r\n\r\n", 4);
	cr_assert_eq(
		sip_parse((const uint8_t *)text, sizeof(head) - 1 + (size_t)n + 4, SIP_EXACT, m),
		SIP_OK);
	return key_hash(&keys, &spec, m, &src);
}

static uint64_t hashes[KEYS];

/*
 * hashes, of Call-IDs of one style, over the @n servers of table. Bounds: each server's share of
 * all calls is within 1 % (of all calls) of its weight's share; where a server should get 10,000
 * calls or more, also within 1 % of its own share plus five standard deviations of fair dice; and
 * chi-square against the slots is within five standard deviations of its mean, so no pattern of the
 * Call-IDs shows in the servers.
 */
static void check_spread(const char *style, const struct maglev_server *s, uint32_t n)
{
	static uint32_t got[SERVERS_MAX], slots[SERVERS_MAX];
	double chi_square = 0, sum = weight_sum(s, n);

	memset(got, 0, sizeof(got));
	count_slots(table, MAGLEV_SIZE, slots, n);
	for (uint32_t i = 0; i < KEYS; i++)
		got[table[maglev_slot(hashes[i], MAGLEV_SIZE)]]++;
	for (uint32_t i = 0; i < n; i++) {
		double want = KEYS * (double)slots[i] / MAGLEV_SIZE;
		double share = s[i].weight / sum;

		cr_assert_leq(distance((double)got[i] / KEYS, share), 0.01, "%s: server %u of %u",
			      style, i, n);
		if (share >= 0.01)
			cr_assert(near(got[i], KEYS * share, 0.01 * KEYS * share, KEYS * share),
				  "%s: server %u of %u got %u", style, i, n, got[i]);
		chi_square += (got[i] - want) * (got[i] - want) / want;
	}
	cr_assert(near(chi_square, n - 1, 1, 2.0 * (n - 1)), "%s: chi-square %.1f of %u servers",
		  style, chi_square, n);
}

static void check_style(call_id_maker *make, const char *style)
{
	static const uint32_t weights[] = { 1, 2, 5, 100 }, even[] = { 1 };
	static struct sip_msg m;
	struct maglev_server s[SERVERS_MAX];
	char id[256];

	for (uint32_t i = 0; i < KEYS; i++)
		hashes[i] = hash_of_call_id(&m, id, make(id, sizeof(id), i));
	make_servers(s, 4, weights, 4);
	build(table, MAGLEV_SIZE, s, 4);
	check_spread(style, s, 4);
	make_servers(s, 200, even, 1);
	build(table, MAGLEV_SIZE, s, 200);
	check_spread(style, s, 200);
}

Test(maglev, a_million_random_call_ids_spread_by_weight)
{
	check_style(call_id_random, "random");
}

Test(maglev, a_million_sequential_call_ids_spread_by_weight)
{
	check_style(call_id_counter, "counter");
	check_style(call_id_sipp, "sipp");
}

Test(maglev, a_million_call_ids_of_asterisk_and_cisco_spread_by_weight)
{
	check_style(call_id_asterisk, "asterisk");
	check_style(call_id_cisco, "cisco");
}

Test(maglev, a_million_long_call_ids_spread_by_weight)
{
	check_style(call_id_long, "long");
}

/* --- the rest --- */

Test(maglev, sizes_are_primes_between_251_and_1000003)
{
	static const struct {
		uint32_t n;
		bool ok;
	} rows[] = {
		{ 0, false },    { 2, false },      { 241, false },    { 251, true },
		{ 253, false },  { 4093, true },    { 65536, false },  { 65537, true },
		{ 65539, true }, { 994009, false }, { 1000003, true }, { 1000033, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(maglev_size_ok(rows[i].n), rows[i].ok, "%u", rows[i].n);
}

Test(maglev, slots_cover_the_table_and_nothing_else)
{
	static const uint32_t sizes[] = { 251, 65537, 1000003 };

	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(maglev_slot(0, sizes[i]), 0);
		cr_assert_eq(maglev_slot(UINT64_MAX, sizes[i]), sizes[i] - 1);
		cr_assert_eq(maglev_slot(UINT64_C(1) << 63, sizes[i]), sizes[i] / 2);
	}
}

Test(maglev, names_and_keys_both_make_the_identity)
{
	struct keys k2;
	uint64_t id = maglev_id(&keys, "core1", 5);

	cr_assert_eq(keys_derive("another secret here", 19, &k2), 0);
	cr_assert_eq(id, maglev_id(&keys, "core1x", 5));
	cr_assert_neq(id, maglev_id(&keys, "core2", 5));
	cr_assert_neq(id, maglev_id(&keys, "core1", 4));
	cr_assert_neq(id, maglev_id(&k2, "core1", 5));
}

Test(maglev, ten_thousand_servers_fit_the_largest_and_the_usual_table)
{
	static const uint32_t weights[] = { 1, 3 };
	static struct maglev_server s[10000];
	static uint32_t slots[10000];

	make_servers(s, 10000, weights, 2);
	build(table, MAGLEV_SIZE, s, 10000);
	build(table, 1000003, s, 10000);
	count_slots(table, 1000003, slots, 10000);
	for (uint32_t i = 0; i < 10000; i++)
		cr_assert_leq(distance(slots[i], 50.00015 * s[i].weight), 1.0);
}

static void build_largest(void *n)
{
	static const uint32_t weights[] = { 1, 3 };
	static struct maglev_server s[10000];

	make_servers(s, *(uint32_t *)n, weights, 2);
	build(table, 1000003, s, *(uint32_t *)n);
}

/* Each slot costs a look at a heap of them, and how often a slot is taken already depends little on
 * how many servers there are. */
Test(maglev, a_hundred_times_as_many_servers_take_not_much_longer)
{
	uint32_t many = 10000, some = 100;
	double s = growth_seconds(build_largest, &many);
	double most = 10 * growth_seconds(build_largest, &some);

	cr_expect_leq(s, most, "%f s, of %f", s, most);
}

Test(maglev, two_servers_of_one_name_still_fill_the_table_the_same_way)
{
	struct maglev_server s[2] = { { .id = 5, .weight = 1, .index = 1 },
				      { .id = 5, .weight = 1, .index = 0 } };
	struct maglev_server t[2] = { s[1], s[0] };
	uint32_t slots[2];

	build(table, 251, s, 2);
	build(other, 251, t, 2);
	cr_assert_eq(memcmp(table, other, 251 * sizeof(*table)), 0);
	count_slots(table, 251, slots, 2);
	cr_assert_leq(abs((int)slots[0] - (int)slots[1]), 1);
}

/* A fleet of mixed versions must agree, so the tables may never change. */
Test(maglev, the_table_is_the_one_that_running_fleets_use)
{
	static const uint16_t first[16] = { 0, 0, 2, 2, 1, 0, 1, 1, 1, 1, 1, 1, 2, 1, 1, 0 };
	const struct maglev_server servers[3] = { { maglev_id(&keys, "one", 3), 1, 0 },
						  { maglev_id(&keys, "two", 3), 2, 1 },
						  { maglev_id(&keys, "three", 5), 1, 2 } };
	struct maglev_server scratch[32];
	uint64_t sum = 0;

	cr_assert_leq(maglev_scratch(3), sizeof(scratch));
	cr_assert_eq(servers[0].id, 0xba8b63c844e6e2c1);
	maglev_build(table, 251, servers, 3, scratch);
	for (unsigned int i = 0; i < 251; i++)
		sum = sum * 31 + table[i];
	cr_assert_arr_eq(table, first, sizeof(first));
	cr_assert_eq(sum, 0xd51befda3e6d47c4);
}
