/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour table: against a list, under random additions and removals.
 */
#include "control/config/alloc.h"
#include "control/network/neighbors.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct net_neighbor neighbor(uint32_t number, uint8_t mac)
{
	struct net_neighbor n = { .index = 1 + (int)(number % 3), .usable = true };

	n.ip = ip_from_v4((uint8_t[]){ 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
				       (uint8_t)number });
	n.mac[5] = mac;
	return n;
}

/* The same, to be passed on at once. */
static const struct net_neighbor *at(uint32_t number)
{
	static struct net_neighbor n;

	n = neighbor(number, 1);
	return &n;
}

static uint32_t random_below(uint32_t n)
{
	static uint64_t state = 0x123456789abcdef;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

Test(neighbors, only_what_workers_need_to_know_is_a_change)
{
	struct net_neighbor n = neighbor(1, 7);
	struct neighbors t;

	neighbors_init(&t, 1);
	cr_expect_eq(neighbors_update(&t, &n), 1, "new");
	cr_expect_eq(neighbors_update(&t, &n), 0, "the same");
	n.stale = true;
	cr_expect_eq(neighbors_update(&t, &n), 0, "older, but where it was");
	n.mac[0] = 2;
	cr_expect_eq(neighbors_update(&t, &n), 1, "another card");
	n.usable = false;
	cr_expect_eq(neighbors_update(&t, &n), 1, "gone");
	cr_expect_eq(neighbors_update(&t, &n), 0, "still gone");
	cr_expect_eq(t.n, 0);
	neighbors_free(&t);
}

Test(neighbors, the_same_address_on_two_links_is_two_neighbours)
{
	struct net_neighbor a = neighbor(1, 7), b = a;
	struct neighbors t;

	b.index = 9;
	b.mac[5] = 8;
	neighbors_init(&t, 1);
	neighbors_update(&t, &a);
	neighbors_update(&t, &b);
	cr_expect_eq(neighbors_find(&t, a.index, &a.ip)->mac[5], 7);
	cr_expect_eq(neighbors_find(&t, 9, &a.ip)->mac[5], 8);
	cr_expect_null(neighbors_find(&t, 8, &a.ip));
	neighbors_free(&t);
}

Test(neighbors, agrees_with_a_list_whatever_comes_and_goes)
{
	enum { N = 3000, STEPS = 60000 };
	static uint8_t known[N]; /* 0 = not there, else the last byte of its MAC */
	struct neighbors t;
	uint32_t n = 0;

	neighbors_init(&t, 42);
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t who = random_below(N);
		struct net_neighbor heard = neighbor(who, (uint8_t)(1 + random_below(4)));

		heard.usable = random_below(3) != 0;
		cr_assert_eq(neighbors_update(&t, &heard),
			     heard.usable ? known[who] != heard.mac[5] : known[who] != 0);
		n += (uint32_t)(heard.usable && !known[who]) -
		     (uint32_t)(!heard.usable && known[who]);
		known[who] = heard.usable ? heard.mac[5] : 0;
		cr_assert_eq(t.n, n);
	}
	for (uint32_t i = 0; i < N; i++) {
		struct net_neighbor want = neighbor(i, 0);
		const struct net_neighbor *found = neighbors_find(&t, want.index, &want.ip);

		cr_expect_eq(found ? found->mac[5] : 0, known[i], "neighbour %u", i);
	}
	neighbors_free(&t);
}

Test(neighbors, a_full_list_forgets_whom_it_does_not_name)
{
	struct neighbors t;

	neighbors_init(&t, 3);
	for (uint32_t i = 0; i < 1000; i++)
		neighbors_update(&t, at(i));
	neighbors_begin(&t);
	for (uint32_t i = 0; i < 1000; i += 2)
		neighbors_update(&t, at(i));
	cr_expect_eq(neighbors_end(&t), 1);
	cr_expect_eq(t.n, 500);
	for (uint32_t i = 0; i < 1000; i++) {
		struct net_neighbor n = neighbor(i, 1);

		cr_expect_eq(neighbors_find(&t, n.index, &n.ip) != NULL, i % 2 == 0, "%u", i);
	}
	neighbors_begin(&t);
	for (uint32_t i = 0; i < 1000; i += 2)
		neighbors_update(&t, at(i));
	cr_expect_eq(neighbors_end(&t), 0, "nothing new");
	neighbors_free(&t);
}

Test(neighbors, stale_ones_are_handed_out_in_turn_and_not_too_often)
{
	enum { N = 100 };
	struct net_neighbor out[N];
	bool seen[N] = { false };
	struct neighbors t;
	uint32_t got = 0;

	neighbors_init(&t, 3);
	cr_expect_eq(neighbors_stale(&t, 0, NEIGHBORS_MAX, out, N), 0, "an empty table");
	for (uint32_t i = 0; i < N; i++) {
		struct net_neighbor n = neighbor(i, 1);

		n.stale = i % 2;
		neighbors_update(&t, &n);
	}
	for (int turn = 0; turn < 5; turn++) {
		uint32_t n = neighbors_stale(&t, 1000, NEIGHBORS_MAX, out, 10);

		cr_expect_eq(n, 10);
		for (uint32_t i = 0; i < n; i++)
			seen[out[i].ip.b[15]] = true;
	}
	for (uint32_t i = 0; i < N; i++)
		got += seen[i];
	cr_expect_eq(got, N / 2, "each once");
	for (uint32_t i = 0; i < N; i++)
		cr_expect_eq(seen[i], i % 2, "%u", i);
	cr_expect_eq(neighbors_stale(&t, 1000 + NEIGHBORS_PROBE_MS - 1, NEIGHBORS_MAX, out, N), 0);
	cr_expect_eq(neighbors_stale(&t, 1000 + NEIGHBORS_PROBE_MS, NEIGHBORS_MAX, out, N), N / 2);
	neighbors_free(&t);
}

Test(neighbors, the_table_is_bounded)
{
	struct neighbors t;

	neighbors_init(&t, 3);
	for (uint32_t i = 0; i < NEIGHBORS_MAX + 100; i++)
		cr_assert_eq(neighbors_update(&t, at(i)), i < NEIGHBORS_MAX);
	cr_expect_eq(t.n, NEIGHBORS_MAX);
	neighbors_free(&t);
}

Test(neighbors, without_memory_the_table_stays_as_it_was)
{
	struct net_neighbor n = neighbor(1, 1);
	size_t live = mem_live();
	struct neighbors t;

	neighbors_init(&t, 3);
	alloc_fail_at(1);
	cr_expect_eq(neighbors_update(&t, &n), -ENOMEM);
	alloc_fail_at(0);
	cr_expect_null(neighbors_find(&t, n.index, &n.ip));
	cr_expect_eq(neighbors_update(&t, &n), 1);
	neighbors_free(&t);
	cr_expect_eq(mem_live(), live);
}
