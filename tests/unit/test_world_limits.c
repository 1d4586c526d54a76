/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * World builder: what it refuses, what it does without memory, and how long many backends take.
 */
#include "control/config/alloc.h"
#include "tests/unit/world_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

Test(world_limits, ten_thousand_backends_are_built_in_a_moment)
{
	enum { N = 10000 };
	size_t room = N * 64 + 512, n;
	char *text = malloc(room);
	struct world_facts f = world_lab_facts();
	struct timespec before, after;
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w;
	double ms;

	n = (size_t)snprintf(text, room,
			     "interfaces:\n  - {name: net, device: \"packet:eth0\"}\n"
			     "routes:\n  - {pool: core}\n"
			     "pools:\n  - name: core\n    backends:\n");
	for (unsigned int i = 0; i < N; i++)
		n += (size_t)snprintf(text + n, room - n,
				      "      - {name: b%u, address: \"10.1.%u.%u\"}\n", i, i / 250,
				      i % 250 + 1);
	cr_assert_eq(config_load_memory("test.yaml", text, n, &c, &errs), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	cr_assert_eq(world_build(&c, &f, &w, &errs), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
	     (double)(after.tv_nsec - before.tv_nsec) / 1e6;
	fprintf(stderr, "# world of %d backends: %.1f ms\n", N, ms);
	cr_expect_eq(w->pools[0].n_live, N);
	/* Generous: sanitizers and busy machines are slow, but not quadratic. */
	cr_expect_lt(ms, 2000.0);
	world_free(w);
	config_free(&c);
	config_errors_free(&errs);
	free(text);
}
