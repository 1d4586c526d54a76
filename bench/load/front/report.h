/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page with plots: report.html with the JSON of a run in it. It needs nothing but itself.
 */
#pragma once

#include "bench/load/front/record.h"

/** Writes the page about @r, which was judged. Returns 0 or negative errno. */
int report_write(const struct record *r, const char *path);
