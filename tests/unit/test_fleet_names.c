/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backends that are names: their addresses as members, what stays over changes, commands, reloads.
 */
#include "control/config/alloc.h"
#include "control/fleet/fleet_names.h"
#include "tests/unit/fleet_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct config c;
static struct fleet *f;

static void tear_down(void)
{
	fleet_free(f);
	config_free(&c);
	f = NULL;
	cr_expect_eq(mem_live(), 0);
}

TestSuite(fleet_names, .fini = tear_down);

#define FILE_ "core: a=sip.test b=10.0.0.2"

/* Resolves "POOL/NAME" to "10.0.0.1*3 10.0.0.2/1": weight and tier. */
static int resolve(const char *path, const char *text)
{
	const char *name = strchr(path, '/') + 1;
	struct expand_server v[8];
	char pool[64], copy[256], *rest = copy, *one;
	const struct fleet_name *n;
	uint32_t count = 0;

	snprintf(pool, sizeof(pool), "%.*s", (int)(name - 1 - path), path);
	snprintf(copy, sizeof(copy), "%s", text);
	while (text[0] && (one = strsep(&rest, " "))) {
		const char *weight = strchr(one, '*'), *tier = strchr(one, '/');

		v[count] = (struct expand_server){ .transports = WORLD_UDP, .weight = 1 };
		v[count].weight = weight ? (uint32_t)strtoul(weight + 1, NULL, 10) : 1;
		v[count].tier = tier ? (uint32_t)strtoul(tier + 1, NULL, 10) : 0;
		v[count].at.port = 5060;
		cr_assert(ip_parse((const uint8_t *)one, strcspn(one, "*/"), &v[count].at.ip));
		count++;
	}
	n = fleet_find_name(f, pool, name);
	cr_assert(n);
	return fleet_resolve(f, n->id, v, count, "sip.test: no such name or records");
}

#define expect_pool(pool, want) \
	cr_expect_str_eq(lab_pool_text(f, pool), want, "%s", lab_pool_text(f, pool))

static void set_state(const char *pool, const char *name, enum config_state state)
{
	const struct fleet_change change = { .set_state = true, .state = state };

	fleet_set_name(f, fleet_find_name(f, pool, name), &change);
}

Test(fleet_names, a_name_without_an_address_is_there_and_down)
{
	struct fleet_backend *b;

	f = lab_fleet(FILE_, &c);
	expect_pool("core", "b a!down");
	b = lab_backend(f, "core/a");
	cr_expect_eq(b->cause, FLEET_BY_DNS);
	cr_expect_str_eq(b->why, "no answer yet");
	cr_expect(b->unresolved);
	lab_state(f, "core/a", CONFIG_STATE_UP);
	cr_expect_eq(b->state, BACKEND_DOWN, "no word of an operator gives it an address");
}

Test(fleet_names, each_address_is_a_backend)
{
	f = lab_fleet(FILE_, &c);
	cr_assert_eq(resolve("core/a", "10.1.0.1*3 10.1.0.2/1"), 0);
	expect_pool("core", "b a/10.1.0.1:5060*3 a/10.1.0.2:5060");
	cr_expect_eq(lab_backend(f, "core/a/10.1.0.2:5060")->tier, 1);
	cr_expect_str_eq(lab_backend(f, "core/a/10.1.0.2:5060")->of, "a");
	cr_expect_str_eq(lab_backend(f, "core/a/10.1.0.2:5060")->tls_name, "sip.test");
	cr_expect(fleet_dirty(f));
}

Test(fleet_names, addresses_that_stay_are_the_same_and_those_that_go_serve_old_calls)
{
	uint64_t serial;
	uint16_t gone;

	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	serial = lab_backend(f, "core/a/10.1.0.2:5060")->serial;
	gone = lab_backend(f, "core/a/10.1.0.1:5060")->number;
	resolve("core/a", "10.1.0.2*7 10.1.0.3");
	expect_pool("core", "b a/10.1.0.2:5060*7 a/10.1.0.3:5060");
	cr_expect_eq(lab_backend(f, "core/a/10.1.0.2:5060")->serial, serial);
	cr_expect(fleet_at(f, gone)->removed);
	cr_expect_eq(fleet_at(f, gone)->cause, FLEET_BY_DNS);
	cr_expect_eq(fleet_at(f, gone)->state, BACKEND_DRAIN);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	cr_expect_eq(lab_backend(f, "core/a/10.1.0.1:5060")->number, gone, "it came back in time");
	resolve("core/a", "");
	expect_pool("core", "b a!down");
	cr_expect_str_eq(lab_backend(f, "core/a")->why, "sip.test: no such name or records");
}

Test(fleet_names, what_is_set_on_the_name_holds_for_all_its_addresses_and_those_to_come)
{
	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	set_state("core", "a", CONFIG_STATE_DRAIN);
	expect_pool("core", "b a/10.1.0.1:5060!drain a/10.1.0.2:5060!drain");
	lab_state(f, "core/a/10.1.0.2:5060", CONFIG_STATE_UP);
	resolve("core/a", "10.1.0.1 10.1.0.2 10.1.0.3");
	expect_pool("core", "b a/10.1.0.1:5060!drain a/10.1.0.2:5060 a/10.1.0.3:5060!drain");
	fleet_set_name(f, fleet_find_name(f, "core", "a"),
		       &(struct fleet_change){ .clear_state = true });
	expect_pool("core", "b a/10.1.0.1:5060 a/10.1.0.2:5060 a/10.1.0.3:5060");
}

Test(fleet_names, a_reload_keeps_addresses_and_what_was_set)
{
	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	set_state("core", "a", CONFIG_STATE_DRAIN);
	lab_weight(f, "core/a/10.1.0.1:5060", 9);
	lab_reload(f, &c, FILE_ " d=10.0.0.4", false);
	expect_pool("core", "b d a/10.1.0.1:5060*9!drain a/10.1.0.2:5060!drain");
	resolve("core/a", "10.1.0.1 10.1.0.3");
	expect_pool("core", "b d a/10.1.0.1:5060*9!drain a/10.1.0.3:5060!drain");
	lab_reload(f, &c, FILE_, true);
	expect_pool("core", "b a/10.1.0.1:5060 a/10.1.0.3:5060");
	lab_reload(f, &c, "core: a=10.1.0.1 b=10.0.0.2", false);
	expect_pool("core", "a b");
	lab_reload(f, &c, "core: a=other.test b=10.0.0.2", false);
	expect_pool("core", "b a!down");
}

Test(fleet_names, a_changed_weight_is_asked_for_anew_and_nothing_is_lost_meanwhile)
{
	uint64_t id;

	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.1.0.1");
	id = fleet_name_at(f, 0)->id;
	lab_reload(f, &c, FILE_, false);
	cr_expect_eq(fleet_name_at(f, 0)->id, id);
	lab_reload(f, &c, "core: a=sip.test*5 b=10.0.0.2", false);
	cr_expect_neq(fleet_name_at(f, 0)->id, id);
	cr_expect(lab_backend(f, "core/a/10.1.0.1:5060"));
	cr_expect_eq(fleet_resolve(f, id, NULL, 0, "x"), -ENOENT, "an answer that comes late");
}

Test(fleet_names, what_operators_removed_stays_away)
{
	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	cr_assert_eq(fleet_remove(f, lab_backend(f, "core/a/10.1.0.1:5060")), 0);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	expect_pool("core", "b a/10.1.0.2:5060");
	lab_reload(f, &c, FILE_, false);
	expect_pool("core", "b a/10.1.0.2:5060");
	cr_assert_eq(fleet_remove_name(f, fleet_find_name(f, "core", "a")), 0);
	expect_pool("core", "b");
	lab_reload(f, &c, FILE_, false);
	expect_pool("core", "b");
	lab_reload(f, &c, FILE_, true);
	expect_pool("core", "b a!down");
}

Test(fleet_names, operators_add_names_too)
{
	struct fleet_name new = { .pool = (char[]){ "core" },
				  .name = (char[]){ "x" },
				  .host = (char[]){ "x.test" },
				  .transports = WORLD_UDP,
				  .weight = 2 };
	char why[FLEET_REASON_MAX];

	f = lab_fleet(FILE_, &c);
	cr_assert_eq(fleet_add_name(f, &new, why, sizeof(why)), 0);
	expect_pool("core", "b a!down x*2!down");
	resolve("core/x", "10.2.0.1*2");
	expect_pool("core", "b a!down x/10.2.0.1:5060*2");
	cr_expect_eq(lab_backend(f, "core/x/10.2.0.1:5060")->cause, FLEET_BY_OPERATOR);
	cr_expect_eq(fleet_add_name(f, &new, why, sizeof(why)), -EEXIST);
	cr_expect_str_eq(why, "pool core has a backend x already");
	cr_expect_eq(lab_add(f, "core/x", "10.9.9.9", 1), -EEXIST);
	lab_reload(f, &c, FILE_, false);
	expect_pool("core", "b a!down x/10.2.0.1:5060*2");
	resolve("core/x", "10.2.0.1*2 10.2.0.2*2");
	cr_assert_eq(fleet_remove(f, lab_backend(f, "core/x/10.2.0.2:5060")), 0);
	lab_reload(f, &c, FILE_, false);
	lab_reload(f, &c, FILE_, false);
	resolve("core/x", "10.2.0.1*2 10.2.0.2*2");
	expect_pool("core", "b a!down x/10.2.0.1:5060*2");
	cr_expect_eq(fleet_remove_name(f, fleet_find_name(f, "core", "x")), 0);
	expect_pool("core", "b a!down");
	lab_reload(f, &c, FILE_, false);
	expect_pool("core", "b a!down");
}

Test(fleet_names, an_address_that_the_pool_has_is_not_there_twice)
{
	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.0.0.2 10.1.0.1");
	expect_pool("core", "b a/10.1.0.1:5060");
	resolve("core/a", "10.0.0.2");
	expect_pool("core", "b a!down");
}

Test(fleet_names, health_counts_for_each_address)
{
	f = lab_fleet(FILE_, &c);
	resolve("core/a", "10.1.0.1 10.1.0.2");
	fleet_health(f, lab_backend(f, "core/a/10.1.0.1:5060"), FLEET_BY_PROBE, true, "timeout");
	resolve("core/a", "10.1.0.1 10.1.0.2 10.1.0.3");
	expect_pool("core", "b a/10.1.0.1:5060!down a/10.1.0.2:5060 a/10.1.0.3:5060");
}

Test(fleet_names, every_lack_of_memory_is_survived)
{
	for (unsigned long n = 1; n < 60; n++) {
		int rc;

		alloc_fail_at(0);
		fleet_free(f);
		config_free(&c);
		f = lab_fleet(FILE_, &c);
		alloc_fail_at(n);
		rc = resolve("core/a", "10.1.0.1 10.1.0.2");
		alloc_fail_at(0);
		cr_expect(rc == 0 || rc == -ENOMEM, "%d", rc);
		cr_assert_eq(resolve("core/a", "10.1.0.1 10.1.0.2"), 0);
		expect_pool("core", "b a/10.1.0.1:5060 a/10.1.0.2:5060");
		alloc_fail_at(n);
		rc = fleet_use_config(f, &c, false);
		alloc_fail_at(0);
		cr_expect(rc == 0 || rc == -ENOMEM, "%d", rc);
		expect_pool("core", "b a/10.1.0.1:5060 a/10.1.0.2:5060");
	}
}
