/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shares of pools: as the table has them, also after the table, or a backend's pool, has changed.
 */
#include "control/app.h"
#include "control/fleet/pool_share.h"
#include "control/watch/rates.h"
#include "control/world/table.h"

#include <criterion/criterion.h>
#include <math.h>

#define SIZE 251
#define BACKENDS 8

static struct backend backends[BACKENDS];
static uint16_t members[2][BACKENDS];
static struct pool pools[2];
static struct world world = {
	.backends = backends, .n_backends = BACKENDS, .pools = pools, .n_pools = 2
};
static struct app app = { .now = { .world = &world } };

/* Pool @p has the @n backends numbered @first and up, the first with weight @weight, others 1. */
static void fill(unsigned int p, uint16_t first, uint16_t n, uint32_t weight)
{
	struct maglev_server servers[BACKENDS];
	struct table_id id;

	for (uint16_t i = 0; i < n; i++) {
		uint16_t number = (uint16_t)(first + i);

		backends[number] = (struct backend){ .pool = (uint16_t)p, .state = BACKEND_UP };
		members[p][i] = number;
		servers[i] = (struct maglev_server){ .id = 0x9e3779b97f4a7c15u * (number + 1u),
						     .weight = i ? 1 : weight,
						     .index = number };
	}
	table_drop(pools[p].table);
	id = table_identify(servers, n, SIZE);
	pools[p] = (struct pool){ .table = table_new(servers, n, SIZE, &id),
				  .table_size = SIZE,
				  .members = members[p],
				  .n_members = n,
				  .n_live = n };
	cr_assert_not_null(pools[p].table);
}

static double sum(void)
{
	double all = 0;

	for (uint16_t i = 0; i < BACKENDS; i++)
		all += pool_share(&app, i);
	return all;
}

static void setup(void)
{
	for (uint16_t i = 0; i < BACKENDS; i++)
		backends[i] = (struct backend){ .pool = WORLD_NONE, .state = BACKEND_NONE };
	fill(0, 0, 3, 1);
	fill(1, 3, 1, 1);
}

static void teardown(void)
{
	table_drop(pools[0].table);
	table_drop(pools[1].table);
	pools[0].table = pools[1].table = NULL;
}

TestSuite(pool_share, .init = setup, .fini = teardown);

Test(pool_share, is_what_the_table_has)
{
	for (uint16_t i = 0; i < 4; i++) {
		const uint16_t *table = pools[i / 3].table;
		uint32_t n = 0;

		for (uint32_t k = 0; k < SIZE; k++)
			n += table[k] == i;
		cr_expect_eq(pool_share(&app, i), (double)n / SIZE);
	}
	cr_expect_eq(pool_share(&app, 3), 1.0);
	cr_expect_float_eq(sum(), 2.0, 1e-9);
	cr_expect_eq(pool_share(&app, 5), 0.0);
	cr_expect_eq(pool_share(&app, UINT16_MAX), 0.0);
}

Test(pool_share, follows_a_change_of_the_table)
{
	double before = pool_share(&app, 0);

	fill(0, 0, 3, 2);
	cr_expect_gt(pool_share(&app, 0), before * 1.3);
	cr_expect_float_eq(sum(), 2.0, 1e-9);
}

Test(pool_share, is_none_for_those_that_left_and_new_for_those_that_moved)
{
	cr_expect_gt(pool_share(&app, 2), 0.0);
	fill(0, 0, 2, 1);
	backends[2].state = BACKEND_DRAIN; /* removed: in no pool's members, pool as before */
	cr_expect_eq(pool_share(&app, 2), 0.0);
	cr_expect_float_eq(pool_share(&app, 0) + pool_share(&app, 1), 1.0, 1e-9);
	fill(1, 2, 2, 1); /* the number is another's */
	cr_expect_float_eq(pool_share(&app, 2) + pool_share(&app, 3), 1.0, 1e-9);
	cr_expect_gt(pool_share(&app, 2), 0.3);
}

/* One second in which backend i got load[i] messages. */
static void sample(struct stats *stats, const uint64_t *load)
{
	const struct stats *const all[] = { stats };
	struct rates_input in = { .stats = all, .n_stats = 1, .n_backends = BACKENDS };

	rates_sample(app.rates, &in);
	for (uint16_t i = 0; i < BACKENDS; i++)
		stat_add(&stats->backend[i], load[i]);
	in.now_ns = 1000000000;
	in.wall_ms = 1000;
	rates_sample(app.rates, &in);
}

Test(pool_share, tells_how_uneven_the_load_is)
{
	static const uint64_t load[BACKENDS] = { 400, 100, 100, 0, 0, 0, 0, 0 };
	struct stats *stats = stats_new();

	app.rates = rates_new(1);
	cr_assert(stats && app.rates);
	cr_expect(isnan(pool_skew(&app, 0)));
	sample(stats, load);
	cr_expect_float_eq(pool_skew(&app, 0), 2.0, 0.1); /* two thirds of the load, one of keys */
	cr_expect(isnan(pool_skew(&app, 1)));
	rates_free(app.rates);
	app.rates = NULL;
	stats_free(stats);
}
