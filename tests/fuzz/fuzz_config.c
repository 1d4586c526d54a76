/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the configuration reader: any bytes load or are refused with remarks at places, nothing
 * leaks, and what loads can be asked everything.
 */
#include "control/config/config.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_remarks(const struct config_errors *e)
{
	char line[1024];

	for (uint32_t i = 0; i < config_errors_lines(e); i++) {
		check(config_errors_format(e, i, line, sizeof(line)) < sizeof(line));
		check(i >= e->n || (e->v[i].mark.line && e->v[i].mark.column));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	int rc = config_load_memory("fuzz.yaml", data, size, &c, &errs);

	check((rc == 0) == (config_errors_lines(&errs) == 0));
	if (rc == 0) {
		for (uint32_t i = 0; i < c.n_routes; i++)
			check(c.routes[i].pool_index < c.n_pools);
		config_warnings(&c, &errs);
		check(config_needs_restart(&c, &c, &errs) == 0);
	}
	check_remarks(&errs);
	config_free(&c);
	config_errors_free(&errs);
	check(mem_live() == 0);
	return 0;
}
