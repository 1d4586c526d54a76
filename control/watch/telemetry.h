/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK telemetry: /viaduct/status, /viaduct/counters and /viaduct/pools for dpdk-telemetry.py and
 * collectors that know its socket, beside what DPDK itself has there (/ethdev/xstats and so on).
 *
 * Threads: EAL answers on a thread of its own. It sees a copy that the control thread renews each
 * second, under a lock that the control thread only tries: while an answer is being made, the copy
 * stays as it is.
 */
#pragma once

struct app;

/* The telemetry part: nothing if control.telemetry is false. */
int telemetry_start(struct app *app);
void telemetry_stop(struct app *app);
