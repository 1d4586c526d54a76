/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * find-limit: trials on a real engine, by the search of search.h.
 */
#pragma once

#include "bench/load/engine/engine.h"
#include "bench/load/front/record.h"

/** Searches; fills @r with all trials, and with result and samples of the last long trial that
 * passed, or of the last trial if none did. Returns 0 or negative errno. */
int limit_find(struct engine *e, struct record *r);

/** What @result means for the search: passed, or not, with the reason in @why (a literal). */
enum search_outcome limit_judge(const struct options *o, const struct load_result *result,
				const char **why);
