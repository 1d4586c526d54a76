/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* The directory that is read is one of them. */
static uint64_t count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n > 3 ? n - 3 : 0;
}

/* /proc/self/stat from the third field on: the second, the name, may hold anything. */
static int read_stat(char *out, size_t n)
{
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, out, n - 1);
	char *after;

	if (fd >= 0)
		close(fd);
	if (got < 0)
		return -errno;
	out[got] = '\0';
	after = strrchr(out, ')');
	if (!after)
		return -EPROTO;
	memmove(out, after + 1, strlen(after + 1) + 1);
	return 0;
}

/* Seconds since 1970 of @ticks since the machine started. Worked out once: the two clocks drift,
 * and a start that moves looks like a restart. */
static double wall_of(unsigned long long ticks)
{
	static double start;
	struct timespec wall, boot;

	if (start > 0)
		return start;
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	start = (double)(wall.tv_sec - boot.tv_sec) + (double)(wall.tv_nsec - boot.tv_nsec) / 1e9 +
		(double)ticks / (double)sysconf(_SC_CLK_TCK);
	return start;
}

int process_read(struct process *out)
{
	unsigned long long user, system, threads, start, size, pages;
	struct rlimit fds;
	char text[1024];
	int rc = read_stat(text, sizeof(text));

	if (rc)
		return rc;
	if (sscanf(text,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %llu "
		   "%*d %llu %llu %llu",
		   &user, &system, &threads, &start, &size, &pages) != 6)
		return -EPROTO;
	if (getrlimit(RLIMIT_NOFILE, &fds) < 0)
		return -errno;
	*out = (struct process){
		.cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK),
		.start_s = wall_of(start),
		.resident = pages * (uint64_t)sysconf(_SC_PAGESIZE),
		.virtual = size,
		.open_fds = count_fds(),
		.max_fds = fds.rlim_cur,
		.threads = threads,
	};
	return 0;
}
