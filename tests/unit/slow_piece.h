/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small helpers of slow_message.c and slow_check.c.
 */
#pragma once

#include "tests/unit/slow_message.h"

#include <strings.h>

static inline bool same(struct piece a, struct piece b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static inline bool white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline struct piece trim(struct piece p)
{
	while (p.n && white(p.p[0]))
		p.p++, p.n--;
	while (p.n && white(p.p[p.n - 1]))
		p.n--;
	return p;
}

static inline struct piece from_to(const uint8_t *from, const uint8_t *to)
{
	return (struct piece){ from, (size_t)(to - from) };
}

static inline bool named(const struct slow_row *row, const char *name, const char *compact)
{
	const struct piece *n = &row->name;

	return (n->n == strlen(name) && strncasecmp((const char *)n->p, name, n->n) == 0) ||
	       (compact && n->n == strlen(compact) &&
		strncasecmp((const char *)n->p, compact, n->n) == 0);
}
