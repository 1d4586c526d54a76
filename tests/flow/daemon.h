/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole daemon in one process, for tests of what changes while it runs. Four pools, p0 to p3,
 * of five backends each, b0 to b4 at 10.0.POOL.1 to .5. Workers run, on a device that goes nowhere
 * and brings nothing: they nap and leave the processor to the test. The event loop turns when the
 * test says so.
 */
#pragma once

#include "control/app.h"
#include "control/fleet/fleet_state.h"

#include <jansson.h>

#define N_POOLS 4
#define N_FILE 5 /* backends of a pool in the file */

extern struct app app;

/** Starts it; @window is its transaction_window. Once per process. */
void daemon_start(const char *window);

/** Stops it and sees to it that nothing is left in memory or on disk. For .fini of a suite. */
void daemon_end(void);

/** Writes the file anew; @more goes to its end, which is pool p3's list of backends. */
void daemon_file(const char *window, const char *more);

/** Path of the file. */
const char *daemon_path(void);

/** Lets timers run that are due. */
void daemon_turn(void);

/** The response to @method with @params, a JSON object as text; new reference. */
json_t *daemon_ask(const char *method, const char *params);

/** The result; it must be obeyed. New reference. */
json_t *daemon_obey(const char *method, const char *params);

/** The same, where the result does not matter. */
void daemon_do(const char *method, const char *params);
