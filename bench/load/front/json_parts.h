/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pieces of the JSON document. Private to json.c. Each returns a new reference, NULL if there is no
 * memory.
 */
#pragma once

#include "bench/load/front/record.h"

#include <jansson.h>

json_t *json_plan(const struct options *o);
json_t *json_result(const struct load_result *f);
json_t *json_servers(const struct record *r);
json_t *json_samples(const struct record *r);
json_t *json_limit(const struct record *r);
json_t *json_faults(const struct load_counts *c);

/** Names of counters with what they mean and whether they are faults. */
json_t *json_meanings(void);
