/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much a change of worlds moves: for each pool, the share of its keys that get another server.
 * Control thread only.
 */
#pragma once

#include "dataplane/proxy/world.h"

#include <jansson.h>

/** The pool called @name in @w, or NULL. */
const struct pool *pool_named(const struct world *w, const char *name);

/** The share of keys, 0 to 1, that @b gives another server than @a. */
double pool_moved(const struct pool *a, const struct pool *b);

/** For each pool that both worlds have {"name","moved"}. New reference; NULL without memory. */
json_t *pools_moved(const struct world *a, const struct world *b);
