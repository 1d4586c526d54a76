/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Distances between names. Names are short and few, so a plain table of distances does.
 */
#include "control/config/near.h"

#include <string.h>

/* Names longer than this have no neighbours among ours. */
#define NEAR_MAX 24

/* How we compare: case and the kind of dash do not count. */
static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return (char)(c == '-' ? '_' : c);
}

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours,
 * the four ways in which people mistype. Both lengths at most NEAR_MAX.
 */
static unsigned int distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned int d[NEAR_MAX + 1][NEAR_MAX + 1];

	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			unsigned int cost;

			if (i == 0 || j == 0) {
				d[i][j] = (unsigned int)(i + j);
				continue;
			}
			cost = fold(a[i - 1]) != fold(b[j - 1]);
			d[i][j] = min2(d[i - 1][j - 1] + cost, min2(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				d[i][j] = min2(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

struct near near_begin(const char *name, size_t n)
{
	struct near s = { .name = name, .n = n };

	if (n >= 3 && n <= NEAR_MAX)
		s.best = (n < 6 ? 1 : (unsigned int)n / 3) + 1;
	return s;
}

void near_offer(struct near *s, const char *known)
{
	size_t n = strlen(known);
	unsigned int d;

	if (s->best == 0 || n > NEAR_MAX)
		return;
	d = distance(s->name, s->n, known, n);
	if (d < s->best) {
		s->best = d;
		s->found = known;
	}
}
