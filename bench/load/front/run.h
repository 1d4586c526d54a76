/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run of the engine, watched: samples over time, progress for people, an end by signal.
 */
#pragma once

#include "bench/load/engine/engine.h"
#include "bench/load/front/record.h"

#include <stdbool.h>

/** Makes SIGINT and SIGTERM end the run, so that it is still summed up. A second one kills. */
void run_signals(void);

/** True after such a signal. */
bool run_stopped(void);

/**
 * Runs @e at @rate (0 = as the plan says) for @seconds after @warm_up; fills @r->result and the
 * samples. @title: what progress lines begin with. Returns 0 or negative errno.
 */
int run_once(struct engine *e, struct record *r, const char *title, double rate, double warm_up,
	     double seconds);
