/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Latencies of the probes of one backend: mean and 99th percentile of the last 256 to 512 answers.
 * Two histograms take turns, so old answers fade without a list of them. Pure.
 */
#pragma once

#include "dataplane/latency.h"

#include <stdint.h>

#define FIGURES_TURN 256

/* All zero: no answers yet. */
struct figures {
	struct figures_turn {
		uint64_t sum_us;
		uint16_t n;
		uint16_t bucket[LATENCY_BUCKETS];
	} turn[2]; /* now, before */
};

/** Takes in an answer that took @us. */
void figures_add(struct figures *f, uint64_t us);

/** Mean in ms, 0 without answers. */
double figures_mean_ms(const struct figures *f);

/** 99th percentile in ms, within 25 %; beyond a second it is only known to be more. 0 without
 * answers. */
double figures_p99_ms(const struct figures *f);
