/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the live view says of drops: counters of two looks, and the rates between them.
 */
#include "control/viactl/fields.h"
#include "control/viactl/top.h"
#include "control/viactl/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DROPS_MAX 64

struct drop {
	const char *name;
	double rate;
};

static json_int_t value_of(const json_t *counters, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach((json_t *)counters, i, c)
	{
		if (strcmp(field_text(c, "name"), name) == 0)
			return field_int(c, "value");
	}
	return 0;
}

static int by_rate(const void *a, const void *b)
{
	double x = ((const struct drop *)a)->rate, y = ((const struct drop *)b)->rate;

	return (x < y) - (x > y);
}

void top_drops(const struct top *t, char *out, size_t n)
{
	json_t *now = json_object_get(t->now.counters, "counters"), *c;
	const json_t *before = json_object_get(t->before.counters, "counters");
	double seconds = t->now.at - t->before.at;
	struct drop drops[DROPS_MAX];
	size_t i, count = 0, used = 0;

	out[0] = '\0';
	if (!before || seconds <= 0)
		return;
	json_array_foreach(now, i, c)
	{
		const char *name = field_text(c, "name");
		json_int_t more = field_int(c, "value") - value_of(before, name);

		if (strcmp(field_text(c, "class"), "drop") == 0 && more > 0 && count < DROPS_MAX)
			drops[count++] = (struct drop){ name, (double)more / seconds };
	}
	qsort(drops, count, sizeof(drops[0]), by_rate);
	for (i = 0; i < count && used < n; i++) {
		const char *name = drops[i].name;
		char rate[UNITS_MAX];

		name += strncmp(name, "dropped_", 8) == 0 ? 8 : 0;
		name += strncmp(name, "drop_", 5) == 0 ? 5 : 0;
		used += (size_t)snprintf(out + used, n - used, "%s%s %s", i ? ", " : "", name,
					 units_rate(rate, drops[i].rate));
	}
}
