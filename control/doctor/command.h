/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control/config/config.h"

/**
 * Examines the machine, and what @config (NULL = none) wants of it, and prints the report to
 * standard output: as `viactl doctor` does, or as JSON. Returns the number of faults, or -ENOMEM.
 */
int doctor_command(const struct config *config, bool json);
