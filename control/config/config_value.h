/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of the configuration as text, the way a file would have them. Internal to config*.c.
 */
#pragma once

#include "control/config/config_schema.h"

/**
 * Writes the value of @key at @value (a field, or an element of a list) to @out, at most @n bytes
 * with the NUL. Returns @out.
 */
const char *config_value_text(const struct config_key *key, const void *value, char *out, size_t n);
