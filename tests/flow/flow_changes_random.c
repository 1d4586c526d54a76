/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any changes and reloads in the whole daemon, against what a simple model says must be: numbers,
 * what was set by hand, tables and epochs.
 */
#include "tests/flow/daemon.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(changes_random, .fini = daemon_end);

/* What is wanted of a backend of the file; one of each pool may be added besides. */
struct wanted {
	bool there;
	bool by_hand; /* the state or weight was set */
	bool buried;  /* removed by hand */
	enum backend_state state;
	uint32_t weight;
	uint64_t serial; /* 0 = not known yet */
};

static struct wanted model[N_POOLS][N_FILE + 1];
static unsigned int seed = 1;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static void model_reset(void)
{
	for (int i = 0; i < N_POOLS; i++) {
		for (int k = 0; k <= N_FILE; k++) {
			struct wanted *m = &model[i][k];

			*m = (struct wanted){ .there = k < N_FILE,
					      .state = BACKEND_UP,
					      .weight = 1,
					      .serial = m->buried || !m->there ? 0 : m->serial };
		}
	}
}

static void change_one(unsigned int pool, unsigned int which)
{
	static const char *const states[] = { "up", "drain", "down" };
	struct wanted *m = &model[pool][which];
	unsigned int what = pick(10), v = pick(3);
	char name[8], params[160];

	snprintf(name, sizeof(name), which == N_FILE ? "n" : "b%u", which);
	if (!m->there) {
		snprintf(params, sizeof(params),
			 "{\"pool\":\"p%u\",\"name\":\"%s\",\"address\":\"10.0.%u.%u\"}", pool,
			 name, pool, which + 1);
		daemon_do("backend.add", params);
		m->there = true;
		m->state = BACKEND_UP;
		m->weight = 1;
		return;
	}
	if (what < 5) {
		snprintf(params, sizeof(params),
			 "{\"pool\":\"p%u\",\"backend\":\"%s\",\"state\":\"%s\"}", pool, name,
			 states[v]);
		daemon_do("backend.set", params);
		m->state = (enum backend_state)v;
	} else if (what < 8) {
		snprintf(params, sizeof(params),
			 "{\"pool\":\"p%u\",\"backend\":\"%s\",\"weight\":%u}", pool, name, v);
		daemon_do("backend.set", params);
		m->weight = v;
	} else {
		snprintf(params, sizeof(params), "{\"pool\":\"p%u\",\"backend\":\"%s\"}", pool,
			 name);
		daemon_do("backend.remove", params);
		m->there = false;
	}
}

static void check_backend(unsigned int pool, unsigned int which)
{
	struct wanted *m = &model[pool][which];
	char name[8], path_of[8], why[FLEET_REASON_MAX];
	struct fleet_backend *b;
	const struct backend *in_world;

	snprintf(path_of, sizeof(path_of), "p%u", pool);
	snprintf(name, sizeof(name), which == N_FILE ? "n" : "b%u", which);
	b = fleet_find(app.fleet, path_of, name, why, sizeof(why));
	cr_assert_eq(b != NULL, m->there, "%s/%s", path_of, name);
	if (!b)
		return;
	cr_assert_eq(b->state, m->state, "%s/%s is %s", path_of, name, fleet_state_name(b->state));
	cr_assert_eq(b->weight, m->weight, "%s/%s has %u", path_of, name, b->weight);
	in_world = &app.now.world->backends[b->number];
	cr_assert_str_eq(in_world->name, name);
	cr_assert_eq(in_world->state, m->state);
	cr_assert(endpoint_equal(&in_world->addr, &b->addr));
	cr_assert(m->serial == 0 || m->serial == b->serial, "%s/%s is another", path_of, name);
	m->serial = b->serial;
}

/* What a table says, to be compared with another one's. */
struct tables {
	uint16_t slots[N_POOLS][251];
	const uint16_t *at[N_POOLS];
};

static void keep_tables(struct tables *t)
{
	for (int i = 0; i < N_POOLS; i++) {
		t->at[i] = app.now.world->pools[i].table;
		memcpy(t->slots[i], t->at[i], sizeof(t->slots[i]));
	}
}

Test(changes_random, any_changes_and_reloads_keep_numbers_hands_tables_and_epochs)
{
	static struct tables before;
	unsigned int epochs = 0;

	daemon_start("200s");
	model_reset();
	for (int turns = 0; turns < 3000; turns++) {
		unsigned int pool = pick(N_POOLS), which = pick(N_FILE + 1), what = pick(20);
		uint32_t epoch = app.now.world->epoch;
		bool changed = false;

		keep_tables(&before);
		if (what == 0)
			model_reset();
		if (what < 3)
			daemon_do("reload", what == 0 ? "{\"reset\":true}" : "{}");
		else
			change_one(pool, which);
		for (unsigned int i = 0; i < N_POOLS; i++) {
			const uint16_t *now = app.now.world->pools[i].table;
			bool same = memcmp(now, before.slots[i], sizeof(before.slots[i])) == 0;

			changed = changed || !same;
			cr_assert(what < 3 || i == pool || now == before.at[i],
				  "table %u was filled again for a change of %u", i, pool);
			for (unsigned int k = 0; k <= N_FILE; k++)
				check_backend(i, k);
		}
		cr_assert(!changed || app.now.world->epoch == epoch + 1, "a change without epoch");
		epochs += app.now.world->epoch - epoch;
		cr_assert_leq(app.now.world->n_past, WORLD_PAST_MAX);
		cr_assert_leq(fleet_end(app.fleet), N_POOLS * (N_FILE + 1));
		if (turns % 50 == 0)
			daemon_turn();
	}
	cr_expect_gt(epochs, 1000);
	cr_expect_lt(epochs, 2900, "%u epochs: some changes move nothing", epochs);
}
