/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatting of numbers for people.
 */
#include "control/viactl/units.h"

#include <stdio.h>
#include <string.h>

/* Three digits: 1.23, 12.3, 123; zeros at the end of a fraction say nothing. */
static void digits(char *out, double v)
{
	char *end;

	snprintf(out, UNITS_MAX, "%.*f", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v);
	if (!strchr(out, '.'))
		return;
	end = out + strlen(out);
	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
}

const char *units_rate(char *out, double per_second)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P" };
	char number[UNITS_MAX];
	size_t i = 0;

	while (per_second >= 999.5 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		per_second /= 1000;
		i++;
	}
	digits(number, per_second);
	snprintf(out, UNITS_MAX, "%.20s %s/s", number, prefixes[i]);
	return out;
}

const char *units_exact(char *out, int64_t v)
{
	char plain[UNITS_MAX];
	size_t n = (size_t)snprintf(plain, sizeof(plain), "%lld", (long long)v), used = 0;

	for (size_t i = 0; i < n && used + 2 < UNITS_MAX; i++) {
		size_t left = n - i;

		if (i > 0 && plain[i - 1] != '-' && left % 3 == 0)
			out[used++] = ',';
		out[used++] = plain[i];
	}
	out[used] = '\0';
	return out;
}

const char *units_span(char *out, double seconds)
{
	static const struct {
		const char *name;
		unsigned long size;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	unsigned long left = seconds < 0 ? 0 : (unsigned long)seconds;
	size_t i = 0;
	int n;

	while (i < 3 && left < units[i].size)
		i++;
	n = snprintf(out, UNITS_MAX, "%lu %s", left / units[i].size, units[i].name);
	left %= units[i].size;
	if (i < 3 && left >= units[i + 1].size)
		snprintf(out + n, (size_t)(UNITS_MAX - n), " %lu %s", left / units[i + 1].size,
			 units[i + 1].name);
	return out;
}

const char *units_percent(char *out, double share)
{
	double v = share * 100;

	if (v > 0 && v < 0.1)
		snprintf(out, UNITS_MAX, "< 0.1 %%");
	else
		snprintf(out, UNITS_MAX, "%.*f %%", v == 0 || v >= 99.95 ? 0 : 1, v);
	return out;
}

const char *units_time_us(char *out, double us)
{
	static const char *const names[] = { "us", "ms", "s" };
	char number[UNITS_MAX];
	size_t i = 0;

	while (us >= 999.5 && i < 2) {
		us /= 1000;
		i++;
	}
	digits(number, us);
	snprintf(out, UNITS_MAX, "%.20s %s", number, names[i]);
	return out;
}
