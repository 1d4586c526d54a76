/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as people read them: "1.2 M/s", "3 d 4 h", "12 %". Pure.
 *
 * Three digits at most, since nobody compares the fourth by eye; exact values are what --json is
 * for. Each function writes to @out, UNITS_MAX bytes, and returns it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UNITS_MAX 32

/** "950 /s", "12.3 k/s", "1.2 M/s". */
const char *units_rate(char *out, double per_second);

/** "1,234,567": every digit. */
const char *units_exact(char *out, int64_t v);

/** "12 s", "5 min 2 s", "3 d 4 h": the two largest units. */
const char *units_span(char *out, double seconds);

/** A share of 0 to 1 as "12.3 %"; small ones as "< 0.1 %". */
const char *units_percent(char *out, double share);

/** Microseconds as "3.4 us", "1.2 ms", "2.5 s". */
const char *units_time_us(char *out, double us);
