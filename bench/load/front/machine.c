/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Facts about the machine, from /proc and the C library. A hugepage of another size than the
 * default one is not seen here; EAL finds it.
 */
#include "bench/load/front/machine.h"

#include <rte_version.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The text behind the first line "NAME : " of @file, without the end of the line. */
static void value_of(const char *file, const char *name, char *out, size_t room)
{
	FILE *f = fopen(file, "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, name, strlen(name)) != 0)
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		colon[strcspn(colon, "\n")] = '\0';
		snprintf(out, room, "%s", colon);
		break;
	}
	if (f)
		fclose(f);
}

static uint64_t memory_of(const char *name)
{
	char text[64] = "";

	value_of("/proc/meminfo", name, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

void machine_read(struct machine *m)
{
	struct utsname name;
	double load[1];

	*m = (struct machine){ .started = (int64_t)time(NULL) };
	value_of("/proc/cpuinfo", "model name", m->cpu, sizeof(m->cpu));
	m->cores = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	if (uname(&name) == 0)
		snprintf(m->kernel, sizeof(m->kernel), "%.60s %.60s", name.sysname, name.release);
	snprintf(m->dpdk, sizeof(m->dpdk), "%s", rte_version());
	m->memory_kib = memory_of("MemTotal");
	m->huge_kib = memory_of("Hugepagesize");
	m->huge_total = memory_of("HugePages_Total");
	m->huge_free = memory_of("HugePages_Free");
	if (getloadavg(load, 1) == 1)
		m->load = load[0];
}

unsigned int machine_first_cpu(void)
{
	cpu_set_t set;
	unsigned int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set))
		cpu++;
	return cpu < CPU_SETSIZE ? cpu : 0;
}
