/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration's devices are to the data plane. For the ports part (devices.c), and for
 * who looks ahead of it (the doctor).
 */
#pragma once

#include "control/config/config.h"
#include "dataplane/plane.h"

/** The kind of device that @kind is to the data plane. False if it has none of the kind. */
bool device_plane_kind(enum config_device_kind kind, enum plane_device *out);

/** How many workers @c (NULL = no file) asks for on @n_cpus CPUs, at most PLANE_MAX_WORKERS. By
 * default one CPU is left to the control thread and the rest of the machine. */
uint16_t device_workers(const struct config *c, int n_cpus);
