/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of CPUs as Linux writes them: "0-3,8".
 */
#pragma once

#include "control/doctor/facts.h"

#include <sched.h>

#define CPUS_TEXT_MAX 512
#define CPUS_CUT "..." /* ends a list that is too long */

/** Reads @text; what is no list of CPUs counts as none. */
void cpus_read(const char *text, cpu_set_t *out);

/** Writes @set to @out, at most @n bytes with the NUL; a list that is too long ends with
 * CPUS_CUT. Returns @out. */
const char *cpus_text(const cpu_set_t *set, char *out, size_t n);

/** The CPUs that this process may run on; CPU 0 if Linux does not say. */
void cpus_allowed(const struct facts *f, cpu_set_t *out);

/** The CPUs in the file; none if it is not there. */
__attribute__((format(printf, 3, 4))) void cpus_of(const struct facts *f, cpu_set_t *out,
						   const char *path, ...);
