/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The choice among the scanners. It is made once, by name or by what the CPU says of itself, and
 * read by all threads afterwards. A plain pointer and not an ifunc or a constructor: tests and
 * benches switch it, and nothing runs before main().
 */
#include "dataplane/sip/scan.h"

#include <stddef.h>

static const struct scanner *current = &scan_sse42;

/* Best last. */
static const struct scanner *const scanners[] = { &scan_sse42, &scan_avx2, &scan_avx512 };

#define N_SCANNERS (sizeof(scanners) / sizeof(scanners[0]))

static bool cpu_has(const struct scanner *s)
{
	__builtin_cpu_init();
	if (s == &scan_avx512)
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
		       __builtin_cpu_supports("avx512cd") &&
		       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
	if (s == &scan_avx2)
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
	return true;
}

static bool same_text(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && memcmp(a, b, n) == 0;
}

const struct scanner *scan_current(void)
{
	return current;
}

const char *sip_scan_name(void)
{
	return current->name;
}

bool sip_scan_select(const char *name)
{
	bool any = same_text(name, "auto");

	for (size_t i = N_SCANNERS; i-- > 0;) {
		if (!any && !same_text(name, scanners[i]->name))
			continue;
		if (cpu_has(scanners[i])) {
			current = scanners[i];
			return true;
		}
	}
	return false;
}
