/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the parts of a command line agree. Private to the command line.
 */
#pragma once

#include "bench/load/front/options.h"

#define OPTIONS_FOREVER 1e8 /* seconds of a run that something else ends */

/** Checks @o and fills in what depends on several options. Returns 0, or -EINVAL with one line in
 * @error. */
int options_check(struct options *o, char *error);
