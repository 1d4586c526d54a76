/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a run found, for people.
 */
#pragma once

#include "bench/load/front/record.h"

#include <stdio.h>

/** Prints @r, which was judged. */
void summary_print(const struct record *r, FILE *to);
