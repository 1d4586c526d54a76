/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/doctor/cpus.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cpus_read(const char *text, cpu_set_t *out)
{
	CPU_ZERO(out);
	while (*text >= '0' && *text <= '9') {
		char *end;
		unsigned long from = strtoul(text, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && from < CPU_SETSIZE; from++)
			CPU_SET(from, out);
		text = *end == ',' ? end + 1 : "";
	}
}

const char *cpus_text(const cpu_set_t *set, char *out, size_t n)
{
	const char *sep = "";
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < CPU_SETSIZE; i++) {
		int from = i;

		if (!CPU_ISSET(i, set))
			continue;
		if (used + 16 > n) {
			snprintf(out + used, n - used, CPUS_CUT);
			break;
		}
		while (i + 1 < CPU_SETSIZE && CPU_ISSET(i + 1, set))
			i++;
		used += (size_t)snprintf(out + used, n - used, i > from ? "%s%d-%d" : "%s%d", sep,
					 from, i);
		sep = ",";
	}
	return out;
}

void cpus_allowed(const struct facts *f, cpu_set_t *out)
{
	static const char label[] = "Cpus_allowed_list:";
	char text[8192];
	const char *p;

	CPU_ZERO(out);
	fact_text(f, text, sizeof(text), "/proc/self/status");
	p = strstr(text, label);
	if (p) {
		p += strlen(label);
		cpus_read(p + strspn(p, " \t"), out);
	}
	if (CPU_COUNT(out) == 0)
		CPU_SET(0, out);
}

void cpus_of(const struct facts *f, cpu_set_t *out, const char *path, ...)
{
	char full[PATH_MAX], text[CPUS_TEXT_MAX];
	va_list ap;

	va_start(ap, path);
	vsnprintf(full, sizeof(full), path, ap);
	va_end(ap);
	fact_text(f, text, sizeof(text), "%s", full);
	cpus_read(text, out);
}
