/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between two configurations, in words: "pool core: backend core1: weight: 1 -> 2".
 *
 * Made from the key table alone, so a key that is added there needs nothing here. Elements that
 * have a name are matched by it, wherever they stand; routes and others without one are a sequence,
 * in which those are named that were put in or taken out. Control thread only.
 */
#pragma once

#include "control/config/config.h"

#define CONFIG_DIFF_TEXT 1024 /* bytes of one difference; longer ones are cut */

/** Calls @fn with @arg for each difference from @a to @b; the text is good until it returns. 0 or
 * -ENOMEM. */
int config_diff(const struct config *a, const struct config *b,
		void (*fn)(void *arg, const char *text), void *arg);
