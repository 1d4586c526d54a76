/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as people read them: three digits and a unit. Each function writes to a buffer of
 * NUMBER_MAX bytes and returns it.
 */
#pragma once

#include <stdint.h>

#define NUMBER_MAX 32

/** "812", "42.9 k", "2.54 M": for rates and counts. */
const char *number_short(char *out, double value);

/** "850 ns", "12.3 us", "1.25 ms", "2.10 s". */
const char *number_time(char *out, uint64_t ns);

/** "12,345,678" */
const char *number_long(char *out, uint64_t value);

/** A share: "0", "1.2e-05", "0.34 %", "12 %". */
const char *number_share(char *out, double share);
