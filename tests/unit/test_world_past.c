/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Worlds after one another: epochs, lists of past worlds, filters and tables that they share, and
 * that nothing is left of them in the end.
 */
#include "control/config/alloc.h"
#include "control/config/block.h"
#include "control/world/table.h"
#include "control/world/world_build.h"
#include "dataplane/proxy/began.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#define WINDOW_MS 200000
#define SECRET "secret of the test"

/* The published world, its clock, and the worlds that it let go before their time. */
static struct world *now;
static uint64_t now_ms = 5000000;
static uint32_t dropped;
static struct world_window window = { WINDOW_MS, BEGAN_LOG2_MIN };

/* What a file of the tests is made of. */
struct file {
	const char *weights; /* of a, b in pool one */
	const char *two;     /* state of x in pool two */
	const char *routes;
};

static const struct file usual = { "1, 1", "up", "  - {pool: one}\n" };

static struct world *build(const struct file *from)
{
	static const struct world_facts plain = { .secret = SECRET,
						  .secret_len = sizeof(SECRET) - 1 };
	struct world_facts facts = plain;
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w = NULL;
	char text[2048];
	int a, b;

	cr_assert_eq(sscanf(from->weights, "%d, %d", &a, &b), 2);
	snprintf(text, sizeof(text),
		 "interfaces:\n"
		 "  - {name: net, device: \"vdev:net_null0\", kernel: none, addresses: "
		 "[\"192.0.2.1/24\"]}\n"
		 "pools:\n"
		 "  - name: one\n"
		 "    table_size: 251\n"
		 "    backends:\n"
		 "      - {name: a, address: \"10.0.0.1\", weight: %d}\n"
		 "      - {name: b, address: \"10.0.0.2\", weight: %d}\n"
		 "  - name: two\n"
		 "    table_size: 251\n"
		 "    backends:\n"
		 "      - {name: x, address: \"10.0.1.1\", state: %s}\n"
		 "      - {name: y, address: \"10.0.1.2\"}\n"
		 "routes:\n%s",
		 a, b, from->two, from->routes);
	if (config_load_memory("past.yaml", text, strlen(text), &c, &errs))
		config_errors_print(&errs, stderr);
	facts.before = now;
	facts.generation = now ? now->generation + 1 : 1;
	cr_assert_eq(world_build(&c, &facts, &w, &errs), 0);
	config_errors_free(&errs);
	config_free(&c);
	return w;
}

/* Publishes the world of @from; the one before is retired at once. */
static struct world *publish(const struct file *from)
{
	struct world *next = build(from), *before = now;
	uint32_t n;

	cr_assert_eq(world_follow(next, now, &window, now_ms, &n), 0);
	dropped += n;
	now = next;
	world_free(before);
	return next;
}

static void end(void)
{
	world_free(now);
	now = NULL;
	cr_expect_eq(mem_live(), 0, "%zu blocks are left", mem_live());
}

TestSuite(world_past, .fini = end);

Test(world_past, a_change_of_a_table_begins_an_epoch_and_nothing_else_does)
{
	static const struct {
		struct file file;
		uint32_t epoch, n_past;
		bool same_rules;
	} rows[] = {
		{ { "1, 1", "up", "  - {pool: one}\n" }, 0, 0, true },
		{ { "1, 1", "up", "  - {pool: one}\n" }, 0, 0, true },
		{ { "3, 3", "up", "  - {pool: one}\n" }, 0, 0, true },
		{ { "3, 1", "up", "  - {pool: one}\n" }, 1, 1, true },
		{ { "3, 1", "up", "  - {pool: one}\n" }, 1, 1, true },
		{ { "3, 1", "drain", "  - {pool: one}\n" }, 2, 2, true },
		{ { "3, 1", "down", "  - {pool: one}\n" }, 2, 2, true },
		{ { "3, 1", "down", "  - {match: {method: INVITE}, pool: two}\n  - {pool: one}\n" },
		  3,
		  3,
		  false },
		{ { "3, 1", "down", "  - {match: {method: BYE}, pool: two}\n  - {pool: one}\n" },
		  4,
		  4,
		  false },
		{ { "3, 1", "down", "  - {pool: one}\n" }, 5, 5, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct world *w = publish(&rows[i].file);

		cr_expect_eq(w->epoch, rows[i].epoch, "row %zu: epoch %u", i, w->epoch);
		cr_expect_eq(w->n_past, rows[i].n_past, "row %zu: %u past", i, w->n_past);
		cr_expect_eq(w->began != NULL, w->n_past > 0, "row %zu", i);
		if (w->n_past)
			cr_expect_eq(w->past[0].same_rules, rows[i].same_rules, "row %zu", i);
	}
	cr_expect(now->past[2].same_rules, "the rules of before came back");
}

Test(world_past, the_list_has_the_newest_first_and_epochs_without_gaps)
{
	struct file file = usual;
	char weights[16];

	file.weights = weights;
	for (int i = 1; i <= 10; i++) {
		snprintf(weights, sizeof(weights), "%d, 1", i);
		publish(&file);
	}
	cr_assert_eq(now->n_past, 9);
	for (uint32_t i = 0; i < now->n_past; i++)
		cr_expect_eq(now->past[i].world->epoch, now->epoch - 1 - i);
}

Test(world_past, worlds_of_one_epoch_share_filter_and_list)
{
	const struct file other = { "2, 1", "up", usual.routes };
	const struct world *past;
	struct began *began;

	publish(&usual);
	publish(&other);
	began = now->began;
	past = now->past[0].world;
	began_add(began, 0x123456789abcdef0);
	publish(&other);
	cr_expect_eq(now->began, began);
	cr_expect(began_has(now->began, 0x123456789abcdef0));
	cr_expect_eq(now->past[0].world, past);
	publish(&usual);
	cr_expect_neq(now->began, began);
	cr_expect_eq(now->past[0].world->began, began, "what began then is still known");
	cr_expect_not(began_has(now->began, 0x123456789abcdef0));
}

Test(world_past, a_change_in_one_pool_leaves_the_tables_of_the_others)
{
	const struct file other = { "2, 1", "up", usual.routes };
	const uint16_t *one, *two;

	publish(&usual);
	one = now->pools[0].table;
	two = now->pools[1].table;
	publish(&other);
	cr_expect_neq(now->pools[0].table, one);
	cr_expect_eq(now->pools[1].table, two);
}

Test(world_past, a_past_world_goes_when_its_window_is_over)
{
	const struct file second = { "2, 1", "up", usual.routes };
	const struct file third = { "3, 1", "up", usual.routes };
	uint64_t start = now_ms;

	publish(&usual);
	cr_expect_eq(world_past_end(now, &window), 0);
	publish(&second);
	cr_expect_eq(world_past_end(now, &window), start + WINDOW_MS);
	now_ms = start + 50000;
	publish(&third);
	cr_expect_eq(now->n_past, 2);
	cr_expect_eq(world_past_end(now, &window), start + WINDOW_MS);
	now_ms = start + WINDOW_MS - 1;
	publish(&third);
	cr_expect_eq(now->n_past, 2);
	now_ms++;
	publish(&third);
	cr_expect_eq(now->n_past, 1);
	cr_expect_eq(world_past_end(now, &window), start + 50000 + WINDOW_MS);
	now_ms = start + 50000 + WINDOW_MS;
	publish(&third);
	cr_expect_eq(now->n_past, 0);
	cr_expect_null(now->began);
	cr_expect_eq(now->epoch, 2);
	cr_expect_eq(dropped, 0);
}

Test(world_past, without_a_window_nothing_is_kept)
{
	const struct file other = { "2, 1", "up", usual.routes };

	window.ms = 0;
	publish(&usual);
	publish(&other);
	cr_expect_eq(now->n_past, 0);
	cr_expect_null(now->began);
	cr_expect_eq(now->epoch, 1);
}

Test(world_past, where_there_is_no_room_the_epoch_with_the_fewest_living_transactions_goes)
{
	/* Seconds that each epoch lasts; the first is the oldest. */
	static const uint32_t lasts[] = {
		90, 5, 5, 5, 5, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2, 5
	};
	struct file file = usual;
	char weights[16];

	file.weights = weights;
	for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
		snprintf(weights, sizeof(weights), "%zu, 1", i + 1);
		publish(&file);
		now_ms += lasts[i] * 1000;
	}
	cr_expect_eq(dropped, 2);
	cr_assert_eq(now->n_past, WORLD_PAST_MAX);
	cr_expect_eq(now->past[WORLD_PAST_MAX - 1].world->epoch, 0, "the long one stays");
	cr_expect_eq(now->past[0].world->epoch, 17, "a short one that has just ended stays");
	for (uint32_t i = 0; i < now->n_past; i++) {
		cr_expect_neq(now->past[i].world->epoch, 5, "the shortest");
		cr_expect_neq(now->past[i].world->epoch, 1, "the oldest of equals");
	}
}

Test(world_past, a_burst_of_changes_keeps_what_has_just_begun)
{
	struct file file = usual;
	char weights[16];

	file.weights = weights;
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(weights, sizeof(weights), "%u, 1", i + 1);
		publish(&file);
		now_ms += i ? 40 : 60000;
		for (uint32_t k = 0; k < now->n_past && k < 4; k++)
			cr_expect_eq(now->past[k].world->epoch, now->epoch - 1 - k);
	}
	cr_assert_eq(now->n_past, WORLD_PAST_MAX);
	cr_expect_eq(now->past[WORLD_PAST_MAX - 1].world->epoch, 0, "the long one stays");
}

Test(world_past, ten_thousand_changes_leave_as_little_as_ten)
{
	struct file file = usual;
	char weights[16];
	size_t most = 0, after_ten = 0;

	file.weights = weights;
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(weights, sizeof(weights), "%u, %u", 1 + i % 37, 1 + i % 11);
		publish(&file);
		now_ms += i % 7 ? 10 : 30000;
		if (i == 100)
			after_ten = mem_live();
		if (i > 100 && mem_live() > most)
			most = mem_live();
	}
	/* A world, at most one table for each of its pools, a filter. */
	cr_expect_leq(after_ten, (WORLD_PAST_MAX + 1) * 4);
	cr_expect_leq(most, (WORLD_PAST_MAX + 1) * 4);
	now_ms += WINDOW_MS;
	publish(&file);
	cr_expect_eq(mem_live(), 3, "one world and two tables: %zu blocks", mem_live());
}

Test(world_past, a_world_that_is_not_published_after_all_leaves_no_trace)
{
	const struct file other = { "2, 1", "up", usual.routes };
	struct world *next;
	size_t live;
	uint32_t n;

	publish(&usual);
	publish(&other);
	live = mem_live();
	next = build(&usual);
	cr_assert_eq(world_follow(next, now, &window, now_ms, &n), 0);
	world_free(next);
	cr_expect_eq(mem_live(), live);
	cr_expect_eq(now->n_past, 1);
}

Test(world_past, without_memory_for_a_filter_there_is_no_successor)
{
	const struct file other = { "2, 1", "up", usual.routes };
	struct world *next;
	uint32_t n;

	publish(&usual);
	next = build(&other);
	alloc_fail_at(1);
	cr_expect_eq(world_follow(next, now, &window, now_ms, &n), -ENOMEM);
	alloc_fail_at(0);
	cr_expect_eq(next->n_past, 0);
	cr_expect_eq(next->epoch, 0);
	world_free(next);
}

/* --- tables ------------------------------------------------------------------------------ */

Test(world_past, tables_are_equal_whatever_the_order_and_unit_of_the_weights)
{
	struct maglev_server a[] = { { 11, 2, 0 }, { 22, 4, 1 }, { 33, 6, 5 } };
	struct maglev_server b[] = { { 33, 3, 5 }, { 11, 1, 0 }, { 22, 2, 1 } };
	struct maglev_server c[] = { { 33, 3, 4 }, { 11, 1, 0 }, { 22, 2, 1 } };
	struct table_id x = table_identify(a, 3, 251), y = table_identify(b, 3, 251);
	struct table_id other_size = table_identify(b, 3, 257);
	struct table_id other_number = table_identify(c, 3, 251);
	const uint16_t *t = table_new(a, 3, 251, &x);

	cr_assert(t);
	cr_expect(table_is(t, &y));
	cr_expect_not(table_is(t, &other_size));
	cr_expect_not(table_is(t, &other_number));
	cr_expect_eq(table_slots_of(t, 0) + table_slots_of(t, 1) + table_slots_of(t, 5), 251);
	cr_expect_eq(table_slots_of(t, 2), 0);
	cr_expect(table_slots_of(t, 5) >= 124 && table_slots_of(t, 5) <= 127, "half of it: %u",
		  table_slots_of(t, 5));
	table_drop(t);
}

Test(world_past, moved_is_the_share_of_the_key_space_that_differs)
{
	static const uint16_t a[] = { 1, 1, 2, 2 }, b[] = { 1, 2, 2, 2 }, c[] = { 1, 2 },
			      d[] = { 1, 2, 2 };

	cr_expect_eq(table_moved(a, 4, a, 4), 0);
	cr_expect_float_eq(table_moved(a, 4, b, 4), 0.25, 1e-9);
	cr_expect_float_eq(table_moved(a, 4, c, 2), 0, 1e-9);
	cr_expect_float_eq(table_moved(a, 4, d, 3), 1.0 / 6, 1e-9);
	cr_expect_float_eq(table_moved(d, 3, a, 4), 1.0 / 6, 1e-9);
}
