/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that was found, as JSON. The names are stable; docs/viaload.md lists them.
 */
#pragma once

#include "bench/load/front/record.h"

#include <stdio.h>

#define JSON_FORMAT 1 /* changes where a name changes its meaning or goes away */

/** The document of @r, which was judged, as one string that the caller frees; NULL = no memory.
 * @indent: spaces for each level; 0 = on one line, and "<" is written so that the text may stand in
 * an HTML script element. */
char *json_make(const struct record *r, unsigned int indent);

/** Writes it to the file that --json names. Returns 0 or negative errno. */
int json_write(const struct record *r, const char *path);
