/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and meanings of what a run counts, from the one list in result.h.
 */
#include "bench/load/peer/result.h"

#define NAME(id, name, wrong, text) [L_##id] = (name),
#define TEXT(id, name, wrong, text) [L_##id] = (text),
#define WRONG(id, name, wrong, text) [L_##id] = (wrong),

const char *const load_counter_names[LOAD_N_COUNTERS] = { LOAD_COUNTERS(NAME) };
const char *const load_counter_texts[LOAD_N_COUNTERS] = { LOAD_COUNTERS(TEXT) };
const bool load_counter_wrong[LOAD_N_COUNTERS] = { LOAD_COUNTERS(WRONG) };
