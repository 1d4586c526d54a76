/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See cpu_time.h. Threads come and go, so the folder is read each time: some 20 us for each
 * process, twice in a trial of a second or more.
 */
#include "bench/peers/cpu_time.h"

#include <dirent.h>
#include <stdio.h>

static uint64_t thread_ns(unsigned int pid, const char *tid)
{
	unsigned long long ns;
	char path[320];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/proc/%u/task/%s/schedstat", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fscanf(f, "%llu", &ns);
	fclose(f);
	return n == 1 ? ns : 0;
}

static uint64_t process_ns(unsigned int pid)
{
	uint64_t sum = 0;
	struct dirent *e;
	char path[32];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] != '.')
			sum += thread_ns(pid, e->d_name);
	}
	if (d)
		closedir(d);
	return sum;
}

uint64_t cpu_time_ns(const unsigned int *pids, unsigned int n)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += process_ns(pids[i]);
	return sum;
}
