/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fleet: what file, operators, health and time make of each backend, and what a reload keeps.
 */
#include "control/config/alloc.h"
#include "tests/unit/fleet_lab.h"

#include <criterion/criterion.h>
#include <errno.h>

#define ABC "core: a=10.0.0.1 b=10.0.0.2 c=10.0.0.3"

static struct config c;
static struct fleet *f;

static void tear_down(void)
{
	fleet_free(f);
	config_free(&c);
	f = NULL;
}

TestSuite(fleet, .fini = tear_down);

#define expect_pool(pool, want) cr_expect_str_eq(lab_pool_text(f, pool), want)

Test(fleet, numbers_follow_the_file_at_start)
{
	f = lab_fleet("core: a=10.0.0.1 b=10.0.0.2*3; other: x=10.0.1.1!drain", &c);
	cr_expect_eq(lab_backend(f, "core/a")->number, 0);
	cr_expect_eq(lab_backend(f, "core/b")->number, 1);
	cr_expect_eq(lab_backend(f, "other/x")->number, 2);
	cr_expect_eq(fleet_end(f), 3);
	expect_pool("core", "a b*3");
	expect_pool("other", "x!drain");
	cr_expect_eq(lab_backend(f, "other/x")->cause, FLEET_BY_FILE);
}

Test(fleet, a_name_that_is_not_there_is_answered_with_the_nearest)
{
	static const struct {
		const char *pool, *backend, *why;
	} rows[] = {
		{ "cor", "core1", "no pool \"cor\"; did you mean \"core\"?" },
		{ "zzz", "core1", "no pool \"zzz\"" },
		{ "core", "core3",
		  "no backend in pool core called \"core3\"; did you mean \"core1\"?" },
		{ "core", "other", "no backend in pool core called \"other\"" },
	};
	char why[FLEET_REASON_MAX];

	f = lab_fleet("core: core1=10.0.0.1", &c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_null(fleet_find(f, rows[i].pool, rows[i].backend, why, sizeof(why)));
		cr_expect_str_eq(why, rows[i].why);
	}
}

Test(fleet, the_hand_beats_the_file_and_health_only_makes_it_worse)
{
	static const struct {
		enum config_state file, hand;
		bool hand_set;
		uint32_t causes;
		enum backend_state state;
		enum fleet_cause cause;
	} rows[] = {
		{ CONFIG_STATE_UP, 0, false, 0, BACKEND_UP, FLEET_BY_FILE },
		{ CONFIG_STATE_DOWN, 0, false, 0, BACKEND_DOWN, FLEET_BY_FILE },
		{ CONFIG_STATE_DOWN, CONFIG_STATE_UP, true, 0, BACKEND_UP, FLEET_BY_OPERATOR },
		{ CONFIG_STATE_UP, CONFIG_STATE_DRAIN, true, 0, BACKEND_DRAIN, FLEET_BY_OPERATOR },
		{ CONFIG_STATE_UP, 0, false, 1u << FLEET_BY_PROBE, BACKEND_DOWN, FLEET_BY_PROBE },
		{ CONFIG_STATE_UP, CONFIG_STATE_UP, true, 1u << FLEET_BY_ICMP, BACKEND_DOWN,
		  FLEET_BY_ICMP },
		{ CONFIG_STATE_UP, CONFIG_STATE_DRAIN, true, 1u << FLEET_BY_SILENCE, BACKEND_DOWN,
		  FLEET_BY_SILENCE },
		{ CONFIG_STATE_UP, CONFIG_STATE_DOWN, true, 1u << FLEET_BY_PROBE, BACKEND_DOWN,
		  FLEET_BY_OPERATOR },
		{ CONFIG_STATE_UP, 0, false, 1u << FLEET_BY_RETRY_AFTER, BACKEND_DRAIN,
		  FLEET_BY_RETRY_AFTER },
		{ CONFIG_STATE_UP, 0, false, 1u << FLEET_BY_ERRORS, BACKEND_DRAIN,
		  FLEET_BY_ERRORS },
		{ CONFIG_STATE_UP, 0, false, 1u << FLEET_BY_RETRY_AFTER | 1u << FLEET_BY_PROBE,
		  BACKEND_DOWN, FLEET_BY_PROBE },
		{ CONFIG_STATE_DRAIN, 0, false, 1u << FLEET_BY_RETRY_AFTER, BACKEND_DRAIN,
		  FLEET_BY_FILE },
	};
	static const char *const files[] = { "core: a=10.0.0.1!up", "core: a=10.0.0.1!drain",
					     "core: a=10.0.0.1!down" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fleet_backend *b;

		f = lab_fleet(files[rows[i].file], &c);
		b = lab_backend(f, "core/a");
		if (rows[i].hand_set)
			lab_state(f, "core/a", rows[i].hand);
		for (unsigned int k = FLEET_BY_PROBE; k < FLEET_N_CAUSES; k++) {
			if (rows[i].causes >> k & 1)
				fleet_health(f, b, (enum fleet_cause)k, true, "because");
		}
		cr_expect_eq(b->state, rows[i].state, "row %zu: %s", i, fleet_state_name(b->state));
		cr_expect_eq(b->cause, rows[i].cause, "row %zu: %s", i, fleet_cause_name(b->cause));
		if (b->cause >= FLEET_BY_PROBE)
			cr_expect_str_eq(b->why, "because");
		tear_down();
	}
}

Test(fleet, what_was_set_goes_back_to_the_file_when_asked)
{
	const struct fleet_change back = { .clear_state = true, .clear_weight = true };

	f = lab_fleet("core: a=10.0.0.1*2!drain", &c);
	lab_state(f, "core/a", CONFIG_STATE_UP);
	lab_weight(f, "core/a", 7);
	expect_pool("core", "a*7");
	fleet_set(f, lab_backend(f, "core/a"), &back);
	expect_pool("core", "a*2!drain");
}

Test(fleet, since_is_when_the_state_last_changed)
{
	struct fleet_backend *b;

	f = lab_fleet(ABC, &c);
	b = lab_backend(f, "core/a");
	lab_now_ms += 5000;
	fleet_health(f, b, FLEET_BY_PROBE, true, "timeout");
	cr_expect_eq(b->since_ms, lab_now_ms);
	lab_now_ms += 5000;
	fleet_health(f, b, FLEET_BY_ICMP, true, "port unreachable");
	cr_expect_eq(b->since_ms, lab_now_ms - 5000, "down it was already");
	cr_expect_str_eq(b->why, "timeout");
	fleet_health(f, b, FLEET_BY_PROBE, false, NULL);
	cr_expect_str_eq(b->why, "port unreachable");
	fleet_health(f, b, FLEET_BY_ICMP, false, NULL);
	cr_expect_eq(b->state, BACKEND_UP);
	cr_expect_eq(b->since_ms, lab_now_ms);
}

Test(fleet, adding_is_refused_with_the_reason)
{
	static const struct {
		const char *pool, *name, *address, *why;
		int rc;
	} rows[] = {
		{ "cora", "d", "10.0.0.4", "no pool \"cora\"; did you mean \"core\"?", -ENOENT },
		{ "core", "a", "10.0.0.4", "pool core has a backend a already", -EEXIST },
		{ "core", "d", "10.0.0.2", "pool core has this address already, as backend b",
		  -EEXIST },
		{ "core", "-d", "10.0.0.4",
		  "\"-d\" is not a name; allowed are letters, digits and, but for the first, '.', "
		  "'-' and '_', 63 at most",
		  -EINVAL },
	};
	char why[FLEET_REASON_MAX];

	f = lab_fleet(ABC, &c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint at = { .port = 5060 };

		ip_parse((const uint8_t *)rows[i].address, strlen(rows[i].address), &at.ip);
		cr_expect_eq(fleet_add(f, rows[i].pool, rows[i].name, &at, WORLD_UDP, 1, 0, why,
				       sizeof(why)),
			     rows[i].rc);
		cr_expect_str_eq(why, rows[i].why);
	}
	expect_pool("core", "a b c");
}

Test(fleet, numbers_stay_when_the_file_is_written_in_another_order)
{
	f = lab_fleet(ABC "; other: x=10.0.1.1", &c);
	lab_reload(f, &c, "other: y=10.0.1.2 x=10.0.1.1; core: c=10.0.0.3 a=10.0.0.1 b=10.0.0.2",
		   false);
	cr_expect_eq(lab_backend(f, "core/a")->number, 0);
	cr_expect_eq(lab_backend(f, "core/b")->number, 1);
	cr_expect_eq(lab_backend(f, "core/c")->number, 2);
	cr_expect_eq(lab_backend(f, "other/x")->number, 3);
	cr_expect_eq(lab_backend(f, "other/y")->number, 4);
	cr_expect_eq(lab_backend(f, "core/a")->pool, 1);
	expect_pool("core", "c a b");
}

Test(fleet, another_address_is_another_backend_with_a_number_of_its_own)
{
	struct fleet_backend *old;

	f = lab_fleet(ABC, &c);
	old = lab_backend(f, "core/a");
	lab_weight(f, "core/a", 9);
	lab_reload(f, &c, "core: a=10.0.0.9 b=10.0.0.2 c=10.0.0.3", false);
	cr_expect_eq(lab_backend(f, "core/a")->number, 3);
	cr_expect_neq(lab_backend(f, "core/a")->serial, old->serial);
	expect_pool("core", "a b c");
	cr_expect(old->removed, "and stays where it was, for old transactions");
	cr_expect_eq(fleet_at(f, 0), old);
	cr_expect_eq(old->pool, WORLD_NONE);
	cr_expect_eq(old->state, BACKEND_DRAIN);
}

Test(fleet, a_reload_keeps_what_was_set_by_hand_and_health)
{
	f = lab_fleet(ABC, &c);
	lab_state(f, "core/a", CONFIG_STATE_DRAIN);
	lab_weight(f, "core/b", 5);
	fleet_health(f, lab_backend(f, "core/c"), FLEET_BY_PROBE, true, "timeout");
	cr_expect_eq(lab_add(f, "core/d", "10.0.0.4", 2), 0);
	lab_reload(f, &c, "core: b=10.0.0.2*3 a=10.0.0.1 c=10.0.0.3", false);
	expect_pool("core", "b*5 a!drain c!down d*2");
	cr_expect_eq(lab_backend(f, "core/c")->cause, FLEET_BY_PROBE);
	cr_expect_str_eq(lab_backend(f, "core/c")->why, "timeout");
	cr_expect(lab_backend(f, "core/d")->added);
	lab_reload(f, &c, "core: b=10.0.0.2*3 a=10.0.0.1 c=10.0.0.3", true);
	expect_pool("core", "b*3 a c");
}

Test(fleet, a_backend_of_the_file_that_was_removed_stays_away_until_a_reset)
{
	f = lab_fleet(ABC, &c);
	cr_expect_eq(fleet_remove(f, lab_backend(f, "core/b")), 0);
	expect_pool("core", "a c");
	lab_reload(f, &c, ABC, false);
	expect_pool("core", "a c");
	lab_reload(f, &c, "core: a=10.0.0.1 b=10.0.0.20 c=10.0.0.3", false);
	expect_pool("core", "a b c");
	lab_reload(f, &c, ABC, false);
	expect_pool("core", "a b c");
}

Test(fleet, a_reset_brings_back_what_was_removed)
{
	f = lab_fleet(ABC, &c);
	fleet_remove(f, lab_backend(f, "core/b"));
	lab_reload(f, &c, ABC, true);
	expect_pool("core", "a b c");
	cr_expect_eq(lab_backend(f, "core/b")->number, 1, "the same as before, in the window");
}

Test(fleet, a_removed_backend_that_was_added_again_is_not_away_any_more)
{
	f = lab_fleet(ABC, &c);
	fleet_remove(f, lab_backend(f, "core/b"));
	lab_add(f, "core/b", "10.0.0.2", 1);
	lab_reload(f, &c, ABC, false);
	cr_expect_not(lab_backend(f, "core/b")->added);
	lab_reload(f, &c, "core: a=10.0.0.1 c=10.0.0.3", false);
	lab_reload(f, &c, ABC, false);
	expect_pool("core", "a b c");
}

Test(fleet, an_added_backend_that_the_file_takes_over_is_the_files)
{
	struct fleet_backend *b;

	f = lab_fleet(ABC, &c);
	lab_add(f, "core/d", "10.0.0.4", 1);
	b = lab_backend(f, "core/d");
	lab_reload(f, &c, ABC " d=10.0.0.4*4", false);
	cr_expect_eq(lab_backend(f, "core/d"), b);
	cr_expect_not(b->added);
	cr_expect_eq(b->cause, FLEET_BY_FILE);
	expect_pool("core", "a b c d*4");
	lab_reload(f, &c, ABC, false);
	expect_pool("core", "a b c");
}

Test(fleet, the_hand_wins_where_the_file_gives_its_name_to_another_address)
{
	struct config_errors warnings = { 0 };
	struct config next = lab_config(ABC " d=10.0.0.40");
	struct fleet *candidate;
	int rc;

	f = lab_fleet(ABC, &c);
	lab_add(f, "core/d", "10.0.0.4", 1);
	candidate = fleet_for_config(f, &next, false, &warnings, &rc);
	cr_assert(candidate);
	cr_expect_eq(warnings.n, 1);
	cr_expect(strstr(warnings.v[0].text, "pool core: backend d was added by hand"), "%s",
		  warnings.v[0].text);
	cr_expect_str_eq(lab_pool_text(candidate, "core"), "a b c d");
	cr_expect(lab_backend(candidate, "core/d")->added);
	fleet_free(candidate);
	config_errors_free(&warnings);
	config_free(&next);
}

Test(fleet, who_comes_back_in_the_window_is_the_same)
{
	uint64_t serial;

	f = lab_fleet(ABC, &c);
	serial = lab_backend(f, "core/b")->serial;
	fleet_remove(f, lab_backend(f, "core/b"));
	cr_expect_eq(lab_add(f, "core/b", "10.0.0.2", 1), 0);
	cr_expect_eq(lab_backend(f, "core/b")->serial, serial);
	cr_expect_eq(lab_backend(f, "core/b")->number, 1);
	lab_reload(f, &c, "core: a=10.0.0.1", false);
	lab_reload(f, &c, ABC, false);
	cr_expect_eq(lab_backend(f, "core/b")->serial, serial);
	expect_pool("core", "a b c");
}

Test(fleet, a_number_is_free_again_when_the_window_and_the_worlds_are_over)
{
	struct fleet_entry *e;

	f = lab_fleet(ABC, &c);
	fleet_remove(f, lab_backend(f, "core/b"));
	e = f->v[1];
	e->removed_generation = 5;
	fleet_sweep(f, lab_now_ms + 199999, 200000, 9);
	cr_expect_not(e->gone, "the window is not over");
	fleet_sweep(f, lab_now_ms + 200000, 200000, 4);
	cr_expect_not(e->gone, "a world of before is kept");
	fleet_reuse(f, 9);
	cr_expect_eq(f->v[1], e);
	fleet_sweep(f, lab_now_ms + 200000, 200000, 5);
	cr_expect(e->gone);
	cr_expect_null(fleet_at(f, 1));
	fleet_reuse(f, 9);
	cr_expect_eq(f->v[1], e, "no world without it is published yet");
	e->gone_generation = 10;
	fleet_reuse(f, 9);
	cr_expect_eq(f->v[1], e);
	fleet_reuse(f, 10);
	cr_expect_null(f->v[1]);
	cr_expect_eq(lab_add(f, "core/d", "10.0.0.4", 1), 0);
	cr_expect_eq(lab_backend(f, "core/d")->number, 1);
	cr_expect_eq(lab_backend(f, "core/d")->serial, 4);
}

Test(fleet, a_backend_stays_where_it_is_in_memory_over_reloads)
{
	struct fleet_backend *b;

	f = lab_fleet(ABC, &c);
	b = lab_backend(f, "core/b");
	for (int i = 0; i < 5; i++) {
		lab_reload(f, &c, i % 2 ? ABC : "core: c=10.0.0.3 b=10.0.0.2*7 z=10.0.0.26", false);
		cr_expect_eq(lab_backend(f, "core/b"), b);
		cr_expect_eq(b->weight, i % 2 ? 1u : 7u);
	}
}

/* --- slow start -------------------------------------------------------------------------- */

Test(fleet, a_gain_comes_in_eighths_and_a_loss_at_once)
{
	struct fleet_backend *b;

	f = lab_fleet("core+8s: a=10.0.0.1 b=10.0.0.2", &c);
	b = lab_backend(f, "core/a");
	cr_expect_eq(b->ramp, FLEET_RAMP_FULL, "nothing is slow at start");
	lab_state(f, "core/a", CONFIG_STATE_DRAIN);
	cr_expect_not(fleet_ramp(f, lab_now_ms));
	lab_state(f, "core/a", CONFIG_STATE_UP);
	for (uint32_t step = 1; step < FLEET_RAMP_FULL; step++) {
		cr_expect(fleet_ramp(f, lab_now_ms + 999));
		cr_expect_eq(b->ramp, step);
		lab_now_ms += 1000;
	}
	cr_expect_not(fleet_ramp(f, lab_now_ms));
	cr_expect_eq(b->ramp, FLEET_RAMP_FULL);
	lab_weight(f, "core/a", 4);
	cr_expect_eq(b->ramp, 2, "one of four it had");
	lab_now_ms += 1000;
	fleet_ramp(f, lab_now_ms);
	cr_expect_eq(b->ramp, 3);
	lab_weight(f, "core/a", 1);
	cr_expect_eq(b->ramp, FLEET_RAMP_FULL);
	cr_expect_eq(b->start_ms, 0);
}

Test(fleet, what_a_reload_adds_to_a_pool_starts_slowly_but_not_a_new_pool)
{
	f = lab_fleet("core+8s: a=10.0.0.1", &c);
	lab_reload(f, &c, "core+8s: a=10.0.0.1 b=10.0.0.2; new+8s: x=10.0.1.1 y=10.0.1.2", false);
	cr_expect_eq(lab_backend(f, "core/a")->ramp, FLEET_RAMP_FULL);
	cr_expect_eq(lab_backend(f, "core/b")->ramp, 1);
	cr_expect_eq(lab_backend(f, "new/x")->ramp, FLEET_RAMP_FULL);
}

Test(fleet, a_slow_start_goes_on_over_a_reload)
{
	f = lab_fleet("core+8s: a=10.0.0.1 b=10.0.0.2", &c);
	lab_add(f, "core/d", "10.0.0.4", 1);
	lab_now_ms += 3000;
	fleet_ramp(f, lab_now_ms);
	cr_expect_eq(lab_backend(f, "core/d")->ramp, 4);
	lab_reload(f, &c, "core+8s: a=10.0.0.1*2 b=10.0.0.2 d=10.0.0.4", false);
	cr_expect_eq(lab_backend(f, "core/d")->ramp, 4);
	lab_reload(f, &c, "core: a=10.0.0.1*2 b=10.0.0.2 d=10.0.0.4", false);
	fleet_ramp(f, lab_now_ms);
	cr_expect_eq(lab_backend(f, "core/d")->ramp, FLEET_RAMP_FULL, "the pool has none any more");
}

/* --- TLS --------------------------------------------------------------------------------- */

/* What worlds are told of backend @b. */
static struct world_server told(const struct fleet_backend *b)
{
	struct world_overlay o;
	struct arena a = { 0 };
	struct world_server s;

	cr_assert_eq(fleet_overlay(f, &c, &a, &o), 0);
	s = o.servers[b->number];
	arena_free(&a);
	return s;
}

Test(fleet, worlds_learn_how_a_backend_is_reached_by_tls_until_its_window_is_over)
{
	struct fleet_backend *d;

	f = lab_fleet(ABC, &c);
	cr_expect_eq(told(lab_backend(f, "core/a")).tls_port, 0);
	lab_add(f, "core/d", "10.0.0.4", 1);
	d = lab_backend(f, "core/d");
	cr_assert_eq(fleet_set_tls(d, 5071, "d.example"), 0);
	lab_reload(f, &c, "core: a=10.0.0.1 b=10.0.0.2", false);
	cr_expect_eq(told(d).tls_port, 5071);
	cr_expect_str_eq(told(d).tls_name, "d.example");
	fleet_remove(f, d);
	cr_expect_eq(told(d).tls_port, 5071);
	cr_expect_str_eq(told(d).tls_name, "d.example");
	cr_assert_eq(fleet_set_tls(d, 5061, NULL), 0);
	cr_expect_null(told(d).tls_name);
}

/* --- memory ------------------------------------------------------------------------------ */

Test(fleet, a_reload_without_memory_changes_nothing)
{
	struct config next = lab_config("core: b=10.0.0.2*3 z=10.0.0.26; more: x=10.0.1.1");
	size_t live;
	int rc = -ENOMEM;

	f = lab_fleet(ABC, &c);
	lab_add(f, "core/d", "10.0.0.4", 1);
	fleet_remove(f, lab_backend(f, "core/a"));
	live = mem_live();
	for (unsigned long n = 1; rc; n++) {
		cr_assert_lt(n, 1000);
		alloc_fail_at(n);
		rc = fleet_use_config(f, &next, false);
		alloc_fail_at(0);
		if (!rc)
			break;
		cr_assert_eq(rc, -ENOMEM);
		cr_assert_eq(mem_live(), live, "leak at %lu", n);
		expect_pool("core", "b c d");
	}
	expect_pool("core", "b*3 z d");
	expect_pool("more", "x");
	config_free(&c);
	c = next;
}
