/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes as text (spell.h).
 */
#include "bench/load/front/spell.h"

#include <stdbool.h>
#include <stdio.h>

static bool is_plain(uint8_t c)
{
	return (c >= ' ' && c < 0x7f && c != '\\') || c == '\n';
}

size_t spell(char *out, size_t room, const uint8_t *p, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 5 <= room; i++) {
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			continue;
		if (is_plain(p[i]))
			out[at++] = (char)p[i];
		else
			at += (size_t)snprintf(out + at, room - at, "\\x%02x", p[i]);
	}
	out[at] = '\0';
	return at;
}
