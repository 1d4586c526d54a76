/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux knows of this process, for the metrics that every exporter has.
 */
#pragma once

#include <stdint.h>

struct process {
	double cpu_s;               /* user and system, all threads */
	double start_s;             /* since 1970 */
	uint64_t resident, virtual; /* bytes */
	uint64_t open_fds, max_fds, threads;
};

/** Reads /proc/self. 0, or a negative errno. */
int process_read(struct process *out);
