/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of JSON objects for printing: what is missing or of another type counts as nothing, so
 * that a viactl of one release can show what a proxy of another says.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** Text of field @name of @o; "" if there is none. */
const char *field_text(const json_t *o, const char *name);

/** The number; 0 if there is none. */
double field_number(const json_t *o, const char *name);

/** The same of whole numbers. */
json_int_t field_int(const json_t *o, const char *name);

bool field_true(const json_t *o, const char *name);

/** Seconds from the RFC 3339 time in field @name to now; negative if there is none. */
double field_age(const json_t *o, const char *name);

/** Writes the texts of the array @list to @out (@n bytes with the NUL), with commas between.
 * Returns
 * @out. */
const char *field_join(const json_t *list, char *out, size_t n);
