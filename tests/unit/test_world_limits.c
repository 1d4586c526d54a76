/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * World builder: what it refuses, what it does without memory, and how long many backends take.
 */
#include "control/config/alloc.h"
#include "tests/unit/growth.h"
#include "tests/unit/world_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

Test(world_limits, a_listener_on_no_interface_is_a_fault_with_its_place)
{
	struct world_facts f = world_lab_facts();

	world_lab_fault("interfaces:\n"
			"  - {name: net, device: \"packet:eth0\"}\n"
			"listeners:\n"
			"  - {name: a, address: \"192.0.2.10\"}\n"
			"  - {name: b, address: \"198.51.100.1\"}\n" WORLD_LAB_TAIL,
			&f, 5, "no interface has this address");
}

Test(world_limits, a_backend_that_is_the_proxy_itself_is_a_fault)
{
	struct world_facts f = world_lab_facts();

	world_lab_fault("interfaces:\n"
			"  - {name: net, device: \"packet:eth0\"}\n"
			"pools:\n"
			"  - name: core\n"
			"    backends:\n"
			"      - {name: c, address: \"192.0.2.11\"}\n"
			"routes:\n"
			"  - {pool: core}\n",
			&f, 6, "address of listener net-192.0.2.11");
}

Test(world_limits, a_backend_that_was_removed_may_have_the_address_of_a_listener)
{
	static const uint16_t member = 1;
	static const char yaml[] = "interfaces:\n"
				   "  - {name: net, device: \"packet:eth0\"}\n" WORLD_LAB_TAIL;
	struct endpoint ours = { .port = 5060 }, theirs = { .port = 5060 };
	struct world_server servers[] = {
		{ .name = "old", .transports = WORLD_UDP, .state = BACKEND_DRAIN },
		{ .name = "new", .transports = WORLD_UDP, .weight = 1, .ramp = 8 }
	};
	const struct world_members members = { &member, 1 };
	const struct world_overlay overlay = { servers, 2, &members };
	struct world_facts f = world_lab_facts();
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w = NULL;

	cr_assert(ip_parse((const uint8_t *)"192.0.2.11", 10, &ours.ip));
	cr_assert(ip_parse((const uint8_t *)"192.0.2.99", 10, &theirs.ip));
	f.overlay = &overlay;
	cr_assert_eq(config_load_memory("test.yaml", yaml, strlen(yaml), &c, &errs), 0);
	servers[0].addr = ours;
	servers[1].addr = theirs;
	cr_expect_eq(world_build(&c, &f, &w, &errs), 0);
	world_free(w);
	w = NULL;
	servers[0].addr = theirs;
	servers[1].addr = ours;
	cr_expect_neq(world_build(&c, &f, &w, &errs), 0);
	config_errors_free(&errs);
	config_free(&c);
}

Test(world_limits, survives_the_lack_of_memory_at_every_step)
{
	struct world_facts f = world_lab_facts();
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w = NULL;
	size_t live;
	int rc = -ENOMEM;

	cr_assert_eq(
		config_load_memory("test.yaml", world_lab_full, strlen(world_lab_full), &c, &errs),
		0);
	live = mem_live();
	for (unsigned long n = 1; rc; n++) {
		struct config_errors e = { 0 };

		cr_assert_lt(n, 1000);
		alloc_fail_at(n);
		rc = world_build(&c, &f, &w, &e);
		alloc_fail_at(0);
		config_errors_free(&e);
		if (rc) {
			cr_assert_eq(rc, -ENOMEM);
			cr_assert_null(w);
			cr_assert_eq(mem_live(), live, "leak at %lu", n);
		}
	}
	world_free(w);
	cr_assert_eq(mem_live(), live);
	config_free(&c);
	config_errors_free(&errs);
}

/* @n backends in one pool; the caller frees it. */
static void config_of(unsigned int n, struct config *c)
{
	size_t room = n * 64 + 512, used;
	struct config_errors errs = { 0 };
	char *text = malloc(room);

	used = (size_t)snprintf(text, room,
				"interfaces:\n  - {name: net, device: \"packet:eth0\"}\n"
				"routes:\n  - {pool: core}\n"
				"pools:\n  - name: core\n    backends:\n");
	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, room - used,
					 "      - {name: b%u, address: \"10.1.%u.%u\"}\n", i,
					 i / 250, i % 250 + 1);
	cr_assert_eq(config_load_memory("test.yaml", text, used, c, &errs), 0);
	config_errors_free(&errs);
	free(text);
}

static void build_world(void *arg)
{
	const struct config *c = arg;
	struct world_facts f = world_lab_facts();
	struct config_errors errs = { 0 };
	struct world *w;

	cr_assert_eq(world_build(c, &f, &w, &errs), 0);
	cr_expect_eq(w->pools[0].n_live, c->pools[0].n_backends);
	world_free(w);
	config_errors_free(&errs);
}

Test(world_limits, ten_thousand_backends_take_not_much_more_than_ten_times_a_thousand)
{
	struct config many = { 0 }, some = { 0 };
	double most, s;

	config_of(10000, &many);
	config_of(1000, &some);
	s = growth_seconds(build_world, &many);
	most = 30 * growth_seconds(build_world, &some);
	cr_expect_leq(s, most, "%f s, of %f: it grows with the square", s, most);
	config_free(&many);
	config_free(&some);
}
