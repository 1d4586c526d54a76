/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of pools in the whole daemon: commands by their handlers, reloads, numbers, memory, and
 * what takes time.
 */
#include "control/config/alloc.h"
#include "control/rpc/rpc.h"
#include "control/world/table.h"
#include "tests/flow/daemon.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(changes, .fini = daemon_end);

/* --- commands ---------------------------------------------------------------------------- */

Test(changes, what_cannot_be_done_is_refused_with_a_reason_and_changes_nothing)
{
	static const struct {
		const char *method, *params;
		int code;
		const char *text;
	} rows[] = {
		{ "backend.set", "{\"pool\":\"p9\",\"backend\":\"b0\",\"state\":\"up\"}",
		  RPC_NOT_FOUND, "no pool \"p9\"" },
		{ "backend.set", "{\"pool\":\"p0\",\"backend\":\"b9\",\"state\":\"up\"}",
		  RPC_NOT_FOUND, "no backend in pool p0 called \"b9\"" },
		{ "backend.set", "{\"pool\":\"p0\",\"backend\":\"b0\"}", RPC_INVALID_PARAMS,
		  "nothing to set" },
		{ "backend.set", "{\"pool\":\"p0\",\"backend\":\"b0\",\"weight\":65536}",
		  RPC_INVALID_PARAMS, "weight" },
		{ "backend.add", "{\"pool\":\"p0\",\"name\":\"b0\",\"address\":\"10.0.0.9\"}",
		  RPC_REFUSED, "has a backend b0 already" },
		{ "backend.add", "{\"pool\":\"p0\",\"name\":\"n\",\"address\":\"10.0.0.1\"}",
		  RPC_REFUSED, "as backend b0" },
		{ "backend.add", "{\"pool\":\"p0\",\"name\":\"n n\",\"address\":\"10.0.0.9\"}",
		  RPC_INVALID_PARAMS, "is not a name" },
		{ "backend.add", "{\"pool\":\"p0\",\"name\":\"n\",\"address\":\"no host\"}",
		  RPC_INVALID_PARAMS, "address" },
		{ "backend.add",
		  "{\"pool\":\"p0\",\"name\":\"n\",\"address\":\"10.0.0.9\",\"tier\":256}",
		  RPC_INVALID_PARAMS, "tier" },
		{ "backend.add",
		  "{\"pool\":\"p0\",\"name\":\"n\",\"address\":\"10.0.0.9\","
		  "\"transports\":\"sctp\"}",
		  RPC_INVALID_PARAMS, "allowed are udp, tcp and tls" },
		{ "backend.add", "{\"pool\":\"p0\",\"name\":\"n\",\"address\":\"192.0.2.1\"}",
		  RPC_REFUSED, "address of listener" },
		{ "backend.remove", "{\"pool\":\"p0\",\"backend\":\"n\"}", RPC_NOT_FOUND,
		  "no backend" },
		{ "pool.show", "{\"pool\":\"zzz\"}", RPC_NOT_FOUND, "no pool \"zzz\"" },
	};
	uint64_t generation;

	daemon_start("200s");
	generation = app.generation;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *response = daemon_ask(rows[i].method, rows[i].params);
		const json_t *error = json_object_get(response, "error");
		const char *text = json_string_value(json_object_get(error, "message"));

		cr_assert(error, "row %zu", i);
		cr_expect_eq(json_integer_value(json_object_get(error, "code")), rows[i].code,
			     "row %zu: %s", i, text);
		cr_expect(strstr(text, rows[i].text), "row %zu: %s", i, text);
		json_decref(response);
	}
	cr_expect_eq(app.generation, generation);
	cr_expect_eq(fleet_count(app.fleet), N_POOLS * N_FILE);
}

static const json_t *at(const json_t *v, const char *member)
{
	const json_t *found = json_object_get(v, member);

	cr_assert(found, "no member %s", member);
	return found;
}

Test(changes, answers_tell_what_is_in_force)
{
	json_t *r, *b;

	daemon_start("200s");
	r = daemon_obey("backend.set", "{\"pool\":\"p1\",\"backend\":\"b2\",\"state\":\"drain\"}");
	b = json_object_get(r, "backend");
	cr_expect_str_eq(json_string_value(at(b, "state")), "drain");
	cr_expect_str_eq(json_string_value(at(b, "cause")), "operator");
	cr_expect_str_eq(json_string_value(at(b, "address")), "10.0.1.3:5060");
	cr_expect_eq(json_real_value(at(b, "share")), 0);
	cr_expect(json_is_object(at(b, "drain")));
	cr_expect_float_eq(json_real_value(at(r, "moved")), 0.25, 0.06);
	cr_expect_eq(json_integer_value(at(r, "generation")), (json_int_t)app.generation);
	json_decref(r);
	r = daemon_obey("backend.add",
			"{\"pool\":\"p1\",\"name\":\"n\",\"address\":\"[2001:db8::7]:5070\","
			"\"weight\":4}");
	b = json_object_get(r, "backend");
	cr_expect_float_eq(json_real_value(at(b, "share")), 0.5, 0.01);
	cr_expect_eq(json_integer_value(at(b, "weight")), 4);
	cr_expect_str_eq(json_string_value(at(b, "address")), "[2001:db8::7]:5070");
	cr_expect(json_is_true(at(b, "added")));
	json_decref(r);
	daemon_do("backend.remove", "{\"pool\":\"p1\",\"backend\":\"n\"}");
	r = daemon_obey("pool.show", "{\"pool\":\"p1\"}");
	cr_expect_eq(json_integer_value(at(at(r, "pool"), "backends")), N_FILE);
	cr_expect_eq(json_integer_value(at(at(r, "pool"), "live")), N_FILE - 1);
	cr_expect_eq(json_array_size(at(at(r, "pool"), "members")), N_FILE + 1, "one is removed");
	json_decref(r);
	r = daemon_obey("pools", "{}");
	cr_expect_eq(json_array_size(at(r, "pools")), N_POOLS);
	cr_expect_eq(json_array_size(at(json_array_get(at(r, "pools"), 1), "members")), N_FILE);
	json_decref(r);
}

/* Changes by health wait a moment for others; nobody is told of one that does not hold yet. */
Test(changes, an_answer_does_not_run_ahead_of_the_tables)
{
	struct fleet_backend *b;
	const json_t *shown;
	char why[64];
	json_t *r;

	daemon_start("200s");
	b = fleet_find(app.fleet, "p1", "b2", why, sizeof(why));
	fleet_health(app.fleet, b, FLEET_BY_PROBE, true, "said nothing");
	fleet_commit_soon(&app);
	cr_assert_eq(app.now.world->pools[1].n_live, N_FILE, "not in force yet");
	r = daemon_obey("pool.show", "{\"pool\":\"p1\"}");
	shown = json_array_get(at(at(r, "pool"), "members"), 2);
	cr_expect_str_eq(json_string_value(at(shown, "state")), "down");
	cr_expect_eq(json_real_value(at(shown, "share")), 0);
	cr_expect_eq(app.now.world->pools[1].n_live, N_FILE - 1);
	json_decref(r);
}

Test(changes, a_dry_run_tells_what_the_reload_then_does)
{
	uint64_t generation;
	double moved;
	json_t *r;

	daemon_start("200s");
	generation = app.generation;
	daemon_file("200s", "      - {name: b9, address: \"10.0.3.99\", weight: 5}\n");
	r = daemon_obey("reload", "{\"dry_run\":true}");
	cr_expect_eq(json_array_size(at(r, "differences")), 1);
	cr_expect_str_eq(json_string_value(json_array_get(at(r, "differences"), 0)),
			 "pool p3: backend b9 added: address 10.0.3.99:5060, weight 5");
	moved = json_real_value(at(json_array_get(at(r, "pools"), 3), "moved"));
	cr_expect_float_eq(moved, 0.52, 0.05);
	cr_expect_eq(json_real_value(at(json_array_get(at(r, "pools"), 0), "moved")), 0);
	cr_expect_eq(app.generation, generation);
	cr_expect_eq(app.now.world->pools[3].n_live, N_FILE);
	json_decref(r);
	r = daemon_obey("reload", "{}");
	cr_expect_eq(json_real_value(at(json_array_get(at(r, "pools"), 3), "moved")), moved);
	cr_expect_eq(app.now.world->pools[3].n_live, N_FILE + 1);
	json_decref(r);
}

Test(changes, every_fault_of_a_file_is_told_and_nothing_changes)
{
	const json_t *data;
	json_t *r;

	daemon_start("200s");
	daemon_file("200s", "nonsense: 1\nworkers: many\n");
	r = daemon_ask("reload", "{}");
	data = at(at(r, "error"), "data");
	cr_expect_eq(json_integer_value(at(at(r, "error"), "code")), RPC_REFUSED);
	cr_expect_eq(json_array_size(at(data, "faults")), 2);
	cr_expect(strstr(json_string_value(json_array_get(at(data, "faults"), 0)), daemon_path()));
	cr_expect_eq(app.generation, 1);
	json_decref(r);
}

Test(changes, a_drain_of_the_node_outlives_a_reload)
{
	daemon_start("200s");
	daemon_do("node.drain", "{\"state\":\"on\"}");
	cr_expect(app.now.world->draining);
	daemon_do("reload", "{}");
	cr_expect(app.now.world->draining);
	daemon_do("node.drain", "{\"state\":\"off\"}");
	cr_expect_not(app.now.world->draining);
	cr_expect_eq(app.now.world->epoch, 0, "no request's server is another");
}

/* --- numbers ----------------------------------------------------------------------------- */

/* A second by the clock of the fleet; the true clock, which also winds it up again, has no say. */
static void tick(void)
{
	event_active(app.fleet_tick, EV_TIMEOUT, 0);
	daemon_turn();
	event_del(app.fleet_tick);
}

Test(changes, numbers_come_into_use_again_and_count_from_zero)
{
	char params[128];

	daemon_start("0s");
	event_del(app.fleet_tick);
	for (int i = 0; i < 20; i++) {
		struct fleet_backend *b;
		char why[FLEET_REASON_MAX];

		snprintf(params, sizeof(params),
			 "{\"pool\":\"p0\",\"name\":\"n%d\",\"address\":\"10.1.0.%d\"}", i, i + 1);
		daemon_do("backend.add", params);
		snprintf(params, sizeof(params), "n%d", i);
		b = fleet_find(app.fleet, "p0", params, why, sizeof(why));
		cr_assert(b);
		cr_expect_eq(b->number, N_POOLS * N_FILE, "number %u", b->number);
		cr_expect_eq(fleet_messages(&app, b), 0);
		plane_control_stats(app.plane)->backend[b->number] += 7;
		cr_expect_eq(fleet_messages(&app, b), 7);
		snprintf(params, sizeof(params), "{\"pool\":\"p0\",\"backend\":\"n%d\"}", i);
		daemon_do("backend.remove", params);
		/* One second by the tick takes it out of the worlds, one frees it, once the worker
		 * has let go of the last of them: that may take a busy machine a while. */
		for (int k = 0; k < 10000 && fleet_end(app.fleet) > N_POOLS * N_FILE; k++) {
			tick();
			usleep(1000);
		}
		cr_assert_eq(fleet_end(app.fleet), N_POOLS * N_FILE, "never comes free");
	}
}

Test(changes, a_drain_counts_what_still_comes_and_falls_silent)
{
	struct stats *stats;
	const struct fleet_backend *b;

	daemon_start("200s");
	event_del(app.fleet_tick);
	stats = plane_control_stats(app.plane);
	b = fleet_at(app.fleet, 1);
	stat_add(&stats->server[1].in_drains, 1000);
	daemon_do("backend.set", "{\"pool\":\"p0\",\"backend\":\"b1\",\"state\":\"drain\"}");
	tick();
	cr_expect_eq(b->last_interval, 0, "what came before does not count");
	cr_expect_eq(b->last_message_ms, 0);
	cr_expect(app.now.world->drains, "workers know that they have to count");
	stat_add(&stats->server[1].in_drains, 3);
	stat_add(&stats->server[2].in_drains, 5);
	tick();
	cr_expect_eq(b->last_interval, 3);
	cr_expect_neq(b->last_message_ms, 0);
	tick();
	cr_expect_eq(b->last_interval, 0);
	daemon_do("backend.set", "{\"pool\":\"p0\",\"backend\":\"b1\",\"state\":\"up\"}");
	tick();
	cr_expect_eq(b->last_message_ms, 0);
	cr_expect_not(app.now.world->drains);
}

/* --- memory ------------------------------------------------------------------------------ */

static long resident_kb(void)
{
	long pages = 0, all = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	cr_assert(f);
	cr_assert_eq(fscanf(f, "%ld %ld", &all, &pages), 2);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The sanitizer keeps what was freed for a while, and is slow. */
#ifdef __SANITIZE_ADDRESS__
enum { CHANGES = 1000, MORE_KB = 1024 * 1024 };
#else
enum { CHANGES = 10000, MORE_KB = 64 * 1024 };
#endif

#define MOST_WAITING 16u /* worlds of before */

/* Lets timers run, and the worker let go of all but a few worlds of before: another thread may be
 * kept from it for a while. */
static void let_go(void)
{
	daemon_turn();
	for (int i = 0; i < 20000 && plane_reclaim(app.plane) > MOST_WAITING; i++)
		usleep(1000);
	cr_assert_leq(plane_reclaim(app.plane), MOST_WAITING, "the worker never lets go");
}

Test(changes, ten_thousand_changes_need_no_more_memory_than_a_hundred)
{
	size_t live = 0, most = 0;
	long resident = 0;

	daemon_start("1s");
	for (int i = 0; i < CHANGES; i++) {
		char params[128];

		snprintf(params, sizeof(params),
			 "{\"pool\":\"p%d\",\"backend\":\"b%d\",\"weight\":%d}", i % N_POOLS,
			 i % N_FILE, i % 7 + 1);
		daemon_do("backend.set", params);
		let_go();
		if (i == 100) {
			live = mem_live();
			resident = resident_kb();
		}
		most = mem_live() > most ? mem_live() : most;
	}
	/* The past worlds that are in force, and those that wait for the worker, come on top. */
	cr_expect_leq(most, live + 512, "%zu blocks, %zu after a hundred", most, live);
	cr_expect_leq(resident_kb(), resident + MORE_KB, "%ld KiB, %ld after a hundred",
		      resident_kb(), resident);
	for (int i = 0; i < 10000 && app.now.world->n_past; i++) {
		usleep(1000);
		daemon_turn();
	}
	cr_expect_eq(app.now.world->n_past, 0);
	cr_expect_null(app.now.world->began);
}

/* --- time -------------------------------------------------------------------------------- */

Test(changes, what_changes_at_once_by_itself_is_one_world)
{
	const struct fleet_change drain = { .set_state = true, .state = CONFIG_STATE_DRAIN };
	uint64_t generation;

	daemon_start("200s");
	generation = app.generation;
	for (uint16_t i = 0; i < N_FILE - 1; i++) {
		fleet_set(app.fleet, fleet_at(app.fleet, i), &drain);
		fleet_commit_soon(&app);
	}
	cr_expect_eq(app.generation, generation);
	for (int i = 0; i < 10000 && app.generation == generation; i++) {
		usleep(1000);
		daemon_turn();
	}
	cr_expect_eq(app.generation, generation + 1);
	cr_expect_eq(app.now.world->pools[0].n_live, 1);
	cr_expect_eq(app.now.world->epoch, 1);
}

/* An hour, of which a fortieth passes at a time: by the test's doing, not by the clock. */
#define START_MS (3600u * 1000)
#define PART_MS (START_MS / 40)

Test(changes, a_slow_start_takes_its_keys_step_by_step)
{
	uint32_t slots = 0, steps = 0;
	struct fleet_backend *b;
	char why[FLEET_REASON_MAX];

	daemon_start("200s");
	daemon_file("200s", "    slow_start: 1h\n");
	daemon_do("reload", "{}");
	daemon_do("backend.add", "{\"pool\":\"p3\",\"name\":\"n\",\"address\":\"10.0.3.9\"}");
	b = fleet_find(app.fleet, "p3", "n", why, sizeof(why));
	for (int i = 0; i < 50 && b->start_ms; i++) {
		uint32_t now = table_slots_of(app.now.world->pools[3].table, b->number);

		cr_assert_geq(now, slots, "it loses keys");
		steps += now > slots;
		slots = now;
		b->start_ms -= PART_MS;
		event_active(app.fleet_step, EV_TIMEOUT, 0);
		daemon_turn();
	}
	slots = table_slots_of(app.now.world->pools[3].table, b->number);
	cr_expect_eq(b->ramp, FLEET_RAMP_FULL);
	cr_expect_eq(steps, 7, "%u steps and the last", steps);
	cr_expect(slots >= 41 && slots <= 43, "a sixth of 251 in the end, not %u", slots);
}
