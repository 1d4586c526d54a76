/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes from the network as plain text that a terminal and a JSON string can carry.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SPELL_MAX(n) (4 * (n) + 1) /* what @n bytes need at most, NUL included */

/** Writes the @n bytes at @p to @out: printable ASCII and line feeds as they are, carriage returns
 * before line feeds left out, all else as \xNN. Returns the length; ends it with NUL. */
size_t spell(char *out, size_t room, const uint8_t *p, size_t n);
