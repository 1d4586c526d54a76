/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long processes have run, from the scheduler's own account (/proc/PID/task/TID/schedstat):
 * nanoseconds, not the clock ticks of utime and stime. Softirqs that ran on top of a thread are in
 * it, where the kernel was built without CONFIG_IRQ_TIME_ACCOUNTING, as Debian's is.
 */
#pragma once

#include <stdint.h>

/** Nanoseconds that all threads of the @n processes @pids have been on a core. One that has ended
 * counts nothing. */
uint64_t cpu_time_ns(const unsigned int *pids, unsigned int n);
