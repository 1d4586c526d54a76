/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's environment layer: started once per process, with arguments made from the configuration.
 */
#pragma once

#include "dataplane/plane.h"

#include <sched.h>

/** Bytes of memory that EAL is asked for, in huge pages or in small ones. Also before it runs. */
uint64_t eal_memory(const struct plane_conf *conf, bool huge);

/** The CPU, one of @cpus, that worker @worker (counted from 0) is pinned to where workers spin; the
 * control thread has what is left over, the first one at least. @cpus: those that the process may
 * run on, one at least. */
int eal_worker_cpu(const cpu_set_t *cpus, unsigned int worker);

/**
 * Starts EAL with the calling thread as main lcore and n_workers more lcores, which inherit a mask
 * that blocks all signals. Without effect if it runs already. Returns 0, or negative errno with
 * @err filled.
 */
int eal_start(const struct plane_conf *conf, struct plane_error *err);

/** Ends EAL. It cannot be started again in this process. */
void eal_stop(void);
