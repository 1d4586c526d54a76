/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /healthz: what it says of each state of the node, and that the long form stays within its room.
 */
#include "control/watch/healthz.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct pool pools[] = { { .name = "core", .n_live = 2, .n_members = 3 },
				     { .name = "ims", .n_live = 0, .n_members = 1 } };

Test(healthz, says_why_not)
{
	static const struct {
		bool ready, draining;
		uint16_t first, n; /* pools */
		bool ok;
		const char *text;
	} cases[] = {
		{ true, false, 0, 1, true, "ok\n" },
		{ true, false, 0, 2, true, "ok\n" },
		{ true, false, 1, 1, false, "no pool has a live backend\n" },
		{ true, true, 0, 2, false, "draining\n" },
		{ false, false, 0, 2, false, "not ready: does not forward yet\n" },
		{ false, true, 1, 1, false, "not ready: does not forward yet\n" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w = { .pools = pools + cases[i].first,
				   .n_pools = cases[i].n,
				   .draining = cases[i].draining };

		cr_expect_eq(healthz(&w, cases[i].ready, false, out, sizeof(out)), cases[i].ok);
		cr_expect_str_eq(out, cases[i].text);
	}
	cr_expect_not(healthz(NULL, true, false, out, sizeof(out)));
}

Test(healthz, lists_what_it_looked_at)
{
	struct world w = { .pools = pools, .n_pools = 2, .draining = true };
	char out[512];

	cr_expect_not(healthz(&w, true, true, out, sizeof(out)));
	cr_expect_str_eq(out, "+ forwards\n- draining\n+ pool core: 2 of 3 backends live\n"
			      "- pool ims: 0 of 1 backends live\n+ a pool is live\ndraining\n");
}

Test(healthz, stays_within_its_room)
{
	struct world w = { .pools = pools, .n_pools = 2 };
	char out[512];

	for (size_t n = 1; n < 128; n++) {
		memset(out, 'x', sizeof(out));
		cr_expect(healthz(&w, true, true, out, n));
		cr_expect_lt(strnlen(out, n), n);
		cr_expect_eq(out[n], 'x');
	}
}
