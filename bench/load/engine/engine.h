/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moves messages between peers (peer.h) and devices: frames, checksums, fragments, the schedule,
 * one loop per core.
 *
 * Threads: all functions are for the main thread. Each CPU of plan.lcores has one generator core,
 * which runs from engine_run_begin() to engine_run_end() and never sleeps; between runs it does.
 * The main thread stays on the same CPUs, so that the proxy under test has the others to itself.
 *
 * Devices: strings as in the configuration of viaduct. The proxy's end of a memif has role=server
 * and as many queues as there are cores here.
 */
#pragma once

#include "bench/load/peer/plan.h"
#include "bench/load/peer/result.h"

struct engine;

/** Starts EAL, devices and peers of @plan, which must outlive it. NULL with a text in @error (256
 * bytes). Once per process. */
struct engine *engine_open(const struct load_plan *plan, char *error);

/**
 * Starts a run: @rate messages per second by the clock, or 0 = as plan.pace says, but LOAD_OPEN is
 * LOAD_MAX then; for @seconds after @warm_up. The cores work on their own from here. May be called
 * again after engine_run_end(). Returns 0, -EBUSY if a run is on, or negative errno.
 */
int engine_run_begin(struct engine *e, double rate, double warm_up, double seconds);

/**
 * What has been counted since the run's measured part began; any time. What was under way at that
 * moment counts as sent (where both sides are played here), since it will be received or lost, but
 * not for the rates.
 */
void engine_look(struct engine *e, struct load_result *now);

/** True while the cores still send. */
bool engine_running(const struct engine *e);

/** Stops sending (if time is not over), waits until answers are in or timeout_ms is over, fills
 * @out. */
void engine_run_end(struct engine *e, struct load_result *out);

void engine_close(struct engine *e);
