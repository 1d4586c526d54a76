/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's environment layer: started once per process, with arguments made from the configuration.
 */
#pragma once

#include "dataplane/plane.h"

/**
 * Starts EAL with the calling thread as main lcore and n_workers more lcores, which inherit a mask
 * that blocks all signals. Without effect if it runs already. Returns 0, or negative errno with
 * @err filled.
 */
int eal_start(const struct plane_conf *conf, struct plane_error *err);

/** Ends EAL. It cannot be started again in this process. */
void eal_stop(void);
