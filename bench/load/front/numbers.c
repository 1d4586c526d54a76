/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Three digits and a unit (numbers.h).
 */
#include "bench/load/front/numbers.h"

#include <stddef.h>
#include <stdio.h>

/* @value with three digits, then @unit. */
static const char *three(char *out, double value, const char *unit)
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(out, NUMBER_MAX, "%.*f%s", decimals, value, unit);
	return out;
}

const char *number_short(char *out, double value)
{
	if (value >= 999.5e6)
		return three(out, value / 1e9, " G");
	if (value >= 999.5e3)
		return three(out, value / 1e6, " M");
	if (value >= 999.5)
		return three(out, value / 1e3, " k");
	if (value == (double)(uint64_t)value)
		snprintf(out, NUMBER_MAX, "%.0f", value);
	else
		three(out, value, "");
	return out;
}

const char *number_time(char *out, uint64_t ns)
{
	double t = (double)ns;

	if (ns >= 999500000)
		return three(out, t / 1e9, " s");
	if (ns >= 999500)
		return three(out, t / 1e6, " ms");
	if (ns >= 1000)
		return three(out, t / 1e3, " us");
	snprintf(out, NUMBER_MAX, "%u ns", (unsigned int)ns);
	return out;
}

const char *number_long(char *out, uint64_t value)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value), at = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

const char *number_share(char *out, double share)
{
	if (share == 0)
		snprintf(out, NUMBER_MAX, "0");
	else if (share < 0.0001)
		snprintf(out, NUMBER_MAX, "%.1e", share);
	else
		three(out, share * 100, " %");
	return out;
}
