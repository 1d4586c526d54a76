/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times of day as people and JSON read them: RFC 3339, UTC, milliseconds. Any thread.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define WALL_TIME_MAX 32 /* "2026-01-01T12:00:00.123Z" with room to spare */

/** Milliseconds since 1970. */
uint64_t wall_time_ms(void);

/** Writes @ms, since 1970, to @out. Returns the length. */
size_t wall_time_format(char out[WALL_TIME_MAX], uint64_t ms);

/** The same as a JSON string; null for 0, which stands for "never". */
json_t *wall_time_json(uint64_t ms);
