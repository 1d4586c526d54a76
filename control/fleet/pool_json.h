/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools and backends as the control socket and the status page show them. New references; NULL
 * without memory. Control thread only.
 */
#pragma once

#include "control/fleet/fleet.h"

#include <jansson.h>

/** Backend @b: state and cause, weight and share, load, health, drain. */
json_t *backend_json(const struct app *app, const struct fleet_backend *b);

/** The backend @name of @pool that is a name: its host, and its addresses as members; one that was
 * just removed has none. */
json_t *name_json(const struct app *app, const char *pool, const char *name);

/** Pool @pool, an index of the configuration in force, with its members; @all: also those that were
 * removed and still serve old transactions. */
json_t *pool_json(const struct app *app, uint16_t pool, bool all);
